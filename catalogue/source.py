"""Reading one published record's fields, tolerant of what is missing and exact about what is wrong."""

import json
import math
import re
from typing import Any

from domain.errors import InvalidPeriod
from domain.period import Period, Unit

Value = Any
"""A JSON value: nothing, true, false, a number, a text, a list or an object of values."""
LARGEST_NUMBER = 10**9
"""Figures above this are keying errors; what they would be written as is no number to read back."""
LONGEST_SHOWN = 60
"""Characters of a wrong value that are shown."""

_NUMBER_AS_TEXT = re.compile(r"[0-9]{1,5}(?:[.,][0-9]{1,2})?")


class Fields:
    """One JSON object's fields; what is wrong with them is collected, what nobody asked for is left over."""

    def __init__(self, values: dict[str, Any], where: str = "") -> None:
        self._values = values
        self._asked: set[str] = set()
        self._where = where
        self.problems: list[str] = []
        self.notes: list[str] = []

    def __contains__(self, key: str) -> bool:
        """Whether the key is there with a value other than null."""
        return self._values.get(key) is not None

    def problem(self, text: str) -> None:
        """Something keeps the record from being mapped; the same is said once."""
        if self._where + text not in self.problems:
            self.problems.append(self._where + text)

    def note(self, text: str) -> None:
        """Something a reader should know."""
        self.notes.append(self._where + text)

    def raw(self, key: str) -> Value:
        """A field's value as it stands."""
        self._asked.add(key)
        return self._values.get(key)

    def text(self, key: str, *, required: bool = False) -> str:
        """A text, trimmed; empty where it is missing or null."""
        value = self.raw(key)
        if value is None:
            if required:
                self.problem(f'"{key}" is missing')
            return ""
        if not isinstance(value, str):
            self.problem(f'"{key}" is not a text but {shown(value)}')
            return ""
        if not value.strip() and required:
            self.problem(f'"{key}" is empty')
        return value.strip()

    def label(self, key: str) -> str:
        """A text that may also be printed as a whole number."""
        value = self.raw(key)
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else self.text(key)

    def flag(self, key: str) -> bool | None:
        """True, false or nothing."""
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return value
        self.problem(f'"{key}" is neither true nor false but {shown(value)}')
        return None

    def number(self, key: str) -> int | float | None:
        """A number; one written as text is read and noted."""
        value = self.raw(key)
        if isinstance(value, str) and _NUMBER_AS_TEXT.fullmatch(value.strip()):
            self.note(f'"{key}" is printed as the text "{value}"')
            value = float(value.strip().replace(",", "."))
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.problem(f'"{key}" is not a number but {shown(value)}')
            return None
        if abs(value) > LARGEST_NUMBER:
            self.problem(f'"{key}" is out of all proportion: {shown(value)}')
            return None
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problem(f'"{key}" is not a list of texts')
            return ()
        return tuple(item.strip() for item in value if item.strip())

    def objects(self, key: str) -> list[dict[str, Any]]:
        """A list of objects."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.problem(f'"{key}" is not a list of objects')
            return []
        return value

    def period(self, what: str = "a time") -> Period | None:
        """The object's ``amount`` and ``unit``; nothing where no amount is printed."""
        problems = len(self.problems)
        amount = self.number("amount")
        unit = self.text("unit")
        if len(self.problems) > problems:
            return None
        if amount is None:
            if unit:
                self.note(f'{what} has the unit "{unit}" and no amount: it is not timed')
            return None
        if not unit:
            self.problem(f"{what} of {amount} has no unit")
            return None
        if unit not in set(Unit):
            self.problem(f'{what} has the unknown unit "{unit}"; known are {", ".join(Unit)}')
            return None
        try:
            return Period(amount, Unit(unit))
        except InvalidPeriod as refusal:
            self.problem(refusal.message)
            return None

    def left_over(self) -> dict[str, Any]:
        """The fields that nobody asked for, nulls left out."""
        return {key: value for key, value in self._values.items() if key not in self._asked and value is not None}


def as_json(value: object) -> str:
    """A value as one line of JSON, for what is kept as it was printed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def shown(value: object) -> str:
    """A value in a sentence, cut short."""
    text = as_json(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
