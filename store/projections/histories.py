"""The histories that a projection folds: streams up to an event in hand, read within the batch's own transaction.

They can never change, and neither can catalogue contents by their versions: so a rebuild comes to the same.
"""

from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import Final, TypeVar

from domain.ids import Stream
from domain.record import Record
from store.codec.upcasts import UPCASTS, upcast
from store.database import Connection
from store.rows import record_columns, record_of

T = TypeVar("T")

_HISTORY: Final = f"""
    SELECT {record_columns()} FROM unnest(%s::text[], %s::int[]) AS wanted (stream, last) JOIN events USING (stream)
    WHERE events.version <= wanted.last ORDER BY stream, version
""".encode()
_FIRST: Final = b"""
    SELECT stream, coalesce(data ->> 'authority', ''), coalesce(data ->> 'field', '') FROM events
    WHERE version = 1 AND stream = ANY (%s)
"""
_connection: ContextVar[Connection] = ContextVar("projection_connection")


class OfTheBatch:
    """Reads within the transaction of the batch in hand."""

    def begin(self, connection: Connection) -> None:
        """Read on this batch's connection from now on."""
        _connection.set(connection)

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run ``work`` on the batch's connection."""
        return await work(_connection.get())


async def history(connection: Connection, last: dict[Stream, int]) -> Iterable[Record]:
    """The records of streams up to a version of each, in order."""
    if not last:
        return ()
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(_HISTORY, (list(last), list(last.values())))
        rows = await cursor.fetchall()
    return (upcast(record_of(row), UPCASTS) for row in rows)


async def origins(connection: Connection, streams: set[Stream]) -> dict[Stream, tuple[str, str]]:
    """Each stream's deciding authority and field, from its first event: neither ever changes."""
    if not streams:
        return {}
    cursor = await connection.execute(_FIRST, (sorted(streams),))
    return {stream: (authority, field) for stream, authority, field in await cursor.fetchall()}
