"""What the routes work with, made once by ``api.main`` and handed to every request through the application's state."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from litestar.connection import ASGIConnection

from activities.carriers.loading import Known
from api.catalogue import Catalogue
from api.feed import Feed
from api.limits import Limiter
from api.probes import Probe
from store.database import Database
from store.inbox import Inbox
from store.journal import Journal
from store.keys import Vault
from store.outbox import Outbox
from store.queries import Queries
from store.rules_source import PinnedRules
from store.subscriptions import Subscriptions
from workflows.client import Dossiers
from workflows.revisions import Revisions

PARTS: Final = "parts"
"""Key of the application's state."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything real that the API talks to. ``secret`` signs officers' tokens; ``probes`` tell what is there.

    ``carriers`` are those of the post by their ids.
    """

    database: Database
    journal: Journal
    dossiers: Dossiers
    catalogue: Catalogue
    rules: PinnedRules
    vault: Vault
    queries: Queries
    feed: Feed
    limiter: Limiter
    secret: bytes
    probes: Mapping[str, Probe]
    carriers: Mapping[str, Known]
    inbox: Inbox
    outbox: Outbox
    subscriptions: Subscriptions
    revisions: Revisions

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)


def parts_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Parts:
    """The parts of the application that serves this connection."""
    found: Parts = connection.app.state[PARTS]
    return found
