"""Catalogue data: contents by what they are, and from which day which content is in force.

A content, once stored, never changes; its version is its content address. What is in force on a day is the publication
with the latest ``effective_from`` not after that day, of several for one day the latest published.
"""

from datetime import date
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

import msgspec

from domain.ids import Version
from domain.versioning import content_version
from store.database import Connection, Database
from store.errors import UnknownReference
from store.hashing import canonical

T = TypeVar("T", bound=msgspec.Struct)


class Kind(StrEnum):
    """Kinds of catalogue data."""

    PROCEDURE = "procedure"
    CALENDAR = "calendar"
    AUTHORITY = "authority"
    OFFICER = "officer"
    LAW = "law"
    SUPERVISION = "supervision"


SUPERVISION_ID: Final = "supervision"
"""There is one set of the house's choices."""


class Current(msgspec.Struct, Generic[T], frozen=True):
    """What is in force: its id, its version, since when, and the thing itself."""

    id: str
    version: Version
    effective_from: date
    value: T


_STORE: Final = b"""
    INSERT INTO reference_contents (kind, id, version, body) VALUES (%(kind)s, %(id)s, %(version)s, %(body)s::jsonb)
    ON CONFLICT (kind, id, version) DO NOTHING
"""
# An equal publication is no news: what is in force from that day on is this version already.
_PUBLISH: Final = b"""
    INSERT INTO reference_publications (kind, id, version, effective_from)
    SELECT %(kind)s, %(id)s, %(version)s, %(day)s
    WHERE (
        SELECT version FROM reference_publications
        WHERE kind = %(kind)s AND id = %(id)s AND effective_from <= %(day)s
        ORDER BY effective_from DESC, number DESC LIMIT 1
    ) IS DISTINCT FROM %(version)s
    RETURNING number
"""
_CONTENT: Final = b"SELECT body::text FROM reference_contents WHERE kind = %s AND id = %s AND version = %s"
_CURRENT: Final = """
    SELECT DISTINCT ON (p.id) p.id, p.version, p.effective_from, c.body::text
    FROM reference_publications p JOIN reference_contents c USING (kind, id, version)
    WHERE kind = %(kind)s AND effective_from <= %(day)s {also}
    ORDER BY p.id, p.effective_from DESC, p.number DESC
"""
_COMING: Final = b"""
    SELECT DISTINCT ON (p.id) p.id, p.version, p.effective_from, c.body::text
    FROM reference_publications p JOIN reference_contents c USING (kind, id, version)
    WHERE kind = %(kind)s AND effective_from > %(day)s
    ORDER BY p.id, p.effective_from, p.number DESC
"""
_DAYS: Final = b"""
    SELECT DISTINCT effective_from FROM reference_publications
    WHERE kind = %(kind)s AND effective_from > %(day)s ORDER BY effective_from
"""
_EVER: Final = b"""
    SELECT FROM reference_publications WHERE kind = %(kind)s AND id = %(id)s AND version = %(version)s LIMIT 1
"""
_ALL: Final = _CURRENT.format(also="").encode()
_ONE: Final = _CURRENT.format(also="AND p.id = %(id)s").encode()


class References:
    """Stores and finds catalogue data. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, database: Database) -> None:
        """Read and write through ``database``."""
        self._database = database

    async def store(self, kind: Kind, name: str, value: msgspec.Struct) -> Version:
        """Keep a content without putting it in force (a procedure as bound to one commune); return its version."""
        version = content_version(value)

        async def work(connection: Connection) -> None:
            await _store(connection, kind, name, version, value)

        await self._database.run(work)
        return version

    async def publish(self, kind: Kind, name: str, value: msgspec.Struct, effective_from: date) -> tuple[Version, bool]:
        """Put a content in force from a day on; return its version, and whether that is news."""
        version = content_version(value)
        values = {"kind": kind.value, "id": name, "version": version, "day": effective_from}

        async def work(connection: Connection) -> bool:
            async with connection.transaction():
                await _store(connection, kind, name, version, value)
                cursor = await connection.execute(_PUBLISH, values)
                return await cursor.fetchone() is not None

        return version, await self._database.run(work)

    async def get(self, kind: Kind, name: str, version: Version, shape: type[T]) -> T:
        """The content of a version; raises UnknownReference."""

        async def work(connection: Connection) -> str | None:
            row = await (await connection.execute(_CONTENT, (kind.value, name, version))).fetchone()
            return row[0] if row else None

        body = await self._database.run(work)
        if body is None:
            message = f"{kind} {name} has no version {version}"
            raise UnknownReference(message, kind=kind.value, id=name, version=version)
        return msgspec.json.decode(body, type=shape)

    async def current(self, kind: Kind, name: str, day: date, shape: type[T]) -> Current[T]:
        """What is in force on a day; raises UnknownReference."""
        rows = await self._rows(_ONE, {"kind": kind.value, "day": day, "id": name})
        if not rows:
            message = f"{kind} {name} is unknown, or not in force on {day}"
            raise UnknownReference(message, kind=kind.value, id=name, day=day.isoformat())
        return _current(rows[0], shape)

    async def all_current(self, kind: Kind, day: date, shape: type[T]) -> list[Current[T]]:
        """Everything of a kind that is in force on a day, by id."""
        return [_current(row, shape) for row in await self._rows(_ALL, {"kind": kind.value, "day": day})]

    async def coming(self, kind: Kind, day: date, shape: type[T]) -> list[Current[T]]:
        """What comes in force after a day, the next of each id, by id."""
        return [_current(row, shape) for row in await self._rows(_COMING, {"kind": kind.value, "day": day})]

    async def days_after(self, kind: Kind, day: date) -> list[date]:
        """The days after this one on which something of a kind comes in force, in order."""
        return [row[0] for row in await self._rows(_DAYS, {"kind": kind.value, "day": day})]

    async def published(self, kind: Kind, name: str, version: Version) -> bool:
        """Whether a version has ever been put in force, be it superseded since."""
        return bool(await self._rows(_EVER, {"kind": kind.value, "id": name, "version": version}))

    async def _rows(self, statement: bytes, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of a query."""

        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await (await connection.execute(statement, values)).fetchall()

        return await self._database.run(work)


async def _store(connection: Connection, kind: Kind, name: str, version: Version, value: msgspec.Struct) -> None:
    """Keep a content, if it is not there."""
    body = canonical(msgspec.json.encode(value)).decode()
    await connection.execute(_STORE, {"kind": kind.value, "id": name, "version": version, "body": body})


def _current(row: tuple[Any, ...], shape: type[T]) -> Current[T]:
    """A row as its value."""
    name, version, since, body = row
    return Current(name, Version(version), since, msgspec.json.decode(body, type=shape))
