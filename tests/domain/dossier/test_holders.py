"""Whose time it was: working minutes of each holder, from the receipt to the moment judged."""

from domain.dossier import commands as c
from domain.procedure import SuspensionReason
from tests.domain.dossier.samples import link, rules, stage
from tests.domain.dossier.spec import at, given

RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))


def test_an_authoritys_time_is_that_of_its_open_task() -> None:
    """Handed from the commune's desk to a department's stage and back."""
    route = (
        stage("receive"),
        stage("appraise", authority="S1"),
        stage("approve"),
        stage("return"),
    )
    world = given(rules(*route), RECEIVED, at("03-03 09:00", c.CompleteTask("appraise"))).world
    assert world.minutes("03-03 17:00") == {"S1": 410 + 90, "X1": 150 + 210}


def test_the_citizens_time_is_that_of_his_answer() -> None:
    """While a supplement or a payment is awaited the time is his, whatever the clock does."""
    asked = given(rules(), RECEIVED, at("03-03 09:00", c.RequestSupplement("…")))
    assert asked.world.minutes("03-04 07:30") == {"X1": 500, "citizen": 360}
    asked.world.carry_out(at("03-04 08:30", c.ProvideSupplement()))
    assert asked.world.minutes("03-04 09:30") == {"X1": 560, "citizen": 420}
    unpaid = given(rules(), RECEIVED, at("03-03 09:00", c.RequirePayment(1))).world
    assert unpaid.minutes("03-04 07:30") == {"X1": 500, "citizen": 360}


def test_a_suspension_for_the_authoritys_own_sake_is_its_time() -> None:
    """Verification and expert assessment stop the clock, not the authority's hands."""
    suspended = given(rules(), RECEIVED, at("03-03 09:00", c.Suspend(SuspensionReason.VERIFICATION))).world
    assert suspended.minutes("03-04 07:30") == {"X1": 860}


def test_a_linked_authoritys_time_lasts_until_its_answer() -> None:
    """From the hand-over on it is the other's."""
    linked = rules(stage("receive"), stage("appraise"), link("L1"), stage("approve"), stage("return"))
    answer = c.NoteLinkAnswered("L1", 1, c.LinkOutcome.AGREED)
    world = given(linked, RECEIVED, at("03-03 09:00", c.CompleteTask("appraise")), at("03-04 07:30", answer)).world
    assert world.minutes("03-04 11:30") == {"X1": 500 + 240, "S1": 360}


def test_time_ends_with_the_result() -> None:
    """What is ready waits for the citizen, and counts for nobody."""
    ready = given(
        rules(),
        RECEIVED,
        at("03-03 09:00", c.CompleteTask("appraise")),
        at("03-03 10:00", c.CompleteTask("approve")),
        at("03-03 11:00", c.IssueResult()),
    ).world
    assert ready.minutes("03-31 17:00") == {"X1": 620}


def test_what_is_keyed_late_is_counted_where_it_happened() -> None:
    """Asked on Tuesday, keyed on Wednesday: Tuesday's hours are the citizen's."""
    keyed = given(rules(), RECEIVED, at("03-04 09:00", c.RequestSupplement("…"), occurred="03-03 09:00")).world
    assert keyed.minutes("03-04 09:00") == {"X1": 500, "citizen": 450}
