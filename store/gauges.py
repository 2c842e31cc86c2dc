"""The figures that Prometheus is told, read at one moment: counts from the projection, gauges from the read models."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from domain.authority import Authority
from domain.calendar import Calendar, CalendarSpec, compile_calendar
from domain.errors import OutsideCalendar
from domain.law import Law
from domain.period import clock_time
from store.database import Connection, Database
from store.exchange import Exchange, read_exchange
from store.projections.projector import states
from store.projections.registry import PROJECTIONS
from store.references import Kind, References
from store.sequencer import lag

SOON_MINUTES: Final = 8 * 60
"""Working minutes left of a dossier that is due soon."""
DRIFT_GRACE: Final = timedelta(minutes=1)
"""How late a timer may fire before it counts as drifting: a worker that is restarted needs some seconds."""

_COUNTS: Final = b"SELECT measure, authority, field, detail, count FROM lateness_counts"
_LINKS: Final = b"""
    SELECT authority, field, missing,
        count(*), count(*) FILTER (WHERE overdue), count(*) FILTER (WHERE since < %(told)s::timestamptz)
    FROM hand_overs GROUP BY authority, field, missing
"""
_VERSIONS: Final = b"SELECT id, version FROM reference_contents WHERE kind = 'calendar'"
_BODIES: Final = b"SELECT body::text FROM reference_contents WHERE kind = 'calendar' AND id = %s AND version = %s"
_TOP: Final = b"SELECT position FROM sequencer_state"
_OPEN: Final = b"""
    SELECT stream <> root, authority, field,
        count(*) FILTER (WHERE status = 'open' AND (committed_due >= %(now)s OR committed_due IS NULL)),
        count(*) FILTER (WHERE status = 'open' AND committed_due < %(now)s),
        count(*) FILTER (WHERE status = 'open' AND committed_due BETWEEN %(now)s AND soon.until),
        count(*) FILTER (WHERE next_moment < %(drifted)s)
    FROM dossiers
    LEFT JOIN unnest(%(calendars)s::text[], %(versions)s::text[], %(until)s::timestamptz[])
        AS soon (calendar, version, until)
        ON (soon.calendar, soon.version) = (dossiers.calendar, dossiers.calendar_version)
    WHERE status IN ('submitted', 'open') GROUP BY 1, 2, 3
"""
_HELD: Final = b"""
    SELECT authority, field, waiting, count(*), greatest(0, extract(epoch FROM %(now)s - min(received_at)))::float8
    FROM dossiers WHERE status = 'open' AND stream = root GROUP BY 1, 2, 3
"""


class Count(msgspec.Struct, frozen=True):
    """One row of the projection ``lateness``: see ``domain.lateness``."""

    measure: str
    authority: str
    field: str
    detail: str
    count: int


class Open(msgspec.Struct, frozen=True):
    """The unjudged dossiers, or linked parts, of one authority and field.

    ``soon`` are those within that have at most SOON_MINUTES left by their own calendar; ``drifting`` those whose next
    moment has passed unnoticed.
    """

    part: bool
    authority: str
    field: str
    within: int
    overdue: int
    soon: int
    drifting: int


class Held(msgspec.Struct, frozen=True):
    """Open dossiers that wait for ``holder`` (``domain.dossier.view.Waiting``): how many, and how old the oldest is.

    ``oldest`` are seconds since the reception, by the wall clock.
    """

    authority: str
    field: str
    holder: str
    count: int
    oldest: float


class Outstanding(msgspec.Struct, frozen=True):
    """Hand-overs to one authority of which the same is missing (``store.projections.hand_overs.Missing``).

    ``overdue`` are acknowledgements that are; ``unsynchronised`` are those told longer ago than the law gives until the
    other side knows (none where no law is in force).
    """

    authority: str
    field: str
    missing: str
    count: int
    overdue: int
    unsynchronised: int


class Figures(msgspec.Struct, frozen=True):
    """Everything, as of one moment. ``levels`` are those of the authorities in force."""

    counts: tuple[Count, ...]
    open: tuple[Open, ...]
    outstanding: tuple[Outstanding, ...]
    levels: dict[str, str]
    projection_lag: int
    sequencer_lag: float
    exchange: Exchange = Exchange()
    held: tuple[Held, ...] = ()


class Gauges:
    """Reads the figures. Calendars are compiled once: their versions never change."""

    def __init__(self, database: Database) -> None:
        """Read through ``database``."""
        self._database = database
        self._references = References(database)
        self._calendars: dict[tuple[str, str], Calendar] = {}

    async def read(self, now: datetime) -> Figures:
        """All figures as of ``now``. Raises StoreUnavailable."""
        authorities = await self._references.all_current(Kind.AUTHORITY, now.date(), Authority)
        laws = await self._references.all_current(Kind.LAW, now.date(), Law)
        told = next((now - clock_time(law.value.link_synchronisation.period) for law in laws), None)
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return Figures(
                counts=tuple(Count(*row) for row in await _rows(connection, _COUNTS)),
                open=tuple([Open(*row) for row in await self._open(connection, now)]),
                outstanding=tuple(Outstanding(*row) for row in await _rows(connection, _LINKS, {"told": told})),
                levels={authority.id: authority.value.level.value for authority in authorities},
                projection_lag=await _projection_lag(connection),
                sequencer_lag=(await lag(connection)).seconds,
                exchange=await read_exchange(connection),
                held=tuple(Held(*row) for row in await _rows(connection, _HELD, {"now": now})),
            )

    async def _open(self, connection: Connection, now: datetime) -> list[tuple[Any, ...]]:
        soon = [(*key, until) for key, until in await self._soon(connection, now)]
        columns = [list(column) for column in zip(*soon, strict=True)] or [[], [], []]
        names = ("calendars", "versions", "until")
        values = {"now": now, "drifted": now - DRIFT_GRACE, **dict(zip(names, columns, strict=True))}
        return await _rows(connection, _OPEN, values)

    async def _soon(self, connection: Connection, now: datetime) -> list[tuple[tuple[str, str], datetime]]:
        """By each version of each calendar, the last moment until which SOON_MINUTES of working time pass.

        A calendar that does not know the present tells nothing, so nothing counted by it is due soon.
        """
        found = []
        for name, version in await _rows(connection, _VERSIONS):
            calendar = await self._calendar(connection, name, version)
            try:
                position = calendar.position(calendar.minute(now)) + SOON_MINUTES
                found.append(((name, version), calendar.moment(calendar.left(position))))
            except OutsideCalendar:
                continue
        return found

    async def _calendar(self, connection: Connection, name: str, version: str) -> Calendar:
        known = self._calendars.get((name, version))
        if known is None:
            body = (await _rows(connection, _BODIES, (name, version)))[0][0]
            known = self._calendars[name, version] = compile_calendar(msgspec.json.decode(body, type=CalendarSpec))
        return known


async def _projection_lag(connection: Connection) -> int:
    """Events that the slowest projection has not seen; one that has not begun has seen none."""
    seen = {state.name: state.lag for state in await states(connection)}
    placed = int((await _rows(connection, _TOP))[0][0])
    return max((seen.get(projection.name, placed) for projection in PROJECTIONS), default=0)


async def _rows(
    connection: Connection, statement: bytes, values: Sequence[Any] | Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    return await (await connection.execute(statement, values)).fetchall()
