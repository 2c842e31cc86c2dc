"""Working-time arithmetic on a calendar, exact to the minute.

A calendar is compiled once into a few arrays of whole UTC minutes: where every shift of its years opens and closes, and how
many working minutes lie before it. After that each question is one or two binary searches, whatever the span: no loop over
days. Real minutes are counted, so a shift during which the clocks change is as long as it really was.

Datetimes go in with any offset and come out in the calendar's own zone; seconds are dropped.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.calendar_data import DAY_MINUTES, CalendarSpec, DayOff, Shift, Weekday, WorkedDay, calendar_version, extend, zone_of
from domain.errors import InvalidCalendar, InvalidMoment, InvalidPeriod, OutsideCalendar
from domain.ids import Version
from domain.moment import EPOCH, epoch_minute

__all__ = ["Calendar", "CalendarSpec", "DayOff", "Weekday", "WorkedDay", "calendar_version", "compile_calendar", "extend"]


class Calendar:
    """A compiled calendar; made by ``compile_calendar``.

    *Minutes* are whole minutes since 1970 in UTC; a *position* is the number of working minutes since the beginning of the
    calendar's first year; a *day number* counts days from 1 January of that year. Working time is half-open: a closing time is
    the first minute that is no longer worked. Everything refuses, with OutsideCalendar, what leaves the known years.
    """

    __slots__ = (
        "_before",
        "_closes",
        "_day_closes",
        "_day_opens",
        "_first",
        "_midnights",
        "_opens",
        "_rank",
        "_worked_days",
        "spec",
        "version",
        "zone",
    )

    def __init__(self, spec: CalendarSpec, version: Version) -> None:
        self.spec = spec
        self.version = version
        self.zone: ZoneInfo = zone_of(spec.timezone)
        first_year, last_year = spec.known_years()
        self._first = date(first_year, 1, 1).toordinal()
        days = date(last_year, 12, 31).toordinal() - self._first + 1
        # Four bytes hold every minute of the years a calendar may know; a four-year calendar takes about 50 kB.
        self._midnights = array("i", (_local_minute(self.zone, self._first + day, 0) for day in range(days + 1)))
        self._opens, self._closes, self._before = array("i"), array("i"), array("i", [0])
        self._rank, self._worked_days = array("i", [0]), array("i")
        self._day_opens, self._day_closes = array("i"), array("i")
        self._lay_out_days(days)
        if not self._opens:
            message = f"the calendar has no working time in its years {first_year}-{last_year}"
            raise InvalidCalendar(message, where="hours")

    def _lay_out_days(self, days: int) -> None:
        """Fill the arrays, day by day: the one loop over days, at compilation."""
        weekly, special = self.spec.weekly_shifts(), self.spec.special_shifts()
        special_by_day = {day.toordinal() - self._first: shifts for day, shifts in special.items()}
        total = 0
        for day in range(days):
            shifts = special_by_day.get(day)
            if shifts is None:
                shifts = weekly[(self._first + day - 1) % 7]
            worked = False
            for start, end in self._real(day, shifts):
                if not worked:
                    self._worked_days.append(day)
                    self._day_opens.append(start)
                    self._day_closes.append(end)
                    worked = True
                self._day_closes[-1] = end
                self._opens.append(start)
                self._closes.append(end)
                total += end - start
                self._before.append(total)
            self._rank.append(len(self._worked_days))

    def _real(self, day: int, shifts: tuple[Shift, ...]) -> Iterator[Shift]:
        """A day's shifts in UTC minutes, without those that a change of clocks swallows whole."""
        for start, end in shifts:
            real_start, real_end = self.local_minute(day, start), self.local_minute(day, end)
            if real_start < real_end:
                yield real_start, real_end

    # Working time between moments

    def advance(self, t: datetime, minutes: int) -> datetime:
        """The moment ``minutes`` working minutes after ``t``; used up at a closing time, it is that closing time.

        A ``t`` outside working time counts from the next opening; so does 0 minutes.
        """
        return self.moment(self.advance_minute(self.minute(t), minutes))

    def retreat(self, t: datetime, minutes: int) -> datetime:
        """The latest moment inside working time that lies ``minutes`` working minutes before ``t``."""
        return self.moment(self.retreat_minute(self.minute(t), minutes))

    def between(self, a: datetime, b: datetime) -> int:
        """Working minutes from ``a`` to ``b``; negative when ``b`` is the earlier."""
        return self.position(self.minute(b)) - self.position(self.minute(a))

    # Working days

    def is_working_day(self, day: date) -> bool:
        """Whether the day has any working time."""
        number = self._number(day)
        return self._rank[number] != self._rank[number + 1]

    def opening(self, day: date) -> datetime:
        """When the first shift of a working day begins; InvalidMoment on a day off."""
        return self.moment(self._day_opens[self._worked_index(day)])

    def closing(self, day: date) -> datetime:
        """When the last shift of a working day ends; InvalidMoment on a day off."""
        return self.moment(self._day_closes[self._worked_index(day)])

    def next_working_day(self, day: date, count: int = 1) -> date:
        """The ``count``-th working day after ``day``, which itself is not counted."""
        return self._date(self._worked_days[self.working_day_after(self._number(day), count)])

    def previous_working_day(self, day: date, count: int = 1) -> date:
        """The ``count``-th working day before ``day``, which itself is not counted."""
        return self._date(self._worked_days[self.working_day_before(self._number(day), count)])

    def working_days_between(self, a: date, b: date) -> int:
        """The number of working days after ``a`` up to and including ``b``; negative when ``b`` is the earlier."""
        return self._rank[self._number(b) + 1] - self._rank[self._number(a) + 1]

    # The same in whole numbers, for those who ask much

    def minute(self, t: datetime) -> int:
        """The whole minute of ``t``; OutsideCalendar where its year is not known, InvalidMoment without an offset."""
        minute = epoch_minute(t)
        if self._midnights[0] <= minute < self._midnights[-1]:
            return minute
        raise self._outside(t.isoformat())

    def check(self, minute: int) -> None:
        """Raise OutsideCalendar unless the calendar knows the minute's year."""
        if not self._midnights[0] <= minute < self._midnights[-1]:
            message = f"the count leaves calendar {self._label()}"
            raise self._refusal(message)

    def moment(self, minute: int) -> datetime:
        """The datetime of a minute, in the calendar's zone."""
        return datetime.fromtimestamp(minute * 60, self.zone)

    def position(self, minute: int) -> int:
        """How many working minutes lie before ``minute``."""
        shift = bisect_right(self._opens, minute) - 1
        if shift < 0:
            return 0
        return self._before[shift] + min(minute, self._closes[shift]) - self._opens[shift]

    def reached(self, position: int) -> int:
        """The earliest minute before which ``position`` (1 or more) working minutes lie: a closing time, not an opening."""
        shift = bisect_left(self._before, position) - 1
        if shift == len(self._opens):
            message = f"the count runs past the end of calendar {self._label()}"
            raise self._refusal(message)
        return self._opens[shift] + position - self._before[shift]

    def left(self, position: int) -> int:
        """The latest minute before which ``position`` working minutes lie: inside working time, an opening, not a closing."""
        shift = bisect_right(self._before, position) - 1
        if shift == len(self._opens):
            message = f"the count runs past the end of calendar {self._label()}"
            raise self._refusal(message)
        return self._opens[shift] + position - self._before[shift]

    def advance_minute(self, minute: int, count: int) -> int:
        """``advance`` on minutes."""
        if count > 0:
            return self.reached(self.position(minute) + count)
        if count == 0:
            return self.left(self.position(minute))
        message = f"working time is advanced by 0 minutes or more, not {count}"
        raise InvalidPeriod(message, minutes=count)

    def retreat_minute(self, minute: int, count: int) -> int:
        """``retreat`` on minutes."""
        if count < 0:
            message = f"working time is gone back by 0 minutes or more, not {count}"
            raise InvalidPeriod(message, minutes=count)
        position = self.position(minute) - count
        if position < 0:
            message = f"the count runs back past the beginning of calendar {self._label()}"
            raise self._refusal(message)
        return self.left(position)

    def day_of(self, minute: int) -> int:
        """The day number of a known minute."""
        return bisect_right(self._midnights, minute) - 1

    def day_count(self) -> int:
        """How many days the calendar knows."""
        return len(self._midnights) - 1

    def date_of(self, day: int) -> date:
        """The date of a day number."""
        return self._date(day)

    def number_of(self, day: date) -> int:
        """The day number of a date; OutsideCalendar where its year is not known."""
        return self._number(day)

    def midnight(self, day: int) -> int:
        """The minute at which a day begins; the day after the last is allowed."""
        return self._midnights[day]

    def local_minute(self, day: int, minute_of_day: int) -> int:
        """The minute at which the clocks of a day first show so many minutes after midnight."""
        midnight = self._midnights[day]
        if self._midnights[day + 1] - midnight == DAY_MINUTES:
            return midnight + minute_of_day
        return _local_minute(self.zone, self._first + day, minute_of_day)

    def is_worked(self, day: int) -> bool:
        """Whether a day number has any working time."""
        return self._rank[day] != self._rank[day + 1]

    def working_day_after(self, day: int, count: int) -> int:
        """The index of the ``count``-th (1 or more) working day after a day number."""
        index = self._rank[day + 1] + count - 1
        if index < len(self._worked_days):
            return index
        message = f"{count} working days after {self._date(day).isoformat()} lie past the end of calendar {self._label()}"
        raise self._refusal(message)

    def working_day_before(self, day: int, count: int) -> int:
        """The index of the ``count``-th (1 or more) working day before a day number."""
        index = self._rank[day] - count
        if index >= 0:
            return index
        message = f"{count} working days before {self._date(day).isoformat()} lie before the beginning of calendar {self._label()}"
        raise self._refusal(message)

    def working_day_from(self, day: int) -> int:
        """The index of the first working day on or after a day number, which may be past the last known day."""
        if day < len(self._rank) - 1 and self._rank[day] < len(self._worked_days):
            return self._rank[day]
        message = f"the next working day lies past the end of calendar {self._label()}"
        raise self._refusal(message)

    def opening_of(self, index: int) -> int:
        """The minute at which the working day of that index opens."""
        return self._day_opens[index]

    def closing_of(self, index: int) -> int:
        """The minute at which the working day of that index closes."""
        return self._day_closes[index]

    def closing_at_or_after(self, minute: int) -> int:
        """The closing time of the day of ``minute``, or of the next working day where it is off or closed by then."""
        index = bisect_left(self._day_closes, minute)
        if index < len(self._day_closes):
            return self._day_closes[index]
        message = f"the closing time lies past the end of calendar {self._label()}"
        raise self._refusal(message)

    def _number(self, day: date) -> int:
        number = day.toordinal() - self._first
        if 0 <= number < len(self._midnights) - 1:
            return number
        raise self._outside(day.isoformat())

    def _date(self, number: int) -> date:
        return date.fromordinal(self._first + number)

    def _worked_index(self, day: date) -> int:
        number = self._number(day)
        if not self.is_worked(number):
            message = f"{day.isoformat()} is a day off in calendar {self._label()}"
            raise InvalidMoment(message, date=day.isoformat())
        return self._rank[number]

    def _label(self) -> str:
        first, last = self.spec.known_years()
        return f"{self.spec.id}, which knows {_years(first, last)}"

    def _outside(self, what: str) -> OutsideCalendar:
        return self._refusal(f"{what} lies outside calendar {self._label()}")

    def _refusal(self, message: str) -> OutsideCalendar:
        first, last = self.spec.known_years()
        return OutsideCalendar(message, calendar=self.spec.id, first_year=first, last_year=last)


def compile_calendar(spec: CalendarSpec) -> Calendar:
    """The arithmetic of a calendar, made once for each content; equal specs share one Calendar.

    Raises InvalidCalendar for one that still extends another, or has no working time in its years.
    """
    return _by_identity(_Identity(spec))


class _Identity:
    """A spec as a cache key by identity: the same object asked again costs no hashing of its content."""

    __slots__ = ("spec",)

    def __init__(self, spec: CalendarSpec) -> None:
        self.spec = spec

    def __hash__(self) -> int:
        return id(self.spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.spec is other.spec


class _Content:
    """A spec as a cache key by its version."""

    __slots__ = ("spec", "version")

    def __init__(self, spec: CalendarSpec) -> None:
        self.spec = spec
        self.version = calendar_version(spec)

    def __hash__(self) -> int:
        return hash(self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self.version == other.version


@lru_cache(maxsize=256)
def _by_identity(key: _Identity) -> Calendar:
    return _by_content(_Content(key.spec))


@lru_cache(maxsize=64)
def _by_content(key: _Content) -> Calendar:
    if key.spec.extends is not None:
        message = f"calendar {key.spec.id} extends {key.spec.extends} and is whole only together with it"
        raise InvalidCalendar(message, where="extends")
    return Calendar(key.spec, key.version)


def _years(first: int, last: int) -> str:
    return f"the year {first}" if first == last else f"the years {first}-{last}"


def _local_minute(zone: ZoneInfo, ordinal: int, minute: int) -> int:
    """The UTC minute at which a zone's clocks first show a local time, or pass it where they skip it.

    ``ordinal`` is the proleptic day, ``minute`` the minutes after its midnight.
    """
    wall = datetime.fromordinal(ordinal) + timedelta(minutes=minute)
    naive = (ordinal - EPOCH.toordinal()) * DAY_MINUTES + minute
    before = _offset(zone, wall, 0)
    after = _offset(zone, wall, 1)
    # fold 0 and 1 agree except at a change of clocks; in a gap the offset grows, and the skipped time is the moment of change.
    return naive - before if before >= after else _change(zone, naive - after, naive - before)


def _offset(zone: ZoneInfo, wall: datetime, fold: int) -> int:
    offset = wall.replace(tzinfo=zone, fold=fold).utcoffset()
    return 0 if offset is None else offset // timedelta(minutes=1)


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """The first minute after ``low``, at most ``high``, at which the zone has the offset that it has at ``high``."""

    def offset(minute: int) -> timedelta | None:
        return datetime.fromtimestamp(minute * 60, zone).utcoffset()

    target = offset(high)
    return bisect_left(range(low, high + 1), True, key=lambda minute: offset(minute) == target) + low
