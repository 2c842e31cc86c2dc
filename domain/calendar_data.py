"""A working-time calendar as its authors write it: weekly hours, days off, days worked, the years it answers for.

The data are checked here for contradictions; ``domain.calendar`` turns them into arithmetic.
"""

import hashlib
from datetime import date
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from domain.errors import InvalidCalendar
from domain.ids import CalendarId, Version

DAY_MINUTES = 24 * 60
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
UNMARKED_YEARS = (2000, 2099)
"""The years of a calendar that names none and has no special day: nothing in it speaks of a year."""
VERSION_LENGTH = 16

Shift = tuple[int, int]
"""From and to, in minutes after local midnight: ``07:30-11:30`` is (450, 690)."""


class Weekday(StrEnum):
    """Days of the week, Monday first, as keys of ``hours``."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK = tuple(Weekday)


class DayOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, order=True):
    """A day without working time. ``name`` is Vietnamese, ``name_en`` English; ``uncertain``: not yet announced officially."""

    date: date
    name: str = ""
    name_en: str = ""
    source: str = ""
    uncertain: bool = False


class WorkedDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A day with hours of its own: a Saturday worked for a day off elsewhere, or a shortened day.

    Either ``hours`` are given, or the day has the hours of the weekday ``like``, which follows an authority's own hours.
    """

    hours: tuple[str, ...] = ()
    like: Weekday | None = None
    name: str = ""
    name_en: str = ""
    source: str = ""
    uncertain: bool = False


class CalendarSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One calendar. Raises InvalidCalendar where its data contradict themselves.

    ``timezone`` is an IANA name. ``hours`` maps weekdays to shifts ``HH:MM-HH:MM`` of that zone's local time (an end may be
    ``24:00``; no shift crosses midnight). ``off`` lists dates or ``DayOff``; ``worked`` maps dates
    (``YYYY-MM-DD``; as text, so that the canonical JSON can sort them) to shifts or a ``WorkedDay``, which replace the weekday's hours. ``hours_per_day`` is what a working day weighs when days are counted as hours.
    ``years`` are the first and the last year it answers for: see ``known_years``. ``effective_from`` is the day from which
    dossiers are received under it. ``extends`` names the calendar that this one overrides: see ``extend``.
    """

    id: CalendarId
    timezone: str = ""
    hours: dict[Weekday, tuple[str, ...]] = {}
    off: tuple[date | DayOff, ...] = ()
    worked: dict[str, tuple[str, ...] | WorkedDay] = {}
    name: str = ""
    name_en: str = ""
    hours_per_day: int | float = 8
    years: tuple[int, int] | None = None
    effective_from: date | None = None
    source: str = ""
    extends: CalendarId | None = None

    def __post_init__(self) -> None:
        """Bring the days into one form, so that equal calendars have equal versions, and check the data."""
        msgspec.structs.force_setattr(self, "off", tuple(sorted(map(_day_off, self.off))))
        msgspec.structs.force_setattr(self, "worked", {day: _worked(self.worked[day]) for day in sorted(self.worked)})
        _check(self)

    def days_off(self) -> tuple[DayOff, ...]:
        """The special days without working time, in order."""
        return tuple(map(_day_off, self.off))

    def days_worked(self) -> dict[date, WorkedDay]:
        """The special days with hours of their own, in order."""
        return {_iso_date(day): _worked(entry) for day, entry in self.worked.items()}

    def known_years(self) -> tuple[int, int]:
        """First and last year that this calendar answers for.

        ``years`` where given. Else its special days tell which years its author had in mind, and a period that begins in
        one of them may end in the next or have begun in the one before: from the year before the first special day to the
        year after the last. Without any special day the weekly hours alone hold, for 2000 to 2099.
        """
        if self.years is not None:
            return self.years
        days = self.special_days()
        return (min(days).year - 1, max(days).year + 1) if days else UNMARKED_YEARS

    def special_days(self) -> list[date]:
        """Every date that the calendar names, in no order."""
        return [*(entry.date for entry in self.days_off()), *self.days_worked()]

    def weekly_shifts(self) -> tuple[tuple[Shift, ...], ...]:
        """The shifts of Monday to Sunday."""
        return tuple(parse_shifts(self.hours.get(day, ()), f"hours.{day.value}") for day in WEEK)

    def special_shifts(self) -> dict[date, tuple[Shift, ...]]:
        """The shifts of every special day; none on a day off."""
        shifts: dict[date, tuple[Shift, ...]] = {entry.date: () for entry in self.days_off()}
        for day, entry in self.days_worked().items():
            texts = entry.hours if entry.like is None else self.hours.get(entry.like, ())
            shifts[day] = parse_shifts(texts, f"worked.{day.isoformat()}")
        return shifts


def calendar_version(spec: CalendarSpec) -> Version:
    """The calendar's content address: the first 16 hex digits of the SHA-256 of its canonical JSON."""
    canonical = msgspec.json.encode(spec, order="sorted")
    return Version(hashlib.sha256(canonical).hexdigest()[:VERSION_LENGTH])


def extend(base: CalendarSpec, override: CalendarSpec) -> CalendarSpec:
    """``override`` laid over ``base``: weekdays, special days and texts that it gives replace the base's, the rest stays.

    A date that the override lists as worked is no longer off, and the other way round. The result extends nothing.
    """
    off = {entry.date: entry for entry in base.days_off() if entry.date.isoformat() not in override.worked}
    off |= {entry.date: entry for entry in override.days_off()}
    own_days_off = {entry.date.isoformat() for entry in override.days_off()}
    worked = {day: entry for day, entry in base.worked.items() if day not in own_days_off} | override.worked
    return CalendarSpec(
        id=override.id,
        timezone=override.timezone or base.timezone,
        hours=base.hours | override.hours,
        off=tuple(off.values()),
        worked=worked,
        name=override.name or base.name,
        name_en=override.name_en or base.name_en,
        hours_per_day=override.hours_per_day if override.hours_per_day != _STANDARD_DAY else base.hours_per_day,
        years=override.years or base.years,
        effective_from=override.effective_from or base.effective_from,
        source="; ".join(text for text in (override.source, base.source) if text),
    )


def parse_shifts(texts: tuple[str, ...], where: str) -> tuple[Shift, ...]:
    """Read ``07:30-11:30`` texts in order of time; raise InvalidCalendar naming ``where`` for a bad or overlapping one."""
    shifts = sorted(_shift(text, where) for text in texts)
    for (start, end), (next_start, next_end) in zip(shifts, shifts[1:], strict=False):
        if next_start < end:
            message = f"{where}: the shifts {_text(start, end)} and {_text(next_start, next_end)} overlap"
            raise InvalidCalendar(message, where=where)
    return tuple(shifts)


_STANDARD_DAY = 8


def _shift(text: str, where: str) -> Shift:
    start_text, dash, end_text = text.partition("-")
    start, end = _minute(start_text), _minute(end_text)
    if not dash or start is None or end is None or start == DAY_MINUTES:
        message = f'{where}: "{text}" is not a shift; write two times of day HH:MM-HH:MM, e.g. 07:30-11:30'
        raise InvalidCalendar(message, where=where)
    if end <= start:
        hint = "; a shift over midnight is written as two, one on each day" if end < start else ""
        message = f"{where}: the shift {text} ends before it starts{hint}"
        raise InvalidCalendar(message if end < start else f"{where}: the shift {text} has no length", where=where)
    return start, end


def _minute(text: str) -> int | None:
    """Minutes after midnight of ``HH:MM`` (``24:00`` included), None for anything else."""
    if len(text) != 5 or text[2] != ":" or not (text.isascii() and text[:2].isdigit() and text[3:].isdigit()):
        return None
    hours, minutes = int(text[:2]), int(text[3:])
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= DAY_MINUTES else None


def _text(start: int, end: int) -> str:
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


def _day_off(entry: date | DayOff) -> DayOff:
    return entry if isinstance(entry, DayOff) else DayOff(entry)


def _iso_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f'worked: "{text}" is not a date; write YYYY-MM-DD'
        raise InvalidCalendar(message, where=f"worked.{text}") from None


def _worked(entry: tuple[str, ...] | WorkedDay) -> WorkedDay:
    return entry if isinstance(entry, WorkedDay) else WorkedDay(entry)


def _check(spec: CalendarSpec) -> None:
    """Raise InvalidCalendar for the first contradiction; a calendar that extends another is whole only after ``extend``."""
    _check_days(spec)
    _check_years(spec)
    weekly = spec.weekly_shifts()
    if not 0 < spec.hours_per_day <= 24:
        message = f"hours_per_day is more than 0 and at most 24, not {spec.hours_per_day}"
        raise InvalidCalendar(message, where="hours_per_day")
    if spec.timezone or spec.extends is None:
        zone_of(spec.timezone)
    if spec.extends is None:
        special = spec.special_shifts()
        for day, entry in spec.days_worked().items():
            if not special[day]:
                message = f"{day.isoformat()}: a worked day needs hours, or the weekday it is like{_like(entry)}"
                raise InvalidCalendar(message, where=f"worked.{day.isoformat()}")
        if not any(weekly) and not any(special.values()):
            message = "the calendar has no working time at all"
            raise InvalidCalendar(message, where="hours")


def _like(entry: WorkedDay) -> str:
    return f" ({entry.like.value} has none)" if entry.like is not None else ""


def _check_days(spec: CalendarSpec) -> None:
    seen: set[date] = set()
    for entry in spec.days_off():
        day_text = entry.date.isoformat()
        if entry.date in seen:
            message = f"{day_text} is listed as off twice"
            raise InvalidCalendar(message, where=f"off.{day_text}")
        if day_text in spec.worked:
            message = f"{day_text} is both off and worked"
            raise InvalidCalendar(message, where=f"worked.{day_text}")
        seen.add(entry.date)
    for day, worked in spec.days_worked().items():
        if worked.hours and worked.like is not None:
            message = f"{day.isoformat()}: a worked day has hours of its own or those of another weekday, not both"
            raise InvalidCalendar(message, where=f"worked.{day.isoformat()}")
        parse_shifts(worked.hours, f"worked.{day.isoformat()}")


def _check_years(spec: CalendarSpec) -> None:
    first, last = spec.known_years()
    if not EARLIEST_YEAR <= first <= last <= LATEST_YEAR:
        message = f"the years of a calendar run from {EARLIEST_YEAR} to {LATEST_YEAR}, first to last; not from {first} to {last}"
        raise InvalidCalendar(message, where="years")
    for day in spec.special_days():
        if not first <= day.year <= last:
            message = f"{day.isoformat()} lies outside the calendar's years {first}-{last}"
            raise InvalidCalendar(message, where="years")


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name; raise InvalidCalendar where there is none of that name."""
    if not name:
        message = "the calendar says no timezone; write its IANA name, e.g. Asia/Ho_Chi_Minh"
        raise InvalidCalendar(message, where="timezone")
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        message = f'"{name}" is not a time zone; write its IANA name, e.g. Asia/Ho_Chi_Minh'
        raise InvalidCalendar(message, where="timezone") from None
