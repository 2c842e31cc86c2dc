"""Calendars that tests count on, each as the domain and as the oracle sees it; strategies for moments and pauses."""

from datetime import date, datetime, timedelta
from functools import cache

import msgspec
from hypothesis import settings
from hypothesis import strategies as st

from domain.calendar import Calendar, CalendarSpec, compile_calendar
from tests.domain.oracle import SlowCalendar

unhurried = settings(deadline=None)
"""For tests that ask the oracle: it takes its time when a calendar is asked for first."""

OFFICE = ["07:30-11:30", "13:30-17:30"]
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PLAIN: dict[str, object] = {
    "id": "plain",
    "timezone": "Asia/Ho_Chi_Minh",
    "hours": dict.fromkeys(WEEK[:5], OFFICE),
    "years": [2026, 2026],
}
"""Monday to Friday in the office, no special day."""

SAMPLES: dict[str, dict[str, object]] = {
    "office": {
        **PLAIN,
        "off": ["2026-04-27", "2026-04-30", "2026-05-01"],
        "worked": {"2026-05-09": OFFICE, "2026-05-12": ["07:30-11:30"]},
    },
    "saturday": {**PLAIN, "hours": {**dict.fromkeys(WEEK[:5], OFFICE), "sat": ["07:30-11:30"]}, "off": ["2026-04-30"]},
    "many-shifts": {
        **PLAIN,
        "hours": {
            "mon": ["06:00-08:15", "08:15-10:00", "19:01-20:00"],
            "wed": ["00:00-00:01", "23:59-24:00"],
            "thu": ["00:00-24:00"],
            "sun": ["12:00-12:30"],
        },
        "hours_per_day": 7.5,
    },
    "berlin-spring": {
        **PLAIN,
        "timezone": "Europe/Berlin",
        "hours": {**dict.fromkeys(WEEK[:5], OFFICE), "sun": ["01:30-02:30", "02:40-02:50", "03:00-05:00"]},
    },
    "new-york-autumn": {
        **PLAIN,
        "timezone": "America/New_York",
        "hours": {**dict.fromkeys(WEEK[:5], OFFICE), "sun": ["00:30-01:15", "01:30-04:00"]},
    },
    "santiago-midnight": {
        **PLAIN,
        "timezone": "America/Santiago",
        "hours": {day: ["00:00-06:00", "22:00-24:00"] for day in WEEK},
    },
}
WINDOWS = {
    "berlin-spring": (date(2026, 3, 16), date(2026, 4, 26)),
    "new-york-autumn": (date(2026, 10, 19), date(2026, 11, 29)),
    "santiago-midnight": (date(2026, 8, 24), date(2026, 10, 4)),
}
"""What the oracle looks at: around a change of the clocks; elsewhere around the days off of April and May."""
DEFAULT_WINDOW = (date(2026, 4, 20), date(2026, 5, 31))


@cache
def fast(name: str) -> Calendar:
    """Return a sample as the domain's calendar."""
    return compile_calendar(msgspec.convert(SAMPLES[name], CalendarSpec))


@cache
def slow(name: str) -> SlowCalendar:
    """Return a sample as the oracle's calendar, over its window of six weeks."""
    return slow_calendar(SAMPLES[name], *WINDOWS.get(name, DEFAULT_WINDOW))


def slow_calendar(data: dict[str, object], first: date, last: date) -> SlowCalendar:
    """Return the oracle's calendar of the same data."""
    spec = msgspec.convert(data, CalendarSpec)
    return SlowCalendar(
        timezone=spec.timezone,
        hours={day.value: pairs(shifts) for day, shifts in spec.hours.items()},
        first=first,
        last=last,
        off={entry.date for entry in spec.days_off()},
        worked={day: pairs(entry.hours) for day, entry in spec.days_worked().items()},
        hours_per_day=8 if spec.hours_per_day is None else spec.hours_per_day,
    )


def pairs(shifts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Cut shifts at the dash."""
    return [(start, end) for start, _, end in (text.partition("-") for text in shifts)]


names = st.sampled_from(sorted(SAMPLES))
"""Any sample."""
NEAR = 14 * 24 * 60
"""Minutes of the window's first two weeks: what starts there ends inside the window, whatever is counted."""
starts = st.integers(0, NEAR)
"""A minute of the window in which budgets start."""


@st.composite
def pauses(draw: st.DrawFn, most: int = 3) -> list[tuple[int, int]]:
    """Draw pauses of up to two days within the window's first three weeks, in any order, overlapping or not."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, NEAR * 3 // 2))
        found.append((start, start + draw(st.integers(0, 2 * 24 * 60))))
    return found


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, object]:
    """Draw the data of a calendar with random shifts, days off and days worked in one week of 2026."""
    hours = {day: draw(shifts()) for day in draw(st.sets(st.sampled_from(WEEK), min_size=3))}
    days = [date(2026, 6, 1) + timedelta(days=number) for number in range(14)]
    special = draw(st.lists(st.sampled_from(days), unique=True, max_size=4))
    off, worked = special[::2], special[1::2]
    return {
        **PLAIN,
        "hours": hours,
        "off": [day.isoformat() for day in off],
        "worked": {day.isoformat(): draw(shifts()) for day in worked},
    }


@st.composite
def shifts(draw: st.DrawFn) -> list[str]:
    """Draw one to three shifts of a day that do not overlap."""
    times = sorted(draw(st.sets(st.integers(0, 24 * 60), min_size=2, max_size=6)))
    return [f"{clock(start)}-{clock(end)}" for start, end in zip(times[::2], times[1::2], strict=False)]


def clock(minute: int) -> str:
    """Return minutes after midnight as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"


def local(text: str) -> datetime:
    """Return a local time of the state calendar, such as ``2026-03-02 08:10``."""
    return datetime.fromisoformat(f"{text}+07:00")
