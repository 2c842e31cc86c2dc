"""``decide``: from the rules, the state and an order to the events that follow, or a refusal.

Pure and deterministic.
"""

from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from domain.dossier import commands as c
from domain.dossier import refusals as r
from domain.dossier.acts import (
    back,
    clock,
    delivery,
    entries,
    intake,
    link,
    moments,
    money,
    post,
    result,
    supplement,
    work,
)
from domain.dossier.draft import Draft
from domain.dossier.events import Event
from domain.dossier.promises import tell_promises
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.view import Status

TAKEN_WHILE_AWAITED = (c.ProvideSupplement, c.Withdraw, c.Stop, c.Correct, c.Extend, c.ReviseCalendar, c.PassMoment)
"""While the citizen's supplement is awaited nothing else is taken (interface section 4)."""
TAKEN_BY_NEW = (c.Submit, c.Receive, c.Refuse, c.ReceiveLink)
TAKEN_WHILE_SUBMITTED = (
    c.Receive,
    c.Refuse,
    c.ClaimTask,
    c.ReleaseTask,
    c.DelegateTask,
    c.RequestSupplement,
    c.ProvideSupplement,
    c.Withdraw,
    c.Correct,
    c.ReviseCalendar,
    c.PassMoment,
    c.Submit,
    c.OrderCollection,
    c.CancelParcel,
)
TAKEN_WHEN_CLOSED = (c.Correct, c.RecordFeedback, c.PassMoment, c.ReviseCalendar)
MESSAGES = (
    c.ReceiveLink,
    c.NoteLinkAcknowledged,
    c.NoteLinkAnswered,
    c.NoteLinkSuspended,
    c.NoteLinkResumed,
    c.NoteLinkHandedBack,
    c.NoteLinkUndelivered,
    c.NoteLinkDelivered,
    c.RecallLink,
    c.RecordScan,
    c.NotePlaced,
    c.NoteNotPlaced,
)
"""What another authority or a carrier tells us has happened there, or our courier; noted whatever is awaited here."""

FROM_CARRIERS = (c.RecordScan, c.NotePlaced, c.NoteNotPlaced)
"""Taken from the submission on; a scan's moment may lie before the receipt."""


def decide(rules: Rules, state: Dossier, order: c.Order) -> tuple[Event, ...]:
    """The events that the order leads to; empty where it is taken and changes nothing.

    Raises a ``Refusal`` with a stable code when the order is not allowed in this state; the state is then unchanged.
    """
    _check_version(state, order)
    _check_texts(order.command)
    _check_times(rules, state, order)
    check_status(state, order)
    draft = Draft(rules, state, order)
    _act(draft, order.command)
    tell_promises(draft)
    return tuple(draft.events)


def check_status(state: Dossier, order: c.Order) -> None:
    """Refuse what is never taken in the state's status, whatever the rules say. Raises Refusal."""
    command = order.command
    match state.status:
        case None:
            if not isinstance(command, TAKEN_BY_NEW):
                raise r.DossierUnknown(order.name)
        case Status.SUBMITTED:
            if not isinstance(command, (*TAKEN_WHILE_SUBMITTED, *FROM_CARRIERS)):
                raise r.NotReceived(order.name)
        case Status.CLOSED | Status.REFUSED:
            if not isinstance(command, (*TAKEN_WHEN_CLOSED, *MESSAGES)):
                raise r.DossierClosed(state.ending.value if state.ending else "refused", order.name)
        case Status.OPEN | Status.READY:
            pass
        case _:
            assert_never(state.status)
    if state.supplement is not None and not isinstance(command, (*TAKEN_WHILE_AWAITED, *MESSAGES)):
        raise r.SupplementAwaited(order.name, state.supplement.expires_at)


def _check_version(state: Dossier, order: c.Order) -> None:
    if order.expected_version is not None and order.expected_version != state.version:
        raise r.StaleVersion(order.expected_version, state.version)


def _check_times(rules: Rules, state: Dossier, order: c.Order) -> None:
    """What happened lies between the receipt and now; the internal moments are the engine's own."""
    if order.occurred_at is None or isinstance(order.command, c.PassMoment):
        return
    if order.occurred_at > order.recorded_at:
        raise r.InTheFuture(order.occurred_at, _local(rules, order.recorded_at))
    if isinstance(order.command, FROM_CARRIERS):
        return
    if state.received_at is not None and order.occurred_at < state.received_at:
        raise r.BeforeReceipt(order.occurred_at, _local(rules, state.received_at))


def _local(rules: Rules, moment: datetime) -> datetime:
    """The moment as people there read it; as it is at the very ends of time, where it has no local form."""
    try:
        return moment.astimezone(rules.calendar().zone)
    except OverflowError:
        return moment


def _check_texts(command: c.Command) -> None:
    for field in ("reason", "note", "words", "value"):
        text = getattr(command, field, None)
        if isinstance(text, str) and len(text) > c.MAX_TEXT:
            raise r.TextTooLong(field, len(text), c.MAX_TEXT)


def _act(draft: Draft, command: c.Command) -> None:
    ACTS[type(command)](draft, command)


ACTS: dict[type[c.Command], Callable[..., None]] = {
    c.Submit: intake.submit,
    c.Receive: intake.receive,
    c.Refuse: intake.refuse,
    c.ClaimTask: work.claim,
    c.ReleaseTask: work.release,
    c.DelegateTask: work.delegate,
    c.CompleteTask: work.complete,
    c.RequestSupplement: supplement.request,
    c.ProvideSupplement: supplement.provide,
    c.RequirePayment: money.require,
    c.ConfirmPayment: money.confirm,
    c.Suspend: clock.suspend,
    c.Resume: clock.resume,
    c.Extend: clock.extend,
    c.ReviseCalendar: clock.revise_calendar,
    c.IssueResult: result.issue,
    c.ReturnResult: result.hand_over,
    c.Withdraw: result.withdraw,
    c.Stop: result.stop,
    c.Correct: entries.correct,
    c.RecordFeedback: entries.record_feedback,
    c.OrderCollection: post.order_collection,
    c.DispatchResult: post.dispatch_result,
    c.CancelParcel: post.cancel,
    c.RecordScan: post.record_scan,
    c.NotePlaced: post.note_placed,
    c.NoteNotPlaced: post.note_not_placed,
    c.PassMoment: moments.pass_moment,
    c.ReceiveLink: link.receive,
    c.AcknowledgeLink: link.acknowledge,
    c.AnswerLink: link.answer,
    c.HandBackLink: back.hand_back,
    c.TakeBackLink: back.take_back,
    c.ReopenLink: back.reopen,
    c.SkipLink: back.skip,
    c.NoteLinkAcknowledged: link.note_acknowledged,
    c.NoteLinkAnswered: link.note_answered,
    c.NoteLinkSuspended: link.note_suspended,
    c.NoteLinkResumed: link.note_resumed,
    c.NoteLinkHandedBack: back.note_handed_back,
    c.NoteLinkUndelivered: delivery.note_undelivered,
    c.NoteLinkDelivered: delivery.note_delivered,
    c.RecallLink: link.recall,
}
"""Every command has its act; a test holds this table against the union."""
