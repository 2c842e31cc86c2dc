"""The citizen is asked once for what is missing; meanwhile the clocks stand, start anew or run on."""

import pytest

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.view import Status, Waiting
from domain.period import parse_period
from domain.procedure import Effect, SuspensionReason
from tests.domain.dossier.samples import HOA, rules
from tests.domain.dossier.spec import at, given, moment

RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
ASKED = at("03-04 09:00", c.RequestSupplement("thiếu bản sao", ("bansao",)))
APPRAISED = at("03-03 09:00", c.CompleteTask("appraise"))
RULES = rules()


def test_the_citizen_is_asked_with_a_limit() -> None:
    """Fifteen working days where the procedure says nothing; the clocks pause and nothing is overdue meanwhile."""
    world = (
        given(RULES, RECEIVED)
        .when("03-04 09:00", c.RequestSupplement("thiếu", ("bansao",)))
        .then("supplement.requested", e.ClockSuspended(SuspensionReason.SUPPLEMENT, Effect.PAUSE))
    )
    assert world.ahead() == [("supplement.expired", "03-25 17:00")]
    view = world.view()
    assert (view.portal_state, view.waiting, view.committed_due, view.supplements) == (5, Waiting.CITIZEN, None, 1)


def test_the_procedures_own_limit_holds() -> None:
    """A limit of the procedure goes before the law's."""
    short = rules(supplement_limit=parse_period("3 working_day"))
    assert given(short, RECEIVED, ASKED).world.ahead() == [("supplement.expired", "03-09 17:00")]


def test_the_answer_lets_the_clocks_go_on() -> None:
    """Paused from Wednesday to Friday: what remained is counted on, and the revision is told."""
    world = (
        given(RULES, RECEIVED, ASKED)
        .when("03-06 09:00", c.ProvideSupplement(("bansao",)))
        .then("supplement.provided", "clock.resumed", "deadline.revised", "deadline.revised", "deadline.revised")
    )
    assert world.due() == "03-16 17:00"
    assert world.state.components == ("don", "bansao")
    revised = [fact.event for fact in world.facts if isinstance(fact.event, e.DeadlineRevised)]
    assert [(event.clock, event.old < event.new) for event in revised] == [
        (e.ClockName.STATUTORY, True),
        (e.ClockName.COMMITTED, True),
        (e.ClockName.STAGE, True),
    ]


def test_where_the_procedure_restarts_the_period_is_counted_afresh() -> None:
    """From zero, from the answer on."""
    afresh = rules(on_supplement=Effect.RESTART)
    asked = given(afresh, RECEIVED, ASKED)
    assert asked.world.due() is None
    world = asked.when("03-06 09:00", c.ProvideSupplement()).then(
        "supplement.provided", "clock.restarted", "deadline.revised", "deadline.revised", "deadline.revised"
    )
    assert world.due() == "03-18 17:00"


def test_where_the_procedure_runs_on_nothing_moves() -> None:
    """No suspension, no revision; the dossier may become overdue while it waits."""
    on = rules(on_supplement=Effect.RUN_ON)
    asked = given(on, RECEIVED).when("03-04 09:00", c.RequestSupplement("…")).then("supplement.requested")
    assert asked.due() == "03-12 17:00"
    given(on, RECEIVED, ASKED).when("03-06 09:00", c.ProvideSupplement()).then("supplement.provided")


def test_once_a_stage() -> None:
    """A second request at the same stage is refused; another stage, or another legal basis, may ask again."""
    answered = given(RULES, RECEIVED, ASKED, at("03-05 09:00", c.ProvideSupplement()))
    answered.when("03-06 09:00", c.RequestSupplement("…")).then_refused("supplement_already_requested")
    answered.when("03-06 09:00", c.RequestSupplement("…", legal_basis="Điều 7")).then(
        "supplement.requested", "clock.suspended"
    )
    forward = given(
        RULES, RECEIVED, ASKED, at("03-05 09:00", c.ProvideSupplement()), at("03-06 09:00", c.CompleteTask("appraise"))
    )
    forward.when("03-09 09:00", c.RequestSupplement("…")).then("supplement.requested", "clock.suspended")


def test_a_procedure_may_allow_more() -> None:
    """``supplements_per_stage`` is the procedure's."""
    twice = given(rules(supplements_per_stage=2), RECEIVED, ASKED, at("03-05 09:00", c.ProvideSupplement()))
    twice.when("03-06 09:00", c.RequestSupplement("…")).then("supplement.requested", "clock.suspended")


@pytest.mark.parametrize(
    "command",
    [
        c.CompleteTask("appraise"),
        c.ClaimTask(),
        c.RequestSupplement("…"),
        c.RequirePayment(1000),
        c.Suspend(),
        c.Resume(),
        c.IssueResult(),
        c.ReturnResult(),
        c.RecordFeedback(3),
        c.DelegateTask(HOA),
    ],
    ids=c.name_of,
)
def test_while_the_answer_is_awaited_little_is_taken(command: c.Command) -> None:
    """Only the answer, a withdrawal, a stop, a correction and form 04."""
    given(RULES, RECEIVED, ASKED).when("03-05 09:00", command).then_refused("supplement_awaited")


@pytest.mark.parametrize(
    "command",
    [
        c.ProvideSupplement(),
        c.Withdraw(),
        c.Stop("…"),
        c.Correct("dossier.received", "channel", "post", "keyed wrongly", HOA),
        c.Extend(moment("04-20 17:00"), "…"),
    ],
    ids=c.name_of,
)
def test_what_is_taken_while_the_answer_is_awaited(command: c.Command) -> None:
    """Each of these leads to something."""
    world = given(RULES, RECEIVED, ASKED)
    assert world.world.carry_out(at("03-05 09:00", command))


def test_no_answer_ends_the_dossier() -> None:
    """When the limit has passed it is stopped: portal state 8."""
    world = given(RULES, RECEIVED, ASKED).until("03-26 08:00")
    assert world.came_true("supplement.expired", "dossier.stopped", "dossier.closed") == [
        ("supplement.expired", "03-25 17:00"),
        ("dossier.stopped", "03-25 17:00"),
        ("dossier.closed", "03-25 17:00"),
    ]
    assert (world.state.status, world.view().portal_state) == (Status.CLOSED, 8)
    assert world.ahead() == []


def test_an_answer_at_the_last_moment_counts() -> None:
    """Recorded at the very limit it is in time; a second later the dossier is closed."""
    asked = given(RULES, RECEIVED, ASKED)
    asked.when("03-25 17:00", c.ProvideSupplement()).then(
        "supplement.provided", "clock.resumed", *["deadline.revised"] * 3
    )
    late = given(RULES, RECEIVED, ASKED)
    late.when("03-25 17:00:01", c.ProvideSupplement()).then_refused("dossier_closed")


def test_an_answer_that_nobody_asked_for() -> None:
    """Or that lies before the question."""
    given(RULES, RECEIVED).when("03-05 09:00", c.ProvideSupplement()).then_refused("no_supplement_awaited")
    given(RULES, RECEIVED, ASKED).when("03-05 09:00", c.ProvideSupplement(), occurred="03-03 09:00").then_refused(
        "ends_before_start"
    )


def test_a_result_needs_no_supplement() -> None:
    """Once it is ready it is too late to ask."""
    ready = given(
        RULES,
        RECEIVED,
        APPRAISED,
        at("03-04 09:00", c.CompleteTask("approve")),
        at("03-04 10:00", c.IssueResult()),
    )
    ready.when("03-05 09:00", c.RequestSupplement("…")).then_refused("result_already_issued")


def test_a_submitted_dossier_may_be_supplemented_before_it_is_received() -> None:
    """Online intake asks too; the period begins with the receipt."""
    asked = given(RULES, at("03-02 08:10", c.Submit(RULES.procedure.id))).when("03-02 09:00", c.RequestSupplement("…"))
    asked.then("supplement.requested", "clock.suspended")
