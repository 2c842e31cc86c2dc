"""Appends and views that mean nothing to the domain: the store's tests need rows, not dossiers."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from domain.clock import Clock, Suspension
from domain.dossier.view import DossierView, Status, TaskView, Timeliness, Waiting
from domain.ids import AuthorityId, CalendarId, CommandId, OfficerId, ProcedureCode, Stream, Version
from domain.period import Period, Unit
from domain.procedure import CutOff, Effect
from domain.record import NO_HASH, Append, NewEvent, Record
from store.chaining import records_of

START = datetime(2026, 3, 2, 1, 10, 0, 123456, tzinfo=UTC)
A_CLOCK = Clock(
    budget=Period(8, Unit.WORKING_DAY),
    start=START,
    cutoff=CutOff("15:00"),
    suspensions=(Suspension(START + timedelta(days=1), None, Effect.PAUSE, "supplement"),),
    extension=(START, START + timedelta(days=12), "chờ kết quả đo đạc"),
)


def a_task(number: int = 1, **changes: object) -> TaskView:
    """An open task at stage ``appraise``."""
    task = TaskView(
        task=f"T{number}",
        stage="appraise",
        title="Thẩm định",
        role="specialist",
        authority=AuthorityId("X1"),
        opened_at=START,
        due=START + timedelta(days=number),
        overdue=False,
        officer=OfficerId("lan"),
        calendar=CalendarId("vn-state"),
        clock=Clock(Period(16, Unit.WORKING_HOUR), START),
    )
    return msgspec.structs.replace(task, **changes)


def a_view(stream: str = "H29.12-260302-0001", version: int = 1, **changes: object) -> DossierView:
    """An open dossier with one task."""
    view = DossierView(
        stream=Stream(stream),
        root=Stream(stream.partition("/")[0]),
        version=version,
        status=Status.OPEN,
        portal_state=4,
        waiting=Waiting.OFFICER,
        procedure=ProcedureCode("1.001193"),
        procedure_version="0123456789abcdef",
        calendar_version="fedcba9876543210",
        field="hộ tịch",
        authority=AuthorityId("X1"),
        received_by=AuthorityId("X1"),
        return_to=AuthorityId("X2"),
        channel="direct",
        submitted_at=None,
        received_at=START,
        statutory_due=START + timedelta(days=14),
        committed_due=START + timedelta(days=10),
        ready_at=None,
        closed_at=None,
        timeliness=None,
        timeliness_as_recorded=Timeliness.LATE,
        extensions=0,
        supplements=1,
        next_moment=START + timedelta(days=3),
        applicant="Nguyễn Thị Ánh",
        tasks=(a_task(),),
        calendar=CalendarId("vn-state"),
        calendars={CalendarId("vn-state"): Version("fedcba9876543210")},
        clock=A_CLOCK,
    )
    return msgspec.structs.replace(view, **changes)


def an_event(number: int = 1, type: str = "task.completed", **changes: object) -> NewEvent:  # noqa: A002  # the field's name
    """An event with text, numbers and nesting in its data."""
    data = {"number": number, "note": "đã thẩm định", "budget": {"amount": 0.5, "unit": "working_day"}}
    event = NewEvent(
        type=type,
        schema_version=1,
        data=msgspec.Raw(msgspec.json.encode(data)),
        occurred_at=START + timedelta(minutes=number),
        recorded_at=START + timedelta(minutes=number, microseconds=7),
        actor="lan",
        authority="X1",
        on_behalf_of="hoa",
        causation_id="cause",
        correlation_id="H29.12-260302-0001",
    )
    return msgspec.structs.replace(event, **changes)


def an_append(
    stream: str = "H29.12-260302-0001",
    command: str = "c1",
    *,
    after: Sequence[Record] = (),
    events: int = 1,
    content: str = "",
    **view: Any,  # noqa: ANN401  # any of the view's fields
) -> Append:
    """The append of ``command`` by a writer who has folded ``after``; ``content`` is what the command asks for."""
    version = len(after)
    return Append(
        stream=Stream(stream),
        expected_version=version,
        prev_hash=after[-1].hash if after else NO_HASH,
        command_id=CommandId(command),
        command_digest=hashlib.sha256((content or command).encode()).digest(),
        events=tuple(an_event(version + number) for number in range(1, events + 1)),
        view=a_view(stream, version + events, **view),
    )


def a_record() -> Record:
    """A stored row."""
    return records_of(an_append())[0]
