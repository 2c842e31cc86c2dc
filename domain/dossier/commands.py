"""Commands: what officers, citizens, carriers and other authorities ask of a dossier.

A command says what is wanted; the ``Order`` around it says who wants it, when, and under which id. Names are the
``do`` of scenario files and, hyphenated, the routes of the HTTP interface.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.calendar import CalendarSpec
from domain.ids import AuthorityId, CommandId, OfficerId, ProcedureCode
from domain.period import Period
from domain.postal import ScanState
from domain.procedure import Effect, SuspensionReason

CITIZEN = "citizen"
"""The actor of what a citizen does himself, who is no officer and whose name no event holds."""
MAX_TEXT = 4000
"""Characters of a free text (reason, note); longer ones belong into an attached document."""

Text = str
ComponentId = str


class Channel(StrEnum):
    """How a dossier came in; the portal's codes are 1 direct, 2 online, 3 post."""

    DIRECT = "direct"
    ONLINE = "online"
    POST = "post"


class ReturnMethod(StrEnum):
    """How the result reaches the citizen."""

    DIRECT = "direct"
    ONLINE = "online"
    POST = "post"


class TaskOutcome(StrEnum):
    """How a task ends."""

    FORWARD = "forward"
    REWORK = "rework"
    REJECT = "reject"


class LinkOutcome(StrEnum):
    """What a linked authority answers."""

    AGREED = "agreed"
    DISAGREED = "disagreed"


class _Command(msgspec.Struct, frozen=True, tag_field="do", forbid_unknown_fields=True, omit_defaults=True):
    """Base of all commands: tagged by ``do``, unknown fields refused."""


class Submit(_Command, frozen=True, tag="submit"):
    """The citizen hands the dossier in online; it is not yet accepted and no clock of the procedure runs."""

    procedure: ProcedureCode
    channel: Channel = Channel.ONLINE
    components: tuple[ComponentId, ...] = ()
    applicant: str = ""
    received_by: AuthorityId | None = None
    return_to: AuthorityId | None = None


class Receive(_Command, frozen=True, tag="receive"):
    """The desk accepts a full and valid dossier: the clocks start. After a ``submit`` only what changed need be given.

    ``applicant`` is a sealed value. ``received_by`` is the receiving desk and ``return_to`` where the result is
    handed over (both default to the procedure's authority).
    """

    procedure: ProcedureCode | None = None
    channel: Channel | None = None
    components: tuple[ComponentId, ...] | None = None
    applicant: str = ""
    received_by: AuthorityId | None = None
    return_to: AuthorityId | None = None


class Refuse(_Command, frozen=True, tag="refuse"):
    """The desk does not accept the dossier (form 03). All but the reason is for one that was not submitted before."""

    reason: Text
    procedure: ProcedureCode | None = None
    applicant: str = ""
    channel: Channel | None = None
    received_by: AuthorityId | None = None


class ClaimTask(_Command, frozen=True, tag="claim_task"):
    """An officer takes the open task."""

    stage: str | None = None


class ReleaseTask(_Command, frozen=True, tag="release_task"):
    """The officer who holds the task gives it back to the unit."""

    stage: str | None = None


class DelegateTask(_Command, frozen=True, tag="delegate_task"):
    """The open task is handed to another officer."""

    to: OfficerId
    stage: str | None = None
    reason: Text = ""


class CompleteTask(_Command, frozen=True, tag="complete_task"):
    """The open task is done: forward, back to an earlier stage, or towards a refusal."""

    stage: str
    outcome: TaskOutcome = TaskOutcome.FORWARD
    to_stage: str | None = None
    note: Text = ""


class RequestSupplement(_Command, frozen=True, tag="request_supplement"):
    """The citizen is asked once for what is missing (form 02)."""

    reason: Text = ""
    components: tuple[ComponentId, ...] = ()
    legal_basis: str = ""
    stage: str | None = None


class ProvideSupplement(_Command, frozen=True, tag="provide_supplement"):
    """The citizen has supplied what was asked for."""

    components: tuple[ComponentId, ...] = ()
    note: Text = ""


class RequirePayment(_Command, frozen=True, tag="require_payment"):
    """A financial obligation is notified; ``amount`` in dong."""

    amount: int = 0
    reason: Text = ""


class ConfirmPayment(_Command, frozen=True, tag="confirm_payment"):
    """The obligation is met; ``receipt`` is the payment's number."""

    receipt: str = ""


class Suspend(_Command, frozen=True, tag="suspend"):
    """The clocks are suspended for a reason that the procedure knows; ``effect`` defaults to the procedure's."""

    reason: SuspensionReason = SuspensionReason.OTHER
    note: Text = ""
    effect: Effect | None = None


class Resume(_Command, frozen=True, tag="resume"):
    """The suspension for this reason ends (none: the one that began last)."""

    reason: SuspensionReason | None = None
    note: Text = ""


class Extend(_Command, frozen=True, tag="extend"):
    """Form 04: apology, reason and the new date."""

    new_due: datetime
    reason: Text


class AcknowledgeLink(_Command, frozen=True, tag="acknowledge_link"):
    """The linked authority confirms the hand-over; this completes its receive stage."""


class AnswerLink(_Command, frozen=True, tag="answer_link"):
    """The linked authority ends its part and hands the outcome to the parent."""

    outcome: LinkOutcome = LinkOutcome.AGREED
    note: Text = ""


class HandBackLink(_Command, frozen=True, tag="hand_back_link"):
    """The linked authority hands its part back unanswered: it is not its affair."""

    reason: Text = ""


class TakeBackLink(_Command, frozen=True, tag="take_back_link"):
    """The authority that handed a part over takes it back; the linked authority's work on it ends."""

    part: str
    reason: Text = ""


class ReopenLink(_Command, frozen=True, tag="reopen_link"):
    """A part that was handed or taken back is handed over anew.

    ``to_authority`` is whom it goes to now (none: whom it went to before).
    """

    part: str
    to_authority: AuthorityId | None = None
    reason: Text = ""


class SkipLink(_Command, frozen=True, tag="skip_link"):
    """The route goes on without a linked part's answer; one that is still open is taken back first."""

    part: str
    reason: Text = ""


class IssueResult(_Command, frozen=True, tag="issue_result"):
    """The result is ready (portal state 9): the moment that is judged."""

    number: str = ""
    note: Text = ""


class ReturnResult(_Command, frozen=True, tag="return_result"):
    """The result is handed to the citizen."""

    method: ReturnMethod = ReturnMethod.DIRECT


class Withdraw(_Command, frozen=True, tag="withdraw"):
    """The citizen takes the dossier back."""

    reason: Text = ""


class Stop(_Command, frozen=True, tag="stop"):
    """The authority stops processing (form 05)."""

    reason: Text = ""


class Correct(_Command, frozen=True, tag="correct"):
    """An earlier entry was keyed wrongly; the entry stays and this amends it.

    ``event`` is the entry's version, or an event type (then its latest entry).
    """

    event: int | str
    field: str
    value: str
    reason: Text
    approved_by: OfficerId


class RecordFeedback(_Command, frozen=True, tag="record_feedback"):
    """The citizen's mark, 1 (poor) to 5 (good), and words."""

    score: int
    words: Text = ""


class OrderCollection(_Command, frozen=True, tag="order_collection"):
    """The carrier is asked to fetch the citizen's papers and bring them to the receiving desk.

    ``tracking`` is the parcel's number with the carrier (none: the carrier will give one). ``service`` is the time
    within which the carrier owes word of the parcel (none: the law's).
    """

    carrier: str
    tracking: str = ""
    service: Period | None = None


class DispatchResult(_Command, frozen=True, tag="dispatch_result"):
    """The result is handed to the carrier, to be brought to the citizen; fields as in ``OrderCollection``."""

    carrier: str
    tracking: str = ""
    service: Period | None = None


class CancelParcel(_Command, frozen=True, tag="cancel_parcel"):
    """The carrier is told that a parcel need not be fetched or brought after all."""

    parcel: str
    reason: Text = ""


class RecordScan(_Command, frozen=True, tag="record_scan"):
    """A carrier's word of a parcel; when it happened is the order's ``occurred_at``, the carrier's own time.

    ``signed``: the recipient signed for it. ``tracking`` may be left out where the dossier has one parcel only;
    ``event_id`` is the carrier's id of this word, ``reason`` why an invitation failed, ``place`` where it was.
    """

    state: ScanState
    tracking: str = ""
    carrier: str = ""
    signed: bool = False
    reason: Text = ""
    place: str = ""
    event_id: str = ""


class ReviseCalendar(_Command, frozen=True, tag="revise_calendar"):
    """A new version of a calendar applies to this open dossier."""

    calendar: CalendarSpec
    reason: Text = ""


class PassMoment(_Command, frozen=True, tag="pass_moment"):
    """Internal: a moment of the agenda has come."""

    moment: datetime


class NotePlaced(_Command, frozen=True, tag="note_placed"):
    """Internal: the carrier has taken an order and given the parcel its number."""

    parcel: str
    tracking: str


class NoteNotPlaced(_Command, frozen=True, tag="note_not_placed"):
    """Internal: the carrier refuses an order for good."""

    parcel: str
    reason: Text


class ReceiveLink(_Command, frozen=True, tag="receive_link"):
    """Internal: a hand-over arrives at the linked authority and opens its part."""

    root: str
    parent: str
    link: str
    sequence: int
    procedure: ProcedureCode
    applicant: str = ""
    from_authority: AuthorityId = AuthorityId("")


class NoteLinkAcknowledged(_Command, frozen=True, tag="note_link_acknowledged"):
    """Internal: the parent learns that its hand-over was acknowledged."""

    link: str
    sequence: int


class NoteLinkAnswered(_Command, frozen=True, tag="note_link_answered"):
    """Internal: the parent learns the linked authority's answer."""

    link: str
    sequence: int
    outcome: LinkOutcome
    note: Text = ""


class NoteLinkSuspended(_Command, frozen=True, tag="note_link_suspended"):
    """Internal: the parent learns that the linked part's clock stands still, and why."""

    link: str
    sequence: int
    reason: SuspensionReason


class NoteLinkResumed(_Command, frozen=True, tag="note_link_resumed"):
    """Internal: the parent learns that the linked part's clock runs again."""

    link: str
    sequence: int
    reason: SuspensionReason


class NoteLinkHandedBack(_Command, frozen=True, tag="note_link_handed_back"):
    """Internal: the parent learns that the linked authority hands its part back, and why."""

    link: str
    sequence: int
    reason: Text = ""


class NoteLinkUndelivered(_Command, frozen=True, tag="note_link_undelivered"):
    """Internal: what this stream told the other side of a hand-over had not arrived there at ``due``."""

    link: str
    sequence: int
    due: datetime


class NoteLinkDelivered(_Command, frozen=True, tag="note_link_delivered"):
    """Internal: what was overdue in arriving at the other side has arrived."""

    link: str
    sequence: int


class RecallLink(_Command, frozen=True, tag="recall_link"):
    """Internal: the parent ended or took the hand-over back, so its linked part ends too."""

    sequence: int
    reason: Text = ""


Command = (
    Submit
    | Receive
    | Refuse
    | ClaimTask
    | ReleaseTask
    | DelegateTask
    | CompleteTask
    | RequestSupplement
    | ProvideSupplement
    | RequirePayment
    | ConfirmPayment
    | Suspend
    | Resume
    | Extend
    | AcknowledgeLink
    | AnswerLink
    | HandBackLink
    | TakeBackLink
    | ReopenLink
    | SkipLink
    | IssueResult
    | ReturnResult
    | Withdraw
    | Stop
    | Correct
    | RecordFeedback
    | OrderCollection
    | DispatchResult
    | CancelParcel
    | RecordScan
    | NotePlaced
    | NoteNotPlaced
    | ReviseCalendar
    | PassMoment
    | ReceiveLink
    | NoteLinkAcknowledged
    | NoteLinkAnswered
    | NoteLinkSuspended
    | NoteLinkResumed
    | NoteLinkHandedBack
    | NoteLinkUndelivered
    | NoteLinkDelivered
    | RecallLink
)


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """A command with its circumstances.

    ``recorded_at`` is when the system learns of it, ``occurred_at`` when it happened in the world (none: the same).
    ``authority`` is the one that ``actor`` acts for, ``on_behalf_of`` the officer whose absence is covered.
    ``expected_version`` is the stream's version that the actor had before his eyes (none: whatever it is now); it is a
    circumstance, not content: a repeat gets the first answer though the stream has moved on.
    """

    id: CommandId
    command: Command
    recorded_at: datetime
    occurred_at: datetime | None = None
    actor: str = ""
    authority: str = ""
    on_behalf_of: str = ""
    causation_id: str = ""
    correlation_id: str = ""
    expected_version: int | None = None

    @property
    def at(self) -> datetime:
        """When it happened in the world."""
        return self.occurred_at or self.recorded_at

    @property
    def name(self) -> str:
        """The command's ``do``."""
        return name_of(self.command)


def name_of(command: Command) -> str:
    """The ``do`` under which a command travels."""
    return str(type(command).__struct_config__.tag)
