"""Due moments equal those of the slow oracle: every unit, policy and cut-off, with pauses and restarts."""

from datetime import datetime
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.deadline import Clock, Suspension, due, due_moment, explain
from domain.period import Period, Unit
from domain.procedure import CountPolicy, CutOff, CutOffEffect, Effect
from tests.domain import oracle
from tests.domain.calendars import fast, names, pauses, slow, starts, unhurried
from tests.domain.oracle import Rule, SlowCalendar

cutoffs = st.none() | st.tuples(
    st.sampled_from(["00:00", "07:30", "11:30", "15:00", "23:59"]), st.sampled_from([e.value for e in CutOffEffect])
)
rules = st.one_of(
    st.builds(Rule, st.integers(1, 5), st.just("working_day"), st.sampled_from(["day_end", "hours"]), cutoffs),
    st.builds(Rule, st.sampled_from([0.25, 0.5, 1.5, 2.75]), st.just("working_day"), st.just("day_end"), cutoffs),
    st.builds(Rule, st.integers(1, 40) | st.just(0.5), st.just("working_hour"), st.just("day_end"), cutoffs),
    st.builds(Rule, st.integers(1, 9), st.just("day"), st.just("day_end"), cutoffs),
    st.builds(Rule, st.integers(1, 90), st.sampled_from(["minute", "hour"]), st.just("day_end"), st.none()),
)
working = st.builds(Rule, st.integers(1, 4), st.just("working_day"), st.sampled_from(["day_end", "hours"]), cutoffs)


def clock(
    calendar: SlowCalendar, rule: Rule, start: int, stops: list[tuple[int, int]], effect: Effect = Effect.PAUSE
) -> Clock:
    """Return the domain's clock of a rule of the oracle's."""
    return Clock(
        budget=Period(rule.amount, Unit(rule.unit)),
        start=calendar.moment(start),
        count=CountPolicy(rule.count),
        cutoff=None if rule.cutoff is None else CutOff(rule.cutoff[0], CutOffEffect(rule.cutoff[1])),
        suspensions=tuple(Suspension(calendar.moment(a), calendar.moment(b), effect) for a, b in stops),
    )


def due_of(calendar: Calendar, a_clock: Clock) -> datetime:
    """Return a due moment that must exist."""
    found = due(calendar, a_clock)
    assert found is not None
    return found


@given(names, rules, starts)
@settings(unhurried, max_examples=200)
def test_budgets_end_where_the_oracle_ends_them(name: str, rule: Rule, start: int) -> None:
    """Every unit, policy and cut-off, without suspensions."""
    calendar, slow_one = fast(name), slow(name)
    a_clock = clock(slow_one, rule, start, [])
    wanted = slow_one.moment(oracle.due(slow_one, rule, start))
    assert due(calendar, a_clock) == wanted
    assert due_moment(calendar, a_clock.budget, a_clock.start, a_clock.count, a_clock.cutoff) == wanted


@given(names, working, starts, pauses())
@settings(unhurried, max_examples=200)
def test_pauses_move_the_due_moment_as_the_oracle_does(
    name: str, rule: Rule, start: int, stops: list[tuple[int, int]]
) -> None:
    """Pauses in any order: overlapping ones are one, each carries what remained over its end."""
    slow_one = slow(name)
    wanted = oracle.paused(slow_one, rule, start, oracle.merge(stops))
    assert due_of(fast(name), clock(slow_one, rule, start, stops)) == slow_one.moment(wanted)


@given(names, st.integers(1, 24), starts, pauses())
@unhurried
def test_a_pause_stops_the_watch(name: str, hours: int, start: int, stops: list[tuple[int, int]]) -> None:
    """Budgets in hours end when a stopwatch that stands still in every pause has run through them."""
    slow_one = slow(name)
    wanted = oracle.stopwatch(slow_one, 60 * hours, start, stops)
    rule = Rule(hours, "working_hour")
    assert due_of(fast(name), clock(slow_one, rule, start, stops)) == slow_one.moment(wanted)


@given(names, working, starts, st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), max_size=3))
@unhurried
def test_a_restart_counts_afresh_from_its_end(name: str, rule: Rule, start: int, gaps: list[tuple[int, int]]) -> None:
    """After restarts that follow each other the budget is counted from the last one's end."""
    slow_one, stops, at = slow(name), [], start
    for wait, length in gaps:
        stops.append((at + wait, at + wait + length))
        at += wait + length
    wanted = oracle.due(slow_one, rule, stops[-1][1] if stops else start)
    assert due_of(fast(name), clock(slow_one, rule, start, stops, Effect.RESTART)) == slow_one.moment(wanted)


@given(names, rules, starts, pauses(), st.integers(0, 20 * 1440), st.integers(0, 2880))
@unhurried
def test_suspending_never_makes_a_deadline_earlier(
    name: str, rule: Rule, start: int, stops: list[tuple[int, int]], begin: int, length: int
) -> None:
    """One more pause, apart from the others, never moves the due moment forward in time.

    A pause that bridges two others may: each of the two raises the due moment to a closing time, the one that they
    become raises it once.
    """
    slow_one, calendar = slow(name), fast(name)
    apart = [(a, b) for a, b in stops if b < begin or a > begin + length]
    without = due_of(calendar, clock(slow_one, rule, start, apart))
    assert without <= due_of(calendar, clock(slow_one, rule, start, [*apart, (begin, begin + length)]))
    assert due_of(calendar, clock(slow_one, rule, start, [])) <= due_of(calendar, clock(slow_one, rule, start, stops))


@given(names, rules, starts, st.lists(st.tuples(st.integers(0, 30000), st.integers(0, 2880)), max_size=3))
@unhurried
def test_restarting_never_makes_a_deadline_earlier(
    name: str, rule: Rule, start: int, stops: list[tuple[int, int]]
) -> None:
    """Restarts, overlapping or not, leave a due moment that is not before the one without any.

    Not so where the cut-off moves a start to the next working day while the budget runs on days off too: there a start
    on a day off, which is taken as it is, is overtaken by one after the cut-off of the day before.
    """
    assume(rule.cutoff is None or rule.unit.startswith("working_"))
    slow_one, calendar = slow(name), fast(name)
    intervals = [(a, a + length) for a, length in stops]
    restarted = due_of(calendar, clock(slow_one, rule, start, intervals, Effect.RESTART))
    assert restarted >= due_of(calendar, clock(slow_one, rule, start, []))


@given(names, rules, starts, pauses())
@unhurried
def test_running_on_changes_nothing(name: str, rule: Rule, start: int, stops: list[tuple[int, int]]) -> None:
    """Suspensions with effect ``run_on`` leave the due moment alone."""
    slow_one, calendar = slow(name), fast(name)
    assert due(calendar, clock(slow_one, rule, start, stops, Effect.RUN_ON)) == due(
        calendar, clock(slow_one, rule, start, [])
    )


@given(names, rules.filter(lambda rule: rule.cutoff is None), starts, st.integers(0, 2880))
@unhurried
def test_a_later_start_is_never_due_earlier(name: str, rule: Rule, start: int, later: int) -> None:
    """Without a cut-off, due moments are monotone in the start.

    With one they are not: Friday after the cut-off starts on Monday, Saturday morning before it starts on Saturday.
    """
    slow_one, calendar = slow(name), fast(name)
    first = due_of(calendar, clock(slow_one, rule, start, []))
    assert first <= due_of(calendar, clock(slow_one, rule, start + later, []))


@given(names, rules, starts, pauses(), st.sampled_from([Effect.PAUSE, Effect.RESTART]))
@settings(unhurried, max_examples=200)
def test_an_explanation_adds_up_to_the_budget(
    name: str, rule: Rule, start: int, stops: list[tuple[int, int]], effect: Effect
) -> None:
    """Counted minutes are the budget's, counted days are its days, and segments follow each other in order of time."""
    slow_one, calendar = slow(name), fast(name)
    a_clock = clock(slow_one, rule, start, stops, effect)
    explanation = explain(calendar, a_clock)
    counted = explanation.counted()
    assert explanation.due == due(calendar, a_clock)
    if rule.cutoff is None or rule.cutoff[1] == "next_day":
        if rule.unit in {"minute", "hour"}:
            assert counted.minutes == rule.amount * {"minute": 1, "hour": 60}[rule.unit]
        elif rule.ends_with_day:
            assert counted.days == rule.amount
        else:
            hours = rule.amount * (calendar.spec.minutes_per_day() / 60 if rule.unit == "working_day" else 1)
            assert counted.minutes == round(60 * hours)
    edges = [(segment.start, segment.end or segment.start) for segment in explanation.segments]
    assert all(a <= b for a, b in edges)
    assert all(end <= later for (_, end), (later, _) in pairwise(edges))
    assert edges[0][0] >= explanation.start
    assert edges[-1][1] == explanation.due or effect is Effect.RESTART
