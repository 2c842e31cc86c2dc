"""``motcua report``: official figures, counted from events, that can be held against each other."""

import asyncio
import os
import sys
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli import output
from cli.output import BadInput, Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.statistics import Case, Figures

HOME: Final = "Asia/Ho_Chi_Minh"
"""Where days begin and end."""
TITLES: Final = (
    "Tiếp nhận: tổng số (3)",
    "Trực tuyến (4)",
    "Trực tiếp, bưu chính (5)",
    "Kỳ trước chuyển sang (6)",
    "Đã giải quyết: tổng số (7)",
    "Trước hạn (8)",
    "Đúng hạn (9)",
    "Quá hạn (10)",
    "Đang giải quyết: tổng số (11)",
    "Trong hạn (12)",
    "Quá hạn (13)",
)
"""Heads of the form's columns 3 to 13, which are `domain.statistics.COLUMNS`."""
TOTAL: Final = "total"

From = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")]
To = Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")]


class By(StrEnum):
    """What a line stands for."""

    UNIT = "unit"
    FIELD = "field"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Official figures, counted from events.")
    group.command("ii06")(ii06)
    group.command("league")(league)
    group.command("lateness")(lateness)
    app.add_typer(group, name="report")


def ii06(
    since: From,
    until: To,
    by: Annotated[By, typer.Option(help="A line for each receiving unit, or each field.")] = By.UNIT,
    file: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE.xlsx", help="A spreadsheet.")] = None,
    json: Json = False,
) -> None:
    """Form II.06a of a period: what was received, resolved early, on time and late, and what is open."""
    from domain.statistics import figures, figures_by

    start, end = _bounds(since.date(), until.date())
    if file is not None and file.suffix != ".xlsx":
        message = f"{file} does not end in .xlsx; that is the one form a report is written in"
        raise BadInput(message, code="output_unknown")
    cases = asyncio.run(_cases())
    key = (lambda case: str(case.unit)) if by is By.UNIT else (lambda case: case.field)
    lines = dict(sorted(figures_by(cases, key, start, end).items()))
    lines = {name: line for name, line in lines.items() if line.received}
    total = figures(cases, start, end)
    if file is not None:
        _write(file, lines, total, since.date(), until.date())
    if json:
        output.print_json(
            {
                "from": since.date().isoformat(),
                "to": until.date().isoformat(),
                "by": by.value,
                "lines": {name: line.line() for name, line in lines.items()},
                TOTAL: total.line(),
            }
        )
    elif file is not None:
        sys.stdout.write(f"{file}: {len(lines)} lines\n")
    else:
        _tell(lines, total)


def league(since: From, until: To, json: Json = False) -> None:
    """Receiving units by the share of what they resolved in time, with what is open beside it."""
    from domain.statistics import figures_by, share_in_time

    start, end = _bounds(since.date(), until.date())
    cases = asyncio.run(_cases())
    lines = {
        name: one for name, one in figures_by(cases, lambda case: str(case.unit), start, end).items() if one.received
    }
    table: list[dict[str, Any]] = [
        {"unit": name, "in_time_percent": share_in_time(line.early + line.on_time, line.resolved), **line.line()}
        for name, line in lines.items()
    ]
    # Who resolved nothing stands last; of equal shares the one that did more comes first.
    table.sort(key=lambda one: (one["resolved"] == 0, -(one["in_time_percent"] or 0), -one["resolved"], one["unit"]))
    if json:
        output.print_json({"from": since.date().isoformat(), "to": until.date().isoformat(), "units": table})
        return
    for place, one in enumerate(table, start=1):
        share = "—" if one["in_time_percent"] is None else f"{one['in_time_percent']:.1f} %"
        sys.stdout.write(f"{place:>3}  {one['unit']:<32} {share:>8}  of {one['resolved']}, {one['in_process']} open\n")


def lateness(since: From, until: To, json: Json = False) -> None:
    """Late dossiers by the authority that lost the time: the deciding one itself, or one that was handed a part."""
    from domain.statistics import lost_by

    start, end = _bounds(since.date(), until.date())
    lost = lost_by(asyncio.run(_cases()), start, end)
    late, outside = sum(one.dossiers for one in lost), sum(one.outside for one in lost)
    if json:
        output.print_json(
            {
                "from": since.date().isoformat(),
                "to": until.date().isoformat(),
                "late": late,
                "inside": late - outside,
                "outside": outside,
                "by": lost,
            }
        )
        return
    sys.stdout.write(f"{late} late, {late - outside} by the deciding authority itself, {outside} outside\n")
    for one in lost:
        hours = one.minutes / 60
        sys.stdout.write(f"{one.dossiers:>5}  {one.authority:<32} {hours:8.1f} h over, {one.outside} of others\n")


def _bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """From the first day's beginning to the last one's end."""
    from zoneinfo import ZoneInfo

    if last < first:
        message = f"the last day {last} is before the first one {first}"
        raise BadInput(message, code="invalid_range")
    zone = ZoneInfo(HOME)
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


async def _cases() -> "list[Case]":
    from runtime import settings
    from store.database import Database
    from store.postgres import PostgresJournal
    from workers.report import cases

    url = settings.load(os.environ).require_database()
    async with Database(url, size=2, name="motcua-report") as database:
        found = cases(PostgresJournal(database), database, datetime.now(UTC), lambda _: None)
        return [case async for case in found]


def _tell(lines: "Mapping[str, Figures]", total: "Figures") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="II.06a")
    table.add_column("")
    for name in total.line():
        table.add_column(name.replace("_", " "), justify="right")
    for name, line in {**lines, TOTAL: total}.items():
        table.add_row(name, *(str(number) for number in line.line().values()))
    Console().print(table)


def _write(file: Path, lines: "Mapping[str, Figures]", total: "Figures", first: date, last: date) -> None:
    """A sheet with sums as formulas, so that whoever changes a cell sees what follows."""
    import xlsxwriter  # type: ignore[import-untyped]

    with xlsxwriter.Workbook(str(file)) as book:
        sheet, bold = book.add_worksheet("II.06a"), book.add_format({"bold": True, "text_wrap": True})
        sheet.write(0, 0, f"Biểu số II.06a/VPCP/KSTT: từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}", bold)
        for column, title in enumerate(("STT (1)", "Lĩnh vực, đơn vị (2)", *TITLES)):
            sheet.write(2, column, title, bold)
        for row, (name, line) in enumerate(lines.items(), start=3):
            sheet.write_number(row, 0, row - 2)
            sheet.write_string(row, 1, name)
            for column, number in enumerate(line.line().values(), start=2):
                sheet.write_number(row, column, number)
        row = 3 + len(lines)
        sheet.write(row, 1, "Tổng số", bold)
        for column, number in enumerate(total.line().values(), start=2):
            letter = chr(ord("A") + column)
            formula = f"=SUM({letter}4:{letter}{row})" if lines else "=0"
            sheet.write_formula(row, column, formula, bold, number)
        sheet.set_column(1, 1, 36)
