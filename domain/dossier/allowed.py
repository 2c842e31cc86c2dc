"""Which acts a dossier would take now: every act is tried on the state, with whatever an officer could fill in.

Nothing of the rules is repeated here: an act is allowed where ``decide`` takes it, or refuses it only for its content.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from domain.dossier import commands as c
from domain.dossier.decider import decide
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.errors import Refusal
from domain.ids import AuthorityId, CommandId, OfficerId
from domain.procedure import SuspensionReason

SOMEBODY: Final = OfficerId("\0somebody")
SOMETHING: Final = "\0something"
"""Stand for what the officer will fill in; nothing real is equal to them."""

FOR_THEIR_CONTENT: Final = frozenset(
    {
        "reason_missing",
        "missing_components",
        "excess_components",
        "extension_not_later",
        "outside_calendar",
        "not_correctable",
        "invalid_value",
    }
)
"""Refusals of what is filled in, not of the act."""


class Act(StrEnum):
    """What a screen offers: the commands, the ways to complete a task each on its own."""

    RECEIVE = "receive"
    REFUSE = "refuse"
    CLAIM = "claim_task"
    FORWARD = "forward"
    ISSUE = "issue_result"
    RETURN = "return_result"
    PROVIDE = "provide_supplement"
    CONFIRM_PAYMENT = "confirm_payment"
    ACKNOWLEDGE = "acknowledge_link"
    ANSWER = "answer_link"
    REOPEN = "reopen_link"
    SKIP = "skip_link"
    RESUME = "resume"
    REQUEST_SUPPLEMENT = "request_supplement"
    REWORK = "rework"
    REJECT = "reject"
    RELEASE = "release_task"
    DELEGATE = "delegate_task"
    HAND_BACK = "hand_back_link"
    TAKE_BACK = "take_back_link"
    REQUIRE_PAYMENT = "require_payment"
    SUSPEND = "suspend"
    EXTEND = "extend"
    DISPATCH = "dispatch_result"
    COLLECT = "order_collection"
    CANCEL_PARCEL = "cancel_parcel"
    WITHDRAW = "withdraw"
    STOP = "stop"
    CORRECT = "correct"
    FEEDBACK = "record_feedback"


def allowed(
    rules: Rules, state: Dossier, officer: OfficerId, authority: str, now: datetime, on_behalf_of: str = ""
) -> Iterator[Act]:
    """The acts that this officer's order would be taken for now, in the order in which a screen offers them."""
    order = c.Order(CommandId("try"), c.ClaimTask(), now, actor=officer, authority=authority, on_behalf_of=on_behalf_of)
    for act in Act:
        if any(_taken(rules, state, replace(order, command=command)) for command in _tries(act, state, now)):
            yield act


def acts_on_a_task(act: Act) -> bool:
    """Whether the act is one of the ways to complete the open task."""
    return act in {Act.FORWARD, Act.REWORK, Act.REJECT}


def command_name(act: Act) -> str:
    """The ``do`` that the act is carried out by."""
    return "complete_task" if acts_on_a_task(act) else act.value


def _taken(rules: Rules, state: Dossier, order: c.Order) -> bool:
    try:
        decide(rules, state, order)
    except Refusal as refusal:
        return refusal.code in FOR_THEIR_CONTENT
    return True


def _tries(act: Act, state: Dossier, now: datetime) -> tuple[c.Command, ...]:
    """Commands that the act could be; one that is taken is enough."""
    stage = state.task.stage_id if state.task else SOMETHING
    later = now + timedelta(days=7)
    reasons = tuple(SuspensionReason)
    kinds: dict[Act, tuple[c.Command, ...]] = {
        Act.RECEIVE: (c.Receive(),),
        Act.REFUSE: (c.Refuse(SOMETHING),),
        Act.CLAIM: (c.ClaimTask(),),
        Act.FORWARD: (c.CompleteTask(stage),),
        Act.ISSUE: (c.IssueResult(),),
        Act.RETURN: (c.ReturnResult(),),
        Act.PROVIDE: (c.ProvideSupplement(),),
        Act.CONFIRM_PAYMENT: (c.ConfirmPayment(),),
        Act.ACKNOWLEDGE: (c.AcknowledgeLink(),),
        Act.ANSWER: (c.AnswerLink(),),
        Act.REOPEN: tuple(c.ReopenLink(link.id, AuthorityId(SOMETHING), SOMETHING) for link in state.links_back),
        Act.SKIP: tuple(c.SkipLink(link.id, SOMETHING) for link in state.links_awaited),
        Act.RESUME: tuple(c.Resume(reason) for reason in reasons),
        Act.REQUEST_SUPPLEMENT: (c.RequestSupplement(SOMETHING, legal_basis=SOMETHING), c.RequestSupplement(SOMETHING)),
        Act.REWORK: (c.CompleteTask(stage, c.TaskOutcome.REWORK),),
        Act.REJECT: (c.CompleteTask(stage, c.TaskOutcome.REJECT, note=SOMETHING),),
        Act.RELEASE: (c.ReleaseTask(),),
        Act.DELEGATE: (c.DelegateTask(SOMEBODY),),
        Act.HAND_BACK: (c.HandBackLink(SOMETHING),),
        Act.TAKE_BACK: tuple(c.TakeBackLink(link.id, SOMETHING) for link in state.links_awaited),
        Act.REQUIRE_PAYMENT: (c.RequirePayment(1, SOMETHING),),
        Act.SUSPEND: tuple(c.Suspend(reason, SOMETHING) for reason in reasons),
        Act.EXTEND: (c.Extend(later, SOMETHING),),
        Act.DISPATCH: (c.DispatchResult(SOMETHING),),
        Act.COLLECT: (c.OrderCollection(SOMETHING),),
        Act.CANCEL_PARCEL: tuple(c.CancelParcel(parcel.id) for parcel in state.parcels if not parcel.ended),
        Act.WITHDRAW: (c.Withdraw(SOMETHING),),
        Act.STOP: (c.Stop(SOMETHING),),
        Act.CORRECT: (c.Correct(1, "occurred_at", now.isoformat(), SOMETHING, SOMEBODY),),
        Act.FEEDBACK: (c.RecordFeedback(5),) if state.feedback is None else (),
    }
    return kinds[act]
