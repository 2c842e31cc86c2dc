"""How what comes in and goes out stands, as Prometheus is told: callbacks, messages, parcels, upkeep."""

from typing import Any, Final

import msgspec

from domain.postal import TERMINAL
from store.database import Connection

_INBOX: Final = b"""
    SELECT count(*) FILTER (WHERE status = 'parked'),
        count(*) FILTER (WHERE status IN ('new', 'waiting')),
        coalesce(extract(epoch FROM clock_timestamp() - min(received_at) FILTER (WHERE status = 'new')), 0)::float8
    FROM postal_inbox WHERE status IN ('new', 'waiting', 'parked')
"""
_OUTBOX: Final = b"""
    SELECT kind, count(*) FILTER (WHERE status = 'new'), count(*) FILTER (WHERE status = 'dead'),
        coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE status = 'new')), 0)::float8
    FROM outbox WHERE status IN ('new', 'dead') GROUP BY kind
"""
_BEHIND: Final = b"""
    SELECT coalesce(max(sequencer_state.position - outbox_cursors.position), 0) FROM outbox_cursors, sequencer_state
"""
_PARCELS: Final = b"SELECT purpose, state, count(*) FROM postal_items WHERE state <> ALL (%s) GROUP BY purpose, state"
_UPKEEP: Final = b"""
    SELECT task, detail, number, extract(epoch FROM clock_timestamp() - done_at)::float8 FROM upkeep
"""


class Outgoing(msgspec.Struct, frozen=True):
    """Messages of one kind: those not sent yet with the age of the oldest in seconds, and those given up."""

    kind: str
    waiting: int
    dead: int
    oldest: float


class Parcels(msgspec.Struct, frozen=True):
    """Parcels under way, of one purpose and state."""

    purpose: str
    state: str
    count: int


class Note(msgspec.Struct, frozen=True):
    """What was noted of upkeep (``store.upkeep``), so many seconds ago."""

    task: str
    detail: str
    number: int
    age: float


class Exchange(msgspec.Struct, frozen=True):
    """All of it. ``inbox_oldest`` is the age in seconds of the oldest callback that nobody has looked at."""

    inbox_parked: int = 0
    inbox_waiting: int = 0
    inbox_oldest: float = 0.0
    outbox_lag: int = 0
    outgoing: tuple[Outgoing, ...] = ()
    parcels: tuple[Parcels, ...] = ()
    upkeep: tuple[Note, ...] = ()


async def read_exchange(connection: Connection) -> Exchange:
    """How it stands in this transaction."""
    [(parked, waiting, oldest)] = await _rows(connection, _INBOX)
    [(behind,)] = await _rows(connection, _BEHIND)
    return Exchange(
        inbox_parked=parked,
        inbox_waiting=waiting,
        inbox_oldest=max(0.0, oldest),
        outbox_lag=behind,
        outgoing=tuple(Outgoing(*row) for row in await _rows(connection, _OUTBOX)),
        parcels=tuple(Parcels(*row) for row in await _rows(connection, _PARCELS, ([*map(str, TERMINAL)],))),
        upkeep=tuple(Note(*row) for row in await _rows(connection, _UPKEEP)),
    )


async def _rows(connection: Connection, statement: bytes, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    return await (await connection.execute(statement, values)).fetchall()
