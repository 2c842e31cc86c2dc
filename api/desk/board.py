"""The public board: the figures of a month and the league of authorities, for people and for programs."""

import asyncio
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from litestar import Response, get

from api.answers import answer
from api.body import Call
from api.desk.context import EMBEDDABLE, asked, directory_of, page
from api.desk.directory import Directory
from api.parts import parts_of
from domain.statistics import share_in_time
from domain.vietnamese import text_key
from store.board import AGES, BoardRow, board
from web.timewords import HOME, local

KEEP_SECONDS: Final = 30.0
MONTHS: Final = 12
DEFINITIONS: Final = (
    ("received", "board.received"),
    ("carried", "board.carried"),
    ("resolved", "board.resolved"),
    ("early", "board.early"),
    ("on_time", "board.on_time"),
    ("late", "board.late"),
    ("percent", "board.percent"),
    ("open", "board.open"),
    ("overdue", "board.overdue_now"),
    ("age", "board.age"),
    ("authority", "board.authority"),
    ("rank", "board.rank"),
)
"""Every figure that is defined, and its name on the board."""
FIRST_YEAR: Final = 2020


class Line(msgspec.Struct, frozen=True):
    """One authority's line of the board.

    Percentages are none, and ``rank`` 0, where nothing was resolved.
    """

    name: str
    row: BoardRow
    late_percent: float | None = None
    on_time_percent: float | None = None
    rank: int = 0


class Month(msgspec.Struct, frozen=True):
    """The board's figures of one month, until ``end`` (now, where it has not ended)."""

    start: datetime
    end: datetime
    total: Line
    lines: tuple[Line, ...]


_kept: dict[tuple[Any, date], tuple[float, Month]] = {}
_lock: Final = asyncio.Lock()


async def _month(request: Call) -> Month:
    parts = parts_of(request)
    now = parts.now()
    start, end = _bounds(asked(request, "month", 2000), now)
    key = (parts.database, start.date())
    async with _lock:
        kept = _kept.get(key)
        if kept is None or kept[0] < time.monotonic():
            rows = await board(parts.database, start, min(end, now))
            month = _counted(rows, start, min(end, now), await directory_of(request))
            if len(_kept) > MONTHS * 10:
                _kept.clear()
            kept = _kept[key] = (time.monotonic() + KEEP_SECONDS, month)
    return kept[1]


def _bounds(text: str, now: datetime) -> tuple[datetime, datetime]:
    """The month that is asked for, as ``2026-03``; this month where it is not one that was."""
    here = local(now)
    year, month = here.year, here.month
    head, _, tail = text.partition("-")
    if head.isascii() and head.isdigit() and tail.isascii() and tail.isdigit() and len(text) <= len("2026-03"):
        wanted = (int(head), int(tail))
        if wanted[0] >= FIRST_YEAR and 1 <= wanted[1] <= 12 and wanted <= (year, month):  # noqa: PLR2004  # months
            year, month = wanted
    start = datetime(year, month, 1, tzinfo=HOME)
    return start, (start + timedelta(days=32)).replace(day=1)


def _counted(rows: list[BoardRow], start: datetime, end: datetime, directory: Directory) -> Month:
    lines = [_line(directory.authority_name(row.authority), row) for row in rows]
    return Month(start, end, _line("", _sum(rows)), tuple(ranked(lines)))


def ranked(lines: list[Line]) -> Iterator[Line]:
    """The league: by the share in time, equal shares on one rank; who has resolved nothing stands below, unranked."""
    ordered = sorted(lines, key=lambda line: (-(line.on_time_percent or 0.0), -line.row.resolved, text_key(line.name)))
    rank, share = 0, None
    for place, line in enumerate((line for line in ordered if line.row.resolved), start=1):
        if line.on_time_percent != share:
            rank, share = place, line.on_time_percent
        yield msgspec.structs.replace(line, rank=rank)
    yield from (line for line in ordered if not line.row.resolved)


def _sum(rows: list[BoardRow]) -> BoardRow:
    names = [name for name in BoardRow.__struct_fields__ if name not in {"authority", "ages", "oldest_days"}]
    ages = tuple(sum(row.ages[i] for row in rows) for i in range(len(AGES) + 1))
    totals = {name: sum(getattr(row, name) for row in rows) for name in names}
    return BoardRow(authority="", ages=ages, oldest_days=max((row.oldest_days for row in rows), default=0), **totals)  # type: ignore[arg-type]


def _line(name: str, row: BoardRow) -> Line:
    """What was late is the rest of what was in time, so that the two add up."""
    in_time = share_in_time(row.early + row.on_time, row.resolved)
    if in_time is None:
        return Line(name, row)
    return Line(name, row, round(100 - in_time, 1), in_time)


@get("/board", name="board")
async def board_page(request: Call) -> Response[str]:
    """Show the public figures."""
    month = await _month(request)
    before = (month.start - timedelta(days=1)).strftime("%Y-%m")
    after = (month.start + timedelta(days=32)).strftime("%Y-%m")
    last = month.end < parts_of(request).now() - timedelta(days=1) and after <= local(parts_of(request).now()).strftime(
        "%Y-%m"
    )
    return page(
        request,
        "board.html",
        headers=EMBEDDABLE,
        month=month,
        before=before,
        after=after if last else "",
        ages=AGES,
        definitions=DEFINITIONS,
    )


@get("/board.json", name="boardData")
async def board_data(request: Call) -> Response[bytes]:
    """Tell the public figures to programs."""
    month = await _month(request)
    body = {
        "from": month.start.isoformat(),
        "until": local(month.end).isoformat(timespec="seconds"),
        "age_groups_days": [*AGES, None],
        "total": _plain(month.total),
        "authorities": [{"authority": line.row.authority, "name": line.name, **_plain(line)} for line in month.lines],
        "league": [
            {
                "rank": line.rank or None,
                "authority": line.row.authority,
                "name": line.name,
                "on_time_percent": line.on_time_percent,
                "resolved": line.row.resolved,
            }
            for line in month.lines
        ],
        "definitions": {name: f"/board#d-{name}" for name, _ in DEFINITIONS},
    }
    return answer(
        body, headers={"Cache-Control": f"public, max-age={KEEP_SECONDS:g}", "Access-Control-Allow-Origin": "*"}
    )


def _plain(line: Line) -> dict[str, Any]:
    row = line.row
    counts = {name: getattr(row, name) for name in BoardRow.__struct_fields__ if name != "authority"}
    return {
        **counts,
        "resolved": row.resolved,
        "open": row.open,
        "late_percent": line.late_percent,
        "on_time_percent": line.on_time_percent,
    }
