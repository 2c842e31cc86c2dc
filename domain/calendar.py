"""Working-time calendars: arithmetic on moments and days, exact to the minute.

Datetimes go in with any offset and come out in the calendar's own zone; seconds are dropped. The data and their
checks are in ``domain.calendar_data``, the arithmetic itself in ``domain.worktime``.
"""

from datetime import date, datetime
from functools import lru_cache

from domain.calendar_data import CalendarSpec, DayOff, Weekday, WorkedDay, calendar_version, extend
from domain.errors import InvalidCalendar, InvalidMoment
from domain.ids import Version
from domain.moment import epoch_minute
from domain.worktime import WorkingTime

__all__ = [
    "Calendar",
    "CalendarSpec",
    "DayOff",
    "Weekday",
    "WorkedDay",
    "calendar_version",
    "compile_calendar",
    "extend",
]


class Calendar(WorkingTime):
    """A compiled calendar, made by ``compile_calendar``; ``version`` is the content address of its ``spec``."""

    __slots__ = ("version",)

    def __init__(self, spec: CalendarSpec, version: Version) -> None:
        super().__init__(spec)
        self.version = version

    def advance(self, t: datetime, minutes: int) -> datetime:
        """Return the moment ``minutes`` working minutes after ``t``: the closing time where they are used up at one.

        A ``t`` outside working time counts from the next opening, which is also the answer for 0 minutes.
        """
        return self.moment(self.advance_minute(self.minute(t), minutes))

    def retreat(self, t: datetime, minutes: int) -> datetime:
        """Return the latest moment inside working time that lies ``minutes`` working minutes before ``t``."""
        return self.moment(self.retreat_minute(self.minute(t), minutes))

    def between(self, a: datetime, b: datetime) -> int:
        """Return the working minutes from ``a`` to ``b``; negative where ``b`` is the earlier."""
        return self.position(self.minute(b)) - self.position(self.minute(a))

    def is_working_day(self, day: date) -> bool:
        """Return whether the day has any working time."""
        return self.is_worked(self.number_of(day))

    def opening(self, day: date) -> datetime:
        """Return when the first shift of a working day begins; raise InvalidMoment on a day off."""
        return self.moment(self.opening_of(self._index_of(day)))

    def closing(self, day: date) -> datetime:
        """Return when the last shift of a working day ends; raise InvalidMoment on a day off."""
        return self.moment(self.closing_of(self._index_of(day)))

    def next_working_day(self, day: date, count: int = 1) -> date:
        """Return the ``count``-th working day after ``day``, which itself is not counted."""
        return self.date_of_working_day(self.working_day_after(self.number_of(day), count))

    def previous_working_day(self, day: date, count: int = 1) -> date:
        """Return the ``count``-th working day before ``day``, which itself is not counted."""
        return self.date_of_working_day(self.working_day_before(self.number_of(day), count))

    def working_days_between(self, a: date, b: date) -> int:
        """Return how many working days lie after ``a``, up to and including ``b``; negative where ``b`` is earlier."""
        return self.working_days_to(self.number_of(b)) - self.working_days_to(self.number_of(a))

    def minute(self, t: datetime) -> int:
        """Return the whole minute of ``t``; raise OutsideCalendar for an unknown year, InvalidMoment without offset."""
        minute = epoch_minute(t)
        if self._midnights[0] <= minute < self._midnights[-1]:
            return minute
        raise self.outside(t.isoformat())

    def moment(self, minute: int) -> datetime:
        """Return a minute as a datetime in the calendar's zone."""
        return datetime.fromtimestamp(minute * 60, self.zone)

    def _index_of(self, day: date) -> int:
        number = self.number_of(day)
        if not self.is_worked(number):
            message = f"{day.isoformat()} is a day off in calendar {self.spec.id}"
            raise InvalidMoment(message, date=day.isoformat())
        return self.working_day_from(number)


def compile_calendar(spec: CalendarSpec) -> Calendar:
    """Return the arithmetic of a calendar, laid out once for each content: equal specs share one Calendar.

    Asking again with the same object costs nothing to speak of. Raises InvalidCalendar for a calendar that still
    extends another one, or has no working time in its years.
    """
    return _by_identity(_Identity(spec))


class _Identity:
    """A spec as a cache key by identity: the same object asked again is not hashed through."""

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
