"""What differs between two versions of a calendar, as people are told it."""

from datetime import date

from msgspec.structs import replace

from domain.calendar_changes import LONGEST_WORDS, changes
from domain.calendar_data import CalendarSpec, DayOff, Weekday
from tests.domain.dossier.samples import HOURS, OFFICE


def test_nothing_differs_between_equal_calendars() -> None:
    """Equal calendars, or ones that differ in names and sources only, differ in nothing that moves a deadline."""
    assert not changes(OFFICE, OFFICE)
    named = replace(
        OFFICE, name="Lịch", source="notice", off=[DayOff(day.date, name="Lễ") for day in OFFICE.days_off()]
    )
    assert not changes(OFFICE, named)


def test_names_days_with_their_hours_before_and_after() -> None:
    """A day that is newly off, one that is worked again, one whose hours change: each with both."""
    new = _with(
        OFFICE,
        off=(DayOff(date(2026, 12, 24), name="Nghỉ bù"), date(2026, 4, 27), date(2026, 4, 30)),
        worked={"2026-08-22": ("07:30-11:30",)},
    )
    found = {(day.day.isoformat(), day.old, day.new, day.name) for day in changes(OFFICE, new).days}
    whole = "07:30-11:30, 13:30-17:00"
    assert found == {
        ("2026-12-24", whole, "", "Nghỉ bù"),
        ("2026-05-01", "", whole, ""),
        ("2026-08-22", whole, "07:30-11:30", ""),
    }
    words = changes(OFFICE, new).in_words()
    assert words == f"2026-05-01 {whole}; 2026-08-22 07:30-11:30; 2026-12-24 off (Nghỉ bù)"


def test_a_day_named_in_one_version_only_counts_by_its_hours() -> None:
    """A worked day with the hours of its weekday is no change; a Sunday off is none either."""
    new = _with(OFFICE, off=(*OFFICE.off, date(2026, 5, 3)), worked={**OFFICE.worked, "2026-05-04": HOURS})
    assert not changes(OFFICE, new)


def test_names_weekdays_and_other_fields() -> None:
    """New ordinary hours, another zone, other years: all are told."""
    new = _with(
        OFFICE,
        hours={**OFFICE.hours, Weekday.SAT: ("07:30-11:30",), Weekday.FRI: ()},
        timezone="Asia/Tokyo",
        years=(2026, 2028),
        hours_per_day=7,
    )
    found = changes(OFFICE, new)
    assert [str(weekday) for weekday in found.weekdays] == ["fri off", "sat 07:30-11:30"]
    assert found.other == {
        "timezone": ("Asia/Ho_Chi_Minh", "Asia/Tokyo"),
        "years": ("2025-2027", "2026-2028"),
        "minutes_per_day": ("480", "420"),
    }


def test_words_stay_short() -> None:
    """However much changes, the words that go into every dossier are bounded."""
    days = tuple(date(2026, month, day) for month in range(1, 13) for day in range(1, 29))
    new = _with(OFFICE, off=days, worked={})
    assert len(changes(OFFICE, new).in_words()) == LONGEST_WORDS


def _with(spec: CalendarSpec, **fields: object) -> CalendarSpec:
    return replace(spec, **fields)
