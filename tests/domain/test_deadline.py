"""The rules of counting by examples that can be checked on a wall calendar: one class a rule.

The calendar is the state's office hours in 2026 with 27 and 30 April and 1 May off, Saturday 9 May worked and 12 May
worked in the morning only.
"""

from datetime import timedelta

import pytest

from domain.clock import ledger
from domain.deadline import Clock, Suspension, due, due_moment
from domain.errors import InvalidMoment, InvalidProcedure, InvalidSuspension, OutsideCalendar
from domain.period import parse_period
from domain.procedure import CountPolicy, CutOff, CutOffEffect, Effect
from tests.domain.calendars import fast, local

CALENDAR = fast("office")
FROM_THREE = CutOff("15:00")
SAME_DAY = CutOff("15:00", CutOffEffect.SAME_DAY_RETURN)


def stop(start: str, end: str | None, effect: Effect = Effect.PAUSE) -> Suspension:
    """Return a suspension between two local times."""
    return Suspension(local(start), None if end is None else local(end), effect)


def counted(budget: str, start: str, *stops: Suspension, **clock: object) -> str | None:
    """Return the due moment as a local time."""
    moment = due(CALENDAR, Clock(parse_period(budget), local(start), suspensions=stops, **clock))  # type: ignore[arg-type]
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M}"


class TestWorkingDays:
    """The day of the start is not counted; due is the closing time of the N-th working day after it."""

    @pytest.mark.parametrize(
        ("budget", "start", "due"),
        [
            ("10 working_day", "2026-03-02 08:10", "2026-03-16 17:30"),
            ("1 working_day", "2026-03-06 07:30", "2026-03-09 17:30"),  # Friday to Monday
            ("1 working_day", "2026-03-07 09:00", "2026-03-09 17:30"),  # from a Saturday
            ("1 working_day", "2026-03-06 23:59", "2026-03-09 17:30"),
            ("1 working_day", "2026-03-06 00:00", "2026-03-09 17:30"),
            ("2 working_day", "2026-04-24 16:00", "2026-04-29 17:30"),  # Monday 27 April is off
            ("3 working_day", "2026-05-06 08:00", "2026-05-09 17:30"),  # a worked Saturday is a working day
            ("1 working_day", "2026-05-11 08:00", "2026-05-12 11:30"),  # a half day ends at noon
        ],
    )
    def test_by_the_days_end(self, budget: str, start: str, due: str) -> None:
        """Weekends, days off, worked Saturdays and half days."""
        assert counted(budget, start) == due

    @pytest.mark.parametrize(
        ("budget", "start", "due"),
        [
            ("1 working_day", "2026-03-02 08:10", "2026-03-03 08:10"),
            ("1 working_day", "2026-03-02 07:30", "2026-03-02 17:30"),  # the closing time, not the next opening
            ("2 working_day", "2026-03-06 16:30", "2026-03-10 16:30"),
        ],
    )
    def test_as_hours(self, budget: str, start: str, due: str) -> None:
        """Eight hours a day from the very start."""
        assert counted(budget, start, count=CountPolicy.HOURS) == due

    def test_a_fraction_is_counted_as_hours_whatever_the_policy(self) -> None:
        """Half a day is four hours."""
        assert counted("0.5 working_day", "2026-03-02 08:10") == "2026-03-02 14:10"
        assert counted("1.25 working_day", "2026-03-02 07:30") == "2026-03-03 09:30"


class TestWorkingHours:
    """So many working hours from the start, or from the next opening."""

    @pytest.mark.parametrize(
        ("budget", "start", "due"),
        [
            ("8 working_hour", "2026-03-02 08:10", "2026-03-03 08:10"),
            ("4 working_hour", "2026-03-02 07:30", "2026-03-02 11:30"),
            ("2 working_hour", "2026-03-06 16:00", "2026-03-09 08:00"),
            ("0.5 working_hour", "2026-03-02 11:15", "2026-03-02 13:45"),
            ("2 working_hour", "2026-03-07 12:00", "2026-03-09 09:30"),
        ],
    )
    def test_hours(self, budget: str, start: str, due: str) -> None:
        """Over lunch, nights and weekends."""
        assert counted(budget, start) == due


class TestCalendarDaysAndMonths:
    """The day of the start is not counted; an end on a day off rolls on to the next working day."""

    @pytest.mark.parametrize(
        ("budget", "start", "due"),
        [
            ("10 day", "2026-03-02 08:10", "2026-03-12 17:30"),
            ("5 day", "2026-03-02 08:10", "2026-03-09 17:30"),  # Saturday rolls on to Monday
            ("2 day", "2026-04-28 08:10", "2026-05-04 17:30"),  # 30 April, then 1 May, then a weekend
            ("7 day", "2026-05-02 08:10", "2026-05-09 17:30"),  # a worked Saturday does not roll
            ("1 month", "2026-03-31 08:10", "2026-05-04 17:30"),  # 30 April is the last day, and off
            ("1 month", "2026-01-31 08:10", "2026-03-02 17:30"),  # 28 February is a Saturday
            ("3 month", "2026-03-02 08:10", "2026-06-02 17:30"),
            ("11 month", "2026-01-15 08:10", "2026-12-15 17:30"),
        ],
    )
    def test_days_and_months(self, budget: str, start: str, due: str) -> None:
        """Roll-over and the ends of months."""
        assert counted(budget, start) == due

    def test_a_calendar_day_begun_is_a_day(self) -> None:
        """A fraction of a calendar day ends with that day."""
        assert counted("1.5 day", "2026-03-02 08:10") == counted("2 day", "2026-03-02 08:10")


def test_minutes_and_hours_are_the_clocks() -> None:
    """Ten minutes to synchronise a finished step pass by night too."""
    assert counted("10 minute", "2026-03-06 23:55") == "2026-03-07 00:05"
    assert counted("36 hour", "2026-03-06 23:55") == "2026-03-08 11:55"
    assert counted("1 hour", "2026-03-06 17:00", stop("2026-03-06 17:10", "2026-03-07 17:10")) == "2026-03-07 18:00"


class TestCutOff:
    """A start at or after the cut-off is the next working day's."""

    @pytest.mark.parametrize(
        ("budget", "start", "due"),
        [
            ("1 working_day", "2026-03-05 14:59", "2026-03-06 17:30"),
            ("1 working_day", "2026-03-05 15:00", "2026-03-09 17:30"),
            ("2 working_hour", "2026-03-05 14:59", "2026-03-05 16:59"),
            ("2 working_hour", "2026-03-05 15:00", "2026-03-06 09:30"),
            ("4 working_hour", "2026-03-06 16:00", "2026-03-09 11:30"),
            ("3 day", "2026-03-05 15:00", "2026-03-09 17:30"),
        ],
    )
    def test_next_day(self, budget: str, start: str, due: str) -> None:
        """The opening of the next working day is the start."""
        assert counted(budget, start, cutoff=FROM_THREE) == due

    @pytest.mark.parametrize(
        ("start", "due"),
        [
            ("2026-03-05 08:00", "2026-03-05 17:30"),
            ("2026-03-05 14:59", "2026-03-05 17:30"),
            ("2026-03-05 15:00", "2026-03-06 17:30"),
            ("2026-03-06 15:00", "2026-03-09 17:30"),
            ("2026-03-07 10:00", "2026-03-09 17:30"),  # a Saturday
            ("2026-03-07 16:00", "2026-03-09 17:30"),
            ("2026-05-12 08:00", "2026-05-12 11:30"),  # a half day
            ("2026-05-12 13:00", "2026-05-13 17:30"),  # after it has closed: nothing is due before it starts
        ],
    )
    def test_same_day_return(self, start: str, due: str) -> None:
        """Returned on the day itself, or on the next working day."""
        assert counted("1 working_day", start, cutoff=SAME_DAY) == due

    @pytest.mark.parametrize("time", ["15", "15:0", "24:00", "3 pm", "", "١٥:٠٠"])
    def test_what_is_no_time_of_day(self, time: str) -> None:
        """Is refused."""
        with pytest.raises(InvalidProcedure, match="HH:MM"):
            CutOff(time)


class TestPause:
    """What remained when the pause began is counted on from its end."""

    def test_in_hours(self) -> None:
        """Two of eight hours are used up, six follow."""
        assert (
            counted("8 working_hour", "2026-03-02 07:30", stop("2026-03-02 09:30", "2026-03-05 07:30"))
            == "2026-03-05 15:30"
        )

    def test_by_the_days_end(self) -> None:
        """Raised to the closing time of the day that is reached."""
        one = stop("2026-03-03 09:30", "2026-03-05 10:00")
        assert counted("1 working_day", "2026-03-02 08:10", one) == "2026-03-06 17:30"

    def test_while_nobody_works(self) -> None:
        """A pause over a weekend costs no working time."""
        weekend = stop("2026-03-06 17:30", "2026-03-09 07:30")
        assert counted("10 working_day", "2026-03-02 08:10", weekend) == "2026-03-16 17:30"

    def test_overlapping_ones_count_once(self) -> None:
        """Two reasons at one time are one pause, and pauses that touch are one too; their order does not matter."""
        whole = stop("2026-03-03 09:00", "2026-03-06 09:00")
        parts = (stop("2026-03-04 09:00", "2026-03-06 09:00"), stop("2026-03-03 09:00", "2026-03-05 09:00"))
        touching = (stop("2026-03-03 09:00", "2026-03-04 09:00"), stop("2026-03-04 09:00", "2026-03-06 09:00"))
        nested = (whole, stop("2026-03-04 09:00", "2026-03-05 09:00"))
        wanted = counted("5 working_day", "2026-03-02 08:10", whole)
        for pauses in (parts, touching, nested):
            assert counted("5 working_day", "2026-03-02 08:10", *pauses) == wanted

    def test_touching_ones_are_raised_once(self) -> None:
        """Four hours in two pieces cost no more than in one."""
        whole = stop("2026-03-03 08:00", "2026-03-03 12:00")
        pieces = (stop("2026-03-03 08:00", "2026-03-03 10:00"), stop("2026-03-03 10:00", "2026-03-03 12:00"))
        assert counted("1 working_day", "2026-03-02 08:10", whole) == "2026-03-04 17:30"
        assert counted("1 working_day", "2026-03-02 08:10", *pieces) == "2026-03-04 17:30"

    @pytest.mark.parametrize("start", ["2026-03-03 17:30", "2026-03-03 18:00", "2026-03-20 08:00"])
    def test_at_or_after_the_due_moment_it_comes_too_late(self, start: str) -> None:
        """A dossier that is late does not become less so, even while the pause is open."""
        assert counted("1 working_day", "2026-03-02 08:10", stop(start, "2026-03-25 08:00")) == "2026-03-03 17:30"
        assert counted("1 working_day", "2026-03-02 08:10", stop(start, None)) == "2026-03-03 17:30"

    def test_before_the_start_it_does_not_concern_the_clock(self) -> None:
        """Only the part after the start counts."""
        over = stop("2026-02-02 08:10", "2026-02-20 08:10")
        into = stop("2026-02-02 08:10", "2026-03-05 08:10")
        from_start = stop("2026-03-02 08:10", "2026-03-05 08:10")
        assert counted("1 working_day", "2026-03-02 08:10", over) == "2026-03-03 17:30"
        assert counted("1 working_day", "2026-03-02 08:10", into) == counted(
            "1 working_day", "2026-03-02 08:10", from_start
        )

    def test_open_it_leaves_no_due_moment(self) -> None:
        """Nobody can say yet."""
        assert counted("1 working_day", "2026-03-02 08:10", stop("2026-03-03 08:00", None)) is None
        bridged = (stop("2026-03-02 09:00", "2026-03-03 09:00"), stop("2026-03-03 08:00", None))
        assert counted("1 working_day", "2026-03-02 08:10", *bridged) is None

    def test_each_pause_ends_with_a_closing_time(self) -> None:
        """By the day's end, two pauses apart are raised twice."""
        first, second = stop("2026-03-03 08:00", "2026-03-03 09:00"), stop("2026-03-03 10:00", "2026-03-03 11:00")
        assert counted("1 working_day", "2026-03-02 08:10", first) == "2026-03-04 17:30"
        assert counted("1 working_day", "2026-03-02 08:10", first, second) == "2026-03-05 17:30"


class TestRestart:
    """The budget is counted afresh from the end of the suspension."""

    def test_from_its_end(self) -> None:
        """What was used up before is void."""
        assert counted(
            "10 working_day", "2026-03-02 08:10", stop("2026-03-12 09:00", "2026-03-20 10:00", Effect.RESTART)
        ) == counted("10 working_day", "2026-03-20 10:00")

    def test_after_the_cut_off_it_starts_the_next_day(self) -> None:
        """The cut-off holds for the new start as for the first."""
        late = stop("2026-03-03 09:00", "2026-03-05 15:00", Effect.RESTART)
        assert counted("1 working_day", "2026-03-02 08:10", late, cutoff=FROM_THREE) == "2026-03-09 17:30"

    def test_open_it_leaves_no_due_moment(self) -> None:
        """It is counted afresh from a moment that nobody knows."""
        assert counted("1 working_day", "2026-03-02 08:10", stop("2026-03-03 08:00", None, Effect.RESTART)) is None

    def test_a_pause_around_it_goes_on_after_it(self) -> None:
        """What is counted afresh is still held by the pause."""
        restart = stop("2026-03-03 08:00", "2026-03-04 08:00", Effect.RESTART)
        pause = stop("2026-03-02 09:00", "2026-03-10 07:30")
        assert counted("8 working_hour", "2026-03-02 07:30", restart, pause) == "2026-03-10 17:30"

    def test_a_longer_one_around_it_wins(self) -> None:
        """The last end is the start of the count."""
        inner = stop("2026-03-03 08:00", "2026-03-04 08:00", Effect.RESTART)
        outer = stop("2026-03-02 09:00", "2026-03-10 07:30", Effect.RESTART)
        assert counted("8 working_hour", "2026-03-02 07:30", outer, inner) == "2026-03-10 17:30"


class TestExtension:
    """Form 04: from its moment on the clock is due at the new date."""

    new_date = (local("2026-03-12 10:00"), local("2026-03-20 17:30"), "waiting for the map")

    def test_it_replaces_the_due_moment(self) -> None:
        """Whatever happened before."""
        pause = stop("2026-03-04 08:00", "2026-03-06 08:00")
        assert counted("10 working_day", "2026-03-02 08:10", pause, extension=self.new_date) == "2026-03-20 17:30"

    def test_later_pauses_move_it(self) -> None:
        """As they move any due moment."""
        pause = stop("2026-03-20 08:30", "2026-03-23 08:30")
        assert counted("10 working_day", "2026-03-02 08:10", pause, extension=self.new_date) == "2026-03-23 17:30"

    def test_an_open_pause_counts_from_it(self) -> None:
        """The part before the new date was set is already in it."""
        around = stop("2026-03-04 08:00", "2026-03-13 10:00")
        after = stop("2026-03-12 10:00", "2026-03-13 10:00")
        assert counted("10 working_day", "2026-03-02 08:10", around, extension=self.new_date) == counted(
            "10 working_day", "2026-03-02 08:10", after, extension=self.new_date
        )

    def test_a_restart_never_takes_a_promised_date_back(self) -> None:
        """Counted afresh, but not due before the date that form 04 promised."""
        restart = stop("2026-03-13 08:00", "2026-03-16 08:00", Effect.RESTART)
        assert counted("2 working_day", "2026-03-02 08:10", restart, extension=self.new_date) == "2026-03-20 17:30"
        assert counted("10 working_day", "2026-03-02 08:10", restart, extension=self.new_date) == "2026-03-30 17:30"

    def test_a_new_date_outside_working_time_is_kept(self) -> None:
        """And a pause never moves it forward in time."""
        evening = (local("2026-03-12 10:00"), local("2026-03-20 20:00"), "")
        assert counted("10 working_day", "2026-03-02 08:10", extension=evening) == "2026-03-20 20:00"
        pause = stop("2026-03-20 12:00", "2026-03-20 12:30")
        assert counted("8 working_hour", "2026-03-02 08:10", pause, extension=evening) == "2026-03-20 20:00"


class TestRefusals:
    """What cannot be counted is refused, never guessed."""

    def test_a_suspension_that_ends_before_it_starts(self) -> None:
        """Is a keying error."""
        with pytest.raises(InvalidSuspension, match="before it starts") as refusal:
            stop("2026-03-05 08:00", "2026-03-05 07:59")
        assert refusal.value.code == "invalid_suspension"

    def test_an_empty_suspension_changes_nothing(self) -> None:
        """It may begin and end in one minute."""
        assert (
            counted("1 working_day", "2026-03-02 08:10", stop("2026-03-03 08:00", "2026-03-03 08:00"))
            == "2026-03-03 17:30"
        )

    def test_moments_without_offset(self) -> None:
        """Name no moment."""
        naive = local("2026-03-05 08:00").replace(tzinfo=None)
        with pytest.raises(InvalidMoment):
            Suspension(naive, local("2026-03-06 08:00"), Effect.PAUSE)
        with pytest.raises(InvalidMoment):
            due_moment(CALENDAR, parse_period("1 day"), naive)

    @pytest.mark.parametrize(
        ("budget", "start"),
        [
            ("1 working_day", "2025-12-31 08:00"),
            ("1 working_day", "2027-01-01 08:00"),
            ("1 working_day", "2026-12-31 08:00"),
            ("8 working_hour", "2026-12-31 08:00"),
            ("1 day", "2026-12-31 08:00"),
            ("12 month", "2026-01-15 08:00"),
            ("5000 working_day", "2026-01-15 08:00"),
            ("5000 month", "2026-01-15 08:00"),
            ("5000 hour", "2026-08-15 08:00"),
        ],
    )
    def test_what_leaves_the_known_years(self, budget: str, start: str) -> None:
        """A start outside, or a count that runs out."""
        with pytest.raises(OutsideCalendar, match="knows the year 2026"):
            counted(budget, start)

    def test_suspensions_that_leave_the_known_years(self) -> None:
        """Their ends are looked at too, and so are new dates."""
        restart = stop("2026-03-03 08:00", "2027-03-03 08:00", Effect.RESTART)
        with pytest.raises(OutsideCalendar):
            counted("1 working_day", "2026-03-02 08:10", restart)
        with pytest.raises(OutsideCalendar):
            counted("1 day", "2026-03-02 08:10", extension=(local("2026-03-02 09:00"), local("2027-03-02 09:00"), ""))
        with pytest.raises(OutsideCalendar):
            counted("1 working_day", "2026-03-02 08:10", stop("2026-03-03 08:00", "2027-03-03 08:00"))
        with pytest.raises(OutsideCalendar):
            counted("1 hour", "2026-03-02 08:10", stop("2026-03-02 08:11", "2026-12-31 23:59"))


def test_seconds_are_dropped() -> None:
    """Of starts and of suspensions."""
    start, seconds = local("2026-03-02 08:10"), timedelta(seconds=59)
    exact = Clock(parse_period("8 working_hour"), start, suspensions=(stop("2026-03-02 09:00", "2026-03-02 10:00"),))
    pause = Suspension(local("2026-03-02 09:00") + seconds, local("2026-03-02 10:00") + seconds, Effect.PAUSE)
    assert due(CALENDAR, exact) == due(CALENDAR, Clock(exact.budget, start + seconds, suspensions=(pause,)))


def test_the_ledger_of_an_untouched_clock_is_empty() -> None:
    """Most clocks are never suspended."""
    assert ledger(Clock(parse_period("1 day"), local("2026-03-02 08:10"))) == []
