"""The namespaces that this system's dossiers live in, as the catalogue in force says, and clients for them."""

import time
from datetime import UTC, datetime
from typing import Final

from temporalio.client import Client

from domain.authority import Authority, Level
from domain.ids import AuthorityId
from domain.places import namespaces
from runtime import temporal
from runtime.settings import Settings
from store.database import Database
from store.postgres import PostgresJournal
from store.references import Kind, References
from workflows.client import Dossiers
from workflows.messages import Places

KEEP_SECONDS: Final = 60.0
"""How long what the catalogue said is believed."""


class Neighbours:
    """``workflows.client.Surroundings`` of a process; the catalogue and the servers are asked when they are needed."""

    def __init__(self, settings: Settings, database: Database, home: Client) -> None:
        """``home`` is the client of the settings' own namespace."""
        self._settings = settings
        self._references = References(database)
        self._clients = {home.namespace: home}
        self._known: Places | None = None
        self._until = 0.0

    async def places(self) -> Places:
        """Who lives where. Raises StoreUnavailable where that was never known and the store cannot be asked."""
        if self._known is None or time.monotonic() > self._until:
            self._known = await places_of(self._settings, self._references)
            self._until = time.monotonic() + KEEP_SECONDS
        return self._known

    async def client(self, namespace: str) -> Client:
        """A client of a namespace, which connects at its first call."""
        if namespace not in self._clients:
            self._clients[namespace] = await temporal.connect(self._settings, lazy=True, namespace=namespace)
        return self._clients[namespace]


async def places_of(settings: Settings, references: References) -> Places:
    """Who lives where, by the records of the authorities in force today. Raises StoreUnavailable."""
    found = await references.all_current(Kind.AUTHORITY, datetime.now(UTC).date(), Authority)
    authorities = {AuthorityId(one.id): one.value for one in found}
    by_level = {Level(level): name for level, name in settings.level_namespaces().items()}
    return Places(settings.temporal_namespace, namespaces(authorities, by_level, settings.temporal_namespace))


def dossiers_of(settings: Settings, database: Database, client: Client) -> Dossiers:
    """Orders to all dossiers of this system, in whichever namespace they live; ``client`` is that of the settings."""
    around = Neighbours(settings, database, client)
    return Dossiers(client, PostgresJournal(database), settings.task_queue, around=around)
