"""Periods of time as the law states them: an amount and a unit."""

import re
from datetime import timedelta
from enum import StrEnum

import msgspec

from domain.errors import InvalidPeriod

LONGEST_AMOUNT = 5000
"""Amounts above this are keying errors: no unit of the law comes near (the longest real period is 210 days)."""


class Unit(StrEnum):
    """Units of interface section 6; ``minute`` and ``hour`` are the clock's, counted by night and on days off too."""

    MINUTE = "minute"
    HOUR = "hour"
    WORKING_HOUR = "working_hour"
    WORKING_DAY = "working_day"
    DAY = "day"
    MONTH = "month"


UNITS = {unit.value: unit for unit in Unit}
_PERIOD = re.compile(r"(?P<amount>[+-]?[0-9]{1,12}(\.[0-9]{1,12})?)\s+(?P<unit>[a-z_]+)")


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A positive amount of a unit, e.g. 10 working days or 4 working hours.

    A whole amount is stored as an int, so that equal periods are equal bytes.
    """

    amount: int | float
    unit: Unit

    def __post_init__(self) -> None:
        """Refuse what is not a period; msgspec turns the ValueError of a Refusal-less decode into its own error."""
        check_amount(self.amount, self.unit)
        if isinstance(self.amount, float) and self.amount.is_integer():
            msgspec.structs.force_setattr(self, "amount", int(self.amount))

    def __str__(self) -> str:
        """``10 working_day``: the form that ``parse_period`` reads."""
        return f"{self.amount} {self.unit.value}"


def earlier(period: Period, margin: Period, hours_per_day: float) -> Period | None:
    """The period less a margin, both in working time: in working hours (none: nothing is left, or other units)."""
    weights = {Unit.WORKING_HOUR: 1.0, Unit.WORKING_DAY: hours_per_day}
    if period.unit not in weights or margin.unit not in weights:
        return None
    hours = period.amount * weights[period.unit] - margin.amount * weights[margin.unit]
    return Period(round(hours, 6), Unit.WORKING_HOUR) if hours > 0 else None


def clock_time(period: Period) -> timedelta:
    """The length of a period in the clock's units. Raises InvalidPeriod for working time, days and months."""
    match period.unit:
        case Unit.MINUTE:
            return timedelta(minutes=period.amount)
        case Unit.HOUR:
            return timedelta(hours=period.amount)
        case _:
            message = f"{period} is not the clock's time: say it in minutes or hours"
            raise InvalidPeriod(message, amount=str(period.amount), unit=period.unit.value)


def check_amount(amount: float, unit: Unit) -> None:
    """Raise InvalidPeriod unless ``amount`` is a finite number in (0, LONGEST_AMOUNT]; months are whole."""
    if not 0 < amount <= LONGEST_AMOUNT:  # also false for NaN
        message = f"a period is more than 0 and at most {LONGEST_AMOUNT} {unit.value}, not {amount}"
        raise InvalidPeriod(message, amount=str(amount), unit=unit.value)
    if unit is Unit.MONTH and amount != int(amount):
        message = f"a period in months is a whole number, not {amount}"
        raise InvalidPeriod(message, amount=str(amount), unit=unit.value)


def parse_period(text: str) -> Period:
    """Read ``"10 working_day"``; raise InvalidPeriod that says what is expected."""
    match = _PERIOD.fullmatch(text.strip())
    if match is None or match["unit"] not in UNITS:
        message = f'"{text}" is not a period: write an amount and a unit ({", ".join(UNITS)}), e.g. "10 working_day"'
        raise InvalidPeriod(message, text=text)
    amount = float(match["amount"]) if "." in match["amount"] else int(match["amount"])
    return Period(amount, UNITS[match["unit"]])
