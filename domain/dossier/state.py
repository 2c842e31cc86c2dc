"""The state of one stream: what the fold of its events yields and what decisions look at."""

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.dossier.commands import Channel, LinkOutcome, ReturnMethod
from domain.dossier.events import ClockName, Ending
from domain.dossier.view import Status
from domain.ids import AuthorityId, CalendarId, OfficerId, ProcedureCode, Version
from domain.period import Period
from domain.postal import Parcel, Purpose
from domain.procedure import Effect, LinkKind, Silence, StageKind, SuspensionReason

CITIZEN = "citizen"
"""Holder of the time while the citizen's supplement or payment is awaited."""
POST = "post"
"""Holder of the time while a parcel is on its way."""


class Task(msgspec.Struct, frozen=True):
    """The open task."""

    id: str
    step: int
    stage: StageKind
    stage_id: str
    authority: AuthorityId
    opened_at: datetime
    role: str = ""
    title: str = ""
    budget: Period | None = None
    officer: OfficerId | None = None
    overdue: bool = False


class Stay(msgspec.Struct, frozen=True):
    """One suspension in the ledger.

    Versions name the entries that began and ended it, so that these can be corrected.
    """

    reason: SuspensionReason
    effect: Effect
    start: datetime
    began: int
    end: datetime | None = None
    ended: int = 0
    link: str = ""


class Supplement(msgspec.Struct, frozen=True):
    """The supplement that is awaited."""

    stage_id: str
    requested_at: datetime
    expires_at: datetime
    components: tuple[str, ...]


class Extension(msgspec.Struct, frozen=True):
    """One form 04: from ``at`` on, ``due`` is the appointment."""

    at: datetime
    due: datetime
    reason: str


class SecondAppointment(msgspec.Struct, frozen=True):
    """The clock that starts when the citizen has paid, where two appointments are promised."""

    start: datetime
    budget: Period


class LinkState(StrEnum):
    """How far a hand-over is."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    CONSENTED = "consented"
    RECALLED = "recalled"
    HANDED_BACK = "handed_back"
    SKIPPED = "skipped"


class Link(msgspec.Struct, frozen=True):
    """One hand-over in the parent's ledger.

    ``attempt`` counts how often the same link was handed over; ``ended_at`` is when this hand-over ended (none: open).
    ``undelivered``: when it should have arrived at the latest, while it has not (none: nothing is known to be missing).
    """

    id: str
    kind: LinkKind
    to: AuthorityId
    sequence: int
    silence: Silence
    opened_at: datetime
    state: LinkState = LinkState.OPENED
    budget: Period | None = None
    outcome: LinkOutcome | None = None
    attempt: int = 1
    ended_at: datetime | None = None
    undelivered: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether the linked authority has it."""
        return self.state in {LinkState.OPENED, LinkState.ACKNOWLEDGED}

    @property
    def back(self) -> bool:
        """Whether it came back without an answer, so that somebody must decide how to go on."""
        return self.state in {LinkState.HANDED_BACK, LinkState.RECALLED}


class Origin(msgspec.Struct, frozen=True):
    """Where a linked part came from, and whose the parent is (none for a root dossier).

    ``undelivered``: when what the part told its parent should have arrived at the latest, while it has not.
    """

    root: str
    parent: str
    link: str
    sequence: int
    from_authority: AuthorityId = AuthorityId("")
    acknowledged: bool = False
    answer: LinkOutcome | None = None
    note: str = ""
    handed_back: bool = False
    undelivered: datetime | None = None


class Span(msgspec.Struct, frozen=True):
    """From ``since`` on, the time is this holder's."""

    holder: str
    since: datetime


class Fired(msgspec.Struct, frozen=True):
    """An agenda entry that has come true; it does so once for each due moment."""

    kind: str
    key: str
    due: datetime


class Promise(msgspec.Struct, frozen=True):
    """A due moment as last told to the citizen or the officer; ``task`` for a stage's."""

    clock: ClockName
    due: datetime
    task: str = ""


class Dossier(msgspec.Struct, frozen=True):
    """One stream's state. ``status`` none: nothing has happened yet.

    Times are those of the world (``occurred_at``) unless named ``…_recorded``. ``entries`` holds each event's type by
    version, so that corrections can name their target. ``step`` is the index of the route's current step.
    """

    status: Status | None = None
    version: int = 0
    entries: tuple[str, ...] = ()
    procedure: ProcedureCode = ProcedureCode("")
    procedure_version: Version = Version("")
    calendars: dict[CalendarId, Version] = {}
    calendar_of: dict[AuthorityId, CalendarId] = {}
    law: Version = Version("")
    field: str = ""
    channel: Channel = Channel.DIRECT
    applicant: str = ""
    authority: AuthorityId = AuthorityId("")
    received_by: AuthorityId = AuthorityId("")
    return_to: AuthorityId = AuthorityId("")
    components: tuple[str, ...] = ()
    submitted_at: datetime | None = None
    received_at: datetime | None = None
    step: int = 0
    task: Task | None = None
    tasks_opened: int = 0
    links: tuple[Link, ...] = ()
    origin: Origin | None = None
    approved: bool | None = None
    stays: tuple[Stay, ...] = ()
    supplement: Supplement | None = None
    supplements: tuple[tuple[str, str], ...] = ()
    extensions: tuple[Extension, ...] = ()
    second: SecondAppointment | None = None
    promises: tuple[Promise, ...] = ()
    fired: tuple[Fired, ...] = ()
    overdue_stages: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    ready_at: datetime | None = None
    ready_recorded_at: datetime | None = None
    returned_by: ReturnMethod | None = None
    closed_at: datetime | None = None
    closed_recorded_at: datetime | None = None
    ending: Ending | None = None
    feedback: int | None = None
    parcels: tuple[Parcel, ...] = ()

    def promise(self, clock: ClockName, task: str = "") -> datetime | None:
        """The due moment last told for this clock (none: none yet)."""
        return next((p.due for p in self.promises if p.clock is clock and p.task == task), None)

    def stay(self, reason: SuspensionReason, link: str = "") -> Stay | None:
        """The open suspension for this reason, this part's own or a linked one's (none: none is open)."""
        return next((s for s in self.stays if s.end is None and s.reason is reason and s.link == link), None)

    def link(self, link: str) -> Link | None:
        """The latest hand-over of this link."""
        return next((known for known in reversed(self.links) if known.id == link), None)

    def hand_over(self, sequence: int) -> Link | None:
        """The hand-over of this number."""
        return next((known for known in self.links if known.sequence == sequence), None)

    def side_of(self, link: str, sequence: int) -> Link | Origin | None:
        """A hand-over as known here: as what began this part, or as one of its own (none: it is not known)."""
        origin = self.origin
        if origin is not None and (origin.link, origin.sequence) == (link, sequence) and self.link(link) is None:
            return origin
        found = self.hand_over(sequence)
        return found if found is not None and found.id == link else None

    @property
    def links_awaited(self) -> tuple[Link, ...]:
        """The hand-overs that the route waits for: those that are open, and those that came back."""
        return tuple(known for known in self.links if known.open or (known.back and known == self.link(known.id)))

    @property
    def links_back(self) -> tuple[Link, ...]:
        """The hand-overs that came back without an answer and were neither repeated nor skipped."""
        return tuple(known for known in self.links_awaited if known.back)

    def parcel(self, purpose: Purpose) -> Parcel | None:
        """The latest parcel for this purpose."""
        return next((known for known in reversed(self.parcels) if known.purpose is purpose), None)

    def has_fired(self, kind: str, key: str, due: datetime) -> bool:
        """Whether this agenda entry has come true for this due moment."""
        return any(f.kind == kind and f.key == key and f.due == due for f in self.fired)


NEW = Dossier()
"""The state of a stream without events."""
