"""Officers' work: claim, release, delegate, complete; rework and what it takes back."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.procedure import StageKind
from tests.domain.dossier.samples import HOA, LAN, rules, stage
from tests.domain.dossier.spec import at, given

RULES = rules()
RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
APPRAISED = at("03-03 09:00", c.CompleteTask("appraise"))
APPROVED = at("03-04 09:00", c.CompleteTask("approve"))
ISSUED = at("03-04 10:00", c.IssueResult())
TWICE = rules(
    stage("receive"),
    stage("appraise", "8 working_hour", id="so-bo"),
    stage("appraise", "8 working_hour"),
    stage("appraise", "8 working_hour"),
    stage("approve"),
    stage("return"),
)


def test_a_task_is_held_by_one_officer() -> None:
    """Claimed once; the same again and another's claim are refused, each in its own words."""
    claimed = given(RULES, RECEIVED, at("03-02 09:00", c.ClaimTask(), by="lan"))
    claimed.when("03-02 10:00", c.ClaimTask(), by="lan").then_refused("task_already_claimed")
    claimed.when("03-02 10:00", c.ClaimTask(), by="hoa").then_refused("task_claimed_by_another")
    assert claimed.world.view().tasks[0].officer == LAN


def test_who_stands_in_claims_for_the_absent_officer() -> None:
    """The task is his, so that he finds it when he is back; until then either may work it."""
    received = given(RULES, RECEIVED)
    received.when("03-02 09:00", c.ClaimTask(), by="hoa", behalf="lan").then(
        e.TaskClaimed("T1", StageKind.APPRAISE, LAN)
    )
    received.when("03-02 09:30", c.ClaimTask(), by="hoa", behalf="lan").then_refused("task_already_claimed")
    received.when("03-02 10:00", c.CompleteTask("appraise"), by="hoa").then_refused("task_claimed_by_another")
    received.when("03-02 10:00", c.CompleteTask("appraise"), by="lan").then("task.completed", "task.opened")


def test_a_claim_needs_an_officer() -> None:
    """Nobody claims nothing."""
    given(RULES, RECEIVED).when("03-02 09:00", c.ClaimTask(), by="").then_refused("officer_missing")


def test_a_task_that_is_given_back_can_be_claimed_by_another() -> None:
    """Only who holds it can give it back."""
    claimed = given(RULES, RECEIVED, at("03-02 09:00", c.ClaimTask(), by="lan"))
    claimed.when("03-02 10:00", c.ReleaseTask(), by="hoa").then_refused("task_claimed_by_another")
    claimed.when("03-02 10:00", c.ReleaseTask(), by="lan").then(e.TaskReleased("T1", StageKind.APPRAISE, LAN))
    claimed.when("03-02 10:01", c.ReleaseTask(), by="lan").then_refused("task_not_claimed")
    claimed.when("03-02 11:00", c.ClaimTask(), by="hoa").then("task.claimed")


def test_a_task_is_passed_on() -> None:
    """By who holds it, or while nobody does; not to who has it already."""
    received = given(RULES, RECEIVED)
    received.when("03-02 09:00", c.DelegateTask(HOA)).then(e.TaskDelegated("T1", StageKind.APPRAISE, HOA))
    received.when("03-02 10:00", c.DelegateTask(LAN), by="lan").then_refused("task_claimed_by_another")
    received.when("03-02 10:00", c.DelegateTask(HOA), by="hoa").then_refused("task_already_claimed")
    passed = e.TaskDelegated("T1", StageKind.APPRAISE, LAN, HOA, "nghỉ phép")
    received.when("03-02 10:00", c.DelegateTask(LAN, reason="nghỉ phép"), by="hoa").then(passed)


def test_a_claimed_task_is_completed_by_its_holder_or_in_his_stead() -> None:
    """Another officer needs to act on his behalf."""
    claimed = given(RULES, RECEIVED, at("03-02 09:00", c.ClaimTask(), by="lan"))
    claimed.when("03-03 09:00", c.CompleteTask("appraise"), by="hoa").then_refused("task_claimed_by_another")
    claimed.when("03-03 09:00", c.CompleteTask("appraise"), by="hoa", behalf="lan").then(
        "task.completed", "task.opened"
    )


def test_only_the_open_stage_can_be_worked() -> None:
    """By its kind, its own name or its task's number; any other is not open."""
    received = given(RULES, RECEIVED)
    for command in (
        c.CompleteTask("approve"),
        c.ClaimTask("approve"),
        c.ReleaseTask("return"),
        c.DelegateTask(HOA, "x"),
    ):
        received.when("03-02 09:00", command).then_refused("stage_not_open")
    received.when("03-02 09:00", c.ClaimTask("T1")).then("task.claimed")


def test_stages_of_one_kind_are_told_apart() -> None:
    """By their own id, or by their number."""
    received = given(TWICE, RECEIVED)
    assert [received.world.state.task and received.world.state.task.stage_id] == ["so-bo"]
    received.when("03-02 09:00", c.CompleteTask("so-bo")).then("task.completed", "task.opened")
    received.when("03-02 10:00", c.CompleteTask("so-bo")).then_refused("stage_not_open")
    received.when("03-02 10:00", c.CompleteTask("appraise")).then("task.completed", "task.opened")
    received.when("03-02 11:00", c.CompleteTask("appraise-2")).then("task.completed", "task.opened")


def test_the_last_approval_decides() -> None:
    """Forward at the approve stage is the approval; the return stage opens."""
    world = (
        given(RULES, RECEIVED, APPRAISED)
        .when("03-04 09:00", c.CompleteTask("approve"))
        .then("task.completed", "result.approved", "task.opened")
    )
    assert world.state.approved is True


def test_the_ends_of_a_route_have_their_own_commands() -> None:
    """Receiving and returning are no plain tasks."""
    submitted = given(RULES, at("03-02 08:10", c.Submit(RULES.procedure.id)))
    submitted.when("03-02 09:00", c.CompleteTask("receive")).then_refused("dossier_not_received")
    at_return = given(RULES, RECEIVED, APPRAISED, APPROVED)
    refusal = at_return.when("03-05 09:00", c.CompleteTask("return")).then_refused("wrong_command_for_stage")
    assert "return_result" in str(refusal)


def test_rework_goes_back_to_an_earlier_stage() -> None:
    """To the one before, or to a named one; never forward, and never to the receipt."""
    appraised = given(RULES, RECEIVED, APPRAISED)
    for target in ("return", "approve", "receive", "nothing"):
        command = c.CompleteTask("approve", c.TaskOutcome.REWORK, target)
        appraised.when("03-04 09:00", command).then_refused("unknown_stage")
    world = appraised.when("03-04 09:00", c.CompleteTask("approve", c.TaskOutcome.REWORK)).then(
        "task.completed", "task.opened"
    )
    assert world.state.task is not None
    assert (world.state.task.stage_id, world.state.task.id) == ("appraise", "T3")
    first = given(RULES, RECEIVED)
    first.when("03-03 09:00", c.CompleteTask("appraise", c.TaskOutcome.REWORK)).then_refused("unknown_stage")


def test_rework_behind_the_decision_takes_it_back() -> None:
    """Sent back from the return desk to appraisal, the approval is void and must be given again."""
    approved = given(RULES, RECEIVED, APPRAISED, APPROVED)
    back = c.CompleteTask("return", c.TaskOutcome.REWORK, "appraise")
    world = approved.when("03-05 09:00", back).then("task.completed", "task.opened")
    assert world.state.approved is None
    approved.when("03-05 10:00", c.IssueResult()).then_refused("not_approved")
    approved.when("03-05 10:00", c.CompleteTask("appraise")).then("task.completed", "task.opened")
    approved.when("03-05 11:00", c.CompleteTask("approve")).then("task.completed", "result.approved", "task.opened")


def test_rework_after_the_decision_keeps_it() -> None:
    """Work that goes back only to what follows the decision leaves it standing."""
    route = (stage("receive"), stage("approve"), stage("issue"), stage("other"), stage("return"))
    world = given(
        rules(*route),
        RECEIVED,
        at("03-03 09:00", c.CompleteTask("approve")),
        at("03-03 10:00", c.CompleteTask("issue")),
    )
    world.when("03-03 11:00", c.CompleteTask("other", c.TaskOutcome.REWORK, "issue")).then(
        "task.completed", "task.opened"
    )
    assert world.world.state.approved is True


def test_a_rejection_leads_past_the_decision() -> None:
    """Turned down at appraisal, nobody need approve it; the result says so and is returned."""
    world = (
        given(RULES, RECEIVED)
        .when("03-03 09:00", c.CompleteTask("appraise", c.TaskOutcome.REJECT, note="sai"))
        .then("task.completed", e.ResultRejected("appraise", "sai"), "task.opened")
    )
    assert world.state.approved is False
    assert [task.stage for task in world.view().tasks] == ["return"]


def test_nothing_is_taken_back_once_the_result_is_ready() -> None:
    """After the result neither rework nor rejection is possible."""
    ready = given(RULES, RECEIVED, APPRAISED, APPROVED, ISSUED)
    for outcome in (c.TaskOutcome.REWORK, c.TaskOutcome.REJECT):
        ready.when("03-05 09:00", c.CompleteTask("return", outcome)).then_refused("result_already_issued")


def test_texts_have_a_limit() -> None:
    """What is longer belongs into a document."""
    long = "x" * (c.MAX_TEXT + 1)
    given(RULES, RECEIVED).when("03-03 09:00", c.CompleteTask("appraise", note=long)).then_refused("text_too_long")
    given(RULES, RECEIVED).when("03-03 09:00", c.CompleteTask("appraise", note=long[1:])).then(
        "task.completed", "task.opened"
    )


def test_nothing_happens_before_the_receipt_or_in_the_future() -> None:
    """What is keyed lies between the receipt and now."""
    received = given(RULES, RECEIVED)
    received.when("03-03 09:00", c.ClaimTask(), occurred="03-02 08:09").then_refused("occurred_before_receipt")
    received.when("03-03 09:00", c.ClaimTask(), occurred="03-03 09:01").then_refused("occurred_in_future")
    received.when("03-03 09:00", c.ClaimTask(), occurred="03-02 08:10").then("task.claimed")


def test_an_officer_who_is_named_twice_is_still_one() -> None:
    """A task of officer ``lan`` may be released by a colleague on lan's behalf."""
    claimed = given(RULES, RECEIVED, at("03-02 09:00", c.ClaimTask(), by="lan"))
    claimed.when("03-02 10:00", c.ReleaseTask(), by="hoa", behalf="lan").then("task.released")
