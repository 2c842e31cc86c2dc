"""Financial obligations: the clocks wait for the citizen's payment."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.view import Waiting
from domain.period import parse_period
from domain.procedure import Effect, SuspensionReason
from tests.domain.dossier.samples import rules
from tests.domain.dossier.spec import at, given

RULES = rules()
RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
REQUIRED = at("03-04 09:00", c.RequirePayment(150_000, "lệ phí"))


def test_the_clocks_wait_for_the_payment() -> None:
    """Notified on Wednesday, paid on Friday: both days are the citizen's."""
    world = (
        given(RULES, RECEIVED)
        .when("03-04 09:00", c.RequirePayment(150_000, "lệ phí"))
        .then(e.PaymentRequired(150_000, "lệ phí"), e.ClockSuspended(SuspensionReason.PAYMENT, Effect.PAUSE))
    )
    assert (world.view().portal_state, world.view().waiting, world.ahead()) == (6, Waiting.CITIZEN, [])
    paid = (
        given(RULES, RECEIVED, REQUIRED)
        .when("03-06 09:00", c.ConfirmPayment("BL-1"))
        .then(e.PaymentConfirmed("BL-1"), "clock.resumed", *["deadline.revised"] * 3)
    )
    assert paid.due() == "03-16 17:00"


def test_one_obligation_at_a_time() -> None:
    """A second one, a payment that nobody asked for, and an amount below zero are refused."""
    required = given(RULES, RECEIVED, REQUIRED)
    required.when("03-05 09:00", c.RequirePayment(1)).then_refused("payment_already_required")
    given(RULES, RECEIVED).when("03-05 09:00", c.ConfirmPayment()).then_refused("no_payment_awaited")
    given(RULES, RECEIVED).when("03-05 09:00", c.RequirePayment(-1)).then_refused("invalid_amount")
    required.when("03-05 09:00", c.ConfirmPayment(), occurred="03-03 09:00").then_refused("ends_before_start")


def test_work_may_go_on_meanwhile_but_nothing_is_returned() -> None:
    """The result may be prepared; it is handed over once the payment is there."""
    ready = given(
        RULES,
        RECEIVED,
        REQUIRED,
        at("03-05 09:00", c.CompleteTask("appraise")),
        at("03-05 10:00", c.CompleteTask("approve")),
        at("03-05 11:00", c.IssueResult()),
    )
    ready.when("03-05 14:00", c.ReturnResult()).then_refused("payment_outstanding")
    ready.when("03-05 15:00", c.ConfirmPayment()).then("payment.confirmed", "clock.resumed")
    ready.when("03-05 16:00", c.ReturnResult()).then("task.completed", "result.returned", "dossier.closed")


def test_a_result_that_is_ready_costs_nothing_more() -> None:
    """An obligation is notified before the result."""
    ready = given(
        RULES,
        RECEIVED,
        at("03-05 09:00", c.CompleteTask("appraise")),
        at("03-05 10:00", c.CompleteTask("approve")),
        at("03-05 11:00", c.IssueResult()),
    )
    ready.when("03-05 14:00", c.RequirePayment(1)).then_refused("result_already_issued")


def test_two_appointments() -> None:
    """Where the law promises two, the second clock starts with the payment, with a budget of its own, once."""
    land = rules(after_payment=parse_period("3 working_day"))
    world = (
        given(land, RECEIVED, REQUIRED)
        .when("03-06 09:00", c.ConfirmPayment())
        .then(
            "payment.confirmed",
            e.ClockRestarted(SuspensionReason.PAYMENT, parse_period("3 working_day")),
            *["deadline.revised"] * 3,
        )
    )
    assert world.due() == "03-11 17:00"


def test_a_procedure_says_what_a_payment_does() -> None:
    """Restart and run on are possible for payments too."""
    afresh = rules(on_suspend={SuspensionReason.PAYMENT: Effect.RESTART})
    assert given(afresh, RECEIVED, REQUIRED, at("03-06 09:00", c.ConfirmPayment())).world.due() == "03-18 17:00"
    on = rules(on_suspend={SuspensionReason.PAYMENT: Effect.RUN_ON})
    assert given(on, RECEIVED, REQUIRED, at("03-06 09:00", c.ConfirmPayment())).world.due() == "03-12 17:00"
