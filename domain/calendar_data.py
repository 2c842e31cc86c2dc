"""A working-time calendar as its authors write it: weekly hours, days off, days worked, the years it answers for.

The data are checked here for contradictions; ``domain.worktime`` turns them into arithmetic.
"""

import hashlib
from datetime import date
from enum import StrEnum

import msgspec

from domain.errors import InvalidCalendar
from domain.ids import CalendarId, Version
from domain.shifts import HOUR_MINUTES, Shift, parse_shifts
from domain.zone import zone_of

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
UNMARKED_YEARS = (2000, 2099)
"""The years of a calendar that names none and has no special day: nothing in it speaks of a year."""
STANDARD_HOURS = 8
LONGEST_DAY = 24
VERSION_DIGITS = 16


class Weekday(StrEnum):
    """Days of the week, Monday first, as keys of ``hours``."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEKEND = frozenset({Weekday.SAT, Weekday.SUN})


class DayOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, order=True):
    """A day without working time. ``name`` is Vietnamese; ``uncertain`` marks what is not announced officially yet."""

    date: date
    name: str = ""
    name_en: str = ""
    source: str = ""
    uncertain: bool = False


class WorkedDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A day with hours of its own: a Saturday worked for a day off elsewhere, or a shortened day.

    Either ``hours`` are given, or the day has the hours of the weekday ``like``, whatever those are at the authority.
    """

    hours: tuple[str, ...] = ()
    like: Weekday | None = None
    name: str = ""
    name_en: str = ""
    source: str = ""
    uncertain: bool = False


class CalendarSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One calendar. Raises InvalidCalendar where its data contradict themselves.

    ``timezone`` is an IANA name; ``hours`` maps weekdays to shifts ``HH:MM-HH:MM`` of its local time. ``off`` lists
    dates or ``DayOff``; ``worked`` maps dates (as text, for the sake of canonical JSON) to shifts or a ``WorkedDay``,
    which replace the weekday's hours. ``hours_per_day`` is what a working day weighs when days are counted as hours:
    8 where it is not given. ``years`` are the first and the last year it answers for, see ``known_years``.
    ``effective_from`` is the day from which dossiers are received under it. ``extends`` names the calendar that this
    one overrides, see ``extend``.
    """

    id: CalendarId
    timezone: str = ""
    hours: dict[Weekday, tuple[str, ...]] = {}
    off: tuple[date | DayOff, ...] = ()
    worked: dict[str, tuple[str, ...] | WorkedDay] = {}
    name: str = ""
    name_en: str = ""
    hours_per_day: int | float | None = None
    years: tuple[int, int] | None = None
    effective_from: date | None = None
    source: str = ""
    extends: CalendarId | None = None

    def __post_init__(self) -> None:
        """Bring the days into one form, so that equal calendars have equal versions, and check the data."""
        msgspec.structs.force_setattr(self, "off", tuple(sorted(map(_day_off, self.off))))
        msgspec.structs.force_setattr(
            self, "worked", {day: _worked_day(self.worked[day]) for day in sorted(self.worked)}
        )
        _check(self)

    def days_off(self) -> tuple[DayOff, ...]:
        """Return the special days without working time, in order."""
        return tuple(map(_day_off, self.off))

    def days_worked(self) -> dict[date, WorkedDay]:
        """Return the special days with hours of their own, in order."""
        return {_date(text): _worked_day(entry) for text, entry in self.worked.items()}

    def special_days(self) -> list[date]:
        """Return every date that the calendar names."""
        return [*(entry.date for entry in self.days_off()), *self.days_worked()]

    def known_years(self) -> tuple[int, int]:
        """Return the first and the last year that this calendar answers for.

        ``years`` where given. Else its special days tell which years its author had in mind, and a period that begins
        in one of them may end in the next or have begun in the one before: from the year before the first special day
        to the year after the last. Without any special day the weekly hours alone hold, for 2000 to 2099.
        """
        if self.years is not None:
            return self.years
        days = self.special_days()
        return (min(days).year - 1, max(days).year + 1) if days else UNMARKED_YEARS

    def minutes_per_day(self) -> float:
        """Return the working minutes that a working day weighs when days are counted as hours."""
        return HOUR_MINUTES * (STANDARD_HOURS if self.hours_per_day is None else self.hours_per_day)

    def weekly_shifts(self) -> tuple[tuple[Shift, ...], ...]:
        """Return the shifts of Monday to Sunday."""
        return tuple(parse_shifts(self.hours.get(day, ()), f"hours.{day.value}") for day in Weekday)

    def special_shifts(self) -> dict[date, tuple[Shift, ...]]:
        """Return the shifts of every special day; none on a day off."""
        shifts: dict[date, tuple[Shift, ...]] = {entry.date: () for entry in self.days_off()}
        for day, entry in self.days_worked().items():
            texts = entry.hours if entry.like is None else self.hours.get(entry.like, ())
            shifts[day] = parse_shifts(texts, _worked_at(day))
        return shifts


def weekday_of(day: date) -> Weekday:
    """Return a date's day of the week."""
    return tuple(Weekday)[day.weekday()]


def calendar_version(spec: CalendarSpec) -> Version:
    """Return the calendar's content address: the first 16 hex digits of the SHA-256 of its canonical JSON."""
    canonical = msgspec.json.encode(spec, order="sorted")
    return Version(hashlib.sha256(canonical).hexdigest()[:VERSION_DIGITS])


def extend(base: CalendarSpec, override: CalendarSpec) -> CalendarSpec:
    """Lay ``override`` over ``base``: weekdays, special days and texts that it gives replace the base's.

    A date that the override lists as worked is no longer off, and the other way round. The result extends what the
    base does.
    """
    own_days_off = {entry.date.isoformat() for entry in override.days_off()}
    own_days = own_days_off | override.worked.keys()
    off = tuple(entry for entry in base.days_off() if entry.date.isoformat() not in own_days)
    worked = {day: entry for day, entry in base.worked.items() if day not in own_days}
    return CalendarSpec(
        id=override.id,
        timezone=override.timezone or base.timezone,
        hours=base.hours | override.hours,
        off=off + override.days_off(),
        worked=worked | override.worked,
        name=override.name or base.name,
        name_en=override.name_en or base.name_en,
        hours_per_day=base.hours_per_day if override.hours_per_day is None else override.hours_per_day,
        years=override.years or base.years,
        effective_from=override.effective_from or base.effective_from,
        source="; ".join(text for text in (override.source, base.source) if text),
        extends=base.extends,
    )


def _day_off(entry: date | DayOff) -> DayOff:
    return entry if isinstance(entry, DayOff) else DayOff(entry)


def _worked_day(entry: tuple[str, ...] | WorkedDay) -> WorkedDay:
    return entry if isinstance(entry, WorkedDay) else WorkedDay(entry)


def _worked_at(day: date) -> str:
    return f"worked.{day.isoformat()}"


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        message = f'worked: "{text}" is not a date; write YYYY-MM-DD'
        raise InvalidCalendar(message, where=f"worked.{text}")
    return day


def _check(spec: CalendarSpec) -> None:
    """Raise InvalidCalendar for the first contradiction; what extends a calendar is whole only after ``extend``."""
    _check_days_off(spec)
    _check_days_worked(spec)
    _check_years(spec)
    spec.weekly_shifts()
    if spec.hours_per_day is not None and not 0 < spec.hours_per_day <= LONGEST_DAY:
        message = f"hours_per_day is more than 0 and at most {LONGEST_DAY}, not {spec.hours_per_day}"
        raise InvalidCalendar(message, where="hours_per_day")
    if spec.timezone or spec.extends is None:
        zone_of(spec.timezone)
    if spec.extends is None:
        _check_whole(spec)


def _check_days_off(spec: CalendarSpec) -> None:
    seen: set[date] = set()
    for entry in spec.days_off():
        day = entry.date.isoformat()
        if entry.date in seen:
            message = f"{day} is listed as off twice"
            raise InvalidCalendar(message, where=f"off.{day}")
        if day in spec.worked:
            message = f"{day} is both off and worked"
            raise InvalidCalendar(message, where=f"worked.{day}")
        seen.add(entry.date)


def _check_days_worked(spec: CalendarSpec) -> None:
    for day, entry in spec.days_worked().items():
        if entry.hours and entry.like is not None:
            message = f"{day.isoformat()}: a worked day has hours of its own or those of a weekday, not both"
            raise InvalidCalendar(message, where=_worked_at(day))
        parse_shifts(entry.hours, _worked_at(day))


def _check_years(spec: CalendarSpec) -> None:
    first, last = spec.known_years()
    if not EARLIEST_YEAR <= first <= last <= LATEST_YEAR:
        message = (
            f"a calendar's years lie between {EARLIEST_YEAR} and {LATEST_YEAR}, the first one first; not {first}-{last}"
        )
        raise InvalidCalendar(message, where="years")
    for day in spec.special_days():
        if not first <= day.year <= last:
            message = f"{day.isoformat()} lies outside the calendar's years {first}-{last}"
            raise InvalidCalendar(message, where="years")


def _check_whole(spec: CalendarSpec) -> None:
    special = spec.special_shifts()
    for day in spec.days_worked():
        if not special[day]:
            message = (
                f"{day.isoformat()}: a worked day needs hours, or the name of a weekday that has some, as in like: fri"
            )
            raise InvalidCalendar(message, where=_worked_at(day))
    if not any(spec.weekly_shifts()) and not any(special.values()):
        message = "the calendar has no working time at all"
        raise InvalidCalendar(message, where="hours")
