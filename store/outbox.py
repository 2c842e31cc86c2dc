"""The outbox: what the world outside is to be told, each message until it has arrived or is given up.

Events become messages in their global order, with the cursor in one transaction: once each. A lane's messages leave one
after the other; one that is given up (a dead letter) lets the next go. Sending may happen twice: a sender that dies has
perhaps sent. So receivers get each message's key.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from store.database import Connection, Database
from store.journal import Positioned

CONSUMER: Final = "outbox"


class Message(msgspec.Struct, frozen=True):
    """A message to be sent; ``key`` is its id for ever, ``lane`` whom it must not overtake."""

    kind: str
    key: str
    lane: str
    payload: dict[str, Any]


class Taken(msgspec.Struct, frozen=True):
    """A message that is being sent; ``attempts`` counts this one."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int


class Letter(msgspec.Struct, frozen=True):
    """A message as an operator sees it."""

    id: int
    kind: str
    key: str
    status: str
    attempts: int
    error: str
    created_at: datetime


class Sent(msgspec.Struct, frozen=True):
    """A message with how far it has come; ``settled_at`` is when it arrived or was given up."""

    kind: str
    payload: dict[str, Any]
    status: str
    attempts: int
    created_at: datetime
    settled_at: datetime | None


_CURSOR: Final = b"SELECT position FROM outbox_cursors WHERE consumer = %s"
_HOLD: Final = b"SELECT position FROM outbox_cursors WHERE consumer = %s FOR UPDATE"
_MOVE: Final = b"UPDATE outbox_cursors SET position = %s WHERE consumer = %s"
_ADD: Final = b"""
    INSERT INTO outbox (kind, key, lane, payload)
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS new (kind text, key text, lane text, payload jsonb)
    ON CONFLICT (kind, key) DO NOTHING
"""
_TAKE: Final = b"""
    UPDATE outbox SET attempts = attempts + 1, due_at = clock_timestamp() + %(lease)s
    WHERE id IN (
        SELECT id FROM outbox AS one WHERE status = 'new' AND due_at <= clock_timestamp()
            AND NOT EXISTS (SELECT FROM outbox AS other
                            WHERE other.lane = one.lane AND other.status = 'new' AND other.id < one.id)
        ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    RETURNING id, kind, key, payload, attempts
"""
_SENT: Final = b"UPDATE outbox SET status = 'sent', error = '', settled_at = clock_timestamp() WHERE id = %s"
_LATER: Final = b"UPDATE outbox SET error = %s, due_at = clock_timestamp() + %s WHERE id = %s AND status = 'new'"
_DEAD: Final = b"UPDATE outbox SET status = 'dead', error = %s, settled_at = clock_timestamp() WHERE id = %s"
_REPLAY: Final = b"""
    UPDATE outbox SET status = 'new', attempts = 0, due_at = clock_timestamp(), settled_at = NULL
    WHERE status = 'dead' AND id = ANY (%s)
"""
_DISCARD: Final = b"""
    UPDATE outbox SET status = 'discarded', settled_at = clock_timestamp() WHERE status = 'dead' AND id = ANY (%s)
"""
_LETTERS: Final = b"""
    SELECT id, kind, key, status, attempts, error, created_at FROM outbox
    WHERE status = %s AND id > %s ORDER BY id LIMIT %s
"""
_TOLD: Final = b"""
    SELECT kind, payload, status, attempts, created_at, settled_at FROM outbox
    WHERE kind = ANY (%s) AND key = ANY (%s) ORDER BY coalesce(settled_at, created_at) DESC, id DESC
"""
_COUNTS: Final = b"SELECT kind, status, count(*) FROM outbox GROUP BY kind, status"


class Outbox:
    """The outbox over a pool of connections. Every method raises StoreUnavailable where PostgreSQL is away."""

    def __init__(self, database: Database) -> None:
        """Read and write through ``database``."""
        self._database = database

    async def position(self) -> int:
        """Up to which global position events have become messages."""
        rows = await self._fetch(_CURSOR, (CONSUMER,))
        return int(rows[0][0]) if rows else 0

    async def follow(
        self, batch: Sequence[Positioned], make: Callable[[Sequence[Positioned]], Awaitable[Sequence[Message]]]
    ) -> None:
        """Turn a batch into messages, once; nothing happens where another relay did it meanwhile."""
        messages = await make(batch)
        rows = msgspec.json.encode(messages).decode()
        first, last = batch[0].position, batch[-1].position

        async def work(connection: Connection) -> None:
            async with connection.transaction():
                held = await (await connection.execute(_HOLD, (CONSUMER,))).fetchone()
                if held is not None and held[0] < first:
                    await connection.execute(_ADD, (rows,))
                    await connection.execute(_MOVE, (last, CONSUMER))

        await self._database.run(work)

    async def add(self, messages: Sequence[Message]) -> None:
        """Have messages sent that follow from no event; one whose key is known is not sent again."""
        await self._execute(_ADD, (msgspec.json.encode(messages).decode(),))

    async def take(self, limit: int, lease: timedelta) -> list[Taken]:
        """Take messages that are due, the first of each lane, for as long as ``lease``."""
        rows = await self._fetch_changed(_TAKE, {"limit": limit, "lease": lease})
        return [Taken(*row) for row in rows]

    async def sent(self, number: int) -> None:
        """Note that a message has arrived."""
        await self._execute(_SENT, (number,))

    async def later(self, number: int, error: str, delay: timedelta) -> None:
        """Note that a message did not arrive and is to be sent again."""
        await self._execute(_LATER, (_storable(error), delay, number))

    async def dead(self, number: int, error: str) -> None:
        """Give a message up until an operator replays it."""
        await self._execute(_DEAD, (_storable(error), number))

    async def replay(self, numbers: Sequence[int]) -> int:
        """Have dead letters sent again; returns how many."""
        return await self._count(_REPLAY, numbers)

    async def discard(self, numbers: Sequence[int]) -> int:
        """Put dead letters aside for good: their receiver is gone, or knows by other means; returns how many."""
        return await self._count(_DISCARD, numbers)

    async def letters(self, status: str = "dead", after: int = 0, limit: int = 100) -> list[Letter]:
        """Messages of a status, oldest first."""
        return [Letter(*row) for row in await self._fetch(_LETTERS, (status, after, limit))]

    async def told(self, kinds: Sequence[str], keys: Sequence[str]) -> list[Sent]:
        """The messages of these kinds and keys, the latest first."""
        return [Sent(*row) for row in await self._fetch(_TOLD, (list(kinds), list(keys)))] if keys else []

    async def counts(self) -> dict[str, dict[str, int]]:
        """How many messages of each kind are in each status."""
        found: dict[str, dict[str, int]] = {}
        for kind, status, number in await self._fetch(_COUNTS, ()):
            found.setdefault(kind, {})[status] = number
        return found

    async def _count(self, statement: bytes, numbers: Sequence[int]) -> int:
        async def work(connection: Connection) -> int:
            return (await connection.execute(statement, (list(numbers),))).rowcount

        return await self._database.run(work)

    async def _execute(self, statement: bytes, parameters: Sequence[Any]) -> None:
        async def work(connection: Connection) -> None:
            await connection.execute(statement, parameters)

        await self._database.run(work)

    async def _fetch(self, statement: bytes, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await (await connection.execute(statement, parameters)).fetchall()

        return await self._database.run(work)

    async def _fetch_changed(self, statement: bytes, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await (await connection.execute(statement, parameters)).fetchall()

        return await self._database.run(work)


def _storable(text: str) -> str:
    return text.replace("\0", "")[:1000]
