"""The ends of a dossier: result ready and returned, withdrawn, stopped; and how it is judged."""

import pytest

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.view import Status, Timeliness
from tests.domain.dossier.samples import rules, stage
from tests.domain.dossier.spec import World, at, given, moment

RULES = rules()
RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
APPROVED = (at("03-04 09:00", c.CompleteTask("appraise")), at("03-05 09:00", c.CompleteTask("approve")))


def ready(when: str, occurred: str | None = None) -> World:
    """A dossier whose result was issued then."""
    return given(RULES, RECEIVED, *APPROVED, at(when, c.IssueResult("12/QD"), occurred=occurred)).world


def test_a_result_needs_a_decision() -> None:
    """Approved or rejected first; then once."""
    given(RULES, RECEIVED).when("03-03 09:00", c.IssueResult()).then_refused("not_approved")
    approved = given(RULES, RECEIVED, *APPROVED)
    approved.when("03-06 09:00", c.IssueResult("12/QD")).then(e.ResultIssued("12/QD"))
    approved.when("03-06 10:00", c.IssueResult()).then_refused("result_already_issued")
    assert (approved.world.state.status, approved.world.view().portal_state) == (Status.READY, 9)


def test_an_issue_stage_is_completed_by_the_result() -> None:
    """Its task ends with it and the return stage opens."""
    route = (stage("receive"), stage("approve"), stage("issue", "4 working_hour"), stage("return"))
    world = given(rules(*route), RECEIVED, at("03-03 09:00", c.CompleteTask("approve")))
    world.when("03-03 10:00", c.IssueResult()).then("task.completed", "result.issued", "task.opened")


def test_a_route_without_approval_yields_its_result_at_its_end() -> None:
    """Where nobody approves, the result is ready once only issuing and returning are left."""
    route = (stage("receive"), stage("appraise"), stage("return"))
    received = given(rules(*route), RECEIVED)
    received.when("03-03 09:00", c.IssueResult()).then_refused("not_approved")
    received.when("03-03 09:00", c.CompleteTask("appraise")).then("task.completed", "task.opened")
    received.when("03-03 10:00", c.IssueResult()).then("result.issued")


def test_a_result_is_returned_once_it_is_ready() -> None:
    """The return completes its stage and closes the dossier."""
    given(RULES, RECEIVED, *APPROVED).when("03-06 09:00", c.ReturnResult()).then_refused("result_not_issued")
    world = ready("03-06 09:00")
    given_ready = given(RULES, RECEIVED, *APPROVED, at("03-06 09:00", c.IssueResult()))
    given_ready.when("03-09 09:00", c.ReturnResult(c.ReturnMethod.ONLINE)).then(
        "task.completed", e.ResultReturned(c.ReturnMethod.ONLINE), e.DossierClosed(e.Ending.RETURNED)
    )
    assert given_ready.world.view().portal_state == 10
    assert world.ahead() == []


def test_a_result_is_not_returned_past_open_stages() -> None:
    """A stage between result and return must be worked first."""
    route = (stage("receive"), stage("approve"), stage("other"), stage("return"))
    world = given(
        rules(*route), RECEIVED, at("03-03 09:00", c.CompleteTask("approve")), at("03-03 10:00", c.IssueResult())
    )
    world.when("03-03 11:00", c.ReturnResult()).then_refused("stage_not_open")


def test_what_is_ready_is_not_overdue() -> None:
    """The result counts, not its collection: nothing falls due while it waits at the desk."""
    world = ready("03-06 09:00")
    world.let_pass(moment("12-31 12:00"))
    assert world.came_true("dossier.overdue", "dossier.reminded", "apology.due") == []


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("03-11 16:59", Timeliness.EARLY),
        ("03-11 23:59", Timeliness.EARLY),
        ("03-12 00:00", Timeliness.ON_TIME),
        ("03-12 17:00", Timeliness.ON_TIME),
        ("03-12 17:00:01", Timeliness.LATE),
    ],
)
def test_the_result_is_judged_by_the_committed_date(when: str, expected: Timeliness) -> None:
    """Before its day early, on it on time, a second later late."""
    assert ready(when).view().timeliness is expected


def test_a_result_keyed_late_is_late_in_the_record_only() -> None:
    """Ready on Wednesday, keyed on Friday: early in the world, late as recorded."""
    view = ready("03-13 09:00", occurred="03-11 16:00").view()
    assert (view.timeliness, view.timeliness_as_recorded) == (Timeliness.EARLY, Timeliness.LATE)


@pytest.mark.parametrize(
    ("command", "events", "state"),
    [
        (c.Withdraw("đổi ý"), (e.DossierWithdrawn("đổi ý"), e.DossierClosed(e.Ending.WITHDRAWN)), 7),
        (c.Stop("trùng"), (e.DossierStopped("trùng"), e.DossierClosed(e.Ending.STOPPED)), 8),
    ],
    ids=["withdraw", "stop"],
)
def test_a_dossier_may_end_without_a_result(command: c.Command, events: tuple[e.Event, ...], state: int) -> None:
    """As long as none is ready: the task is gone, nothing is due any more."""
    world = given(RULES, RECEIVED).when("03-03 09:00", command).then(*events)
    assert (world.view().portal_state, world.view().tasks, world.ahead()) == (state, (), [])
    too_late = given(RULES, RECEIVED, *APPROVED, at("03-06 09:00", c.IssueResult()))
    too_late.when("03-06 10:00", command).then_refused("result_already_issued")


def test_a_submission_may_be_withdrawn() -> None:
    """What was never received is no resolved dossier."""
    world = (
        given(RULES, at("03-02 08:10", c.Submit(RULES.procedure.id)))
        .when("03-02 09:00", c.Withdraw())
        .then("dossier.withdrawn", "dossier.closed")
    )
    assert world.view().timeliness is None
