"""The shapes of answers. A command's is built from the rows that it left, so that a repeat gets the same bytes."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Response

from api.bodies import Applicant
from api.fields import Moment
from api.local import in_local_time
from domain.dossier.codec import decode_event
from domain.dossier.events import ClockName, DeadlineSet
from domain.dossier.view import DossierView, Status, TaskView, Timeliness, Waiting
from domain.ids import AuthorityId, OfficerId, ProcedureCode, Stream
from domain.period import Period
from domain.record import Record


def code_and_link(stream: Stream) -> tuple[str, str]:
    """A stream's dossier and its path of links (empty: the dossier itself)."""
    code, _, link = stream.partition("/")
    return code, link


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """A command took effect: its events have the versions ``first_version`` to ``version``."""

    code: str
    version: int
    first_version: int
    events: tuple[str, ...]
    recorded_at: Moment
    occurred_at: Moment
    link: str = ""


class Received(msgspec.Struct, frozen=True):
    """A new dossier. ``appointment`` is the moment promised on the receipt: the committed one."""

    code: str
    version: int
    first_version: int
    events: tuple[str, ...]
    recorded_at: Moment
    occurred_at: Moment
    appointment: Moment | None
    statutory_due: Moment | None
    committed_due: Moment | None


def done(records: Sequence[Record]) -> Done:
    """What a command left, as its answer."""
    first, last = records[0], records[-1]
    code, link = code_and_link(first.stream)
    return Done(
        code=code,
        version=last.version,
        first_version=first.version,
        events=tuple(record.type for record in records),
        recorded_at=first.recorded_at,
        occurred_at=first.occurred_at,
        link=link,
    )


def received(records: Sequence[Record]) -> Received:
    """What the first command of a dossier left, as its answer."""
    first, last = records[0], records[-1]
    due = _promised(records)
    return Received(
        code=first.stream,
        version=last.version,
        first_version=first.version,
        events=tuple(record.type for record in records),
        recorded_at=first.recorded_at,
        occurred_at=first.occurred_at,
        appointment=due.get(ClockName.COMMITTED),
        statutory_due=due.get(ClockName.STATUTORY),
        committed_due=due.get(ClockName.COMMITTED),
    )


def _promised(records: Sequence[Record]) -> dict[ClockName, datetime]:
    events = (decode_event(record.type, record.data) for record in records if record.type == DeadlineSet.type)
    return {event.clock: event.due for event in events if isinstance(event, DeadlineSet)}


class ClockFace(msgspec.Struct, frozen=True):
    """One clock of a dossier; ``due`` is none while it stands still."""

    clock: ClockName
    budget: Period
    start: Moment
    due: Moment | None


class Part(msgspec.Struct, frozen=True):
    """A linked part: another authority's stretch of the way."""

    link: str
    to: AuthorityId
    state: str


class Work(msgspec.Struct, frozen=True):
    """An open task: who, what, until when. ``due`` is none where it is not timed, or stands still."""

    task: str
    stage: str
    title: str
    role: str
    authority: AuthorityId
    opened_at: Moment
    due: Moment | None
    overdue: bool
    officer: OfficerId | None


def work(task: TaskView) -> Work:
    """A task as answers show it."""
    return Work(**{name: getattr(task, name) for name in Work.__struct_fields__})


class DossierLine(msgspec.Struct, frozen=True):
    """A dossier, or a part of one, as the read model has it. ``timeliness`` of an open one is judged as of now."""

    code: str
    link: str
    version: int
    status: Status
    portal_state: int
    waiting: Waiting
    procedure: ProcedureCode
    field: str
    authority: AuthorityId
    received_by: AuthorityId
    return_to: AuthorityId
    channel: str
    submitted_at: Moment | None
    received_at: Moment | None
    statutory_due: Moment | None
    committed_due: Moment | None
    ready_at: Moment | None
    closed_at: Moment | None
    timeliness: Timeliness | None
    timeliness_as_recorded: Timeliness | None
    extensions: int
    supplements: int
    next_moment: Moment | None
    tasks: tuple[Work, ...]


_VIEWED: Final = frozenset(DossierLine.__struct_fields__) - {"code", "link", "timeliness", "tasks"}


def line(view: DossierView, timeliness: Timeliness | None) -> DossierLine:
    """A view as answers show it, with its judgement."""
    code, link = code_and_link(view.stream)
    return DossierLine(
        code=code,
        link=link,
        timeliness=timeliness,
        tasks=tuple(work(task) for task in view.tasks),
        **{name: getattr(view, name) for name in _VIEWED},
    )


class DossierPage(msgspec.Struct, frozen=True):
    """Some dossiers; ``next_cursor`` continues the search (none: these were the last)."""

    items: tuple[DossierLine, ...]
    next_cursor: str | None


class DossierState(DossierLine, frozen=True):
    """A dossier as it stands, with its clocks and whose time it was (working minutes by holder).

    ``applicant`` is there for officers who work with the dossier, until its personal data are destroyed.
    """

    applicant: Applicant | None
    clocks: tuple[ClockFace, ...]
    parts: tuple[Part, ...]
    working_minutes: dict[str, int]


class Entry(msgspec.Struct, frozen=True):
    """One event of a dossier's history. ``hash`` chains it to the one before it."""

    version: int
    type: str
    occurred_at: Moment
    recorded_at: Moment
    actor: str
    authority: str
    on_behalf_of: str
    command_id: str
    data: dict[str, Any]
    hash: str


class History(msgspec.Struct, frozen=True):
    """A page of a dossier's events; ``next_after`` continues it (none: this was the last)."""

    code: str
    link: str
    items: tuple[Entry, ...]
    next_after: int | None


def answer(
    value: Any,  # noqa: ANN401  # whatever msgspec encodes
    status: HTTPStatus = HTTPStatus.OK,
    *,
    version: int | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    """JSON, with the dossier's version as its ETag where there is one. Nothing of a dossier belongs into a cache."""
    tagged = {} if version is None else {"ETag": f'"{version}"'}
    return Response(
        content=msgspec.json.encode(in_local_time(value)),
        status_code=status,
        headers={"Cache-Control": "no-store", **tagged, **(headers or {})},
        media_type="application/json",
    )
