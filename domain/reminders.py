"""When to warn before a due moment: in working time, so that somebody is there to act on it."""

from datetime import datetime, timedelta

from domain.calendar import Calendar
from domain.counting import CLOCK_MINUTES, working_minutes
from domain.period import Period, Unit

ONE_WORKING_DAY = Period(1, Unit.WORKING_DAY)
DAYS_OF_A_MONTH = 30
"""A reminder "one month before" need not be to the day; that it never falls on a missing date matters more."""


def reminder_moment(calendar: Calendar, due: datetime, before: Period) -> datetime:
    """Return when to remind of ``due``: always inside working time and before it.

    Working hours, and fractions of working days: the latest moment inside working time with so much working time
    left. Whole working days: the same local time that many working days earlier. Calendar days and months (of 30
    days): the same local time that many days earlier. Minutes and hours: that much earlier by the clock. A moment so
    found that is not worked moves on to the next opening, by which no working time is lost.
    """
    minute = calendar.minute(due)
    if before.unit is Unit.WORKING_HOUR or (before.unit is Unit.WORKING_DAY and not isinstance(before.amount, int)):
        return calendar.moment(calendar.retreat_minute(minute, working_minutes(calendar, before)))
    wanted = calendar.minute(_earlier(calendar, due.astimezone(calendar.zone), before))
    found = calendar.left(calendar.position(wanted))
    return calendar.moment(found if found < minute else calendar.retreat_minute(minute, 1))


def apology_moment(calendar: Calendar, due: datetime, notice: Period = ONE_WORKING_DAY) -> datetime:
    """Return when form 04 must have been sent.

    For a notice of N whole working days: the closing time of the N-th last working day before the day of the due
    moment. For any other notice: as a reminder that long before.
    """
    if notice.unit is Unit.WORKING_DAY and isinstance(notice.amount, int):
        day = calendar.day_of(calendar.minute(due))
        return calendar.moment(calendar.closing_of(calendar.working_day_before(day, notice.amount)))
    return reminder_moment(calendar, due, notice)


def _earlier(calendar: Calendar, local: datetime, before: Period) -> datetime:
    """Return local ``due`` less whole working days, calendar days or clock time."""
    if before.unit is Unit.WORKING_DAY:
        day = calendar.previous_working_day(local.date(), int(before.amount))
        return datetime.combine(day, local.time(), calendar.zone)
    if before.unit in CLOCK_MINUTES:
        return calendar.moment(calendar.minute(local) - round(CLOCK_MINUTES[before.unit] * before.amount))
    days = before.amount if before.unit is Unit.DAY else DAYS_OF_A_MONTH * before.amount
    return local - timedelta(days=days)
