"""Working time on the state's office hours, by examples that can be checked by hand; and where a calendar refuses."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from domain.calendar import CalendarSpec, compile_calendar
from domain.errors import InvalidMoment, InvalidPeriod, OutsideCalendar
from tests.domain.calendars import OFFICE, PLAIN, fast, local

OFFICE_CALENDAR = fast("office")


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-03-02 07:30", 240, "2026-03-02 11:30"),  # used up at a closing time: the closing, not the next opening
        ("2026-03-02 07:30", 241, "2026-03-02 13:31"),
        ("2026-03-02 12:00", 1, "2026-03-02 13:31"),  # in the lunch break: from the next opening
        ("2026-03-02 17:30", 1, "2026-03-03 07:31"),  # a closing time is no longer worked
        ("2026-03-06 17:29", 2, "2026-03-09 07:31"),  # over a weekend
        ("2026-03-07 10:00", 480, "2026-03-09 17:30"),  # from a Saturday
        ("2026-04-24 17:30", 480, "2026-04-28 17:30"),  # over a Monday off
        ("2026-05-08 17:30", 240, "2026-05-09 11:30"),  # into a Saturday worked
        ("2026-05-12 07:30", 241, "2026-05-13 07:31"),  # a half day ends at noon
        ("2026-03-02 06:00", 0, "2026-03-02 07:30"),
        ("2026-03-02 09:15", 0, "2026-03-02 09:15"),
    ],
)
def test_advance(start: str, minutes: int, end: str) -> None:
    """So many working minutes on."""
    assert OFFICE_CALENDAR.advance(local(start), minutes) == local(end)


@pytest.mark.parametrize(
    ("end", "minutes", "start"),
    [
        ("2026-03-02 17:30", 480, "2026-03-02 07:30"),  # an opening, not the evening before: the latest such moment
        ("2026-03-02 17:30", 240, "2026-03-02 13:30"),
        ("2026-03-02 17:30", 241, "2026-03-02 11:29"),
        ("2026-03-09 09:00", 91, "2026-03-06 17:29"),
        ("2026-03-08 12:00", 60, "2026-03-06 16:30"),
    ],
)
def test_retreat(end: str, minutes: int, start: str) -> None:
    """So many working minutes back, always inside working time."""
    assert OFFICE_CALENDAR.retreat(local(end), minutes) == local(start)


def test_offsets_do_not_matter() -> None:
    """The same moment in another offset gives the same answer, in the calendar's zone."""
    here, there = local("2026-03-02 08:10"), datetime(2026, 3, 2, 1, 10, tzinfo=UTC)
    assert OFFICE_CALENDAR.advance(there, 60) == OFFICE_CALENDAR.advance(here, 60)
    assert OFFICE_CALENDAR.advance(there, 60).isoformat() == "2026-03-02T09:10:00+07:00"


class TestBounds:
    """A calendar answers only for the years it knows, and names them when it refuses."""

    calendar = compile_calendar(msgspec.convert({**PLAIN, "id": "four", "years": [2024, 2027]}, CalendarSpec))

    @pytest.mark.parametrize(
        "moment",
        [
            local("2023-12-31 23:59"),
            local("2028-01-01 00:00"),
            datetime(1, 1, 1, tzinfo=UTC),
            datetime.max.replace(tzinfo=UTC),
        ],
    )
    def test_moments_outside(self, moment: datetime) -> None:
        """A start before or after, down to the years that no calendar could know."""
        for ask in (
            lambda: self.calendar.advance(moment, 1),
            lambda: self.calendar.between(local("2026-03-02 08:00"), moment),
        ):
            with pytest.raises(OutsideCalendar, match="knows the years 2024-2027") as refusal:
                ask()
            assert refusal.value.details == {"calendar": "four", "first_year": 2024, "last_year": 2027}

    def test_the_last_minute_of_the_last_year_is_known(self) -> None:
        """And the first one of the first year."""
        assert self.calendar.between(local("2024-01-01 00:00"), local("2027-12-31 23:59")) > 0

    def test_counts_that_run_out(self) -> None:
        """Forwards, backwards, by minutes and by days."""
        last = local("2027-12-31 17:00")
        assert self.calendar.advance(last, 30) == local("2027-12-31 17:30")
        for ask in (
            lambda: self.calendar.advance(last, 31),
            lambda: self.calendar.advance(local("2027-12-31 17:30"), 0),
            lambda: self.calendar.retreat(local("2024-01-01 08:00"), 31),
            lambda: self.calendar.next_working_day(date(2027, 12, 31)),
            lambda: self.calendar.previous_working_day(date(2024, 1, 1)),
            lambda: self.calendar.is_working_day(date(2028, 1, 3)),
            lambda: self.calendar.closing(date(2023, 12, 29)),
        ):
            with pytest.raises(OutsideCalendar, match="2024-2027"):
                ask()

    def test_one_year_is_named_as_one(self) -> None:
        """The message does not say 2026-2026."""
        with pytest.raises(OutsideCalendar, match="knows the year 2026"):
            fast("saturday").minute(local("2027-03-02 08:00"))


def test_a_moment_without_an_offset_is_refused() -> None:
    """It names no moment; guessing a zone would be guessing a deadline."""
    with pytest.raises(InvalidMoment, match="no offset"):
        OFFICE_CALENDAR.advance(datetime(2026, 3, 2, 8, 0), 1)  # noqa: DTZ001  # just that


def test_negative_counts_are_refused() -> None:
    """Going back is ``retreat``, never a negative ``advance``."""
    with pytest.raises(InvalidPeriod):
        OFFICE_CALENDAR.advance(local("2026-03-02 08:00"), -1)
    with pytest.raises(InvalidPeriod):
        OFFICE_CALENDAR.retreat(local("2026-03-02 08:00"), -1)


def test_a_day_off_has_no_opening() -> None:
    """Opening and closing are asked of working days only."""
    with pytest.raises(InvalidMoment, match="2026-05-01 is a day off"):
        OFFICE_CALENDAR.opening(date(2026, 5, 1))


class TestChangeOfClocks:
    """Shifts last as long as they really do."""

    @staticmethod
    def minutes(zone: str, shift: str, day: date) -> int:
        """Return the working minutes of one day with one shift."""
        data = {
            **PLAIN,
            "timezone": zone,
            "hours": {"wed": OFFICE},
            "worked": {day.isoformat(): [shift]},
            "years": [day.year, day.year],
        }
        calendar = compile_calendar(msgspec.convert(data, CalendarSpec))
        if not calendar.is_working_day(day):
            return 0
        return calendar.between(calendar.opening(day), calendar.closing(day))

    @pytest.mark.parametrize(
        ("zone", "shift", "day", "minutes"),
        [
            ("Europe/Berlin", "00:00-08:00", date(2026, 3, 29), 420),  # an hour is skipped
            ("Europe/Berlin", "02:00-03:00", date(2026, 3, 29), 0),  # the hour itself: no working day
            ("Europe/Berlin", "01:30-02:30", date(2026, 3, 29), 30),  # ends when the clocks jump
            ("Europe/Berlin", "02:30-03:30", date(2026, 3, 29), 30),  # starts when they have jumped
            ("Europe/Berlin", "00:00-08:00", date(2026, 10, 25), 540),  # an hour is repeated
            ("Europe/Berlin", "02:00-03:00", date(2026, 10, 25), 120),
            ("Europe/Berlin", "01:30-02:30", date(2026, 10, 25), 60),  # ends when the clocks first show 02:30
            ("America/Santiago", "00:00-06:00", date(2026, 9, 6), 300),  # midnight itself is skipped
            ("America/Toronto", "00:00-02:00", date(1919, 3, 31), 90),  # from 23:30 to 00:30
            ("Australia/Lord_Howe", "00:00-06:00", date(2026, 10, 4), 330),  # half an hour is skipped
        ],
    )
    def test_a_shift_is_as_long_as_it_is(self, zone: str, shift: str, day: date, minutes: int) -> None:
        """Gaps shorten a shift or swallow it, repeated hours lengthen it."""
        assert self.minutes(zone, shift, day) == minutes

    def test_a_date_that_a_zone_skipped_is_no_working_day(self) -> None:
        """Samoa had no 30 December 2011."""
        data = {**PLAIN, "timezone": "Pacific/Apia", "hours": {"fri": OFFICE, "sat": OFFICE}, "years": [2011, 2012]}
        calendar = compile_calendar(msgspec.convert(data, CalendarSpec))
        assert not calendar.is_working_day(date(2011, 12, 30))
        assert calendar.next_working_day(date(2011, 12, 29)) == date(2011, 12, 31)
