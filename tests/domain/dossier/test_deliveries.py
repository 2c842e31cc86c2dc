"""What one side of a hand-over told the other, and has not arrived there in the law's minutes."""

from datetime import timedelta

from domain.dossier import clocks
from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.handovers import TITLES, Problem
from domain.ids import Stream
from domain.link import messages, told_of
from tests.domain.dossier.samples import link, rules, stage
from tests.domain.dossier.spec import at, given, moment

DUE = moment("03-02 08:20")
RULES = rules(stage("receive"), link("L1"), stage("approve", "8 working_hour"), stage("return"))
PART = RULES.for_link("L1")
RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
HANDED_OVER = at("03-02 08:10", c.ReceiveLink("A", "A", "L1", 1, RULES.procedure.id, "sealed"), by="engine")
LATE = at("03-02 08:20", c.NoteLinkUndelivered("L1", 1, DUE), by="engine")
ARRIVED = c.NoteLinkDelivered("L1", 1)


def test_the_law_says_until_when() -> None:
    """The clock's minutes, by night too."""
    assert clocks.synchronised_by(RULES, moment("03-02 08:10")) == DUE
    assert clocks.synchronised_by(RULES, moment("03-02 23:55")) == moment("03-03 00:05")
    law = RULES.law.link_synchronisation
    assert timedelta(minutes=float(law.period.amount)) == DUE - RECEIVED.at


def test_it_is_said_once_until_it_has_arrived() -> None:
    """And stands in the worklist of the authority that handed over until then."""
    world = given(RULES, RECEIVED)
    world.when("03-02 08:15", ARRIVED).then_nothing()
    world.when("03-02 08:20", LATE.command).then(e.LinkOverdue("L1", DUE, e.SYNCHRONISATION))
    world.when("03-02 08:40", c.NoteLinkUndelivered("L1", 1, moment("03-02 08:40"))).then_nothing()
    assert [(task.title, task.opened_at) for task in world.world.view().tasks] == [(TITLES[Problem.UNDELIVERED], DUE)]
    world.when("03-02 09:00", ARRIVED).then(e.LinkDelivered("L1", 1))
    assert not world.world.view().tasks
    world.when("03-02 09:01", ARRIVED).then_nothing()


def test_what_has_arrived_unacknowledged_goes_on_being_waited_for() -> None:
    """Ten minutes to arrive and two hours to be confirmed are two promises."""
    world = given(RULES, RECEIVED, LATE, at("03-02 10:30", ARRIVED)).world
    assert [task.title for task in world.view().tasks] == [TITLES[Problem.UNACKNOWLEDGED]]


def test_an_acknowledgement_says_that_it_has_arrived() -> None:
    """It may be heard before the courier has; nothing is due then."""
    world = given(RULES, RECEIVED, LATE, at("03-02 08:30", c.NoteLinkAcknowledged("L1", 1)))
    assert not world.world.view().tasks
    world = given(RULES, RECEIVED, at("03-02 08:15", c.NoteLinkAcknowledged("L1", 1)))
    world.when("03-02 08:20", LATE.command).then_nothing()


def test_a_hand_over_made_anew_has_its_own_time() -> None:
    """What was said of the first one does not hold for the second."""
    back = (at("03-02 09:00", c.TakeBackLink("L1", "…")), at("03-02 09:01", c.ReopenLink("L1", None, "…")))
    world = given(RULES, RECEIVED, LATE, *back)
    assert not world.world.view().tasks
    due = moment("03-02 09:11")
    world.when("03-02 09:11", c.NoteLinkUndelivered("L1", 2, due)).then(e.LinkOverdue("L1", due, e.SYNCHRONISATION))
    world.when("03-02 09:20", c.NoteLinkDelivered("L1", 2)).then(e.LinkDelivered("L1", 2))


def test_a_part_says_it_of_its_answer() -> None:
    """In its own stream, though it has ended: its parent cannot know."""
    answered = (
        at("03-02 08:20", c.AcknowledgeLink()),
        at("03-02 09:00", c.CompleteTask("appraise")),
        at("03-02 10:00", c.AnswerLink(c.LinkOutcome.AGREED)),
    )
    world = given(PART, HANDED_OVER, *answered)
    late = c.NoteLinkUndelivered("L1", 1, moment("03-02 10:10"))
    world.when("03-02 10:10", late).then(e.LinkOverdue("L1", moment("03-02 10:10"), e.SYNCHRONISATION))
    world.when("03-02 10:11", late).then_nothing()
    world.when("03-02 11:00", ARRIVED).then(e.LinkDelivered("L1", 1))


def test_nothing_is_said_of_what_is_not_known() -> None:
    """Neither of another link nor of another hand-over."""
    for number in (("L9", 1), ("L1", 2)):
        given(RULES, RECEIVED).when("03-02 08:20", c.NoteLinkUndelivered(*number, DUE)).then_refused("link_unknown")
        given(RULES, RECEIVED).when("03-02 08:20", c.NoteLinkDelivered(*number)).then_refused("link_unknown")


def test_messages_say_on_which_hand_over_the_other_side_waits() -> None:
    """Only those on which somebody waits: a recalled part is waited for by nobody."""
    world = given(RULES, RECEIVED).world
    state = world.state
    (message,) = messages(Stream("A"), state, RECEIVED, [fact.event for fact in world.facts])
    assert told_of(message) == ("L1", 1)
    (message,) = messages(Stream("A"), state, RECEIVED, [e.LinkRecalled("L1", 1, "…")])
    assert told_of(message) is None
