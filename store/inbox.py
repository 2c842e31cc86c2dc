"""The inbox of the post: every callback as it came, and what became of it.

What came is stored in one insert and never changed. Whoever works on a row holds it for a while (``due_at`` is ahead);
if he dies, another takes it up: all that is done with a row may be done twice. A row ends applied or refused, or is
parked until an operator, or the order that it was waiting for, takes it up again. None is ever deleted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from store.database import Connection, Database

UNKNOWN_TRACKING: Final = "tracking_unknown"
"""The reason of rows that wait, or are parked, because no order has their tracking number."""


SMALL: Final = 64 * 1024
"""Bytes of a body up to which a row may be taken up with many others."""


class Status(StrEnum):
    """What has become of a callback so far."""

    NEW = "new"
    WAITING = "waiting"
    APPLIED = "applied"
    REFUSED = "refused"
    PARKED = "parked"


class Raw(msgspec.Struct, frozen=True):
    """A callback as it came, with what is known of it so far; ``attempts`` counts the present one."""

    id: int
    carrier: str
    received_at: datetime
    remote: str
    headers: dict[str, str]
    body: bytes
    status: Status
    reason: str
    attempts: int
    stream: str | None


class Meaning(msgspec.Struct, frozen=True):
    """What a callback says: the carrier's id of it, the parcel, the carrier's time, the dossier if that is known."""

    event_id: str
    tracking: str
    occurred_at: datetime
    stream: str | None = None


class Row(msgspec.Struct, frozen=True):
    """A row as an operator sees it, without what came."""

    id: int
    carrier: str
    received_at: datetime
    status: Status
    reason: str
    detail: str
    event_id: str | None
    tracking: str | None
    stream: str | None
    attempts: int
    settled_at: datetime | None


_KEEP: Final = b"""
    INSERT INTO postal_inbox (carrier, received_at, remote, headers, body) VALUES (%s, %s, %s, %s, %s) RETURNING id
"""
_CLAIM: Final = b"""
    WITH due AS MATERIALIZED (
        SELECT id, carrier, tracking FROM postal_inbox
        WHERE status IN ('new', 'waiting') AND due_at <= clock_timestamp()
        ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), company AS MATERIALIZED (
        SELECT id FROM postal_inbox
        WHERE status IN ('new', 'waiting') AND due_at <= clock_timestamp()
            AND (carrier, tracking) IN (SELECT carrier, tracking FROM due WHERE tracking IS NOT NULL)
            AND octet_length(body) <= %(small)s
        LIMIT %(company)s FOR UPDATE SKIP LOCKED
    )
    UPDATE postal_inbox SET attempts = attempts + 1, due_at = clock_timestamp() + %(lease)s
    WHERE id IN (SELECT id FROM due UNION SELECT id FROM company)
    RETURNING id, carrier, received_at, remote, headers, body, status, reason, attempts, stream
"""
_UNREAD: Final = b"""
    SELECT id, carrier, received_at, remote, headers, body, status, reason, attempts, stream FROM postal_inbox
    WHERE status = 'new' AND tracking IS NULL AND id > %(after)s AND due_at <= clock_timestamp()
        AND octet_length(body) <= %(small)s
    ORDER BY id LIMIT %(limit)s
"""
_NOTE: Final = b"""
    UPDATE postal_inbox AS kept
    SET event_id = new.event_id, tracking = new.tracking, occurred_at = new.occurred_at
    FROM jsonb_to_recordset(%s::jsonb) AS new (id bigint, event_id text, tracking text, occurred_at timestamptz)
    WHERE kept.id = new.id AND kept.status = 'new' AND kept.tracking IS NULL
"""
_NEXT: Final = b"""
    SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM postal_inbox
    WHERE status IN ('new', 'waiting')
"""
_RELEASE: Final = b"""
    UPDATE postal_inbox SET due_at = clock_timestamp() WHERE id = ANY (%s) AND status IN ('new', 'waiting')
"""
_SETTLE: Final = b"""
    UPDATE postal_inbox AS kept SET status = new.status, reason = new.reason, detail = new.detail,
        event_id = coalesce(new.event_id, kept.event_id), tracking = coalesce(new.tracking, kept.tracking),
        stream = coalesce(new.stream, kept.stream), occurred_at = coalesce(new.occurred_at, kept.occurred_at),
        due_at = CASE WHEN new.status = 'waiting' THEN clock_timestamp() + new.delay * interval '1 second'
                 ELSE kept.due_at END,
        settled_at = CASE WHEN new.status = 'waiting' THEN NULL ELSE clock_timestamp() END
    FROM jsonb_to_recordset(%s::jsonb) AS new (id bigint, status text, reason text, detail text, event_id text,
        tracking text, stream text, occurred_at timestamptz, delay float8)
    WHERE kept.id = new.id AND kept.status IN ('new', 'waiting')
"""
_APPLIED: Final = b"""
    SELECT carrier, event_id, tracking, occurred_at FROM postal_inbox
    WHERE (carrier, event_id) IN (SELECT * FROM unnest(%s::text[], %s::text[])) AND status = 'applied'
"""
_ITEMS: Final = b"""
    SELECT DISTINCT ON (carrier, tracking) carrier, tracking, stream FROM postal_items
    WHERE (carrier, tracking) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
    ORDER BY carrier, tracking, ordered_at DESC
"""
_UNPARK: Final = b"""
    UPDATE postal_inbox AS kept SET status = 'waiting', due_at = clock_timestamp(), settled_at = NULL
    FROM postal_items AS item
    WHERE kept.status IN ('waiting', 'parked') AND kept.reason = 'tracking_unknown' AND kept.tracking IS NOT NULL
        AND item.carrier = kept.carrier AND item.tracking = kept.tracking
        AND (kept.status = 'parked' OR kept.due_at > clock_timestamp() + interval '1 second')
"""
_COUNTS: Final = b"SELECT carrier, status, count(*) FROM postal_inbox GROUP BY carrier, status ORDER BY carrier, status"
_PARKED: Final = b"SELECT count(*) FROM postal_inbox WHERE status = 'parked'"
_ROW: Final = (
    "SELECT id, carrier, received_at, status, reason, detail, event_id, tracking, stream, attempts, settled_at "
    "FROM postal_inbox WHERE "
)
_LIST: Final = f"{_ROW} status = %s AND id > %s ORDER BY id LIMIT %s".encode()
_ONE: Final = f"{_ROW} id = %s".encode()
_RAW: Final = b"""
    SELECT id, carrier, received_at, remote, headers, body, status, reason, attempts, stream
    FROM postal_inbox WHERE id = %s
"""
_REPLAY: Final = b"""
    UPDATE postal_inbox SET status = 'waiting', reason = '', detail = '', attempts = 0, due_at = clock_timestamp(),
        settled_at = NULL, stream = coalesce(%s, stream)
    WHERE status IN ('parked', 'refused') AND id = ANY (%s)
"""


_REFUSE: Final = b"""
    UPDATE postal_inbox SET status = 'refused', reason = 'by_operator', detail = %s, settled_at = clock_timestamp()
    WHERE status = 'parked' AND id = ANY (%s)
"""


class Settlement(msgspec.Struct, frozen=True):
    """What becomes of a row; ``delay`` is after how many seconds a waiting one is looked at again."""

    id: int
    status: Status
    reason: str = ""
    detail: str = ""
    meaning: Meaning | None = None
    delay: float = 0.0


class Inbox:
    """The inbox over a pool of connections. Every method raises StoreUnavailable where PostgreSQL is away."""

    def __init__(self, database: Database) -> None:
        """Read and write through ``database``."""
        self._database = database

    async def keep(
        self, carrier: str, received_at: datetime, remote: str, headers: Mapping[str, str], body: bytes
    ) -> int:
        """Store a callback for ever; returns its number. Repeated after a lost connection it may be stored twice."""
        said = msgspec.json.encode({name: value.replace("\0", "") for name, value in headers.items()}).decode()

        async def work(connection: Connection) -> int:
            cursor = await connection.execute(_KEEP, (carrier, received_at, remote, said, body), prepare=True)
            row = await cursor.fetchone()
            return int(row[0]) if row else 0

        return await self._database.run(work)

    async def claim(self, limit: int, lease: timedelta, *, company: int = 0) -> list[Raw]:
        """Take up to ``limit`` open rows, for as long as ``lease``; rows that others hold are passed over.

        With them up to ``company`` others that are due and known to be of the same parcels.
        """
        parameters = {"limit": limit, "lease": lease, "company": company, "small": SMALL}

        async def work(connection: Connection) -> list[Raw]:
            cursor = await connection.execute(_CLAIM, parameters, prepare=True)
            rows = [_raw(row) for row in await cursor.fetchall()]
            return sorted(rows, key=lambda raw: raw.id)

        return await self._database.run(work)

    async def unread(self, limit: int, after: int = 0) -> list[Raw]:
        """Up to ``limit`` due rows, by number, of which nobody knows yet whose they are; nobody is kept from them."""
        rows = await self._fetch(_UNREAD, {"limit": limit, "after": after, "small": SMALL})
        return [_raw(row) for row in rows]

    async def note(self, meanings: Mapping[int, Meaning]) -> None:
        """Write down what rows say, by number; they stay as open as they are."""
        changes = [{"id": number, **msgspec.to_builtins(meaning)} for number, meaning in meanings.items()]
        body = msgspec.json.encode(changes).decode()

        async def work(connection: Connection) -> None:
            await connection.execute(_NOTE, (body,))

        await self._database.run(work)

    async def next_due(self) -> float | None:
        """In how many seconds the next open row is to be looked at (none: there is none; below 0: now)."""
        rows = await self._fetch(_NEXT, ())
        return rows[0][0] if rows else None

    async def release(self, numbers: Sequence[int]) -> None:
        """Give claimed rows back at once, so that nobody waits for the end of their lease."""

        async def work(connection: Connection) -> None:
            await connection.execute(_RELEASE, (list(numbers),))

        await self._database.run(work)

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Write down what becomes of rows; one that has ended meanwhile stays as it is."""
        changes = [
            {
                "id": one.id,
                "status": one.status.value,
                "reason": one.reason,
                "detail": one.detail.replace("\0", "")[:1000],
                "event_id": one.meaning.event_id if one.meaning else None,
                "tracking": one.meaning.tracking if one.meaning else None,
                "occurred_at": one.meaning.occurred_at if one.meaning else None,
                "stream": one.meaning.stream if one.meaning else None,
                "delay": one.delay,
            }
            for one in settlements
        ]
        body = msgspec.json.encode(changes).decode()

        async def work(connection: Connection) -> None:
            await connection.execute(_SETTLE, (body,))

        await self._database.run(work)

    async def applied(self, events: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, datetime]]:
        """Of carriers' event ids those that were applied before: what they said of which parcel, and as of when."""
        rows = await self._fetch(_APPLIED, _columns(events))
        return {(row[0], row[1]): (row[2], row[3]) for row in rows}

    async def streams_of(self, parcels: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The dossiers of parcels, by carrier and tracking number; what nobody ordered is not among them."""
        return {(row[0], row[1]): row[2] for row in await self._fetch(_ITEMS, _columns(parcels))}

    async def unpark(self) -> int:
        """Wake the rows whose parcel is ordered by now; returns how many."""

        async def work(connection: Connection) -> int:
            return (await connection.execute(_UNPARK)).rowcount

        return await self._database.run(work)

    async def counts(self) -> dict[str, dict[str, int]]:
        """How many rows each carrier has in each status."""
        found: dict[str, dict[str, int]] = {}
        for carrier, status, number in await self._fetch(_COUNTS, ()):
            found.setdefault(carrier, {})[status] = number
        return found

    async def parked(self) -> int:
        """How many rows wait for an operator: the metric ``motcua_postal_inbox_parked``."""
        rows = await self._fetch(_PARKED, ())
        return int(rows[0][0])

    async def listed(self, status: Status, after: int = 0, limit: int = 100) -> list[Row]:
        """Rows of a status in the order in which they came, after a number."""
        return [_row(row) for row in await self._fetch(_LIST, (status.value, after, limit))]

    async def row(self, number: int) -> Row | None:
        """One row (none: there is no such one)."""
        rows = await self._fetch(_ONE, (number,))
        return _row(rows[0]) if rows else None

    async def raw(self, number: int) -> Raw | None:
        """What came (none: there is no such row)."""
        rows = await self._fetch(_RAW, (number,))
        return _raw(rows[0]) if rows else None

    async def replay(self, numbers: Sequence[int], stream: str | None = None) -> int:
        """Have parked or refused rows looked at anew, as words of ``stream`` if that is said; returns how many."""
        return await self._changed(_REPLAY, (stream, list(numbers)))

    async def refuse(self, numbers: Sequence[int], why: str) -> int:
        """Refuse parked rows for good, with what an operator found out about them; returns how many."""
        return await self._changed(_REFUSE, (why.replace("\0", "")[:1000], list(numbers)))

    async def _changed(self, statement: bytes, parameters: Sequence[Any]) -> int:
        async def work(connection: Connection) -> int:
            return (await connection.execute(statement, parameters)).rowcount

        return await self._database.run(work)

    async def _fetch(self, statement: bytes, parameters: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await (await connection.execute(statement, parameters)).fetchall()

        return await self._database.run(work)


def _columns(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [first for first, _ in pairs], [second for _, second in pairs]


def _raw(row: tuple[Any, ...]) -> Raw:
    values = list(row)
    values[5] = bytes(values[5])
    values[6] = Status(values[6])
    return Raw(*values)


def _row(row: tuple[Any, ...]) -> Row:
    values = list(row)
    values[3] = Status(values[3])
    return Row(*values)
