"""Hand-overs between authorities, on both sides."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.decider import decide
from domain.dossier.evolve import evolve, holder
from domain.dossier.handovers import TITLES, Problem
from domain.dossier.rules import Rules
from domain.dossier.state import LinkState
from domain.dossier.view import Status, Waiting
from domain.ids import Stream
from domain.link import messages
from domain.procedure import Silence, Step, SuspensionReason
from tests.domain.dossier.samples import S1, S2, link, rules, stage
from tests.domain.dossier.spec import World, at, given, moment

RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
TAIL = (stage("approve", "8 working_hour"), stage("return"))
ONE = rules(stage("receive"), link("L1"), *TAIL)
TWO = rules(stage("receive"), Step(parallel=(link("L1"), link("L2", S2, "8 working_hour"))), *TAIL)
PART = ONE.for_link("L1")
HANDED_OVER = at("03-02 08:10", c.ReceiveLink("A", "A", "L1", 1, ONE.procedure.id, "sealed"), by="engine")


def answered(link_id: str, outcome: c.LinkOutcome = c.LinkOutcome.AGREED, sequence: int = 1) -> c.NoteLinkAnswered:
    """The answer as it reaches the parent."""
    return c.NoteLinkAnswered(link_id, sequence, outcome, "ý kiến")


def test_a_link_is_handed_over_when_the_route_comes_to_it() -> None:
    """It is the linked authority's time from then on, and nothing can be worked here."""
    world = (
        given(ONE).when("03-02 08:10", RECEIVED.command).then("dossier.received", "link.opened", *["deadline.set"] * 2)
    )
    opened = world.facts[1].event
    assert isinstance(opened, e.LinkOpened)
    assert (opened.link, opened.to, opened.sequence) == ("L1", S1, 1)
    assert world.ahead()[0] == ("link.overdue", "03-02 10:10")
    refusal = given(ONE, RECEIVED).when("03-02 09:00", c.ClaimTask()).then_refused("no_task_open")
    assert refusal.details["awaited"] == ["L1"]


def test_an_answer_lets_the_route_go_on() -> None:
    """Acknowledged and answered; the same answer again changes nothing, another one is refused."""
    world = given(ONE, RECEIVED)
    world.when("03-02 09:00", c.NoteLinkAcknowledged("L1", 1)).then(e.LinkAcknowledged("L1", 1))
    world.when("03-02 09:01", c.NoteLinkAcknowledged("L1", 1)).then_nothing()
    world.when("03-03 09:00", answered("L1")).then("link.answered", "task.opened")
    world.when("03-03 09:01", answered("L1")).then_nothing()
    world.when("03-03 09:02", answered("L1", c.LinkOutcome.DISAGREED)).then_refused("link_answered_differently")


def test_an_answer_may_overtake_the_acknowledgement() -> None:
    """Messages may come in any order: an answer acknowledges too, and the late acknowledgement changes nothing."""
    world = given(ONE, RECEIVED)
    world.when("03-03 09:00", answered("L1")).then("link.acknowledged", "link.answered", "task.opened")
    world.when("03-03 10:00", c.NoteLinkAcknowledged("L1", 1)).then_nothing()


def test_links_of_a_group_run_at_once() -> None:
    """Both open together; the route goes on when both are answered."""
    world = given(TWO, RECEIVED)
    assert [known.to for known in world.world.state.links] == [S1, S2]
    world.when("03-03 09:00", answered("L2", sequence=2)).then("link.acknowledged", "link.answered")
    world.when("03-03 10:00", answered("L1")).then("link.acknowledged", "link.answered", "task.opened")


def test_an_unknown_hand_over_is_refused() -> None:
    """Of another name, or of another sequence."""
    world = given(ONE, RECEIVED)
    world.when("03-03 09:00", answered("L9")).then_refused("link_unknown")
    world.when("03-03 09:00", answered("L1", sequence=2)).then_refused("link_unknown")


def test_silence_is_escalated_by_default() -> None:
    """No acknowledgement in two working hours, no answer in the link's budget: each told once; the link stays."""
    world = given(ONE, RECEIVED).until("12-31 12:00")
    assert world.came_true("link.overdue") == [("link.overdue", "03-02 10:10"), ("link.overdue", "03-04 09:10")]
    assert world.state.links[0].state is LinkState.OPENED


def test_silence_is_consent_where_the_procedure_says_so() -> None:
    """The route goes on at the very moment; an answer that comes later is refused."""
    consenting = rules(stage("receive"), link("L1", silence=Silence.CONSENT), *TAIL)
    world = given(consenting, RECEIVED, at("03-02 09:00", c.NoteLinkAcknowledged("L1", 1)))
    world.until("03-04 09:11")
    assert world.world.came_true("link.overdue", "link.consented", "task.opened") == [
        ("link.overdue", "03-04 09:10"),
        ("link.consented", "03-04 09:10"),
        ("task.opened", "03-04 09:10"),
    ]
    world.when("03-05 09:00", answered("L1")).then_refused("link_closed")


def test_a_part_begins_with_its_hand_over() -> None:
    """Under its own route and budget; its receive stage waits to be acknowledged."""
    world = given(PART).when("03-02 08:10", HANDED_OVER.command).then("link.received", "task.opened", "deadline.set")
    view = world.view()
    assert (view.authority, view.root, view.applicant) == (S1, "A", "sealed")
    assert world.due() == "03-04 09:10"
    given(PART, HANDED_OVER).when("03-02 08:11", HANDED_OVER.command).then_nothing()


def test_a_part_is_acknowledged_worked_and_answered() -> None:
    """Its end hands the outcome to the parent."""
    world = given(PART, HANDED_OVER)
    world.when("03-02 09:00", c.AcknowledgeLink()).then("link.acknowledged", "task.completed", "task.opened")
    world.when("03-02 09:01", c.AcknowledgeLink()).then_refused("already_acknowledged")
    world.when("03-02 10:00", c.AnswerLink()).then_refused("part_not_finished")
    world.when("03-02 10:00", c.CompleteTask("appraise")).then("task.completed", "task.opened")
    world.when("03-02 11:00", c.AnswerLink(c.LinkOutcome.DISAGREED, "không đủ")).then(
        "task.completed",
        e.LinkAnswered("L1", 1, c.LinkOutcome.DISAGREED, "không đủ"),
        "result.issued",
        e.DossierClosed(e.Ending.ANSWERED),
    )
    assert world.world.view().portal_state == 9


def test_commands_of_the_root_are_not_for_a_part() -> None:
    """And those of a part not for the root."""
    part = given(PART, HANDED_OVER, at("03-02 09:00", c.AcknowledgeLink()))
    for command in (c.IssueResult(), c.ReturnResult(), c.Withdraw(), c.Stop("…")):
        part.when("03-03 09:00", command).then_refused("linked_part")
    root = given(ONE, RECEIVED)
    for own in (c.AcknowledgeLink(), c.AnswerLink()):
        root.when("03-03 09:00", own).then_refused("not_a_linked_part")


def test_what_ends_the_root_recalls_its_parts() -> None:
    """Withdrawn or stopped: every open hand-over is recalled, and the part ends."""
    world = (
        given(TWO, RECEIVED)
        .when("03-03 09:00", c.Stop("…"))
        .then("link.recalled", "link.recalled", "dossier.stopped", "dossier.closed")
    )
    assert all(known.state is LinkState.RECALLED for known in world.state.links)
    part = given(PART, HANDED_OVER)
    part.when("03-03 09:00", c.RecallLink(1, "stopped")).then("link.recalled", e.DossierClosed(e.Ending.RECALLED))
    part.when("03-03 09:01", c.RecallLink(1, "stopped")).then_nothing()
    assert part.world.state.status is Status.CLOSED


def test_a_part_that_waits_for_the_citizen_holds_the_parents_clock() -> None:
    """The appointment covers the whole chain; the parent's clock stands with the part's, and goes on with it."""
    world = given(ONE, RECEIVED)
    reason = SuspensionReason.SUPPLEMENT
    world.when("03-03 09:00", c.NoteLinkSuspended("L1", 1, reason)).then("clock.suspended")
    world.when("03-03 09:01", c.NoteLinkSuspended("L1", 1, reason)).then_nothing()
    assert world.world.due() is None
    world.when("03-05 09:00", c.NoteLinkResumed("L1", 1, reason)).then("clock.resumed", *["deadline.revised"] * 2)
    world.when("03-05 09:01", c.NoteLinkResumed("L1", 1, reason)).then_nothing()
    assert world.world.due() == "03-16 17:00"


def test_a_part_whose_citizen_does_not_answer_disagrees() -> None:
    """The part ends and tells its parent that it could not be done."""
    world: World = given(
        PART, HANDED_OVER, at("03-02 09:00", c.AcknowledgeLink()), at("03-02 10:00", c.RequestSupplement("…"))
    ).until("03-24 08:00")
    assert world.types()[-3:] == ["supplement.expired", "link.answered", "dossier.closed"]


def test_links_that_were_answered_stay_answered() -> None:
    """Work that is sent back past a link does not ask the other authority again."""
    again = rules(stage("receive"), stage("appraise"), link("L1"), *TAIL)
    world = given(
        again,
        RECEIVED,
        at("03-03 09:00", c.CompleteTask("appraise")),
        at("03-04 09:00", answered("L1")),
        at("03-05 09:00", c.CompleteTask("approve", c.TaskOutcome.REWORK, "appraise")),
    )
    done = world.when("03-06 09:00", c.CompleteTask("appraise")).then("task.completed", "task.opened")
    assert done.state.task is not None
    assert done.state.task.stage_id == "approve"


def nested() -> Rules:
    """A part that consults a third authority."""
    inner = link("L2", S2, "4 working_hour", route=(stage("receive"), stage("return")))
    return rules(stage("receive"), link("L1", route=(stage("receive"), inner, stage("return"))), *TAIL)


def test_a_part_may_hand_over_in_turn() -> None:
    """Its own link opens once it is acknowledged; recalled, it recalls its own."""
    world = given(nested().for_link("L1"), HANDED_OVER)
    world.when("03-02 09:00", c.AcknowledgeLink()).then("link.acknowledged", "task.completed", "link.opened")
    world.when("03-02 10:00", c.AnswerLink()).then_refused("no_task_open")
    world.when("03-02 11:00", c.RecallLink(1)).then("link.recalled", "link.recalled", "dossier.closed")
    assert nested().for_link("L2").procedure.authority == S2


def test_a_part_that_is_not_theirs_is_handed_back() -> None:
    """With a reason; what it had opened itself ends with it, and its parent learns why."""
    world = given(PART, HANDED_OVER)
    world.when("03-02 09:00", c.HandBackLink(" ")).then_refused("reason_missing")
    world.when("03-02 09:00", c.HandBackLink("không thuộc thẩm quyền")).then(
        e.LinkHandedBack("L1", 1, "không thuộc thẩm quyền"), e.DossierClosed(e.Ending.HANDED_BACK)
    )
    inner = given(nested().for_link("L1"), HANDED_OVER, at("03-02 09:00", c.AcknowledgeLink()))
    inner.when("03-02 10:00", c.HandBackLink("…")).then("link.recalled", "link.handed_back", "dossier.closed")
    given(ONE, RECEIVED).when("03-02 09:00", c.HandBackLink("…")).then_refused("not_a_linked_part")


def test_what_is_handed_back_waits_for_a_decision() -> None:
    """The route does not go on by itself, the time is the authority's own again, and the worklist says so."""
    world = given(ONE, RECEIVED)
    world.when("03-03 09:00", c.NoteLinkHandedBack("L1", 1, "…")).then(e.LinkHandedBack("L1", 1, "…"))
    world.when("03-03 09:01", c.NoteLinkHandedBack("L1", 1, "…")).then_nothing()
    view = world.world.view()
    assert [(task.title, task.authority, task.opened_at) for task in view.tasks] == [
        (TITLES[Problem.HANDED_BACK], ONE.procedure.authority, moment("03-03 09:00"))
    ]
    assert view.waiting is Waiting.OFFICER
    assert holder(world.world.state) == ONE.procedure.authority
    assert "link.overdue" not in [kind for kind, _ in world.world.ahead()]
    world.when("03-03 10:00", c.IssueResult()).then_refused("not_approved")
    world.when("03-03 10:00", answered("L1")).then_refused("link_closed")


def test_it_is_handed_over_anew_to_another_authority() -> None:
    """As a new hand-over with a part of its own; the answer to that one counts."""
    world = given(ONE, RECEIVED, at("03-03 09:00", c.NoteLinkHandedBack("L1", 1, "…")))
    world.when("03-03 10:00", c.ReopenLink("L1", S2)).then_refused("reason_missing")
    world.when("03-03 10:00", c.ReopenLink("L9", S2, "…")).then_refused("link_unknown")
    world.when("03-03 10:00", c.ReopenLink("L1", ONE.procedure.authority, "…")).then_refused("link_circle")
    world.when("03-03 10:00", c.ReopenLink("L1", S2, "đúng cơ quan")).then("link.opened")
    opened = world.world.facts[-1].event
    assert isinstance(opened, e.LinkOpened)
    assert (opened.to, opened.sequence, opened.attempt, opened.reason) == (S2, 2, 2, "đúng cơ quan")
    assert not world.world.view().tasks
    world.when("03-03 10:01", c.ReopenLink("L1", S1, "…")).then_refused("link_not_back")
    world.when("03-03 11:00", answered("L1")).then_refused("link_closed")
    world.when("03-04 09:00", answered("L1", sequence=2)).then("link.acknowledged", "link.answered", "task.opened")


def test_the_second_addressee_works_by_its_own_rules() -> None:
    """What the first one would have worked is the second one's work; the part is a stream of its own."""
    state = given(ONE, RECEIVED, at("03-03 09:00", c.NoteLinkHandedBack("L1", 1))).world.state
    order = at("03-03 10:00", c.ReopenLink("L1", S2, "…"))
    events = decide(ONE, state, order)
    for version, event in enumerate(events, state.version + 1):
        state = evolve(state, e.Fact(event, version, order.at, order.at))
    (message,) = messages(Stream("A"), state, order, events)
    assert (message.to, message.authority, message.opens) == (Stream("A/L1.2"), S2, "L1")
    fixed = rules(stage("receive"), link("L1", route=(stage("receive", authority=S1), stage("return"))), *TAIL)
    part = fixed.for_link("L1", S2).procedure
    assert (part.authority, [step.authority for step in part.route]) == (S2, [None, None])
    assert ONE.for_link("L1", S1) == ONE.for_link("L1")


def test_an_open_part_is_taken_back() -> None:
    """Its part is told to end; what comes of it later comes too late."""
    world = given(ONE, RECEIVED)
    world.when("03-03 09:00", c.TakeBackLink("L1")).then_refused("reason_missing")
    done = world.when("03-03 09:00", c.TakeBackLink("L1", "chuyển nhầm"))
    done.then(e.LinkRecalled("L1", 1, "chuyển nhầm"))
    world.when("03-03 09:01", c.TakeBackLink("L1", "…")).then_refused("link_closed")
    world.when("03-03 09:02", answered("L1")).then_refused("link_closed")
    assert [task.title for task in world.world.view().tasks] == [TITLES[Problem.TAKEN_BACK]]
    world.when("03-03 10:00", c.ReopenLink("L1", None, "…")).then("link.opened")
    assert world.world.state.links[-1].to == S1


def test_a_route_may_go_on_without_an_answer() -> None:
    """By an officer's decision: the open hand-over is recalled first; others of its group are still waited for."""
    world = given(TWO, RECEIVED)
    world.when("03-03 09:00", c.SkipLink("L1")).then_refused("reason_missing")
    world.when("03-03 09:00", c.SkipLink("L1", "không cần")).then("link.recalled", e.LinkSkipped("L1", 1, "không cần"))
    world.when("03-03 10:00", c.SkipLink("L1", "…")).then_refused("link_closed")
    world.when("03-03 11:00", answered("L2", sequence=2)).then("link.acknowledged", "link.answered", "task.opened")


def test_a_group_waits_for_what_came_back() -> None:
    """An answer from the other authority does not let the route run past an undecided part."""
    world = given(TWO, RECEIVED, at("03-03 09:00", c.NoteLinkHandedBack("L1", 1, "…")))
    world.when("03-03 11:00", answered("L2", sequence=2)).then("link.acknowledged", "link.answered")
    world.when("03-03 12:00", c.SkipLink("L1", "…")).then(e.LinkSkipped("L1", 1, "…"), "task.opened")


def test_a_part_that_ends_holds_no_clock() -> None:
    """Answered, handed back or taken back while it stood still: the parent's clock runs again with that."""
    reason = SuspensionReason.VERIFICATION
    held = (RECEIVED, at("03-03 09:00", c.NoteLinkSuspended("L1", 1, reason)))
    for command in (answered("L1"), c.NoteLinkHandedBack("L1", 1, "…"), c.TakeBackLink("L1", "…")):
        world = given(ONE, *held)
        assert world.world.due() is None
        world.world.carry_out(at("03-05 09:00", command))
        assert all(stay.end == moment("03-05 09:00") for stay in world.world.state.stays)
        assert world.world.due() is not None


def test_silence_stands_in_the_worklist_until_it_is_broken() -> None:
    """First that nobody acknowledged, then that nobody answered; an acknowledgement ends the first."""
    world = given(ONE, RECEIVED).until("03-02 10:11")
    assert [task.title for task in world.view().tasks] == [TITLES[Problem.UNACKNOWLEDGED]]
    world.carry_out(at("03-02 10:30", c.NoteLinkAcknowledged("L1", 1)))
    assert not world.view().tasks
    world.let_pass(moment("03-04 09:11"))
    assert [task.title for task in world.view().tasks] == [TITLES[Problem.UNANSWERED]]
    world.carry_out(at("03-05 09:00", answered("L1")))
    assert [task.stage for task in world.view().tasks] == ["approve"]
