"""What a dossier looks like from outside: the rows of the read models, a pure function of its state (see summarise)."""

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.clock import Clock
from domain.ids import AuthorityId, CalendarId, OfficerId, ProcedureCode, Stream, Version


class Status(StrEnum):
    """Where a dossier stands in its life."""

    SUBMITTED = "submitted"
    REFUSED = "refused"
    OPEN = "open"
    READY = "ready"
    CLOSED = "closed"


class Waiting(StrEnum):
    """Whom an open dossier waits for; ``officer`` when work can go on."""

    OFFICER = "officer"
    CITIZEN = "citizen"
    AUTHORITY = "authority"
    POST = "post"
    NOBODY = "nobody"


class Timeliness(StrEnum):
    """Judgement of interface section 6; open ones are judged when asked, so rows hold only the first three."""

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    OPEN_WITHIN = "open_within"
    OPEN_OVERDUE = "open_overdue"


class TaskView(msgspec.Struct, frozen=True):
    """One open task: who, what, until when (5 rõ).

    ``due`` is the stage's due moment, none where it is not timed or paused. ``clock`` is what it follows from, counted
    by ``calendar``: what the moment would be under another version can be told from the row alone.
    """

    task: str
    stage: str
    title: str
    role: str
    authority: AuthorityId
    opened_at: datetime
    due: datetime | None
    overdue: bool
    officer: OfficerId | None
    calendar: CalendarId = CalendarId("")
    clock: Clock | None = None


class DossierView(msgspec.Struct, frozen=True):
    """One stream's row of the ``dossiers`` read model and its open tasks.

    ``root`` is the root dossier's stream, equal to ``stream`` for the root itself. ``received_by`` is the desk that
    received it, ``authority`` the one that decides, ``return_to`` where the result is handed over. ``next_moment`` is
    the earliest agenda moment: the running workflow's timer. ``procedure_version`` and ``calendar_version`` are the
    pinned content addresses. ``clock`` is the appointment's clock, counted by ``calendar``, as long as the dossier is
    not judged; ``calendars`` are all calendars that its clocks are counted by, with the versions pinned.
    """

    stream: Stream
    root: Stream
    version: int
    status: Status
    portal_state: int
    waiting: Waiting
    procedure: ProcedureCode
    procedure_version: str
    calendar_version: str
    field: str
    authority: AuthorityId
    received_by: AuthorityId
    return_to: AuthorityId
    channel: str
    submitted_at: datetime | None
    received_at: datetime | None
    statutory_due: datetime | None
    committed_due: datetime | None
    ready_at: datetime | None
    closed_at: datetime | None
    timeliness: Timeliness | None
    timeliness_as_recorded: Timeliness | None
    extensions: int
    supplements: int
    next_moment: datetime | None
    applicant: str
    tasks: tuple[TaskView, ...]
    calendar: CalendarId = CalendarId("")
    calendars: dict[CalendarId, Version] = {}
    clock: Clock | None = None
