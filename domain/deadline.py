"""Deadlines: when a clock is due, how that is explained, how lateness is judged. The one place to import from.

Every function takes a compiled calendar; every datetime that comes out is in that calendar's zone. ``domain.counting`` states the
rules, ``domain.explanation`` lays them open line by line.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import TypeVar

from domain.calendar import Calendar
from domain.clock import Clock, Extension, Suspension
from domain.counting import CLOCK_MINUTES, follow, lay_out, working_minutes
from domain.dossier.view import Timeliness
from domain.explanation import Explanation, Kind, Label, Segment, explain
from domain.period import Period, Unit
from domain.procedure import CountPolicy, CutOff

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

Holder = TypeVar("Holder")

ONE_WORKING_DAY = Period(1, Unit.WORKING_DAY)


def due_moment(
    calendar: Calendar,
    budget: Period,
    start: datetime,
    count: CountPolicy = CountPolicy.DAY_END,
    cutoff: CutOff | None = None,
) -> datetime:
    """When a budget that starts at ``start`` is used up, if nothing happens to it."""
    return calendar.moment(lay_out(calendar, budget, calendar.minute(start), count, cutoff).due)


def due(calendar: Calendar, clock: Clock) -> datetime | None:
    """The clock's due moment after its suspensions and new dates; none while an open suspension holds it."""
    minute = follow(calendar, clock).due
    return None if minute is None else calendar.moment(minute)


def judge(due: datetime | None, ready_at: datetime, zone: tzinfo) -> Timeliness:
    """The result became ready at ``ready_at``: late after the due moment, early on an earlier local date, else on time.

    Seconds count: one second past the due moment is late. Where nothing was promised, nothing is late.
    """
    if due is None:
        return Timeliness.ON_TIME
    if ready_at > due:
        return Timeliness.LATE
    early = ready_at.astimezone(zone).date() < due.astimezone(zone).date()
    return Timeliness.EARLY if early else Timeliness.ON_TIME


def judge_open(due: datetime | None, now: datetime) -> Timeliness:
    """An open dossier at ``now``: overdue once ``now`` is past the due moment; never while it has none."""
    return Timeliness.OPEN_OVERDUE if due is not None and now > due else Timeliness.OPEN_WITHIN


def reminder_moment(calendar: Calendar, due: datetime, before: Period) -> datetime:
    """When to warn ``before`` a due moment: always inside working time, always before it.

    Working hours, and fractions of working days: the latest moment inside working time with so much working time left. Whole
    working days: the same local time that many working days earlier. Clock and calendar units: that much earlier by the clock.
    A moment so found that is not worked moves on to the next opening (no working time is lost by that).
    """
    minute = calendar.minute(due)
    if before.unit is Unit.WORKING_HOUR or (before.unit is Unit.WORKING_DAY and not isinstance(before.amount, int)):
        return calendar.moment(calendar.retreat_minute(minute, working_minutes(calendar, before)))
    wanted = calendar.minute(_earlier(calendar, due, before))
    found = calendar.left(calendar.position(wanted))
    return calendar.moment(found if found < minute else calendar.retreat_minute(minute, 1))


def _earlier(calendar: Calendar, due: datetime, before: Period) -> datetime:
    """``due`` less whole working days, calendar days or clock time; the local time of day is kept except by clock time."""
    local = due.astimezone(calendar.zone)
    if before.unit is Unit.WORKING_DAY:
        day = calendar.previous_working_day(local.date(), int(before.amount))
        return datetime.combine(day, local.time(), calendar.zone)
    if before.unit in CLOCK_MINUTES:
        return due - timedelta(minutes=CLOCK_MINUTES[before.unit] * before.amount)
    days = before.amount if before.unit is Unit.DAY else 30 * before.amount
    return local - timedelta(days=days)


def apology_moment(calendar: Calendar, due: datetime, notice: Period = ONE_WORKING_DAY) -> datetime:
    """When form 04 is due at the latest.

    For a notice of N whole working days: the closing time of the N-th last working day before the day of the due moment. For any
    other notice: as a reminder so long before.
    """
    if notice.unit is Unit.WORKING_DAY and isinstance(notice.amount, int):
        day = calendar.day_of(calendar.minute(due))
        return calendar.moment(calendar.closing_of(calendar.working_day_before(day, notice.amount)))
    return reminder_moment(calendar, due, notice)


def minutes_by_holder(
    calendar: Calendar, spans: Iterable[tuple[Holder, datetime, datetime]]
) -> dict[Holder, int]:
    """Working minutes of each holder; over adjoining spans they add up to ``between(first, last)`` exactly."""
    minutes: dict[Holder, int] = {}
    for holder, start, end in spans:
        minutes[holder] = minutes.get(holder, 0) + calendar.between(start, end)
    return minutes
