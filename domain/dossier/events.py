"""Events: what has happened to a dossier. Names and shapes are kept for ever; see store/upcasts for changes of shape.

Each class carries its stored type name and schema version. Who did it, for whom and when stands in the envelope, not
here.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import msgspec

from domain.dossier.commands import Channel, ComponentId, LinkOutcome, ReturnMethod, TaskOutcome, Text
from domain.ids import AuthorityId, CalendarId, OfficerId, ProcedureCode, Version
from domain.period import Period
from domain.postal import Problem, Purpose, ScanState
from domain.procedure import Effect, LinkKind, Silence, StageKind, SuspensionReason


class ClockName(StrEnum):
    """The three clocks of a dossier."""

    STATUTORY = "statutory"
    COMMITTED = "committed"
    STAGE = "stage"


class Ending(StrEnum):
    """How a stream ends."""

    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    ANSWERED = "answered"
    RECALLED = "recalled"
    HANDED_BACK = "handed_back"


class _Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all events."""

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1


class DossierSubmitted(_Event, frozen=True):
    """Handed in online; not yet accepted.

    ``procedure_version``, ``calendars``, ``calendar_of`` (each authority's calendar, where they do not all share one)
    and ``law`` are the rules that are pinned.
    """

    type = "dossier.submitted"
    procedure: ProcedureCode
    procedure_version: Version
    calendars: dict[CalendarId, Version]
    channel: Channel
    authority: AuthorityId
    received_by: AuthorityId
    return_to: AuthorityId
    field: str = ""
    components: tuple[ComponentId, ...] = ()
    applicant: str = ""
    calendar_of: dict[AuthorityId, CalendarId] = {}
    law: Version = Version("")


class DossierReceived(_Event, frozen=True):
    """Accepted as full and valid: the clocks start.

    ``missing`` and ``excess`` are noted where the procedure allows them.
    """

    type = "dossier.received"
    procedure: ProcedureCode
    procedure_version: Version
    calendars: dict[CalendarId, Version]
    channel: Channel
    authority: AuthorityId
    received_by: AuthorityId
    return_to: AuthorityId
    field: str = ""
    components: tuple[ComponentId, ...] = ()
    missing: tuple[ComponentId, ...] = ()
    excess: tuple[ComponentId, ...] = ()
    applicant: str = ""
    calendar_of: dict[AuthorityId, CalendarId] = {}
    law: Version = Version("")


class DossierRefused(_Event, frozen=True):
    """Not accepted (form 03). One that was not submitted before pins here the rules by which it was looked at."""

    type = "dossier.refused"
    reason: Text
    procedure: ProcedureCode
    authority: AuthorityId
    field: str = ""
    applicant: str = ""
    procedure_version: Version = Version("")
    calendars: dict[CalendarId, Version] = {}
    calendar_of: dict[AuthorityId, CalendarId] = {}
    law: Version = Version("")
    channel: Channel | None = None
    received_by: AuthorityId | None = None


class DossierReminded(_Event, frozen=True):
    """The due moment is this near; sent once for each due moment."""

    type = "dossier.reminded"
    due: datetime
    before: Period


class DossierOverdue(_Event, frozen=True):
    """The committed due moment has passed without a result."""

    type = "dossier.overdue"
    due: datetime


class DossierExtended(_Event, frozen=True):
    """Form 04: one new appointment, with the reason."""

    type = "dossier.extended"
    old_due: datetime | None
    new_due: datetime
    reason: Text


class DossierWithdrawn(_Event, frozen=True):
    """Taken back by the citizen."""

    type = "dossier.withdrawn"
    reason: Text = ""


class DossierStopped(_Event, frozen=True):
    """Processing stopped (form 05)."""

    type = "dossier.stopped"
    reason: Text = ""


class DossierClosed(_Event, frozen=True):
    """Nothing more will be done; only corrections and feedback may follow."""

    type = "dossier.closed"
    ending: Ending


class TaskOpened(_Event, frozen=True):
    """A stage's task appears in its authority's worklist. ``due`` as promised then.

    Revisions are events of their own.
    """

    type = "task.opened"
    task: str
    step: int
    stage: StageKind
    stage_id: str
    authority: AuthorityId
    role: str = ""
    title: str = ""
    budget: Period | None = None
    due: datetime | None = None


class TaskClaimed(_Event, frozen=True):
    """An officer took the task."""

    type = "task.claimed"
    task: str
    stage: StageKind
    officer: OfficerId


class TaskReleased(_Event, frozen=True):
    """The officer gave the task back."""

    type = "task.released"
    task: str
    stage: StageKind
    officer: OfficerId


class TaskDelegated(_Event, frozen=True):
    """The task passed to another officer."""

    type = "task.delegated"
    task: str
    stage: StageKind
    officer: OfficerId
    previous: OfficerId | None = None
    reason: Text = ""


class TaskCompleted(_Event, frozen=True):
    """A stage ended; ``revokes_approval`` when work goes back to before the decision."""

    type = "task.completed"
    task: str
    stage: StageKind
    stage_id: str
    outcome: TaskOutcome
    to_stage: str | None = None
    note: Text = ""
    revokes_approval: bool = False


class TaskReminded(_Event, frozen=True):
    """The stage's due moment is this near."""

    type = "task.reminded"
    task: str
    stage: StageKind
    due: datetime
    before: Period


class TaskOverdue(_Event, frozen=True):
    """The stage's due moment has passed."""

    type = "task.overdue"
    task: str
    stage: StageKind
    stage_id: str
    authority: AuthorityId
    due: datetime


class SupplementRequested(_Event, frozen=True):
    """The citizen was asked to supplement (form 02), with the limit for the answer."""

    type = "supplement.requested"
    stage: StageKind
    stage_id: str
    effect: Effect
    expires_at: datetime
    reason: Text = ""
    components: tuple[ComponentId, ...] = ()
    legal_basis: str = ""


class SupplementProvided(_Event, frozen=True):
    """The citizen answered."""

    type = "supplement.provided"
    components: tuple[ComponentId, ...] = ()
    note: Text = ""


class SupplementExpired(_Event, frozen=True):
    """The limit passed without an answer."""

    type = "supplement.expired"
    expires_at: datetime


class PaymentRequired(_Event, frozen=True):
    """A financial obligation was notified; ``amount`` in dong."""

    type = "payment.required"
    amount: int = 0
    reason: Text = ""


class PaymentConfirmed(_Event, frozen=True):
    """The obligation was met."""

    type = "payment.confirmed"
    receipt: str = ""


class ClockSuspended(_Event, frozen=True):
    """The clocks stand still (pause), will start anew (restart) or run on although something is awaited.

    ``link`` names the linked part that waits, where it is not this one.
    """

    type = "clock.suspended"
    reason: SuspensionReason
    effect: Effect
    note: Text = ""
    link: str = ""


class ClockResumed(_Event, frozen=True):
    """The suspension ended and the clocks go on."""

    type = "clock.resumed"
    reason: SuspensionReason
    note: Text = ""
    link: str = ""


class ClockRestarted(_Event, frozen=True):
    """The suspension ended and the clocks start from zero."""

    type = "clock.restarted"
    reason: SuspensionReason
    budget: Period | None = None
    note: Text = ""


class DeadlineSet(_Event, frozen=True):
    """A due moment was promised for the first time."""

    type = "deadline.set"
    clock: ClockName
    budget: Period
    start: datetime
    due: datetime


class DeadlineRevised(_Event, frozen=True):
    """A promised due moment moved, and why; ``task`` where the clock is a stage's."""

    type = "deadline.revised"
    clock: ClockName
    old: datetime
    new: datetime
    why: str
    task: str | None = None


class CalendarRevised(_Event, frozen=True):
    """Another version of a calendar now counts for this dossier."""

    type = "calendar.revised"
    calendar: CalendarId
    old: Version
    new: Version
    reason: Text = ""


class ApologyDue(_Event, frozen=True):
    """The latest moment to send form 04 for this due moment."""

    type = "apology.due"
    due: datetime


class LinkOpened(_Event, frozen=True):
    """Handed over to a linked authority; ``attempt`` counts how often this link was, ``reason`` is why again."""

    type = "link.opened"
    link: str
    kind: LinkKind
    to: AuthorityId
    sequence: int
    silence: Silence
    budget: Period | None = None
    attempt: int = 1
    reason: Text = ""


class LinkReceived(_Event, frozen=True):
    """The linked authority's side of a hand-over by ``from_authority``: its part begins."""

    type = "link.received"
    link: str
    root: str
    parent: str
    sequence: int
    procedure: ProcedureCode
    procedure_version: Version
    calendars: dict[CalendarId, Version]
    authority: AuthorityId
    field: str = ""
    applicant: str = ""
    calendar_of: dict[AuthorityId, CalendarId] = {}
    law: Version = Version("")
    from_authority: AuthorityId = AuthorityId("")


class LinkAcknowledged(_Event, frozen=True):
    """The hand-over was acknowledged (recorded on both sides)."""

    type = "link.acknowledged"
    link: str
    sequence: int


class LinkAnswered(_Event, frozen=True):
    """The linked authority's answer (recorded on both sides)."""

    type = "link.answered"
    link: str
    sequence: int
    outcome: LinkOutcome
    note: Text = ""


ACKNOWLEDGEMENT, ANSWER, SYNCHRONISATION = "acknowledgement", "answer", "synchronisation"
"""What may be missing: the other authority's confirmation, its answer, or the arrival of what it was told."""


class LinkOverdue(_Event, frozen=True):
    """The link's budget is used up without an answer, or something else is missing that was due.

    Of what one side told the other and has not arrived (``synchronisation``), the side that told it records that.
    """

    type = "link.overdue"
    link: str
    due: datetime
    what: str


class LinkDelivered(_Event, frozen=True):
    """What was overdue in arriving at the other side has arrived."""

    type = "link.delivered"
    link: str
    sequence: int


class LinkConsented(_Event, frozen=True):
    """Silence counts as consent where the procedure says so."""

    type = "link.consented"
    link: str
    sequence: int


class LinkRecalled(_Event, frozen=True):
    """The hand-over ended because the parent did, or took it back (recorded on both sides)."""

    type = "link.recalled"
    link: str
    sequence: int
    reason: Text = ""


class LinkHandedBack(_Event, frozen=True):
    """The linked authority handed its part back unanswered (recorded on both sides)."""

    type = "link.handed_back"
    link: str
    sequence: int
    reason: Text = ""


class LinkSkipped(_Event, frozen=True):
    """The route goes on without the linked authority's answer."""

    type = "link.skipped"
    link: str
    sequence: int
    reason: Text = ""


class ResultApproved(_Event, frozen=True):
    """The last approval was given."""

    type = "result.approved"
    stage_id: str


class ResultRejected(_Event, frozen=True):
    """The request was turned down; a result saying so will be issued."""

    type = "result.rejected"
    stage_id: str
    note: Text = ""


class ResultIssued(_Event, frozen=True):
    """The result is ready: the moment judged."""

    type = "result.issued"
    number: str = ""
    note: Text = ""


class ResultReturned(_Event, frozen=True):
    """The result reached the citizen."""

    type = "result.returned"
    method: ReturnMethod


class PostalOrdered(_Event, frozen=True):
    """A parcel is to be fetched or brought by a carrier; ``tracking`` is empty until the carrier has given a number."""

    type = "postal.ordered"
    parcel: str
    purpose: Purpose
    carrier: str
    tracking: str = ""
    service: Period | None = None


class PostalPlaced(_Event, frozen=True):
    """The carrier took the order and gave the parcel its number."""

    type = "postal.placed"
    parcel: str
    carrier: str
    tracking: str


class PostalCancelled(_Event, frozen=True):
    """The order was taken back, or the carrier refused it for good."""

    type = "postal.cancelled"
    parcel: str
    reason: Text = ""


class PostalScanned(_Event, frozen=True):
    """A carrier's word of a parcel, as of the carrier's own time; recorded also when it comes late."""

    type = "postal.scanned"
    parcel: str
    state: ScanState
    carrier: str = ""
    tracking: str = ""
    signed: bool = False
    reason: Text = ""
    place: str = ""
    event: str = ""


class PostalTroubled(_Event, frozen=True):
    """An officer must see to a parcel: lost, brought back, undeliverable, damaged."""

    type = "postal.troubled"
    parcel: str
    problem: Problem
    authority: AuthorityId
    tracking: str = ""


class PostalOverdue(_Event, frozen=True):
    """No word of a parcel within the time that the carrier owes one."""

    type = "postal.overdue"
    parcel: str
    due: datetime
    tracking: str = ""


class EntryCorrected(_Event, frozen=True):
    """An amendment of an earlier entry; ``old`` and ``new`` as text."""

    type = "entry.corrected"
    version: int
    event: str
    field: str
    old: str
    new: str
    reason: Text
    approved_by: OfficerId


class FeedbackRecorded(_Event, frozen=True):
    """The citizen's mark and words."""

    type = "feedback.recorded"
    score: int
    words: Text = ""


Event = (
    DossierSubmitted
    | DossierReceived
    | DossierRefused
    | DossierReminded
    | DossierOverdue
    | DossierExtended
    | DossierWithdrawn
    | DossierStopped
    | DossierClosed
    | TaskOpened
    | TaskClaimed
    | TaskReleased
    | TaskDelegated
    | TaskCompleted
    | TaskReminded
    | TaskOverdue
    | SupplementRequested
    | SupplementProvided
    | SupplementExpired
    | PaymentRequired
    | PaymentConfirmed
    | ClockSuspended
    | ClockResumed
    | ClockRestarted
    | DeadlineSet
    | DeadlineRevised
    | CalendarRevised
    | ApologyDue
    | LinkOpened
    | LinkReceived
    | LinkAcknowledged
    | LinkAnswered
    | LinkOverdue
    | LinkDelivered
    | LinkConsented
    | LinkRecalled
    | LinkHandedBack
    | LinkSkipped
    | ResultApproved
    | ResultRejected
    | ResultIssued
    | ResultReturned
    | PostalOrdered
    | PostalPlaced
    | PostalCancelled
    | PostalScanned
    | PostalTroubled
    | PostalOverdue
    | EntryCorrected
    | FeedbackRecorded
)


class Fact(msgspec.Struct, frozen=True):
    """An event with its circumstances, as the fold sees it."""

    event: Event
    version: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str = ""
    authority: str = ""
    on_behalf_of: str = ""
    command_id: str = ""
