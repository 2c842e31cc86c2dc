"""How a budget is counted from a start, and how suspensions and new dates move its end. Whole minutes throughout.

The rules, each as the contract states it:

* working hours: so many working minutes from the start, or from the next opening;
* working days, by the day's end: the day of the start is not counted, the budget ends at the closing time of the N-th
  working day after it; counted as hours, or with a fraction: as so many working hours;
* calendar days and months: the day of the start is not counted, the budget ends at the closing time of the N-th
  calendar day (the same day of the N-th month, or that month's last), or of the next working day where that day is
  off;
* minutes and hours without "working" are the clock's: they pass by night and on days off too;
* cut-off: a start at or after it counts as the next working day's opening, or is returned at that day's closing time;
* pause: what remained when it began is counted on from its end, and under ``day_end`` raised to that day's closing
  time;
* restart: counted afresh from its end.
"""

from calendar import monthrange
from datetime import date
from typing import NamedTuple, assert_never

from domain.calendar import Calendar
from domain.clock import Clock, NewDate, Stop, ledger
from domain.period import Period, Unit
from domain.procedure import CountPolicy, CutOff, CutOffEffect, Effect
from domain.shifts import HOUR_MINUTES, minute_of_day

MONTHS = 12

CLOCK_MINUTES = {Unit.MINUTE: 1, Unit.HOUR: HOUR_MINUTES}
"""Minutes of the units that pass outside working time too."""
DAY_UNITS = frozenset({Unit.WORKING_DAY, Unit.DAY, Unit.MONTH})


class Layout(NamedTuple):
    """A budget laid out on the calendar, as if nothing were to happen to it.

    ``start`` is the start after the cut-off rule. The budget runs from ``begins`` to ``ends``; ``due`` is later than
    ``ends`` where the last day is off and the due moment rolls on.
    """

    start: int
    begins: int
    ends: int
    due: int


class Course(NamedTuple):
    """What became of a clock: its last count, and the stops and the new date that took effect.

    ``start`` is the start of the last count (the end of the last restart); ``due`` is none while an open stop holds
    the clock.
    """

    start: int
    layout: Layout
    due: int | None
    stops: list[Stop]
    new_date: NewDate | None


def counted_by(budget: Period, count: CountPolicy) -> CountPolicy:
    """Return the policy that a budget is counted by: a fraction of working days is always counted as hours."""
    fraction = budget.unit is Unit.WORKING_DAY and not isinstance(budget.amount, int)
    return CountPolicy.HOURS if fraction else count


def by_day_end(budget: Period, count: CountPolicy) -> bool:
    """Return whether a budget ends with a day: whole working days under ``day_end``, calendar days, months."""
    return budget.unit in DAY_UNITS and counted_by(budget, count) is CountPolicy.DAY_END


def working_minutes(calendar: Calendar, budget: Period) -> int:
    """Return the working minutes of a budget in working hours, or in working days counted as hours; at least one."""
    unit_minutes = HOUR_MINUTES if budget.unit is Unit.WORKING_HOUR else calendar.spec.minutes_per_day()
    return max(1, round(unit_minutes * budget.amount))


def lay_out(calendar: Calendar, budget: Period, start: int, count: CountPolicy, cutoff: CutOff | None) -> Layout:
    """Count the budget from ``start``; raise OutsideCalendar where it leaves the years the calendar knows."""
    if cutoff is not None:
        day = calendar.day_of(start)
        past = start >= calendar.local_minute(day, minute_of_day(cutoff.time) or 0)
        if cutoff.effect is CutOffEffect.SAME_DAY_RETURN:
            return _same_day(calendar, day, start, past=past)
        if past:
            start = calendar.opening_of(calendar.working_day_after(day, 1))
    return _count(calendar, budget, start, count)


def _count(calendar: Calendar, budget: Period, start: int, count: CountPolicy) -> Layout:
    unit = budget.unit
    if unit is Unit.WORKING_DAY and count is CountPolicy.DAY_END and isinstance(budget.amount, int):
        first = calendar.working_day_after(calendar.day_of(start), 1)
        last = calendar.working_day_after(calendar.day_of(start), budget.amount)
        due = calendar.closing_of(last)
        return Layout(start, calendar.opening_of(first), due, due)
    if unit is Unit.WORKING_DAY or unit is Unit.WORKING_HOUR:
        due = calendar.advance_minute(start, working_minutes(calendar, budget))
        return Layout(start, start, due, due)
    if unit is Unit.DAY or unit is Unit.MONTH:
        return _calendar_days(calendar, budget, start)
    if unit is Unit.MINUTE or unit is Unit.HOUR:
        due = start + max(1, round(CLOCK_MINUTES[unit] * budget.amount))
        calendar.check(due)
        return Layout(start, start, due, due)
    assert_never(unit)


def _calendar_days(calendar: Calendar, budget: Period, start: int) -> Layout:
    """Calendar days and months: a fraction of a calendar day is rounded up, for its end is a day's end."""
    day = calendar.day_of(start)
    last = day - int(-budget.amount // 1) if budget.unit is Unit.DAY else _months_on(calendar, day, int(budget.amount))
    index = calendar.working_day_from(last)
    due = calendar.closing_of(index)
    begins = calendar.midnight(day + 1)
    return Layout(start, begins, due if calendar.is_worked(last) else calendar.midnight(last + 1), due)


def _months_on(calendar: Calendar, day: int, months: int) -> int:
    """Return the same day of the month that many months on, as a day number; the month's last where it has none."""
    start = calendar.date_of(day)
    year, month = divmod(start.year * MONTHS + start.month - 1 + months, MONTHS)
    return calendar.number_of(date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])))


def _same_day(calendar: Calendar, day: int, start: int, *, past: bool) -> Layout:
    """Same-day return: the closing time of the day of the start, or of the next working day past the cut-off.

    A start on a day off, or after a short day has closed, is the next working day's too: nothing is due before it
    starts.
    """
    if not past and calendar.is_worked(day):
        closing = calendar.closing_of(calendar.working_day_from(day))
        if start < closing:
            return Layout(start, start, closing, closing)
    index = calendar.working_day_after(day, 1)
    closing = calendar.closing_of(index)
    opening = calendar.opening_of(index)
    return Layout(opening, opening, closing, closing)


def follow(calendar: Calendar, clock: Clock) -> Course:
    """Apply everything that happened to the clock, in order.

    A suspension counts from the start of the running count at the earliest: from the clock's start, from a restart's
    end, or from the moment at which form 04 set a new date. A restart never takes back a date that form 04 has
    promised.
    """
    start = since = calendar.minute(clock.start)
    layout = lay_out(calendar, clock.budget, start, clock.count, clock.cutoff)
    due = layout.due
    promised = 0
    stops: list[Stop] = []
    new_date: NewDate | None = None
    for entry in ledger(clock):
        if isinstance(entry, NewDate):
            calendar.check(entry.due)
            due = promised = entry.due
            since = max(since, entry.at)
            new_date = entry
            continue
        begin = max(entry.start, since)
        if entry.effect is Effect.PAUSE and begin >= due:
            continue
        if entry.end is None:
            stops.append(entry._replace(start=begin))
            return Course(start, layout, None, stops, new_date)
        if entry.end <= since:
            continue
        stops.append(entry if entry.start == begin else entry._replace(start=begin))
        calendar.check(entry.end)
        if entry.effect is Effect.PAUSE:
            due = _resumed(calendar, clock, begin, entry.end, due)
        else:
            start = since = entry.end
            layout = lay_out(calendar, clock.budget, start, clock.count, clock.cutoff)
            due = max(layout.due, promised)
    return Course(start, layout, due, stops, new_date)


def _resumed(calendar: Calendar, clock: Clock, paused: int, resumed: int, due: int) -> int:
    """Return the due moment after one pause; never earlier than before it."""
    if clock.budget.unit in CLOCK_MINUTES:
        moved = due + resumed - paused
        calendar.check(moved)
        return moved
    remaining = calendar.position(due) - calendar.position(paused)
    moved = calendar.advance_minute(resumed, remaining)
    if by_day_end(clock.budget, clock.count) or same_day_return(clock.cutoff):
        moved = calendar.closing_from(moved)
    return max(due, moved)


def same_day_return(cutoff: CutOff | None) -> bool:
    """Return whether the cut-off promises the result at a day's closing time, whatever the budget's unit."""
    return cutoff is not None and cutoff.effect is CutOffEffect.SAME_DAY_RETURN
