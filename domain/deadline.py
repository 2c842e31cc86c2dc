"""Deadlines: when a clock is due, how that is explained, how lateness is judged. The one place to import from.

Every function takes a compiled calendar; every datetime that comes out is in that calendar's zone.
``domain.counting`` states the rules.
"""

from datetime import datetime

from domain.calendar import Calendar
from domain.clock import Clock, Extension, Suspension
from domain.counting import follow, lay_out
from domain.explanation import Explanation, Kind, Segment
from domain.judgement import judge, judge_open, minutes_by_holder
from domain.labels import Label
from domain.narration import explain
from domain.period import Period
from domain.procedure import CountPolicy, CutOff
from domain.reminders import apology_moment, reminder_moment

__all__ = [
    "Clock",
    "Explanation",
    "Extension",
    "Kind",
    "Label",
    "Segment",
    "Suspension",
    "apology_moment",
    "due",
    "due_moment",
    "explain",
    "judge",
    "judge_open",
    "minutes_by_holder",
    "reminder_moment",
]


def due_moment(
    calendar: Calendar,
    budget: Period,
    start: datetime,
    count: CountPolicy = CountPolicy.DAY_END,
    cutoff: CutOff | None = None,
) -> datetime:
    """Return when a budget that starts at ``start`` is used up, if nothing happens to it."""
    return calendar.moment(lay_out(calendar, budget, calendar.minute(start), count, cutoff).due)


def due(calendar: Calendar, clock: Clock) -> datetime | None:
    """Return the due moment after everything that happened to the clock; none while an open suspension holds it."""
    minute = follow(calendar, clock).due
    return None if minute is None else calendar.moment(minute)
