"""Explanations: every stretch between the start and the due moment is named, and the counted ones are the budget."""

import pytest

from catalogue.loading_calendars import own_calendars
from domain.calendar import compile_calendar
from domain.deadline import Clock, Explanation, Extension, Suspension, explain
from domain.ids import CalendarId
from domain.period import parse_period
from domain.procedure import CountPolicy, CutOff, CutOffEffect, Effect
from tests.domain.calendars import fast, local

STATE = compile_calendar(own_calendars()[CalendarId("vn-state")])


def stop(start: str, end: str | None, effect: Effect = Effect.PAUSE, reason: str = "supplement") -> Suspension:
    """Return a suspension between two local times."""
    return Suspension(local(start), None if end is None else local(end), effect, reason)


def explained(budget: str, start: str, *stops: Suspension, **clock: object) -> Explanation:
    """Return the explanation on the state calendar."""
    return explain(STATE, Clock(parse_period(budget), local(start), suspensions=stops, **clock))  # type: ignore[arg-type]


def lines(explanation: Explanation) -> list[str]:
    """Return the segments as short English lines."""
    return [
        f"{segment.start:%m-%d %H:%M} {segment.end:%m-%d %H:%M} {segment.minutes} {segment.days:g} {segment.name.en}"
        if segment.end
        else f"{segment.start:%m-%d %H:%M} … {segment.name.en}"
        for segment in explanation.segments
    ]


def test_working_days_over_holidays() -> None:
    """The first day, weekends and holidays by name; a run of working days is one segment."""
    explanation = explained("5 working_day", "2026-04-24 16:10")
    assert lines(explanation) == [
        "04-24 16:10 04-25 00:00 0 0 The day of the start is not counted",
        "04-25 00:00 04-26 00:00 0 1 Weekend",
        "04-26 00:00 04-27 00:00 0 1 Hung Kings' Commemoration Day",
        "04-27 00:00 04-28 00:00 0 1 Hung Kings' Commemoration Day (observed)",
        "04-28 07:30 04-29 17:30 960 2 Counted",
        "04-30 00:00 05-01 00:00 0 1 Reunification Day",
        "05-01 00:00 05-02 00:00 0 1 International Labour Day",
        "05-02 00:00 05-04 00:00 0 2 Weekend",
        "05-04 07:30 05-06 17:30 1440 3 Counted",
    ]
    assert explanation.counted() == (5 * 480, 5)


def test_days_off_bear_their_source_and_both_languages() -> None:
    """What the law says is shown with where it says so."""
    day = next(segment for segment in explained("5 working_day", "2026-04-28 16:10").segments if segment.source)
    assert (day.name.vi, day.name.en) == ("Ngày Chiến thắng", "Reunification Day")
    assert day.source == "Labour Code 45/2019/QH14 Art. 112(1)(c)"
    assert [day.plain("vi")["name"], day.plain("en")["name"]] == ["Ngày Chiến thắng", "Reunification Day"]


def test_a_pause_splits_a_day() -> None:
    """Its two parts add up to one; what is given beyond the budget is not counted."""
    explanation = explained("2 working_day", "2026-03-02 08:00", stop("2026-03-03 09:30", "2026-03-05 13:30"))
    assert lines(explanation) == [
        "03-02 08:00 03-03 07:30 0 0 The day of the start is not counted",
        "03-03 07:30 03-03 09:30 120 0.25 Counted",
        "03-03 09:30 03-05 13:30 1080 2.25 Paused: waiting for the supplement",
        "03-05 13:30 03-06 17:30 720 1.5 Counted",
        "03-07 00:00 03-09 00:00 0 2 Weekend",
        "03-09 07:30 03-09 09:30 120 0.25 Counted",
        "03-09 09:30 03-09 17:30 0 0 To the closing time of the day",
    ]
    assert explanation.counted() == (960, 2)


def test_a_pause_on_the_day_of_the_start() -> None:
    """What was left of that day is not counted after the pause either."""
    explanation = explained("1 working_day", "2026-03-02 08:30", stop("2026-03-02 09:30", "2026-03-04 13:30"))
    assert lines(explanation) == [
        "03-02 08:30 03-02 09:30 0 0 The day of the start is not counted",
        "03-02 09:30 03-04 13:30 1080 2.25 Paused: waiting for the supplement",
        "03-04 13:30 03-05 09:30 0 0 The day of the start is not counted",
        "03-05 09:30 03-06 09:30 480 1 Counted",
        "03-06 09:30 03-06 17:30 0 0 To the closing time of the day",
    ]


def test_hours_from_outside_working_time() -> None:
    """The wait for the opening is shown, and a day is so many hours."""
    explanation = explained("10 working_hour", "2026-03-02 06:00")
    assert lines(explanation) == [
        "03-02 06:00 03-02 07:30 0 0 Outside working time",
        "03-02 07:30 03-03 09:30 600 1.25 Counted",
    ]


def test_the_cut_off_is_named() -> None:
    """First the move to the next working day, then that day itself."""
    explanation = explained("1 working_day", "2026-03-05 15:30", cutoff=CutOff("15:00"))
    assert lines(explanation) == [
        "03-05 15:30 03-06 07:30 0 0 After the cut-off: starts on the next working day",
        "03-06 07:30 03-07 00:00 0 0 The day of the start is not counted",
        "03-07 00:00 03-09 00:00 0 2 Weekend",
        "03-09 07:30 03-09 17:30 480 1 Counted",
    ]


def test_same_day_return() -> None:
    """The rest of the day, which is the one day there is."""
    same_day = CutOff("15:00", CutOffEffect.SAME_DAY_RETURN)
    assert lines(explained("1 working_day", "2026-03-05 13:30", cutoff=same_day)) == [
        "03-05 13:30 03-05 17:30 240 1 Counted"
    ]


def test_calendar_days_roll_on() -> None:
    """Weekends within a budget of calendar days are counted, those after it are not."""
    explanation = explained("12 day", "2026-03-02 08:10")
    assert lines(explanation) == [
        "03-02 08:10 03-03 00:00 0 0 The day of the start is not counted",
        "03-03 00:00 03-15 00:00 4320 12 Counted",
        "03-15 00:00 03-16 00:00 0 1 Weekend",
        "03-16 00:00 03-16 17:30 0 0 Rolled on to the next working day",
    ]


def test_calendar_days_without_working_time_still_add_up() -> None:
    """A pause right over them leaves nothing but their number."""
    explanation = explained("1 day", "2026-03-06 10:00", stop("2026-03-06 10:00", "2026-03-08 10:00"))
    assert explanation.counted() == (0, 1)


def test_a_restart_voids_what_was_counted() -> None:
    """The earlier part is shown, and not counted."""
    explanation = explained(
        "1 working_day", "2026-03-02 08:00", stop("2026-03-03 09:30", "2026-03-04 13:30", Effect.RESTART, "")
    )
    assert lines(explanation) == [
        "03-02 08:00 03-03 09:30 0 0 Void: the period was counted afresh",
        "03-03 09:30 03-04 13:30 600 1.25 Waiting, then counted afresh",
        "03-04 13:30 03-05 07:30 0 0 The day of the start is not counted",
        "03-05 07:30 03-05 17:30 480 1 Counted",
    ]


def test_an_open_pause_ends_the_account() -> None:
    """There is no due moment, and the last segment has no end."""
    explanation = explained(
        "1 working_day", "2026-03-02 08:00", stop("2026-03-03 09:30", None, reason="map of the plot")
    )
    assert lines(explanation)[1:] == [
        "03-03 07:30 03-03 09:30 120 0.25 Counted",
        "03-03 09:30 … Paused: map of the plot",
    ]
    plain = explanation.plain()
    assert plain["due"] is None
    assert explanation.segments[-1].plain()["to"] is None


def test_an_extension_is_named() -> None:
    """The budget is used up first, the rest is form 04's."""
    extension: Extension = (local("2026-03-03 10:00"), local("2026-03-05 17:30"), "waiting for the map")
    explanation = explained("1 working_day", "2026-03-02 08:00", extension=extension)
    assert lines(explanation)[1:] == [
        "03-03 07:30 03-03 17:30 480 1 Counted",
        "03-03 17:30 03-05 17:30 0 0 Extended by form 04",
    ]


def test_a_pause_that_ends_with_the_new_date_is_shown() -> None:
    """It happened before the date was set."""
    extension: Extension = (local("2026-03-03 10:00"), local("2026-03-05 17:30"), "")
    explanation = explained(
        "1 working_day", "2026-03-02 08:00", stop("2026-03-03 08:00", "2026-03-03 10:00"), extension=extension
    )
    assert [segment.kind.value for segment in explanation.segments] == ["off", "counted", "paused", "counted", "off"]


def test_merged_pauses_bear_all_their_reasons() -> None:
    """Each once."""
    pauses = (
        stop("2026-03-03 09:30", "2026-03-04 09:30"),
        stop("2026-03-03 10:30", "2026-03-05 09:30", reason="payment"),
        stop("2026-03-04 10:30", "2026-03-05 08:30"),
    )
    names = [segment.name for segment in explained("2 working_day", "2026-03-02 08:00", *pauses).segments]
    assert names[2].en == "Paused: waiting for the supplement, waiting for payment"
    assert names[2].vi == "Tạm dừng: chờ bổ sung hồ sơ, chờ thực hiện nghĩa vụ tài chính"


@pytest.mark.parametrize(
    ("budget", "count", "policy"),
    [
        ("2 working_day", CountPolicy.DAY_END, "day_end"),
        ("2 working_day", CountPolicy.HOURS, "hours"),
        ("2.5 working_day", CountPolicy.DAY_END, "hours"),
    ],
)
def test_the_policy_is_the_one_counted_by(budget: str, count: CountPolicy, policy: str) -> None:
    """A fraction is counted as hours, and says so."""
    assert explained(budget, "2026-03-02 08:00", count=count).plain()["policy"] == policy


def test_the_plain_form_is_the_interfaces() -> None:
    """Keys and texts as the command prints them."""
    plain = explained("4 working_hour", "2026-03-02 07:30").plain("en")
    assert plain == {
        "due": "2026-03-02T11:30:00+07:00",
        "start": "2026-03-02T07:30:00+07:00",
        "policy": "day_end",
        "segments": [
            {
                "from": "2026-03-02T07:30:00+07:00",
                "to": "2026-03-02T11:30:00+07:00",
                "minutes": 240,
                "days": 0.5,
                "kind": "counted",
                "name": "Counted",
                "source": "",
            }
        ],
    }


def test_days_off_without_a_name() -> None:
    """Are called days off; a weekday that is never worked is a weekly one."""
    segments = explain(fast("office"), Clock(parse_period("1 working_day"), local("2026-04-29 08:00"))).segments
    assert [segment.name.en for segment in segments[1:3]] == ["Day off", "Weekend"]
    tuesday = explain(fast("many-shifts"), Clock(parse_period("1 working_day"), local("2026-04-20 08:00"))).segments
    assert [segment.name.en for segment in tuesday[1:2]] == ["Weekly day off"]
