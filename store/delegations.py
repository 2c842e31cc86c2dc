"""Absence cover as it was given and revoked. Nothing is deleted: what ended is what events of that time refer to."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from domain.delegation import Delegation, check_overlap
from domain.ids import AuthorityId, DelegationId, OfficerId
from store.database import Connection, Database
from store.errors import KeyReused

FIELDS: Final = Delegation.__struct_fields__
_COLUMNS: Final = ", ".join(FIELDS).encode()
_SELECT: Final = b"SELECT " + _COLUMNS + b" FROM delegations WHERE "
# Whoever gives one for the same officer waits, so that two at once cannot overlap.
_LOCK: Final = b"SELECT pg_advisory_xact_lock(hashtextextended('delegation ' || %s, 0))"
_ONE: Final = _SELECT + b"id = %(id)s"
_PAIR: Final = _SELECT + b"absent = %(absent)s AND stand_in = %(stand_in)s AND revoked_at IS NULL"
_GIVE: Final = (
    b"INSERT INTO delegations ("
    + _COLUMNS
    + b") VALUES ("
    + ", ".join(f"%({field})s" for field in FIELDS).encode()
    + b")"
)
_REVOKE: Final = b"""
    UPDATE delegations SET revoked_at = %(now)s, revoked_by = %(by)s WHERE id = %(id)s AND revoked_at IS NULL
"""
_STANDING_IN: Final = (
    _SELECT
    + b"stand_in = %(officer)s AND revoked_at IS NULL AND first_day <= %(day)s AND last_day >= %(day)s"
    + b" ORDER BY absent, number"
)
_LISTED: Final = (
    b"SELECT number, "
    + _COLUMNS
    + b""" FROM delegations
    WHERE authority = %(authority)s
        AND (%(officer)s::text IS NULL OR absent = %(officer)s OR stand_in = %(officer)s)
        AND (%(lasting)s::date IS NULL OR (revoked_at IS NULL AND last_day >= %(lasting)s))
        AND (%(before)s::bigint IS NULL OR number < %(before)s)
    ORDER BY number DESC LIMIT %(limit)s
"""
)


class DelegationQuery(msgspec.Struct, frozen=True):
    """Which delegations of an authority: those of an officer (none: of all), those that last on a day (none: all)."""

    authority: AuthorityId
    officer: OfficerId | None = None
    lasting: date | None = None


class DelegationPage(msgspec.Struct, frozen=True):
    """Some delegations, the latest given first; ``next`` is before which number it goes on (none: it ends)."""

    items: tuple[Delegation, ...]
    next: int | None


class Delegations:
    """Gives, revokes and finds delegations. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, database: Database) -> None:
        """Keep them in ``database``."""
        self._database = database

    async def give(self, delegation: Delegation) -> Delegation:
        """Keep a delegation; safe to repeat: the one that was kept under this id is returned.

        Raises DelegationOverlaps, and KeyReused where another one has this id.
        """

        async def work(connection: Connection) -> Delegation:
            values = msgspec.structs.asdict(delegation)
            async with connection.transaction():
                await connection.execute(_LOCK, (delegation.absent,))
                known = await _fetch(connection, _ONE, values)
                if known:
                    return _same(known[0], delegation)
                check_overlap(delegation, await _fetch(connection, _PAIR, values))
                await connection.execute(_GIVE, values)
                return delegation

        return await self._database.run(work)

    async def revoke(self, delegation: DelegationId, by: OfficerId, now: datetime) -> Delegation | None:
        """End a delegation now; one that was revoked before stays as it is. None: there is no such one."""

        async def work(connection: Connection) -> Delegation | None:
            async with connection.transaction():
                await connection.execute(_REVOKE, {"id": delegation, "by": by, "now": now})
                found = await _fetch(connection, _ONE, {"id": delegation})
                return found[0] if found else None

        return await self._database.run(work)

    async def find(self, delegation: DelegationId) -> Delegation | None:
        """One of them (none: there is no such one)."""
        found = await self._read(_ONE, {"id": delegation})
        return found[0] if found else None

    async def standing_in(self, officer: OfficerId, day: date) -> list[Delegation]:
        """For whom an officer stands in on a day, by what was not revoked."""
        return await self._read(_STANDING_IN, {"officer": officer, "day": day})

    async def listed(self, query: DelegationQuery, *, limit: int, before: int | None = None) -> DelegationPage:
        """At most ``limit`` delegations, the latest given first; ``before`` continues a list."""
        values = {**msgspec.structs.asdict(query), "limit": limit + 1, "before": before}

        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await (await connection.execute(_LISTED, values)).fetchall()

        rows = await self._database.run(work)
        shown = rows[:limit]
        following = shown[-1][0] if len(rows) > limit else None
        return DelegationPage(tuple(Delegation(*row[1:]) for row in shown), following)

    async def _read(self, statement: bytes, values: dict[str, Any]) -> list[Delegation]:
        async def work(connection: Connection) -> list[Delegation]:
            return await _fetch(connection, statement, values)

        return await self._database.run(work)


def _same(known: Delegation, wanted: Delegation) -> Delegation:
    """What is kept, if it is what is wanted now; when it was given and what became of it do not count."""
    if msgspec.structs.replace(wanted, given_at=known.given_at) != msgspec.structs.replace(
        known, revoked_at=None, revoked_by=OfficerId("")
    ):
        message = f"delegation {known.id} is another one"
        raise KeyReused(message, delegation=known.id)
    return known


async def _fetch(connection: Connection, statement: bytes, values: dict[str, Any]) -> list[Delegation]:
    rows: Sequence[tuple[Any, ...]] = await (await connection.execute(statement, values)).fetchall()
    return [Delegation(*row) for row in rows]
