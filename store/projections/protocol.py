"""What an asynchronous projection is: tables that follow from the events in their global order."""

from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa

from store.database import Connection
from store.journal import Positioned


class Projection(Protocol):
    """One projection.

    ``apply`` gets every event once, in the global order, within the transaction that also moves the checkpoint: what it
    writes and how far it has come are never apart. It names its tables without a schema, for the same code fills the
    live tables, those of a rebuild beside them, and those of a verification; and it reads no tables but its own, or a
    rebuild would not come to the same. A change of what it writes is a new ``version``, and is then rebuilt.
    """

    @property
    def name(self) -> str:
        """The name under which it is rebuilt and its checkpoint is kept; never changes."""
        ...

    @property
    def version(self) -> int:
        """Rises with every change of what ``apply`` writes."""
        ...

    @property
    def tables(self) -> tuple[sa.Table, ...]:
        """Its tables, which no one else writes."""
        ...

    async def apply(self, connection: Connection, batch: Sequence[Positioned]) -> None:
        """Take in some events."""
        ...
