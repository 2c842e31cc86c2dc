"""Lateness, reminders, the apology's moment, and whose working time it was."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deadline import apology_moment, judge, judge_open, minutes_by_holder, reminder_moment
from domain.dossier.view import Timeliness
from domain.errors import OutsideCalendar
from domain.period import Period, Unit, parse_period
from tests.domain.calendars import NEAR, fast, local, names, slow, unhurried

CALENDAR = fast("office")
DUE = local("2026-03-12 17:30")


@pytest.mark.parametrize(
    ("ready_at", "judged"),
    [
        ("2026-03-11 23:59:59", Timeliness.EARLY),
        ("2026-03-12 00:00", Timeliness.ON_TIME),
        ("2026-03-12 17:30", Timeliness.ON_TIME),
        ("2026-03-12 17:30:01", Timeliness.LATE),
        ("2026-03-13 08:00", Timeliness.LATE),
    ],
)
def test_a_result_is_judged_once(ready_at: str, judged: Timeliness) -> None:
    """Late by the second, early by the local date."""
    assert judge(DUE, local(ready_at), CALENDAR.zone) is judged


def test_the_date_is_the_local_one() -> None:
    """An evening in Greenwich is the next morning in Vietnam."""
    assert judge(DUE, datetime.fromisoformat("2026-03-11T17:00+00:00"), CALENDAR.zone) is Timeliness.ON_TIME
    assert judge(DUE, datetime.fromisoformat("2026-03-11T16:59+00:00"), CALENDAR.zone) is Timeliness.EARLY


def test_nothing_promised_is_nothing_late() -> None:
    """Procedures without a period exist."""
    assert judge(None, DUE, CALENDAR.zone) is Timeliness.ON_TIME
    assert judge_open(None, DUE) is Timeliness.OPEN_WITHIN


def test_open_dossiers_are_overdue_after_the_due_moment() -> None:
    """Not at it."""
    assert judge_open(DUE, DUE) is Timeliness.OPEN_WITHIN
    assert judge_open(DUE, DUE + timedelta(seconds=1)) is Timeliness.OPEN_OVERDUE


@pytest.mark.parametrize(
    ("due", "before", "at"),
    [
        ("2026-03-12 17:30", "4 working_hour", "2026-03-12 13:30"),  # not 11:30, where as much is left
        ("2026-03-12 17:30", "8 working_hour", "2026-03-12 07:30"),
        ("2026-03-12 17:30", "9 working_hour", "2026-03-11 16:30"),
        ("2026-03-09 09:00", "4 working_hour", "2026-03-06 15:00"),
        ("2026-03-12 17:30", "0.5 working_day", "2026-03-12 13:30"),
        ("2026-03-12 17:30", "1 working_day", "2026-03-12 07:30"),  # 17:30 on the 11th is closed: the next opening
        ("2026-03-12 17:30", "2 working_day", "2026-03-11 07:30"),
        ("2026-03-09 10:15", "1 working_day", "2026-03-06 10:15"),
        ("2026-03-09 10:15", "2 day", "2026-03-09 07:30"),  # a Saturday
        ("2026-03-12 10:15", "2 day", "2026-03-10 10:15"),
        ("2026-03-12 10:15", "90 minute", "2026-03-12 08:45"),
        ("2026-03-12 10:15", "12 hour", "2026-03-12 07:30"),
        ("2026-03-12 07:31", "10 minute", "2026-03-12 07:30"),
        ("2026-03-12 13:30", "10 minute", "2026-03-12 11:29"),  # in the break: the last minute before it
        ("2026-03-12 10:00", "1 month", "2026-02-10 10:00"),
    ],
)
def test_reminders_come_in_working_time(due: str, before: str, at: str) -> None:
    """Never by night, on a day off or in a break, and never after the due moment."""
    assert reminder_moment(CALENDAR, local(due), parse_period(before)) == local(at)


@given(names, st.integers(NEAR, 2 * NEAR), st.integers(1, 9), st.sampled_from([u for u in Unit if u is not Unit.MONTH]))
@unhurried
def test_every_reminder_is_worked_and_before_the_due_moment(name: str, due: int, amount: int, unit: Unit) -> None:
    """Whatever the calendar, the unit and the moment."""
    oracle, calendar = slow(name), fast(name)
    at = oracle.index(reminder_moment(calendar, oracle.moment(due), Period(amount, unit)))
    assert at < due
    assert oracle.is_worked[at]
    if unit is Unit.WORKING_HOUR:
        assert oracle.between(at, due) == 60 * amount


@pytest.mark.parametrize(
    ("due", "notice", "at"),
    [
        ("2026-03-12 17:30", "1 working_day", "2026-03-11 17:30"),
        ("2026-03-12 08:00", "1 working_day", "2026-03-11 17:30"),
        ("2026-03-09 17:30", "1 working_day", "2026-03-06 17:30"),
        ("2026-05-13 17:30", "1 working_day", "2026-05-12 11:30"),  # a half day
        ("2026-03-08 10:00", "1 working_day", "2026-03-06 17:30"),  # a Sunday, promised by form 04
        ("2026-03-12 17:30", "2 working_day", "2026-03-10 17:30"),
        ("2026-03-12 17:30", "4 working_hour", "2026-03-12 13:30"),
    ],
)
def test_the_apology_is_due_on_a_day_before(due: str, notice: str, at: str) -> None:
    """At the closing time of the last working day before the day of the due moment."""
    assert apology_moment(CALENDAR, local(due), parse_period(notice)) == local(at)


def test_the_apology_before_the_first_known_day() -> None:
    """Is refused, not guessed."""
    with pytest.raises(OutsideCalendar):
        apology_moment(CALENDAR, local("2026-01-01 17:30"))


@given(names, st.lists(st.integers(0, 2 * NEAR), min_size=2, max_size=8), st.data())
@unhurried
def test_holders_minutes_add_up(name: str, moments: list[int], data: st.DataObject) -> None:
    """Over adjoining spans, whoever holds them, the minutes are those from the first to the last."""
    oracle, calendar = slow(name), fast(name)
    edges = [oracle.moment(minute) for minute in sorted(moments)]
    holders = [data.draw(st.sampled_from(["X1", "S1", "citizen", "post"])) for _ in edges[1:]]
    spans = list(zip(holders, edges[:-1], edges[1:], strict=True))
    minutes = minutes_by_holder(calendar, spans)
    assert sum(minutes.values()) == calendar.between(edges[0], edges[-1])
    assert set(minutes) == set(holders)
