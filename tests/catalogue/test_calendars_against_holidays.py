"""The state calendar against the ``holidays`` package: whatever differs is listed here with its reason.

The package knows public holidays and most of the yearly swaps; weekdays are compared, because a holiday on a weekend
is the package's to name and the calendar's to leave out.
"""

from datetime import date, timedelta

import holidays
import pytest

from catalogue.loading_calendars import load_calendars
from domain.calendar import DayOff, WorkedDay, compile_calendar
from domain.ids import CalendarId

SPECS = load_calendars()
STATE = SPECS[CalendarId("vn-state")]
CALENDAR = compile_calendar(STATE)
YEARS = range(2024, 2028)
SATURDAY = 6

ONLY_OURS_OFF = {
    date(2026, 1, 2): "exchanged for Saturday 10 January 2026 by notice 12729/VPCP-KGVX of 25 December 2025"
}
"""Weekdays off that the package does not know."""
ONLY_THEIRS_OFF: dict[date, str] = {}
"""Weekdays off that only the package has."""
ONLY_OURS_WORKED = {
    date(2026, 1, 10): "exchanged for Friday 2 January 2026 by notice 12729/VPCP-KGVX of 25 December 2025"
}
"""Saturdays worked that the package does not know."""


def days() -> list[date]:
    """Return every day of the known years."""
    first, last = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def package() -> holidays.HolidayBase:
    """Return the package's holidays of Vietnam."""
    return holidays.country_holidays("VN", years=YEARS)


def test_weekdays_off_are_the_packages() -> None:
    """Monday to Friday, apart from the listed exceptions."""
    theirs = package()
    weekdays = [day for day in days() if day.isoweekday() < SATURDAY]
    ours_off = {day for day in weekdays if not CALENDAR.is_working_day(day)}
    theirs_off = {day for day in weekdays if day in theirs}
    assert ours_off - theirs_off == set(ONLY_OURS_OFF)
    assert theirs_off - ours_off == set(ONLY_THEIRS_OFF)


def test_saturdays_worked_are_the_packages() -> None:
    """And no Sunday is ever worked."""
    theirs = package()
    ours_worked = {day for day in days() if day.isoweekday() >= SATURDAY and CALENDAR.is_working_day(day)}
    theirs_worked = {day for day in theirs.weekend_workdays if day.year in YEARS}
    assert ours_worked - theirs_worked == set(ONLY_OURS_WORKED)
    assert theirs_worked <= ours_worked


def test_every_exception_has_its_reason() -> None:
    """A difference nobody can explain is a mistake."""
    assert all({**ONLY_OURS_OFF, **ONLY_THEIRS_OFF, **ONLY_OURS_WORKED}.values())


@pytest.mark.parametrize(
    ("year", "off", "worked"),
    [
        (2024, "01-01 02-08 02-09 02-12 02-13 02-14 04-18 04-29 04-30 05-01 09-02 09-03", "05-04"),
        (2025, "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 05-02 09-01 09-02", "04-26"),
        (
            2026,
            "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-27 04-30 05-01 08-31 09-01 09-02 11-24",
            "01-10 08-22",
        ),
    ],
)
def test_the_days_of_the_official_notices(year: int, off: str, worked: str) -> None:
    """Weekdays off and Saturdays worked, as announced."""
    of_year = [day for day in days() if day.year == year]
    assert [
        f"{day:%m-%d}" for day in of_year if day.isoweekday() < SATURDAY and not CALENDAR.is_working_day(day)
    ] == off.split()
    assert [
        f"{day:%m-%d}" for day in of_year if day.isoweekday() >= SATURDAY and CALENDAR.is_working_day(day)
    ] == worked.split()


def test_every_special_day_is_named_in_both_languages_and_sourced() -> None:
    """No day is off or worked without a name and the text that says so."""
    special: list[DayOff | WorkedDay] = [*STATE.days_off(), *STATE.days_worked().values()]
    for entry in special:
        assert entry.name
        assert entry.name_en
        assert entry.source


def test_only_what_is_not_announced_is_uncertain() -> None:
    """Of 2027: the five days of Tết with those made up for, and the day beside 2 September."""
    uncertain = [entry.date.isoformat() for entry in STATE.days_off() if entry.uncertain]
    assert uncertain == [*(f"2027-02-{day:02}" for day in range(4, 11)), "2027-09-03"]


def test_a_public_holiday_on_a_weekend_is_made_up_for() -> None:
    """Article 111(3): on the next working day. 26 April 2026 is a Sunday, 1 May 2027 a Saturday."""
    for weekend, made_up in ((date(2026, 4, 26), date(2026, 4, 27)), (date(2027, 5, 1), date(2027, 5, 3))):
        assert not CALENDAR.is_working_day(weekend)
        assert not CALENDAR.is_working_day(made_up)
        assert CALENDAR.is_working_day(made_up + timedelta(days=1))


def test_hours_of_the_state_calendar() -> None:
    """Half past seven to half past five with two hours' break, eight hours; a worked Saturday has the same."""
    for day in (date(2026, 3, 2), date(2026, 1, 10), date(2026, 8, 22)):
        opening, closing = CALENDAR.opening(day), CALENDAR.closing(day)
        assert (f"{opening:%H:%M}", f"{closing:%H:%M}", CALENDAR.between(opening, closing)) == ("07:30", "17:30", 480)


def test_authorities_that_differ() -> None:
    """Saturday mornings at communes, another start of the day at a province; the state's days off hold for both."""
    commune = compile_calendar(SPECS[CalendarId("commune-saturday")])
    province = compile_calendar(SPECS[CalendarId("province-early")])
    assert f"{commune.closing(date(2026, 3, 7)):%H:%M}" == "11:30"
    assert f"{commune.closing(date(2026, 8, 22)):%H:%M}" == "17:30"
    assert not commune.is_working_day(date(2027, 5, 1))
    assert f"{province.opening(date(2026, 3, 2)):%H:%M}" == "07:00"
    assert f"{province.closing(date(2026, 8, 22)):%H:%M}" == "17:00"
    assert not province.is_working_day(date(2026, 2, 16))
    assert SPECS[CalendarId("vn-state-2026")].known_years() == (2024, 2027)
