"""The process that serves HTTP: ``async def main(settings)``, as ``runtime.process`` runs it."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator
from typing import Final

from activities.carriers.loading import load_carriers
from api.app import create_app
from api.catalogue import Catalogue
from api.desk.settings import desk_settings
from api.feed import Feed
from api.limits import Limiter, Rate
from api.parts import Parts
from api.server import serve
from runtime import process, temporal, tokens
from runtime.errors import OperationalError, PortTaken
from runtime.settings import Settings
from store.cursors import Cursors
from store.database import Database
from store.inbox import Inbox
from store.keys import Vault, wrapping_keys_of
from store.outbox import Outbox
from store.postgres import PostgresJournal
from store.queries import Queries
from store.references import References
from store.rules_source import PinnedRules
from store.strongbox import Strongbox
from store.subscriptions import Subscriptions
from workers.neighbours import dossiers_of
from workflows.revisions import Revisions

BACKLOG: Final = 2048
"""Connections that may wait to be taken."""


async def main(settings: Settings) -> None:
    """Serve until cancelled. PostgreSQL and Temporal may be away, at the start and later: /readyz then says so."""
    desk = desk_settings(settings)
    listener = listen(settings.api_host, settings.api_port)
    async with opened(settings) as parts:
        await serve(
            create_app(parts, desk),
            listener,
            on_ready=lambda: process.announce_ready(settings),
            on_stop=parts.feed.close,
        )


@contextlib.asynccontextmanager
async def opened(settings: Settings, rate: Rate | None = None) -> AsyncIterator[Parts]:
    """Everything real that the API talks to; connections are made when they are needed, and closed at the end.

    ``rate`` is how much one officer may ask. Raises SettingError for a setting that is missing or wrong.
    """
    secret = tokens.read_secret(settings.secret_file)
    keys = wrapping_keys_of(settings)
    carriers = load_carriers(settings.carriers_dir, settings.carrier_keys_file)
    async with Database(settings.require_database(), size=settings.database_pool, name="motcua-api") as database:
        client = await temporal.connect(settings, lazy=True)
        journal = PostgresJournal(database)
        parts = Parts(
            database=database,
            journal=journal,
            dossiers=dossiers_of(settings, database, client),
            catalogue=Catalogue(References(database)),
            rules=PinnedRules(database),
            vault=Vault(database, keys),
            queries=Queries(database, Cursors(secret)),
            feed=Feed(database, journal),
            limiter=Limiter(rate or Rate()),
            secret=secret,
            probes={"postgresql": database.ping, "temporal": lambda: temporal.ping(client)},
            carriers=carriers,
            inbox=Inbox(database),
            outbox=Outbox(database),
            subscriptions=Subscriptions(database, Strongbox(lambda: keys)),
            revisions=Revisions(client, settings.task_queue),
        )
        following = asyncio.create_task(parts.feed.run())
        try:
            yield parts
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raise PortTaken, or OperationalError where that address cannot be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only of a socket that names its protocol does asyncio's own loop send each part of an answer at once; else the
    # second part waits for the client to acknowledge the first, 40 milliseconds on a connection that is kept.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(port, "the API") from None
        message = f"the API cannot listen on {host}:{port}: {error.strerror}"
        raise OperationalError(message) from error
    listener.setblocking(False)  # noqa: FBT003  # its only argument
    return listener
