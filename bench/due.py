"""How fast one due moment is: ten working days with two pauses, against the package ``businesstimedelta``.

Both count on the state calendar and must give the same answer. They run in turns, so that a slow moment of the
machine hits both; the ratio is taken within each turn. The package counts hours only, so days are counted as hours
here; the other policy is measured beside it.
"""

import statistics
import time
from collections.abc import Callable
from datetime import datetime
from datetime import time as time_of_day
from typing import Any, Final

import pytz  # type: ignore[import-untyped]  # what the package takes time zones as
from businesstimedelta import (  # type: ignore[import-untyped]
    BusinessTimeDelta,
    HolidayRule,
    LunchTimeRule,
    Rules,
    WorkDayRule,
)

from catalogue.loading_calendars import own_calendars
from domain.calendar import Calendar, compile_calendar
from domain.deadline import Clock, Suspension, due, explain
from domain.ids import CalendarId
from domain.moment import parse_moment
from domain.period import Period, Unit
from domain.procedure import CountPolicy, Effect

REQUIRED: Final = 50
ROUNDS: Final = 15
OURS: Final = 2000
THEIRS: Final = 10
"""Computations in one turn: about equally long."""
START: Final = parse_moment("2026-04-20T09:10+07:00")
PAUSES: Final = (
    (parse_moment("2026-04-22T10:00+07:00"), parse_moment("2026-04-24T08:30+07:00")),
    (parse_moment("2026-05-05T15:00+07:00"), parse_moment("2026-05-07T09:45+07:00")),
)
BUDGET: Final = Period(10, Unit.WORKING_DAY)
MICROSECONDS: Final = 1e6


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the number of computations in a turn."""
    calendar = compile_calendar(own_calendars()[CalendarId("vn-state")])
    clock = clock_of(CountPolicy.HOURS)
    rule = same_rule(calendar)
    if due(calendar, clock) != theirs(rule):
        message = f"the two do not agree: {due(calendar, clock)} and {theirs(rule)}"
        raise AssertionError(message)
    ours_times, theirs_times = [], []
    for _ in range(ROUNDS):
        ours_times.append(seconds_each(lambda: due(calendar, clock), max(1, int(OURS * scale))))
        theirs_times.append(seconds_each(lambda: theirs(rule), max(1, int(THEIRS * scale))))
    ratio = statistics.median(b / a for a, b in zip(ours_times, theirs_times, strict=True))
    row = {
        "name": "one due moment against businesstimedelta",
        "value": round(ratio, 1),
        "unit": "times faster",
        "required": f">= {REQUIRED}",
        "passed": ratio >= REQUIRED,
    }
    by_day_end, untouched = clock_of(CountPolicy.DAY_END), Clock(BUDGET, START)
    details = {
        "ours_microseconds": statistics.median(ours_times) * MICROSECONDS,
        "theirs_microseconds": statistics.median(theirs_times) * MICROSECONDS,
        "by_day_end_microseconds": seconds_each(lambda: due(calendar, by_day_end), OURS) * MICROSECONDS,
        "without_pauses_microseconds": seconds_each(lambda: due(calendar, untouched), OURS) * MICROSECONDS,
        "explanation_microseconds": seconds_each(lambda: explain(calendar, by_day_end), OURS // 10) * MICROSECONDS,
        "compile_four_years_microseconds": seconds_each(lambda: Calendar(calendar.spec, calendar.version), 5)
        * MICROSECONDS,
    }
    return {"row": row, "details": {name: round(value, 1) for name, value in details.items()}}


def clock_of(count: CountPolicy) -> Clock:
    """Return the clock that is measured."""
    pauses = tuple(Suspension(start, end, Effect.PAUSE, "supplement") for start, end in PAUSES)
    return Clock(BUDGET, START, count, suspensions=pauses)


def same_rule(calendar: Calendar) -> Rules:
    """Return the package's rule of the same working time."""
    zone = pytz.timezone("Asia/Ho_Chi_Minh")
    return Rules(
        [
            WorkDayRule(time_of_day(7, 30), time_of_day(17, 30), [0, 1, 2, 3, 4], tz=zone),
            LunchTimeRule(time_of_day(11, 30), time_of_day(13, 30), [0, 1, 2, 3, 4], tz=zone),
            HolidayRule({entry.date for entry in calendar.spec.days_off()}, tz=zone),
        ]
    )


def theirs(rule: Rules) -> datetime:
    """Count the same budget and pauses with the package."""
    moment: datetime = START + BusinessTimeDelta(rule, hours=80)
    for start, end in PAUSES:
        moment = end + rule.difference(start, moment)
    return moment


def seconds_each(work: Callable[[], object], times: int) -> float:
    """Return the seconds that one piece of work takes, over so many."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def main() -> None:
    """Print the figures."""
    result = run()
    row = result["row"]
    print(f"{row['name']}: {row['value']} {row['unit']} (required {row['required']})")
    for name, value in result["details"].items():
        print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
