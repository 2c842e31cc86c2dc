"""What a calendar's data may say, and how each contradiction is refused."""

from datetime import date, timedelta

import msgspec
import pytest

from domain.calendar import CalendarSpec, calendar_version, compile_calendar, extend
from domain.errors import InvalidCalendar
from tests.domain.calendars import OFFICE, PLAIN


def spec(**changes: object) -> CalendarSpec:
    """Return the plain calendar with some of its data changed."""
    return msgspec.convert({**PLAIN, **changes}, CalendarSpec)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"hours": {"mon": ["07:30-11:30", "11:00-12:00"]}},
            "hours.mon: the shifts 07:30-11:30 and 11:00-12:00 overlap",
        ),
        ({"hours": {"mon": ["07:30-11:30", "07:30-11:30"]}}, "overlap"),
        ({"hours": {"mon": ["11:30-07:30"]}}, "ends before it starts"),
        ({"hours": {"mon": ["22:00-06:00"]}}, "over midnight is written as two"),
        ({"hours": {"mon": ["07:30-07:30"]}}, "has no length"),
        ({"hours": {"mon": ["24:00-24:00"]}}, "has no length"),
        ({"hours": {"mon": ["7:30-11:30"]}}, '"7:30-11:30" is not a shift'),
        ({"hours": {"mon": ["07:30"]}}, "is not a shift"),
        ({"hours": {"mon": ["07:60-11:30"]}}, "is not a shift"),
        ({"hours": {"mon": ["07:30-24:01"]}}, "is not a shift"),
        ({"hours": {"mon": ["07:30-١١:30"]}}, "is not a shift"),
        ({"hours": {"mon": ["07.30-11.30"]}}, "is not a shift"),
        ({"off": ["2026-05-01", "2026-05-01"]}, "2026-05-01 is listed as off twice"),
        ({"off": ["2026-05-01", {"date": "2026-05-01", "name": "Labour Day"}]}, "listed as off twice"),
        ({"off": ["2026-05-01"], "worked": {"2026-05-01": OFFICE}}, "2026-05-01 is both off and worked"),
        ({"worked": {"2026-05-02": ["09:00-08:00"]}}, "worked.2026-05-02"),
        ({"worked": {"2026-05-02": []}}, "a worked day needs hours"),
        ({"worked": {"2026-05-02": {"like": "sun"}}}, "a worked day needs hours"),
        ({"worked": {"2026-05-02": {"like": "mon", "hours": OFFICE}}}, "not both"),
        ({"worked": {"2026-02-30": OFFICE}}, '"2026-02-30" is not a date'),
        ({"worked": {"20260502": OFFICE}}, '"20260502" is not a date'),
        ({"timezone": "Asia/Saigon_City"}, '"Asia/Saigon_City" is not a time zone'),
        ({"timezone": "../../etc/hostname"}, "is not a time zone"),
        ({"timezone": ""}, "says no timezone"),
        ({"hours": {}}, "no working time at all"),
        ({"hours": {"mon": []}}, "no working time at all"),
        ({"hours_per_day": 0}, "hours_per_day is more than 0"),
        ({"hours_per_day": -8}, "hours_per_day is more than 0"),
        ({"hours_per_day": 25}, "hours_per_day is more than 0"),
        ({"years": [2027, 2026]}, "the first one first"),
        ({"years": [1, 9999]}, "lie between 1900 and 2200"),
        ({"off": ["2025-12-31"]}, "2025-12-31 lies outside the calendar's years 2026-2026"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, object], words: str) -> None:
    """Each contradiction is an InvalidCalendar that says what is wrong."""
    with pytest.raises(InvalidCalendar) as refusal:
        spec(**changes)
    assert words in refusal.value.message
    assert refusal.value.code == "invalid_calendar"
    assert refusal.value.details["where"]


def test_only_days_off_in_the_known_years_leave_no_working_time() -> None:
    """A calendar whose worked weekdays are all off in its years is refused when it is compiled."""
    mondays = [(date(2026, 1, 5) + timedelta(weeks=week)).isoformat() for week in range(52)]
    with pytest.raises(InvalidCalendar, match="no working time in the years it knows"):
        compile_calendar(spec(hours={"mon": OFFICE}, off=mondays))


def test_shifts_may_be_given_in_any_order_and_touch() -> None:
    """The order in the file does not matter; adjoining shifts are fine."""
    shuffled = spec(hours={"mon": ["13:30-17:30", "11:30-13:30", "07:30-11:30"]})
    assert shuffled.weekly_shifts()[0] == ((450, 690), (690, 810), (810, 1050))


def test_special_days_may_be_plain_or_named() -> None:
    """A plain date is a day off without a name; equal days in any order are the same calendar."""
    plain = spec(off=["2026-05-01", "2026-04-30"], worked={"2026-05-02": OFFICE})
    full = spec(off=[{"date": "2026-04-30"}, {"date": "2026-05-01"}], worked={"2026-05-02": {"hours": OFFICE}})
    assert plain == full
    assert calendar_version(plain) == calendar_version(full)


def test_the_version_follows_the_content() -> None:
    """Versions are 16 hex digits; any change of content is another version."""
    version = calendar_version(spec())
    assert len(version) == 16
    assert int(version, 16) >= 0
    changed = [spec(off=["2026-05-01"]), spec(hours_per_day=7.5), spec(years=[2026, 2027]), spec(name="x")]
    assert len({version, *map(calendar_version, changed)}) == 5


def test_the_version_survives_storage() -> None:
    """A calendar read back from its JSON is equal and has the same version."""
    original = spec(off=["2026-05-01"], worked={"2026-05-02": OFFICE, "2026-05-03": {"like": "mon"}})
    again = msgspec.json.decode(msgspec.json.encode(original), type=CalendarSpec)
    assert again == original
    assert calendar_version(again) == calendar_version(original)


def test_compiling_equal_calendars_is_done_once() -> None:
    """The same content is one Calendar, whichever object says it."""
    assert compile_calendar(spec(name="once")) is compile_calendar(spec(name="once"))


@pytest.mark.parametrize(
    ("changes", "years"),
    [
        ({"years": [2024, 2027]}, (2024, 2027)),
        ({"years": None, "off": ["2026-05-01"]}, (2025, 2027)),
        ({"years": None, "off": ["2025-05-01"], "worked": {"2026-05-02": OFFICE}}, (2024, 2027)),
        ({"years": None}, (2000, 2099)),
    ],
)
def test_known_years(changes: dict[str, object], years: tuple[int, int]) -> None:
    """Named years hold; else those of the special days and one on either side; else a whole century."""
    assert spec(**changes).known_years() == years


class TestExtending:
    """An authority's calendar says only what differs from the state's."""

    base = spec(
        id="base", name="Base", source="law", off=["2026-05-01", "2026-04-30"], worked={"2026-05-09": {"like": "fri"}}
    )

    def test_weekdays_replace_those_of_the_base(self) -> None:
        """Saturday is added, Monday replaced, Tuesday kept."""
        own = msgspec.convert(
            {
                "id": "own",
                "extends": "base",
                "hours": {"mon": ["08:00-12:00"], "sat": ["07:30-11:30"]},
                "source": "decision",
            },
            CalendarSpec,
        )
        whole = extend(self.base, own)
        weekly = whole.weekly_shifts()
        assert (whole.id, whole.extends, whole.name, whole.years) == ("own", None, "Base", (2026, 2026))
        assert [weekly[0], weekly[1], weekly[5]] == [((480, 720),), ((450, 690), (810, 1050)), ((450, 690),)]
        assert whole.days_off() == self.base.days_off()
        assert whole.source == "decision; law"

    def test_a_worked_day_like_friday_follows_the_authoritys_friday(self) -> None:
        """``like`` is looked up in the whole calendar, not in the one that said it."""
        own = msgspec.convert({"id": "own", "extends": "base", "hours": {"fri": ["08:00-12:00"]}}, CalendarSpec)
        assert list(extend(self.base, own).special_shifts().values())[-1] == ((480, 720),)

    def test_days_off_and_worked_change_places(self) -> None:
        """A day that the override works is no longer off, and the other way round."""
        own = msgspec.convert(
            {"id": "own", "extends": "base", "off": ["2026-05-09"], "worked": {"2026-05-01": OFFICE}}, CalendarSpec
        )
        whole = extend(self.base, own)
        assert [entry.date.isoformat() for entry in whole.days_off()] == ["2026-04-30", "2026-05-09"]
        assert list(whole.worked) == ["2026-05-01"]

    def test_what_extends_another_cannot_be_compiled_alone(self) -> None:
        """It is refused, not taken for a calendar without working time."""
        own = msgspec.convert({"id": "own", "extends": "base"}, CalendarSpec)
        with pytest.raises(InvalidCalendar, match="whole only together"):
            compile_calendar(own)
