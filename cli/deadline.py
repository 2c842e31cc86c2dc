"""``motcua deadline``: the due moment of a budget, and what was counted on the way to it."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import BadInput, Json, print_json
from domain.procedure import CountPolicy, CutOffEffect, Effect

if TYPE_CHECKING:
    from datetime import datetime

    from domain.calendar import CalendarSpec
    from domain.deadline import Clock, Explanation, Suspension
    from domain.procedure import CutOff


class Language(StrEnum):
    """Languages of the printed explanation."""

    VI = "vi"
    EN = "en"


WORDS = {
    Language.VI: {
        "start": "Bắt đầu",
        "due": "Hạn",
        "open": "chưa có, thời hạn đang tạm dừng",
        "from": "Từ",
        "to": "Đến",
        "minutes": "Phút",
        "days": "Ngày",
        "name": "Nội dung",
        "sum": "Đã tính",
        "minute": "phút",
        "hour": "giờ",
        "working_hour": "giờ làm việc",
        "working_day": "ngày làm việc",
        "day": "ngày",
        "month": "tháng",
        "day_end": "đến hết ngày",
        "hours": "tính theo giờ",
        "week": "T2 T3 T4 T5 T6 T7 CN",
    },
    Language.EN: {
        "start": "Start",
        "due": "Due",
        "open": "none yet, the clock is suspended",
        "from": "From",
        "to": "To",
        "minutes": "Minutes",
        "days": "Days",
        "name": "What",
        "sum": "Counted",
        "minute": "minutes",
        "hour": "hours",
        "working_hour": "working hours",
        "working_day": "working days",
        "day": "days",
        "month": "months",
        "day_end": "to the day's end",
        "hours": "counted as hours",
        "week": "Mo Tu We Th Fr Sa Su",
    },
}
STYLES = {"counted": "green", "paused": "yellow", "off": "dim"}


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command(name="deadline")(deadline)


def deadline(
    *,
    calendar: Annotated[
        str, typer.Option(metavar="ID|FILE", help="A calendar of the catalogue, or a calendar's file.")
    ],
    start: Annotated[str, typer.Option(metavar="T", help="When the clock starts: ISO 8601 with an offset.")],
    budget: Annotated[
        str,
        typer.Option(metavar='"N UNIT"', help="minute, hour, working_hour, working_day, day or month: 10 working_day."),
    ],
    count: Annotated[CountPolicy, typer.Option(help="How working days are counted.")] = CountPolicy.DAY_END,
    suspend: Annotated[
        list[str] | None,
        typer.Option(metavar="T/T", help="A suspension, from and to; T/ is still open. May be repeated."),
    ] = None,
    policy: Annotated[Effect, typer.Option(help="What the suspensions do.")] = Effect.PAUSE,
    cutoff: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="A start at or after this local time is the next working day's.")
    ] = None,
    cutoff_effect: Annotated[
        CutOffEffect | None, typer.Option(help="What the cut-off does; next_day where nothing is said.")
    ] = None,
    lang: Annotated[Language, typer.Option(help="The language of the explanation.")] = Language.VI,
    json: Json = False,
) -> None:
    """Count a deadline on a working-time calendar and explain it line by line."""
    from domain.calendar import compile_calendar
    from domain.deadline import Clock, explain
    from domain.moment import parse_moment
    from domain.period import parse_period

    if cutoff is None and cutoff_effect is not None:
        raise BadInput("--cutoff-effect says what --cutoff does: give the time of day too, e.g. --cutoff 15:00")
    clock = Clock(
        budget=parse_period(budget),
        start=parse_moment(start),
        count=count,
        cutoff=None if cutoff is None else _cut_off(cutoff, cutoff_effect),
        suspensions=tuple(_suspension(text, policy) for text in suspend or ()),
    )
    explanation = explain(compile_calendar(find_calendar(calendar)), clock)
    if json:
        print_json(explanation.plain(lang.value))
    else:
        print_explanation(explanation, clock, lang)


def find_calendar(text: str) -> "CalendarSpec":
    """Return the calendar of an id of the catalogue or of a file; BadInput where it is neither."""
    from catalogue.loading_calendars import load_calendar_file, own_calendars
    from domain.ids import CalendarId

    known = own_calendars()
    if text in known:
        return known[CalendarId(text)]
    if Path(text).is_file():
        return load_calendar_file(Path(text))
    message = f'"{text}" is neither a calendar\'s file nor the id of a calendar; known are {", ".join(sorted(known))}'
    raise BadInput(message, code="unknown_calendar")


def _cut_off(time: str, effect: CutOffEffect | None) -> "CutOff":
    from domain.errors import InvalidProcedure
    from domain.procedure import CutOff

    try:
        return CutOff(time, effect or CutOffEffect.NEXT_DAY)
    except InvalidProcedure as refusal:
        raise BadInput(refusal.message, code="invalid_cutoff") from None


def _suspension(text: str, effect: Effect) -> "Suspension":
    from domain.deadline import Suspension
    from domain.moment import parse_moment

    start, slash, end = text.partition("/")
    if not slash:
        message = (
            f'"{text}" is not a suspension: write two moments with a slash between, or one and a slash while it is open'
        )
        raise BadInput(message, code="invalid_suspension")
    return Suspension(parse_moment(start), parse_moment(end) if end else None, effect)


def print_explanation(explanation: "Explanation", clock: "Clock", lang: Language) -> None:
    """Print a table for people: local times, and the sum of what was counted at the foot."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    words = WORDS[lang]
    due = words["open"] if explanation.due is None else _local(explanation.due, lang)
    console = Console(highlight=False)
    budget = f"{clock.budget.amount:g} {words[clock.budget.unit.value]}"
    console.print(
        f"{words['start']}: {_local(explanation.start, lang)} ({budget}, {words[clock.count.value]})",
        soft_wrap=True,
    )
    console.print(f"{words['due']}: [bold]{due}[/bold]", soft_wrap=True)
    counted = explanation.counted()
    table = Table(show_footer=True)
    table.add_column(words["from"], words["sum"], no_wrap=True)
    table.add_column(words["to"], no_wrap=True)
    table.add_column(words["minutes"], str(counted.minutes), justify="right", no_wrap=True)
    table.add_column(words["days"], f"{counted.days:g}", justify="right", no_wrap=True)
    table.add_column(words["name"])
    for segment in explanation.segments:
        name = segment.name.text(lang.value)
        table.add_row(
            _local(segment.start, lang),
            "…" if segment.end is None else _local(segment.end, lang),
            str(segment.minutes or ""),
            f"{segment.days:g}" if segment.days else "",
            Text(f"{name} ({segment.source})" if segment.source else name),
            style=STYLES[segment.kind.value],
        )
    console.print(table)


def _local(moment: "datetime", lang: Language) -> str:
    weekday = WORDS[lang]["week"].split()[moment.weekday()]
    return f"{weekday} {moment:%d/%m/%y %H:%M}" if lang is Language.VI else f"{weekday} {moment:%Y-%m-%d %H:%M}"
