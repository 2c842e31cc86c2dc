"""Writing an explanation: the way from a clock's start to its due moment, cut into counted, paused and off segments.

The running count is a row of parts, each so many minutes long: the time before the budget begins (after the cut-off,
the day of the start), the budget, and what the due moment was moved beyond it (a day's closing time, a new date).
Undisturbed, the parts lie where the count laid them; after a stop, what is left of them follows on.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import NamedTuple, Protocol

from domain import labels
from domain.calendar import Calendar
from domain.calendar_data import WEEKEND, weekday_of
from domain.clock import Clock, Stop
from domain.counting import CLOCK_MINUTES, Course, Layout, by_day_end, counted_by, follow, same_day_return
from domain.explanation import Explanation, Kind, Segment, tidy
from domain.labels import Label
from domain.moment import DAY_MINUTES
from domain.period import Unit
from domain.procedure import Effect

CALENDAR_DAYS = frozenset({Unit.DAY, Unit.MONTH})
NEVER = 2**31 - 1
"""Where the last part of a count ends: it takes whatever there is up to the due moment."""


def explain(calendar: Calendar, clock: Clock) -> Explanation:
    """Return the clock's due moment with everything between its start and that moment."""
    course = follow(calendar, clock)
    return Explanation(
        due=None if course.due is None else calendar.moment(course.due),
        start=calendar.moment(calendar.minute(clock.start)),
        policy=counted_by(clock.budget, clock.count),
        segments=tuple(_Narrator(calendar, clock, course).segments()),
    )


class Scale(Protocol):
    """What time is counted in: working time, or the clock's."""

    def position(self, minute: int) -> int:
        """Return how much time lies before a minute."""

    def reached(self, position: int) -> int:
        """Return the earliest minute before which so much time lies."""


class ClockTime:
    """The scale of budgets in plain minutes and hours: every minute counts."""

    def position(self, minute: int) -> int:
        """Return the minute itself."""
        return minute

    def reached(self, position: int) -> int:
        """Return the position itself."""
        return position


class Part(NamedTuple):
    """One part of a count: where it ends if nothing happens, how long it is, and how it reads."""

    until: int
    length: int
    kind: Kind
    name: Label


class _Narrator:
    """One walk along a clock's course."""

    def __init__(self, calendar: Calendar, clock: Clock, course: Course) -> None:
        self._calendar = calendar
        self._start = calendar.minute(clock.start)
        self._course = course
        self._scale: Scale = ClockTime() if clock.budget.unit in CLOCK_MINUTES else calendar
        self._whole = clock.budget.unit in CALENDAR_DAYS
        self._share = day_share(calendar, clock, course.layout)
        self._parts = list(self._lay_out())
        self._spent = 0
        self._counted = 0
        self._days = 0.0
        self._disturbed = False

    def segments(self) -> Iterator[Segment]:
        """Yield the segments in order of time; of stops that overlap, each minute belongs to the first."""
        cursor = self._start
        for stop in self._course.stops:
            begin = max(stop.start, cursor)
            yield from self._live(cursor, begin)
            if stop.end is None or stop.end > begin:
                yield self._stopped(begin, stop)
            cursor = begin if stop.end is None else max(stop.end, cursor)
        if self._course.due is not None:
            yield from self._live(cursor, self._course.due)

    def _lay_out(self) -> Iterator[Part]:
        layout = self._course.layout
        begins, before = layout.begins, labels.FIRST_DAY
        if begins == layout.start and self._scale is self._calendar:
            begins, before = self._calendar.left(self._calendar.position(begins)), labels.OUTSIDE_HOURS
        beyond = labels.ROLLED_ON if layout.due > layout.ends else labels.TO_CLOSING
        position = self._scale.position(self._course.start)
        for until, kind, name in (
            (layout.start, Kind.OFF, labels.AFTER_CUT_OFF),
            (begins, Kind.OFF, before),
            (layout.ends, Kind.COUNTED, labels.COUNTED),
            (NEVER, Kind.OFF, beyond if self._course.new_date is None else labels.EXTENDED),
        ):
            reached = self._scale.position(until)
            yield Part(until, reached - position, kind, name)
            position = reached

    def _live(self, start: int, end: int) -> Iterator[Segment]:
        """Yield what the clock did from ``start`` to ``end``, while no stop held it."""
        if start < self._course.start:
            yield from self._piece(start, end, Kind.OFF, labels.VOID)
            return
        while start < end:
            part = self._parts[0]
            until = self._end_of(part, start)
            cut = max(start, min(until, end))
            yield from self._piece(start, cut, part.kind, part.name)
            self._spent += self._scale.position(cut) - self._scale.position(start)
            if until <= end:
                yield from self._leftover(part, cut)
                self._parts.pop(0)
                self._spent = 0
            start = cut
        self._disturbed = True

    def _leftover(self, part: Part, at: int) -> Iterator[Segment]:
        """Yield the calendar days of a budget that went by without any working time, so that its days add up."""
        if self._whole and part.kind is Kind.COUNTED and tidy(self._share(self._counted) - self._days):
            yield self._counting(at, at)

    def _end_of(self, part: Part, start: int) -> int:
        """Return where a part ends, seen from ``start``: where it was laid, or after a stop by what is left of it."""
        if not self._disturbed or part.until == NEVER:
            return part.until
        left = part.length - self._spent
        return self._scale.reached(self._scale.position(start) + left) if left > 0 else start

    def _piece(self, start: int, end: int, kind: Kind, name: Label) -> Iterator[Segment]:
        """Yield one stretch, cut where days off interrupt it; calendar days and clock time run through them."""
        if start == end:
            return
        if self._scale is not self._calendar or (self._whole and kind is Kind.COUNTED):
            yield self._counting(start, end) if kind is Kind.COUNTED else self._segment(start, end, kind, name)
            return
        calendar = self._calendar
        days = range(calendar.day_of(start), calendar.day_of(end - 1) + 1)
        for rest, run in groupby(days, key=lambda day: day_of_rest(calendar, day)):
            numbers = list(run)
            begin = max(start, calendar.midnight(numbers[0]))
            stop = min(end, calendar.midnight(numbers[-1] + 1))
            worked = calendar.position(stop) - calendar.position(begin)
            if rest is not None:
                off, source = rest
                yield self._segment(begin, stop, Kind.OFF, off, days=len(numbers), source=source)
            elif kind is Kind.COUNTED and worked:
                opens = calendar.position(begin)
                yield self._counting(calendar.left(opens), calendar.reached(opens + worked))
            elif kind is not Kind.COUNTED and (worked or begin == start):
                yield self._segment(begin, stop, kind, name)

    def _counting(self, start: int, end: int) -> Segment:
        minutes = self._scale.position(end) - self._scale.position(start)
        self._counted += minutes
        days = self._share(self._counted) - self._days
        self._days += days
        return self._segment(start, end, Kind.COUNTED, labels.COUNTED, minutes=minutes, days=days)

    def _stopped(self, begin: int, stop: Stop) -> Segment:
        name = (labels.RESTARTED if stop.effect is Effect.RESTART else labels.PAUSED).because(stop.reasons)
        minutes = 0 if stop.end is None else self._calendar.position(stop.end) - self._calendar.position(begin)
        days = minutes / self._calendar.spec.minutes_per_day()
        return self._segment(begin, stop.end, Kind.PAUSED, name, minutes=minutes, days=days)

    def _segment(
        self,
        start: int,
        end: int | None,
        kind: Kind,
        name: Label,
        *,
        minutes: int = 0,
        days: float = 0,
        source: str = "",
    ) -> Segment:
        return Segment(
            self._moment(start), None if end is None else self._moment(end), minutes, tidy(days), kind, name, source
        )

    def _moment(self, minute: int) -> datetime:
        return self._calendar.moment(minute)


def day_of_rest(calendar: Calendar, day: int) -> tuple[Label, str] | None:
    """Return the name and the source of a day off; none for a working day."""
    if calendar.is_worked(day):
        return None
    special = calendar.day_off(day)
    if special is None:
        return (labels.WEEKEND if weekday_of(calendar.date_of(day)) in WEEKEND else labels.WEEKLY_REST), ""
    if not special.name and not special.name_en:
        return labels.DAY_OFF, special.source
    return Label(special.name or special.name_en, special.name_en or special.name), special.source


def day_share(calendar: Calendar, clock: Clock, layout: Layout) -> Callable[[int], float]:
    """Return how many of a budget's days its first so many minutes are, to four digits.

    Of a budget in whole working days, the minutes of each of its days are that day; of one in calendar days, they are
    all days up to where they lie; of one counted as hours, so many hours are a day.
    """
    origin = calendar.position(layout.begins)
    total = calendar.position(layout.ends) - origin
    share: Callable[[int], float]
    if clock.budget.unit in CLOCK_MINUTES:
        share = partial(_ratio, DAY_MINUTES)
    elif same_day_return(clock.cutoff):
        share = partial(_ratio, total)
    elif clock.budget.unit in CALENDAR_DAYS:
        share = partial(_calendar_days, calendar, layout, total)
    elif by_day_end(clock.budget, clock.count):
        share = partial(_working_days, calendar, layout)
    else:
        share = partial(_ratio, calendar.spec.minutes_per_day())
    return lambda minutes: round(share(minutes), 4)


def _ratio(minutes_of_a_day: float, minutes: int) -> float:
    return minutes / minutes_of_a_day


def _calendar_days(calendar: Calendar, layout: Layout, total: int, minutes: int) -> float:
    """Return the calendar days from where the budget begins to where so many of its ``total`` minutes are used up."""
    if minutes >= total:
        return calendar.day_of(layout.ends - 1) - calendar.day_of(layout.begins) + 1
    if minutes == 0:
        return 0
    return (calendar.reached(calendar.position(layout.begins) + minutes) - layout.begins) / DAY_MINUTES


def _working_days(calendar: Calendar, layout: Layout, minutes: int) -> float:
    """Return the working days from where the budget begins; a day begun counts by its share of that day's minutes."""
    if minutes == 0:
        return 0
    position = calendar.position(layout.begins) + minutes
    day = calendar.day_of(calendar.reached(position) - 1)
    index = calendar.working_day_from(day)
    opens, closes = calendar.position(calendar.opening_of(index)), calendar.position(calendar.closing_of(index))
    before = calendar.working_days_to(day) - calendar.working_days_to(calendar.day_of(layout.begins))
    return before + (position - opens) / (closes - opens)
