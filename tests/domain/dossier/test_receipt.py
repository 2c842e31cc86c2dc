"""Coming in: submitted online, received at the desk, or refused."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.view import Status
from domain.ids import AuthorityId, ProcedureCode
from domain.procedure import ChecklistPolicy, CutOff, StageKind
from tests.domain.dossier.samples import FOUR_STEPS, X1, rules, stage
from tests.domain.dossier.spec import at, given, moment

RULES = rules()
RECEIVE = c.Receive(procedure=ProcedureCode("P1"), components=("don",))
SUBMIT = c.Submit(ProcedureCode("P1"), components=("don",))


def test_a_receipt_opens_the_next_stage_and_promises_a_date() -> None:
    """The receive stage is done with the receipt; both appointments are told at once."""
    world = (
        given(RULES)
        .when("03-02 08:10", RECEIVE)
        .then("dossier.received", "task.opened", "deadline.set", "deadline.set")
    )
    received, opened, statutory, committed = (fact.event for fact in world.facts)
    assert isinstance(received, e.DossierReceived)
    assert (received.procedure, received.channel, received.received_by) == ("P1", c.Channel.DIRECT, X1)
    assert received.procedure_version == RULES.procedure_version
    assert isinstance(opened, e.TaskOpened)
    assert (opened.task, opened.stage, opened.role) == ("T1", StageKind.APPRAISE, "specialist")
    assert isinstance(statutory, e.DeadlineSet)
    assert statutory.due == moment("03-16 17:00")
    assert isinstance(committed, e.DeadlineSet)
    assert committed.due == moment("03-12 17:00")


def test_a_receipt_pins_all_rules() -> None:
    """Procedure, calendars and the law's defaults are pinned by their versions."""
    world = given(RULES).when("03-02 08:10", RECEIVE).then(*["dossier.received", "task.opened"], *["deadline.set"] * 2)
    assert world.state.calendars == RULES.calendar_versions
    assert world.state.law == RULES.law_version()
    assert world.state.calendar_of == {}


def test_required_components_must_be_there() -> None:
    """What is missing and what is in excess is refused, by name."""
    refusal = given(RULES).when("03-02 08:10", c.Receive(components=())).then_refused("missing_components")
    assert refusal.details["missing"] == ["don"]
    refusal = given(RULES).when("03-02 08:10", c.Receive(components=("don", "khac"))).then_refused("excess_components")
    assert refusal.details["excess"] == ["khac"]
    given(RULES).when("03-02 08:10", c.Receive(components=("don", "bansao"))).then(
        "dossier.received", "task.opened", "deadline.set", "deadline.set"
    )


def test_a_lenient_procedure_notes_what_is_missing() -> None:
    """Where the procedure says so, the dossier is received all the same and the receipt names what is not right."""
    lenient = rules(missing=ChecklistPolicy.NOTE, excess=ChecklistPolicy.NOTE)
    world = given(lenient, at("03-02 08:10", c.Receive(components=("khac",)))).world
    received = world.facts[0].event
    assert isinstance(received, e.DossierReceived)
    assert (received.missing, received.excess) == (("don",), ("khac",))


def test_a_second_receipt_is_refused() -> None:
    """A dossier is received once; so is a submission after the receipt."""
    received = given(RULES, at("03-02 08:10", RECEIVE))
    received.when("03-02 09:00", RECEIVE).then_refused("dossier_exists")
    received.when("03-02 09:00", SUBMIT).then_refused("dossier_exists")
    received.when("03-02 09:00", c.Refuse("…")).then_refused("dossier_exists")


def test_another_procedure_is_refused() -> None:
    """A dossier's rules are chosen before it begins; an order that names others is wrong."""
    given(RULES).when("03-02 08:10", c.Receive(procedure=ProcedureCode("P2"))).then_refused("wrong_procedure")


def test_a_receipt_keyed_later_counts_from_the_world() -> None:
    """Received on Monday, keyed on Tuesday: the clocks start on Monday."""
    world = given(RULES, at("03-03 09:00", RECEIVE, occurred="03-02 08:10")).world
    assert world.due() == "03-12 17:00"


def test_a_submission_starts_no_clock_but_the_desks() -> None:
    """Online, the desk has eight working hours to answer; nothing is promised to the citizen yet."""
    world = given(RULES).when("03-02 08:10", SUBMIT).then("dossier.submitted", "task.opened")
    assert world.state.status is Status.SUBMITTED
    assert world.view().committed_due is None
    assert world.ahead() == [("task.overdue", "03-03 08:40")]


def test_a_submitted_dossier_is_received_with_what_was_submitted() -> None:
    """The desk need not key again what the citizen has sent; the desk's task is done."""
    sent = c.Submit(ProcedureCode("P1"), c.Channel.POST, ("don", "bansao"), "sealed", AuthorityId("X9"))
    world = (
        given(RULES, at("03-02 08:10", sent))
        .when("03-02 09:00", c.Receive())
        .then("task.completed", "dossier.received", "task.opened", "deadline.set", "deadline.set")
    )
    state = world.state
    assert (state.channel, state.components, state.applicant) == (c.Channel.POST, ("don", "bansao"), "sealed")
    assert (state.received_by, state.return_to) == ("X9", "X9")
    assert (state.submitted_at, state.received_at) == (moment("03-02 08:10"), moment("03-02 09:00"))


def test_a_refusal_ends_what_was_never_received() -> None:
    """Form 03 needs a reason; it is portal state 3, and nothing was promised."""
    given(RULES).when("03-02 08:10", c.Refuse(" ")).then_refused("reason_missing")
    world = (
        given(RULES, at("03-02 08:10", SUBMIT))
        .when("03-02 09:00", c.Refuse("sai thẩm quyền"))
        .then("dossier.refused", "dossier.closed")
    )
    assert (world.state.status, world.view().portal_state) == (Status.REFUSED, 3)
    assert world.view().timeliness is None
    given(RULES).when("03-02 08:10", c.Refuse("sai thẩm quyền")).then("dossier.refused", "dossier.closed")


def test_a_start_after_the_cut_off_counts_from_the_next_day() -> None:
    """Received at three o'clock: the period starts with the next working day."""
    late = rules(cutoff=CutOff("15:00"))
    assert given(late, at("03-02 14:59", RECEIVE)).world.due() == "03-12 17:00"
    assert given(late, at("03-02 15:00", RECEIVE)).world.due() == "03-13 17:00"


def test_a_route_without_a_receive_stage_opens_its_first_stage() -> None:
    """The receipt needs no stage of its own."""
    short = rules(*FOUR_STEPS[1:])
    world = given(short, at("03-02 08:10", RECEIVE)).world
    assert [task.stage for task in world.view().tasks] == ["appraise"]


def test_a_procedure_without_a_period_promises_nothing() -> None:
    """No appointment, nothing overdue; the stages' own times still hold."""
    untimed = rules(
        stage("receive"), stage("appraise", "8 working_hour"), stage("return"), statutory=None, committed=None
    )
    world = given(untimed).when("03-02 08:10", RECEIVE).then("dossier.received", "task.opened")
    assert world.ahead() == [("task.overdue", "03-03 08:40")]
