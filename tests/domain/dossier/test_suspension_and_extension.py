"""Suspensions for other reasons, form 04, and a new version of the calendar."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.procedure import Effect, ExtensionPolicy, SuspensionReason
from tests.domain.dossier.samples import OFFICE, rules
from tests.domain.dossier.spec import at, given, moment

RULES = rules()
RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
SUSPENDED = at("03-04 09:00", c.Suspend(SuspensionReason.VERIFICATION))


def test_a_suspension_lets_the_clocks_stand_until_it_ends() -> None:
    """Verification from Wednesday to Friday moves the appointment by two working days."""
    world = given(RULES, RECEIVED, SUSPENDED)
    assert world.world.ahead() == []
    world.when("03-06 09:00", c.Resume()).then("clock.resumed", *["deadline.revised"] * 3)
    assert world.world.due() == "03-16 17:00"


def test_reasons_are_suspended_and_resumed_one_by_one() -> None:
    """The same reason twice, one that is not open, and the reserved ones are refused."""
    world = given(RULES, RECEIVED, SUSPENDED)
    world.when("03-05 09:00", c.Suspend(SuspensionReason.VERIFICATION)).then_refused("already_suspended")
    world.when("03-05 09:00", c.Resume(SuspensionReason.OTHER)).then_refused("not_suspended")
    given(RULES, RECEIVED).when("03-05 09:00", c.Resume()).then_refused("not_suspended")
    for reserved in (SuspensionReason.SUPPLEMENT, SuspensionReason.PAYMENT):
        world.when("03-05 09:00", c.Suspend(reserved)).then_refused("reserved_reason")
        world.when("03-05 09:00", c.Resume(reserved)).then_refused("reserved_reason")
    world.when("03-05 09:00", c.Resume(), occurred="03-03 09:00").then_refused("ends_before_start")


def test_overlapping_suspensions_count_once() -> None:
    """The clocks run again when the last of them has ended."""
    world = given(
        RULES,
        RECEIVED,
        SUSPENDED,
        at("03-05 09:00", c.Suspend(SuspensionReason.EXPERT_ASSESSMENT)),
        at("03-06 09:00", c.Resume(SuspensionReason.VERIFICATION)),
    ).world
    assert world.due() is None
    world.carry_out(at("03-09 09:00", c.Resume()))
    assert world.due() == "03-17 17:00"


def test_a_procedure_says_what_a_reason_does() -> None:
    """The order may say otherwise."""
    on = rules(on_suspend={SuspensionReason.PUBLIC_POSTING: Effect.RUN_ON})
    posting = c.Suspend(SuspensionReason.PUBLIC_POSTING)
    assert given(on, RECEIVED, at("03-04 09:00", posting)).world.due() == "03-12 17:00"
    paused = replace(posting, effect=Effect.PAUSE)
    assert given(on, RECEIVED, at("03-04 09:00", paused)).world.due() is None


def test_form_04_sets_a_new_date_once() -> None:
    """With a reason, before the due moment, to a later one."""
    world = (
        given(RULES, RECEIVED)
        .when("03-10 09:00", c.Extend(moment("03-20 17:00"), "quá tải"))
        .then(e.DossierExtended(moment("03-12 17:00"), moment("03-20 17:00"), "quá tải"), "deadline.revised")
    )
    assert world.due() == "03-20 17:00"
    assert "apology.due" not in dict(world.ahead())
    assert world.view().extensions == 1


@pytest.mark.parametrize(
    ("when", "new_due", "reason", "code"),
    [
        ("03-10 09:00", "03-20 17:00", " ", "reason_missing"),
        ("03-12 17:00:01", "03-20 17:00", "…", "extension_too_late"),
        ("03-10 09:00", "03-12 17:00", "…", "extension_not_later"),
        ("03-10 09:00", "2031-03-20T17:00+07:00", "…", "outside_calendar"),
        ("03-10 09:00", "9999-12-31T23:59-12:00", "…", "outside_calendar"),
    ],
)
def test_form_04_that_is_not_one(when: str, new_due: str, reason: str, code: str) -> None:
    """Each with its own code."""
    given(RULES, RECEIVED).when(when, c.Extend(moment(new_due), reason)).then_refused(code)


def test_a_second_form_04_is_refused() -> None:
    """One re-appointment only, unless the procedure's policy says otherwise."""
    first = at("03-10 09:00", c.Extend(moment("03-20 17:00"), "…"))
    again = c.Extend(moment("03-25 17:00"), "…")
    given(RULES, RECEIVED, first).when("03-19 09:00", again).then_refused("extension_used")
    given(rules(extension=ExtensionPolicy(2)), RECEIVED, first).when("03-19 09:00", again).then(
        "dossier.extended", "deadline.revised"
    )


def test_form_04_after_the_due_moment_where_the_policy_allows() -> None:
    """Late, with an apology: the new date holds, and the old lateness stays in the record."""
    lenient = rules(extension=ExtensionPolicy(1, after_due=True))
    world = given(lenient, RECEIVED, at("03-13 09:00", c.Extend(moment("03-20 17:00"), "…"))).world
    assert world.due() == "03-20 17:00"
    assert world.came_true("dossier.overdue") == [("dossier.overdue", "03-12 17:00")]


def test_nothing_to_extend() -> None:
    """Without a period there is no date to move; nor once the result is ready."""
    untimed = rules(statutory=None, committed=None)
    given(untimed, RECEIVED).when("03-10 09:00", c.Extend(moment("03-20 17:00"), "…")).then_refused("no_deadline")


def test_a_new_calendar_moves_open_due_moments_and_says_so() -> None:
    """A new day off before the due moment moves it; the revision names old and new and why."""
    longer = replace(OFFICE, off=(*OFFICE.off, date(2026, 3, 11)))
    world = (
        given(RULES, RECEIVED)
        .when("03-10 09:00", c.ReviseCalendar(longer, "nghỉ bù"))
        .then("calendar.revised", "deadline.revised", "deadline.revised")
    )
    assert world.due() == "03-13 17:00"
    told = next(fact.event for fact in world.facts if isinstance(fact.event, e.DeadlineRevised))
    assert told.why == "revise_calendar: nghỉ bù"


def test_a_calendar_that_changes_nothing_here_changes_nothing() -> None:
    """The same version, a calendar that is not pinned, a dossier that is judged already."""
    given(RULES, RECEIVED).when("03-10 09:00", c.ReviseCalendar(OFFICE)).then_nothing()
    other = replace(OFFICE, id="elsewhere")
    given(RULES, RECEIVED).when("03-10 09:00", c.ReviseCalendar(other)).then_nothing()
    longer = replace(OFFICE, off=(*OFFICE.off, date(2026, 3, 11)))
    ready = given(
        RULES,
        RECEIVED,
        at("03-05 09:00", c.CompleteTask("appraise")),
        at("03-05 10:00", c.CompleteTask("approve")),
        at("03-05 11:00", c.IssueResult()),
    )
    ready.when("03-10 09:00", c.ReviseCalendar(longer)).then_nothing()
    closed = given(RULES, RECEIVED, at("03-05 09:00", c.Withdraw()))
    closed.when("03-10 09:00", c.ReviseCalendar(longer)).then_nothing()
