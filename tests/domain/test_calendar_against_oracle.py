"""The calendar's arithmetic equals a count minute by minute, whatever the shifts, the days off and the clocks do."""

from datetime import date, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import CalendarSpec, compile_calendar
from tests.domain.calendars import NEAR, fast, names, slow, slow_calendar, starts, unhurried, weeks

amounts = st.integers(0, 40 * 60)


@given(names, starts, starts)
@unhurried
def test_between_counts_the_worked_minutes(name: str, a: int, b: int) -> None:
    """``between`` is the number of worked minutes, and negative backwards."""
    oracle = slow(name)
    assert fast(name).between(oracle.moment(a), oracle.moment(b)) == oracle.between(a, b)


@given(names, starts, amounts)
@unhurried
def test_advance_steps_over_worked_minutes(name: str, start: int, minutes: int) -> None:
    """``advance`` ends where a minute-by-minute count ends, in the calendar's own zone."""
    oracle, calendar = slow(name), fast(name)
    reached = calendar.advance(oracle.moment(start), minutes)
    assert reached == oracle.moment(oracle.advance(start, minutes))
    assert reached.tzinfo is calendar.zone


@given(names, st.integers(NEAR // 2, NEAR), st.integers(0, 8 * 60))
@unhurried
def test_retreat_steps_back_to_the_latest_worked_minute(name: str, end: int, minutes: int) -> None:
    """``retreat`` is the latest worked minute with so much left."""
    oracle = slow(name)
    wanted = oracle.retreat(end, minutes) if oracle.is_worked[end] or minutes else None
    if wanted is not None:
        assert fast(name).retreat(oracle.moment(end), minutes) == oracle.moment(wanted)


@given(names, starts, st.integers(1, 40 * 60))
@unhurried
def test_advance_and_between_are_inverse(name: str, start: int, minutes: int) -> None:
    """Between a start and where it was advanced to lie just the minutes advanced."""
    calendar, moment = fast(name), slow(name).moment(start)
    assert calendar.between(moment, calendar.advance(moment, minutes)) == minutes
    assert calendar.between(calendar.retreat(calendar.advance(moment, minutes), minutes), moment) == 0


@given(names, starts, st.integers(0, 3 * 24 * 60), st.integers(0, 20 * 60), st.integers(0, 20 * 60))
@unhurried
def test_advance_is_monotone_and_additive(name: str, start: int, later: int, first: int, second: int) -> None:
    """A later start never ends earlier, and two advances are one of the sum."""
    calendar, a, b = fast(name), slow(name).moment(start), slow(name).moment(start + later)
    assert calendar.advance(a, first) <= calendar.advance(b, first)
    if second:
        assert calendar.advance(calendar.advance(a, first), second) == calendar.advance(a, first + second)


@given(names, starts, st.integers(1, 8))
@unhurried
def test_working_days_are_those_with_worked_minutes(name: str, start: int, count: int) -> None:
    """Openings, closings and neighbouring working days are those found by looking at every minute."""
    oracle, calendar = slow(name), fast(name)
    day = oracle.days[start + NEAR // 2]
    assert calendar.is_working_day(day) == oracle.works(day)
    after = oracle.day_after(day, count)
    assert calendar.next_working_day(day, count) == after
    assert calendar.working_days_between(day, after) == count
    assert calendar.opening(after) == oracle.moment(oracle.opening(after))
    assert calendar.closing(after) == oracle.moment(oracle.closing(after))


@given(weeks(), st.integers(0, 5 * 24 * 60), st.integers(1, 600))
@settings(unhurried, max_examples=30)
def test_any_week_of_shifts_is_counted_exactly(data: dict[str, object], start: int, minutes: int) -> None:
    """Random shifts, days off and days worked: the same minutes are worked, and the same moment is reached."""
    oracle = slow_calendar(data, date(2026, 6, 1), date(2026, 6, 14))
    calendar = compile_calendar(msgspec.convert(data, CalendarSpec))
    midnight = oracle.moment(0)
    counts = [calendar.between(midnight, oracle.moment(hour)) for hour in range(0, len(oracle.days), 47)]
    assert counts == [oracle.between(0, hour) for hour in range(0, len(oracle.days), 47)]
    if oracle.between(start, len(oracle.days)) >= minutes:
        assert calendar.advance(oracle.moment(start), minutes) == oracle.moment(oracle.advance(start, minutes))


@given(names, starts, st.integers(0, 59))
@unhurried
def test_seconds_of_a_start_are_dropped(name: str, start: int, seconds: int) -> None:
    """Minutes are the grain: the seconds of what comes in change nothing."""
    calendar = fast(name)
    moment: datetime = slow(name).moment(start)
    assert calendar.advance(moment.replace(second=seconds), 90) == calendar.advance(moment, 90)
