"""Every parcel: which dossier's it is, and where it stands; how a carrier's number is found among all dossiers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from domain.dossier.codec import decode_event
from domain.dossier.events import Event, PostalCancelled, PostalOrdered, PostalPlaced, PostalScanned
from domain.postal import ScanState, prevails
from store import tables
from store.database import Connection
from store.journal import Positioned

_TYPES: Final = frozenset(kind.type for kind in (PostalOrdered, PostalPlaced, PostalCancelled, PostalScanned))
_ORDERED: Final = b"""
    INSERT INTO postal_items (stream, parcel, purpose, carrier, tracking, ordered_at, state)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_PLACED: Final = b"UPDATE postal_items SET tracking = %s WHERE stream = %s AND parcel = %s"
_STANDS: Final = b"SELECT state, state_at FROM postal_items WHERE stream = %s AND parcel = %s"
_MOVED: Final = b"UPDATE postal_items SET state = %s, state_at = %s WHERE stream = %s AND parcel = %s"


class PostalItems:
    """The projection ``postal_items``; see ``store.projections.protocol``."""

    name: Final = "postal_items"
    version: Final = 1
    tables: Final[tuple[sa.Table, ...]] = (tables.postal_items,)

    async def apply(self, connection: Connection, batch: Sequence[Positioned]) -> None:
        """Follow the parcels of a batch."""
        for row in batch:
            record = row.record
            if record.type in _TYPES:
                event = decode_event(record.type, record.data)
                await _apply(connection, record.stream, event, record.occurred_at)


async def _apply(connection: Connection, stream: str, event: Event, at: datetime) -> None:
    match event:
        case PostalOrdered():
            registered = ScanState.REGISTERED.value
            row: tuple[Any, ...] = (event.purpose.value, event.carrier, event.tracking, at, registered)
            await connection.execute(_ORDERED, (stream, event.parcel, *row))
        case PostalPlaced():
            await connection.execute(_PLACED, (event.tracking, stream, event.parcel))
        case PostalCancelled():
            await _moved(connection, stream, event.parcel, ScanState.CANCELLED, at)
        case PostalScanned():
            await _moved(connection, stream, event.parcel, event.state, at)
        case _:
            pass  # not about where a parcel stands


async def _moved(connection: Connection, stream: str, parcel: str, state: ScanState, at: datetime) -> None:
    found = await (await connection.execute(_STANDS, (stream, parcel))).fetchone()
    if found is not None and prevails(state, at, over=ScanState(found[0]), since=found[1]):
        await connection.execute(_MOVED, (state.value, at, stream, parcel))
