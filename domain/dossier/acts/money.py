"""Financial obligations: the clocks wait for the citizen's payment."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.acts.supplement import end_stay
from domain.dossier.draft import Draft
from domain.dossier.view import Status
from domain.procedure import Effect, SuspensionReason

REASON = SuspensionReason.PAYMENT


def require(draft: Draft, command: c.RequirePayment) -> None:
    """Notify the obligation; a first appointment ends here where the procedure promises two."""
    if draft.state.status is Status.READY:
        raise r.ResultAlreadyIssued(draft.order.name)
    if command.amount < 0:
        raise r.InvalidAmount(command.amount)
    if draft.state.stay(REASON) is not None:
        raise r.PaymentAlreadyRequired
    effect = draft.rules.procedure.on_suspend.get(REASON, Effect.PAUSE)
    draft.add(e.PaymentRequired(command.amount, command.reason))
    draft.add(e.ClockSuspended(REASON, effect))


def confirm(draft: Draft, command: c.ConfirmPayment) -> None:
    """Note the payment; the second appointment's clock starts where the procedure promises two."""
    stay = draft.state.stay(REASON)
    if stay is None:
        raise r.NoPaymentAwaited
    if draft.at < stay.start:
        raise r.EndsBeforeStart(draft.local(stay.start), draft.at)
    draft.add(e.PaymentConfirmed(command.receipt))
    second = draft.rules.procedure.after_payment
    if second is not None and draft.state.second is None:
        draft.add(e.ClockRestarted(REASON, second))
    else:
        end_stay(draft, REASON)
