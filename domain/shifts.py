"""Shifts of a day as text and as minutes after local midnight."""

from itertools import pairwise

from domain.errors import InvalidCalendar
from domain.moment import DAY_MINUTES

Shift = tuple[int, int]
"""From and to, in minutes after local midnight: ``07:30-11:30`` is (450, 690)."""

HOUR_MINUTES = 60
TIME_LENGTH = len("HH:MM")


def parse_shifts(texts: tuple[str, ...], where: str) -> tuple[Shift, ...]:
    """Read ``HH:MM-HH:MM`` texts, in order of time; an end may be 24:00.

    Raises InvalidCalendar that names ``where`` for a text that is no shift, one that ends before it starts (none
    crosses midnight), and for two that overlap.
    """
    shifts = tuple(sorted(_shift(text, where) for text in texts))
    for earlier, later in pairwise(shifts):
        if later[0] < earlier[1]:
            message = f"{where}: the shifts {shift_text(earlier)} and {shift_text(later)} overlap"
            raise InvalidCalendar(message, where=where)
    return shifts


def minute_of_day(text: str) -> int | None:
    """Return the minutes after midnight of ``HH:MM`` (24:00 included), none for any other text."""
    if len(text) != TIME_LENGTH or text[2] != ":" or not text.isascii() or not (text[:2] + text[3:]).isdigit():
        return None
    hours, minutes = int(text[:2]), int(text[3:])
    total = hours * HOUR_MINUTES + minutes
    return total if minutes < HOUR_MINUTES and total <= DAY_MINUTES else None


def shift_text(shift: Shift) -> str:
    """Return a shift as ``HH:MM-HH:MM``."""
    return "-".join(f"{minute // HOUR_MINUTES:02}:{minute % HOUR_MINUTES:02}" for minute in shift)


def _shift(text: str, where: str) -> Shift:
    start_text, _, end_text = text.partition("-")
    start, end = minute_of_day(start_text), minute_of_day(end_text)
    if start is None or end is None:
        message = f'{where}: "{text}" is not a shift; write two times of day HH:MM-HH:MM, e.g. 07:30-11:30'
        raise InvalidCalendar(message, where=where)
    if end < start:
        message = (
            f"{where}: the shift {text} ends before it starts; one over midnight is written as two, a part on each day"
        )
        raise InvalidCalendar(message, where=where)
    if end == start:
        message = f"{where}: the shift {text} has no length"
        raise InvalidCalendar(message, where=where)
    return start, end
