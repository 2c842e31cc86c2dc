"""What falls due by itself: once, in order, at working moments, and not when it is moot."""

from domain.dossier import commands as c
from domain.period import parse_period
from domain.procedure import Reminder
from tests.domain.dossier.samples import rules, stage
from tests.domain.dossier.spec import at, given, moment

RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
RULES = rules()
DUE = ("dossier.reminded", "apology.due", "dossier.overdue", "task.overdue", "task.reminded")


def test_everything_that_falls_due_in_a_forgotten_dossier() -> None:
    """Each entry once, however long nobody looks."""
    world = given(RULES, RECEIVED).until("12-31 12:00")
    assert world.came_true(*DUE) == [
        ("task.overdue", "03-09 10:40"),
        ("apology.due", "03-11 17:00"),
        ("dossier.reminded", "03-12 11:00"),
        ("dossier.overdue", "03-12 17:00"),
    ]
    assert world.ahead() == []


def test_reminders_of_stages_and_dossier() -> None:
    """A stage warns by its own reminders; several warnings come in their order."""
    warned = rules(
        stage("receive"),
        stage("appraise", "16 working_hour", reminders=(Reminder(parse_period("8 working_hour")),)),
        stage("approve"),
        stage("return"),
        reminders=(Reminder(parse_period("1 working_day")), Reminder(parse_period("4 working_hour"))),
    )
    world = given(warned, RECEIVED).until("12-31 12:00")
    assert world.came_true(*DUE) == [
        ("task.reminded", "03-03 08:40"),
        ("task.overdue", "03-04 09:10"),
        ("apology.due", "03-11 17:00"),
        ("dossier.reminded", "03-12 07:30"),
        ("dossier.reminded", "03-12 11:00"),
        ("dossier.overdue", "03-12 17:00"),
    ]


def test_what_was_done_in_time_is_not_due() -> None:
    """A stage that is completed warns no more; a dossier whose result is ready neither."""
    world = given(
        RULES, RECEIVED, at("03-09 10:40", c.CompleteTask("appraise")), at("03-11 16:59", c.CompleteTask("approve"))
    )
    assert world.world.came_true("task.overdue") == [("task.overdue", "03-10 11:10")]
    world.world.carry_out(at("03-12 10:59", c.IssueResult()))
    world.until("12-31 12:00")
    assert world.world.came_true("dossier.reminded", "dossier.overdue") == []


def test_on_the_minute_is_in_time() -> None:
    """What is done at the very moment comes before what falls due then."""
    at_once = given(RULES, RECEIVED, at("03-09 10:40", c.CompleteTask("appraise"))).world
    assert at_once.came_true("task.overdue") == []
    later = given(RULES, RECEIVED, at("03-09 10:40:01", c.CompleteTask("appraise"))).world
    assert later.came_true("task.overdue") == [("task.overdue", "03-09 10:40")]


def test_a_warning_whose_moment_is_past_is_not_sent_after_the_fact() -> None:
    """Received two hours before the due moment there is nothing to warn of, but it can still be late."""
    brief = rules(statutory=parse_period("2 working_hour"), committed=None)
    world = given(brief, RECEIVED).until("03-03 12:00")
    assert world.came_true("dossier.reminded", "apology.due", "dossier.overdue") == [("dossier.overdue", "03-02 10:10")]


def test_a_moved_due_moment_is_warned_of_again() -> None:
    """Paused after the warning, the new due moment has a warning of its own; the old one is not repeated."""
    world = given(
        RULES,
        RECEIVED,
        at("03-12 14:00", c.Suspend()),
        at("03-16 08:00", c.Resume()),
    ).until("03-31 12:00")
    assert world.came_true("dossier.reminded", "dossier.overdue") == [
        ("dossier.reminded", "03-12 11:00"),
        ("dossier.reminded", "03-16 11:00"),
        ("dossier.overdue", "03-16 17:00"),
    ]


def test_nothing_falls_due_while_the_clock_stands() -> None:
    """Suspended without an end, the dossier has no due moment at all."""
    world = given(RULES, RECEIVED, at("03-04 09:00", c.Suspend())).until("12-31 12:00")
    assert world.came_true(*DUE) == []


def test_no_apology_is_asked_for_twice() -> None:
    """Once form 04 is used up there is nothing to apologise with."""
    world = given(RULES, RECEIVED, at("03-10 09:00", c.Extend(moment("03-20 17:00"), "…"))).until("12-31 12:00")
    assert world.came_true("apology.due", "dossier.overdue") == [("dossier.overdue", "03-20 17:00")]


def test_moments_of_one_instant_come_true_together() -> None:
    """The stage ends when the dossier does: both are overdue, in one decision, once."""
    tight = rules(stage("receive"), stage("appraise", "8 working_day"), stage("approve"), stage("return"), reminders=())
    world = given(tight, RECEIVED).until("03-13 12:00")
    assert world.came_true("task.overdue", "dossier.overdue") == [
        ("task.overdue", "03-12 17:00"),
        ("dossier.overdue", "03-12 17:00"),
    ]


def test_nothing_falls_due_after_the_end() -> None:
    """Withdrawn, the dossier's agenda is empty."""
    world = given(RULES, RECEIVED, at("03-04 09:00", c.Withdraw())).until("12-31 12:00")
    assert world.came_true(*DUE) == []
