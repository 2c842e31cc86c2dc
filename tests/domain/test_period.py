"""Periods: an amount and a unit, as text and as data; what is not one is refused."""

import msgspec
import pytest

from domain.errors import InvalidPeriod
from domain.period import Period, Unit, earlier, parse_period


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("10 working_day", 10, Unit.WORKING_DAY),
        ("1.5 working_day", 1.5, Unit.WORKING_DAY),
        ("  4   working_hour ", 4, Unit.WORKING_HOUR),
        ("2.0 day", 2, Unit.DAY),
        ("6 month", 6, Unit.MONTH),
        ("5000 minute", 5000, Unit.MINUTE),
    ],
)
def test_periods_are_read(text: str, amount: float, unit: Unit) -> None:
    """Amount and unit; a whole amount is an int."""
    period = parse_period(text)
    assert (period.amount, period.unit) == (amount, unit)
    assert type(period.amount) is type(amount)


@pytest.mark.parametrize(
    "text",
    ["", "10", "working_day", "10 working_days", "10 working day", "ten day", "10day", "0x10 day", "1_0 day", "١ day"],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    """The refusal shows how a period is written."""
    with pytest.raises(InvalidPeriod, match='"10 working_day"') as refusal:
        parse_period(text)
    assert refusal.value.code == "invalid_period"


@pytest.mark.parametrize(
    "amount", ["0", "0.0", "-1", "-0.5", "5001", "10000", "5000.5", "nan", "inf", "1e300", "9" * 400]
)
@pytest.mark.parametrize("unit", list(Unit))
def test_amounts_out_of_all_proportion_are_refused(amount: str, unit: Unit) -> None:
    """Zero, negative, endless or above 5000 of anything is a keying error."""
    with pytest.raises(InvalidPeriod):
        parse_period(f"{amount} {unit.value}")


def test_months_are_whole() -> None:
    """Half a month has no length."""
    with pytest.raises(InvalidPeriod, match="whole number"):
        parse_period("1.5 month")


def test_a_period_is_written_as_it_is_read() -> None:
    """``str`` and ``parse_period`` are inverse."""
    for period in (Period(10, Unit.WORKING_DAY), Period(0.5, Unit.WORKING_HOUR)):
        assert parse_period(str(period)) == period


def test_equal_periods_are_equal_bytes() -> None:
    """``2.0`` and ``2`` are stored alike."""
    stored = [
        msgspec.json.encode(msgspec.json.decode(text, type=Period))
        for text in (b'{"amount":2.0,"unit":"day"}', b'{"amount":2,"unit":"day"}')
    ]
    assert stored[0] == stored[1]


@pytest.mark.parametrize(
    ("period", "margin", "left"),
    [
        ("16 working_hour", "4 working_hour", "12 working_hour"),
        ("2 working_day", "4 working_hour", "12 working_hour"),
        ("12 working_hour", "0.5 working_day", "8 working_hour"),
        ("4 working_hour", "4 working_hour", None),
        ("2 day", "4 working_hour", None),
        ("2 working_day", "1 day", None),
    ],
)
def test_a_margin_is_taken_off_in_working_hours(period: str, margin: str, left: str | None) -> None:
    """Nothing is left where the margin is the whole, or where either is not in working time."""
    found = earlier(parse_period(period), parse_period(margin), hours_per_day=8)
    assert (str(found) if found else None) == left
