"""How much lies with whom, for how long, and what was completed too quickly: a supervisor's questions to the store."""

from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from domain.ids import AuthorityId, Stream
from domain.supervision import Supervision
from store.database import Connection, Database
from store.row_security import Reader, seen_by

DRILLED: Final = 200
"""Completions that a list shows: the latest."""
OLDEST: Final = 10
"""Tasks that are shown as the oldest."""

Shape = TypeVar("Shape", bound=msgspec.Struct)


class LoadRow(msgspec.Struct, frozen=True):
    """Open tasks of one officer (none: nobody has claimed them) at one stage."""

    officer: str | None
    stage: str
    tasks: int
    late: int
    oldest: datetime


class PlaceRow(msgspec.Struct, frozen=True):
    """Open tasks at one authority."""

    authority: AuthorityId
    tasks: int
    late: int
    oldest: datetime


class AgeRow(msgspec.Struct, frozen=True):
    """Open tasks of one age group, counted from 0."""

    group: int
    tasks: int
    late: int


class OldRow(msgspec.Struct, frozen=True):
    """One open task."""

    stream: Stream
    stage: str
    title: str
    officer: str | None
    opened_at: datetime
    due: datetime | None


class SwiftRow(msgspec.Struct, frozen=True):
    """Of what one officer completed at one stage: how many in less time than it can take."""

    officer: str
    stage: str
    completed: int
    swift: int


class BurstRow(msgspec.Struct, frozen=True):
    """A pile that one officer completed, from its first to its last."""

    officer: str
    since: datetime
    until: datetime
    completed: int


class DoneRow(msgspec.Struct, frozen=True):
    """One completed stage.

    ``minutes`` are working minutes since it was opened, ``held_minutes`` since it was claimed.
    """

    stream: Stream
    stage: str
    officer: str
    opened_at: datetime
    claimed_at: datetime | None
    recorded_at: datetime
    minutes: int | None
    held_minutes: int | None


class Seen(msgspec.Struct, frozen=True):
    """What a supervisor sees of the completions of an authority since a moment."""

    authority: AuthorityId
    since: datetime
    choices: Supervision

    def values(self) -> dict[str, Any]:
        """As the statements name them."""
        least, burst = self.choices.least, self.choices.burst
        return {
            "authority": self.authority,
            "since": self.since,
            "timed": [stage.value for stage in least],
            "since_opened": [one.since_opened for one in least.values()],
            "since_claimed": [one.since_claimed for one in least.values()],
            "stages": [stage.value for stage in burst.stages],
            "more_than": burst.more_than,
            "within": timedelta(minutes=burst.within_minutes),
        }


_LOAD: Final = b"""
    SELECT officer, stage, count(*), count(*) FILTER (WHERE due < %(now)s), min(opened_at)
    FROM tasks WHERE authority = %(authority)s GROUP BY officer, stage
"""
_PLACES: Final = b"""
    SELECT authority, count(*), count(*) FILTER (WHERE due < %(now)s), min(opened_at)
    FROM tasks GROUP BY authority ORDER BY authority
"""
# Linked parts are streams named after their root: "<code>/<link>", and "0" is the sign after "/". Where they end is
# worked out before, and each dossier's are looked up for themselves (hence the offset): under row-level security no
# expression limits an index, and the planner would rather ask the policy about every task there is.
_SHARES: Final = b"""
    WITH own AS MATERIALIZED (
        SELECT stream, stream || '0' AS beyond FROM dossiers
        WHERE authority = %(authority)s AND status IN ('submitted', 'open') AND stream = root
    )
    SELECT part.authority, count(*), count(*) FILTER (WHERE part.due < %(now)s), min(part.opened_at)
    FROM own CROSS JOIN LATERAL (
        SELECT authority, due, opened_at FROM tasks
        WHERE stream >= own.stream AND stream < own.beyond AND authority <> %(authority)s OFFSET 0
    ) AS part
    GROUP BY part.authority ORDER BY part.authority
"""
_AGES: Final = b"""
    SELECT width_bucket(floor(extract(epoch FROM %(now)s - opened_at) / 86400)::integer, %(ages)s::integer[]),
           count(*), count(*) FILTER (WHERE due < %(now)s)
    FROM tasks WHERE authority = %(authority)s GROUP BY 1 ORDER BY 1
"""
_OLD: Final = b"""
    SELECT stream, stage, title, officer, opened_at, due FROM tasks
    WHERE authority = %(authority)s ORDER BY opened_at, stream, task LIMIT %(limit)s
"""
_IS_SWIFT: Final = "minutes < least.since_opened OR held_minutes < least.since_claimed"
_MEASURED: Final = """
    completions JOIN unnest(%(timed)s::text[], %(since_opened)s::integer[], %(since_claimed)s::integer[])
        AS least (stage, since_opened, since_claimed) USING (stage)
    WHERE authority = %(authority)s AND recorded_at >= %(since)s
"""
_SWIFT: Final = f"""
    SELECT officer, stage, count(*), count(*) FILTER (WHERE {_IS_SWIFT}) AS swift
    FROM {_MEASURED} GROUP BY officer, stage HAVING count(*) FILTER (WHERE {_IS_SWIFT}) > 0
    ORDER BY swift DESC, officer, stage
""".encode()
_DONE: Final = "stream, stage, officer, opened_at, claimed_at, recorded_at, minutes, held_minutes"
_SWIFT_ONES: Final = f"""
    SELECT {_DONE} FROM {_MEASURED} AND ({_IS_SWIFT}) AND officer = %(officer)s AND stage = %(stage)s
    ORDER BY recorded_at DESC, stream LIMIT %(limit)s
""".encode()
# A moment ends a window that holds too many; windows that overlap are one pile.
_BURSTS: Final = b"""
    WITH done AS (
        SELECT officer, recorded_at, count(*) OVER (
            PARTITION BY officer ORDER BY recorded_at RANGE BETWEEN %(within)s::interval PRECEDING AND CURRENT ROW
        ) AS near
        FROM completions
        WHERE authority = %(authority)s AND recorded_at >= %(since)s AND stage = ANY (%(stages)s)
    ),
    windows AS (
        SELECT officer, recorded_at - %(within)s::interval AS since, recorded_at AS until,
               lag(recorded_at) OVER (PARTITION BY officer ORDER BY recorded_at) AS before
        FROM done WHERE near > %(more_than)s
    ),
    numbered AS (
        SELECT officer, since, until, count(*) FILTER (WHERE before IS NULL OR before < since) OVER (
            PARTITION BY officer ORDER BY until
        ) AS pile
        FROM windows
    ),
    piles AS (SELECT officer, min(since) AS since, max(until) AS until FROM numbered GROUP BY officer, pile)
    SELECT piles.officer, min(done.recorded_at), max(done.recorded_at), count(*)
    FROM piles JOIN done ON done.officer = piles.officer AND done.recorded_at BETWEEN piles.since AND piles.until
    GROUP BY piles.officer, piles.since ORDER BY max(done.recorded_at) DESC, piles.officer LIMIT %(limit)s
"""
_BURST_ONES: Final = f"""
    SELECT {_DONE} FROM completions
    WHERE authority = %(authority)s AND officer = %(officer)s AND stage = ANY (%(stages)s)
      AND recorded_at BETWEEN %(from)s AND %(until)s
    ORDER BY recorded_at DESC, stream LIMIT %(limit)s
""".encode()


class Supervising:
    """A supervisor's questions. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, database: Database, reader: Reader) -> None:
        """Ask ``database``; nothing is found that ``reader`` may not see."""
        self._database = database
        self._reader = reader

    async def load(self, authority: AuthorityId, now: datetime) -> list[LoadRow]:
        """How much lies with whom at an authority, by stage."""
        return await self._rows(LoadRow, _LOAD, {"authority": authority, "now": now})

    async def places(self, now: datetime) -> list[PlaceRow]:
        """How much lies at each authority that has any open task."""
        return await self._rows(PlaceRow, _PLACES, {"now": now})

    async def shares(self, authority: AuthorityId, now: datetime) -> list[PlaceRow]:
        """How much of the dossiers that an authority decides lies at others."""
        return await self._rows(PlaceRow, _SHARES, {"authority": authority, "now": now})

    async def ages(self, authority: AuthorityId, ages: tuple[int, ...], now: datetime) -> list[AgeRow]:
        """Open tasks by the days since they were opened, every group that ``ages`` bounds, empty ones too."""
        found = await self._rows(AgeRow, _AGES, {"authority": authority, "now": now, "ages": list(ages)})
        known = {row.group: row for row in found}
        return [known.get(group, AgeRow(group, 0, 0)) for group in range(len(ages) + 1)]

    async def oldest(self, authority: AuthorityId) -> list[OldRow]:
        """The tasks that have been open longest."""
        return await self._rows(OldRow, _OLD, {"authority": authority, "limit": OLDEST})

    async def swift(self, seen: Seen) -> list[SwiftRow]:
        """Who completed what in less time than it can take, those with the most first."""
        return await self._rows(SwiftRow, _SWIFT, seen.values())

    async def swift_ones(self, seen: Seen, officer: str, stage: str) -> list[DoneRow]:
        """The completions that a row of ``swift`` counts, the latest first, at most DRILLED."""
        values = {**seen.values(), "officer": officer, "stage": stage, "limit": DRILLED}
        return await self._rows(DoneRow, _SWIFT_ONES, values)

    async def bursts(self, seen: Seen) -> list[BurstRow]:
        """Piles that were completed at once, the latest first, at most DRILLED."""
        return await self._rows(BurstRow, _BURSTS, {**seen.values(), "limit": DRILLED})

    async def burst_ones(self, seen: Seen, officer: str, since: datetime, until: datetime) -> list[DoneRow]:
        """The completions of a pile, the latest first, at most DRILLED."""
        values = {**seen.values(), "officer": officer, "from": since, "until": until, "limit": DRILLED}
        return await self._rows(DoneRow, _BURST_ONES, values)

    async def _rows(self, shape: type[Shape], statement: bytes, values: dict[str, Any]) -> list[Shape]:
        async def work(connection: Connection) -> list[Shape]:
            return [shape(*row) for row in await (await connection.execute(statement, values)).fetchall()]

        return await self._database.run(seen_by(self._reader, work))
