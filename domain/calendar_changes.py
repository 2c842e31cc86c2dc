"""What sets one version of a calendar apart from another, as far as any deadline is concerned."""

from datetime import date

import msgspec

from domain.calendar_data import CalendarSpec, Weekday
from domain.shifts import Shift, shift_text

LONGEST_WORDS = 500
"""Characters of ``in_words``: it is written into every dossier that is revised."""


class DayChange(msgspec.Struct, frozen=True):
    """A date whose working time changes. Empty hours: a day off. ``name`` is the day's in the version that names it."""

    day: date
    old: str
    new: str
    name: str = ""

    def __str__(self) -> str:
        """``2026-12-24 off (…)``, ``2026-12-26 07:30-11:30``."""
        return f"{self.day.isoformat()} {self.new or 'off'}{f' ({self.name})' if self.name else ''}"


class WeekdayChange(msgspec.Struct, frozen=True):
    """A weekday whose ordinary hours change; empty hours: weekly rest."""

    weekday: Weekday
    old: str
    new: str

    def __str__(self) -> str:
        """``sat 07:30-11:30``."""
        return f"{self.weekday.value} {self.new or 'off'}"


class Changes(msgspec.Struct, frozen=True):
    """Everything that differs and can move a deadline; texts and sources cannot.

    ``other`` holds what differs beside the hours (``timezone``, ``years``, ``minutes_per_day``), with both values.
    """

    days: tuple[DayChange, ...]
    weekdays: tuple[WeekdayChange, ...]
    other: dict[str, tuple[str, str]]

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.days or self.weekdays or self.other)

    def in_words(self) -> str:
        """All changes in one line, cut at LONGEST_WORDS."""
        other = [f"{name} {new}" for name, (_, new) in self.other.items()]
        words = "; ".join([*map(str, self.weekdays), *map(str, self.days), *other])
        return words if len(words) <= LONGEST_WORDS else f"{words[: LONGEST_WORDS - 1]}…"


def changes(old: CalendarSpec, new: CalendarSpec) -> Changes:
    """Return what differs between two whole calendars."""
    return Changes(
        tuple(_days(old, new)),
        tuple(
            WeekdayChange(weekday, _text(before), _text(after))
            for weekday, before, after in zip(Weekday, old.weekly_shifts(), new.weekly_shifts(), strict=True)
            if before != after
        ),
        {
            name: (before, after)
            for name, before, after in (
                ("timezone", old.timezone, new.timezone),
                ("years", _years(old), _years(new)),
                ("minutes_per_day", f"{old.minutes_per_day():g}", f"{new.minutes_per_day():g}"),
            )
            if before != after
        },
    )


def _days(old: CalendarSpec, new: CalendarSpec) -> list[DayChange]:
    """The dates that either names and whose hours differ, not counting those that follow their weekday in both."""
    old_special, new_special = old.special_shifts(), new.special_shifts()
    names = {entry.date: entry.name for spec in (old, new) for entry in spec.days_off() if entry.name}
    names |= {day: entry.name for spec in (old, new) for day, entry in spec.days_worked().items() if entry.name}
    return [
        DayChange(day, _text(before), _text(after), names.get(day, ""))
        for day in sorted(old_special.keys() | new_special.keys())
        if (before := _shifts(old, old_special, day)) != (after := _shifts(new, new_special, day))
    ]


def _shifts(spec: CalendarSpec, special: dict[date, tuple[Shift, ...]], day: date) -> tuple[Shift, ...]:
    return special[day] if day in special else spec.weekly_shifts()[day.weekday()]


def _years(spec: CalendarSpec) -> str:
    first, last = spec.known_years()
    return f"{first}-{last}"


def _text(shifts: tuple[Shift, ...]) -> str:
    """``07:30-11:30, 13:30-17:30``."""
    return ", ".join(map(shift_text, shifts))
