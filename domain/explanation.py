"""A due moment explained: what was counted, what was not and why, line by line.

The counted segments add up to the budget exactly: in minutes for working hours and for days counted as hours, in days for
budgets that end with a day. Where the clock runs day by day, the working minutes of those days are what is used up, so a day
that a pause splits shows as two fractions that add up.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from domain.calendar import Calendar, DayOff
from domain.clock import Clock, Stop
from domain.calendar_data import DAY_MINUTES
from domain.counting import CLOCK_MINUTES, Course, Layout, by_day_end, follow, same_day_return
from domain.period import Unit
from domain.procedure import CountPolicy, Effect


class Kind(StrEnum):
    """What a segment's time did to the clock."""

    COUNTED = "counted"
    PAUSED = "paused"
    OFF = "off"


class Label(msgspec.Struct, frozen=True):
    """A name in Vietnamese and in English."""

    vi: str
    en: str

    def text(self, language: str) -> str:
        """The name in ``en``, else in Vietnamese."""
        return self.en if language == "en" else self.vi


class Segment(msgspec.Struct, frozen=True):
    """One line of an explanation, from ``start`` to ``end`` (none while a stop is open).

    ``minutes``: counted ones use up the budget, paused ones are the working minutes of the pause, off ones are 0. ``days``: the
    share of the budget's days (working days, or calendar days); of a pause its working days; of days off how many they are.
    """

    start: datetime
    end: datetime | None
    minutes: int
    days: int | float
    kind: Kind
    name: Label
    source: str = ""

    def plain(self, language: str = "vi") -> dict[str, object]:
        """The segment as the interface prints it."""
        return {
            "from": self.start.isoformat(),
            "to": None if self.end is None else self.end.isoformat(),
            "minutes": self.minutes,
            "days": self.days,
            "kind": self.kind.value,
            "name": self.name.text(language),
            "source": self.source,
        }


class Explanation(msgspec.Struct, frozen=True):
    """A due moment (none while an open stop holds the clock) and its segments in order of time."""

    due: datetime | None
    start: datetime
    policy: CountPolicy
    segments: tuple[Segment, ...]

    def plain(self, language: str = "vi") -> dict[str, object]:
        """The explanation as the interface prints it."""
        return {
            "due": None if self.due is None else self.due.isoformat(),
            "start": self.start.isoformat(),
            "policy": self.policy.value,
            "segments": [segment.plain(language) for segment in self.segments],
        }


class Labels:
    """The names of segments that no calendar names."""

    COUNTED = Label("Thời gian tính vào thời hạn", "Counted")
    FIRST_DAY = Label("Ngày bắt đầu không tính", "The day of the start is not counted")
    AFTER_CUT_OFF = Label("Nhận sau giờ chốt, tính từ ngày làm việc tiếp theo", "After the cut-off: the next working day's")
    BEFORE_OPENING = Label("Ngoài giờ làm việc", "Outside working time")
    TO_CLOSING = Label("Đến hết giờ làm việc của ngày", "To the closing time of the day")
    ROLLED = Label("Chuyển sang ngày làm việc tiếp theo", "Rolled on to the next working day")
    EXTENDED = Label("Gia hạn (mẫu 04)", "Extended (form 04)")
    VOID = Label("Không còn giá trị: thời hạn tính lại từ đầu", "Void: the period was counted afresh")
    PAUSED = Label("Tạm dừng", "Paused")
    RESTARTED = Label("Chờ, sau đó tính lại từ đầu", "Waiting, then counted afresh")
    WEEKEND = Label("Nghỉ cuối tuần", "Weekend")
    WEEKLY = Label("Ngày nghỉ hằng tuần", "Weekly day off")
    DAY_OFF = Label("Ngày nghỉ", "Day off")


REASONS = {
    "supplement": Label("chờ bổ sung hồ sơ", "waiting for the supplement"),
    "payment": Label("chờ thực hiện nghĩa vụ tài chính", "waiting for payment"),
    "verification": Label("xác minh", "verification"),
    "expert_assessment": Label("giám định", "expert assessment"),
    "public_posting": Label("niêm yết công khai", "public posting"),
    "other": Label("lý do khác", "another reason"),
}
"""Words for the reasons of ``domain.procedure.SuspensionReason``; any other reason is shown as it was given."""


_NEVER = 2**31 - 1
"""The end of the last part of a count: whatever is left until the due moment."""


class RealTime:
    """The clock's time in the calendar's terms, for budgets in plain minutes and hours: every minute is worked."""

    def position(self, minute: int) -> int:
        """Every minute lies at its own position."""
        return minute

    def reached(self, position: int) -> int:
        """And is reached there."""
        return position


def explain(calendar: Calendar, clock: Clock) -> Explanation:
    """The clock's due moment with everything between its start and that moment."""
    course = follow(calendar, clock)
    due = None if course.due is None else calendar.moment(course.due)
    segments = tuple(_Walk(calendar, clock, course).segments())
    return Explanation(due, calendar.moment(calendar.minute(clock.start)), clock.count, segments)


class _Mark(NamedTuple):
    """A part of the running count: up to which minute it goes if nothing happens, how many minutes it uses up, how it reads."""

    until: int
    length: int
    kind: Kind
    name: Label


class _Walk:
    """The way from a clock's start to its due moment, with what has been used up so far."""

    def __init__(self, calendar: Calendar, clock: Clock, course: Course) -> None:
        self._calendar = calendar
        self._clock = clock
        self._course = course
        self._time = RealTime() if clock.budget.unit in CLOCK_MINUTES else calendar
        self._marks = self._lay_marks()
        self._spent = 0
        self._counted = 0
        self._disturbed = False
        self._share = day_shares(calendar, clock, course.layout)

    def segments(self) -> Iterator[Segment]:
        """The segments in order of time; a stop that another one covers wholly is not repeated."""
        cursor = self._calendar.minute(self._clock.start)
        for stop in self._course.stops:
            begin = max(stop.start, cursor)
            yield from self._live(cursor, begin)
            if stop.end is None or stop.end > begin:
                yield self._stopped(begin, stop)
            cursor = begin if stop.end is None else max(stop.end, cursor)
        if self._course.due is not None:
            yield from self._live(cursor, self._course.due)

    def _lay_marks(self) -> list[_Mark]:
        layout = self._course.layout
        opening = layout.begins
        if layout.begins == layout.start and self._time is self._calendar:
            opening = self._calendar.left(self._calendar.position(layout.begins))
        last = Labels.ROLLED if layout.due > layout.ends else Labels.TO_CLOSING
        parts = [
            (layout.start, Kind.OFF, Labels.AFTER_CUT_OFF),
            (opening, Kind.OFF, Labels.BEFORE_OPENING if layout.begins == layout.start else Labels.FIRST_DAY),
            (layout.ends, Kind.COUNTED, Labels.COUNTED),
            (_NEVER, Kind.OFF, last if self._course.new_date is None else Labels.EXTENDED),
        ]
        marks, position = [], self._time.position(self._course.start)
        for until, kind, name in parts:
            reached = self._time.position(until)
            marks.append(_Mark(until, reached - position, kind, name))
            position = reached
        return marks

    def _live(self, start: int, end: int) -> Iterator[Segment]:
        """What the clock did from ``start`` to ``end``, where no stop held it."""
        if start < self._course.start:
            yield from self._piece(start, end, Kind.OFF, Labels.VOID)
            return
        while start < end:
            mark = self._marks[0]
            until = self._end_of(mark, start)
            piece_end = min(until, end)
            if piece_end > start:
                yield from self._piece(start, piece_end, mark.kind, mark.name)
            self._spent += self._time.position(piece_end) - self._time.position(start)
            if until <= end:
                self._marks.pop(0)
                self._spent = 0
            start = max(start, piece_end)
        self._disturbed = True

    def _end_of(self, mark: _Mark, start: int) -> int:
        """Where a part of the count ends, seen from ``start``; after a stop, by the minutes that are left of it."""
        if not self._disturbed or mark.until == _NEVER:
            return mark.until
        left = mark.length - self._spent
        return self._time.reached(self._time.position(start) + left) if left > 0 else start

    def _piece(self, start: int, end: int, kind: Kind, name: Label) -> Iterator[Segment]:
        """One stretch, divided where days off interrupt working days."""
        if self._time is not self._calendar or (kind is Kind.COUNTED and self._clock.budget.unit in {Unit.DAY, Unit.MONTH}):
            if start < end:
                yield self._segment(start, end, kind, name)
            return
        for first, last, off in day_runs(self._calendar, self._calendar.day_of(start), self._calendar.day_of(end - 1)):
            a, b = max(start, self._calendar.midnight(first)), min(end, self._calendar.midnight(last + 1))
            if off is not None:
                yield self._between(a, b, 0, last - first + 1, Kind.OFF, label_of(off), off.source)
                continue
            worked = self._calendar.position(b) - self._calendar.position(a)
            if kind is Kind.COUNTED and worked:
                position = self._calendar.position(a)
                yield self._segment(self._calendar.left(position), self._calendar.reached(position + worked), kind, name)
            elif worked or a == start:
                if kind is not Kind.COUNTED:
                    yield self._between(a, b, 0, 0, kind, name)

    def _segment(self, start: int, end: int, kind: Kind, name: Label) -> Segment:
        if kind is not Kind.COUNTED:
            return self._between(start, end, 0, 0, kind, name)
        minutes = self._time.position(end) - self._time.position(start)
        before = self._share(self._counted)
        self._counted += minutes
        return self._between(start, end, minutes, self._share(self._counted) - before, kind, name)

    def _stopped(self, begin: int, stop: Stop) -> Segment:
        name = Labels.RESTARTED if stop.effect is Effect.RESTART else Labels.PAUSED
        reason = REASONS.get(stop.reason, Label(stop.reason, stop.reason))
        if stop.reason:
            name = Label(f"{name.vi}: {reason.vi}", f"{name.en}: {reason.en}")
        minutes = 0 if stop.end is None else self._calendar.position(stop.end) - self._calendar.position(begin)
        days = minutes / (60 * self._calendar.spec.hours_per_day)
        return self._between(begin, stop.end, minutes, days, Kind.PAUSED, name)

    def _between(
        self, start: int, end: int | None, minutes: int, days: float, kind: Kind, name: Label, source: str = ""
    ) -> Segment:
        to = None if end is None else self._calendar.moment(end)
        return Segment(self._calendar.moment(start), to, minutes, tidy(days), kind, name, source)


def tidy(days: float) -> int | float:
    """A number of days: whole where it is, else with four digits."""
    rounded = round(days, 4)
    return int(rounded) if rounded == int(rounded) else rounded


def label_of(off: DayOff) -> Label:
    """The name of a day off in both languages."""
    if not off.name and not off.name_en:
        return Labels.DAY_OFF
    return Label(off.name or off.name_en, off.name_en or off.name)


def day_runs(calendar: Calendar, first: int, last: int) -> Iterator[tuple[int, int, DayOff | None]]:
    """The day numbers from ``first`` to ``last`` in runs of working days (none) and of days off of one name."""
    named = {calendar.number_of(entry.date): entry for entry in calendar.spec.days_off()}
    begin, current = first, _off(calendar, first, named)
    for day in range(first + 1, last + 1):
        off = _off(calendar, day, named)
        if (off is None) != (current is None) or (off and current and (off.name, off.source) != (current.name, current.source)):
            yield begin, day - 1, current
            begin, current = day, off
    yield begin, last, current


def _off(calendar: Calendar, day: int, named: dict[int, DayOff]) -> DayOff | None:
    """None for a working day; the special day, or one that stands for the weekly rest."""
    if calendar.is_worked(day):
        return None
    date = calendar.date_of(day)
    label = Labels.WEEKEND if date.isoweekday() > 5 else Labels.WEEKLY
    return named.get(day) or DayOff(date, label.vi, label.en)


def day_shares(calendar: Calendar, clock: Clock, layout: Layout) -> Callable[[int], float]:
    """How many of the budget's days its first so many minutes are."""
    origin = calendar.position(layout.begins)
    total = calendar.position(layout.ends) - origin
    if clock.budget.unit in CLOCK_MINUTES:
        return lambda minutes: minutes / DAY_MINUTES
    if same_day_return(clock.cutoff):
        return lambda minutes: minutes / total
    if not by_day_end(clock.budget, clock.count) and clock.budget.unit not in {Unit.DAY, Unit.MONTH}:
        return lambda minutes: minutes / (60 * calendar.spec.hours_per_day)
    if clock.budget.unit is Unit.WORKING_DAY:
        first = calendar.working_day_from(calendar.day_of(layout.begins))
        return lambda minutes: _working_days(calendar, first, origin + minutes) if minutes else 0
    days = calendar.day_of(layout.ends - 1) - calendar.day_of(layout.begins) + 1
    return lambda minutes: _calendar_days(calendar, layout.begins, origin + minutes) if 0 < minutes < total else days * (minutes > 0)


def _working_days(calendar: Calendar, first: int, position: int) -> float:
    """Working days from the opening of the one of index ``first`` to a position; a day begun is a fraction of its own minutes."""
    day = calendar.working_day_from(calendar.day_of(calendar.reached(position) - 1))
    opening, closing = calendar.position(calendar.opening_of(day)), calendar.position(calendar.closing_of(day))
    return day - first + (position - opening) / (closing - opening)


def _calendar_days(calendar: Calendar, begins: int, position: int) -> float:
    return (calendar.reached(position) - begins) / DAY_MINUTES
