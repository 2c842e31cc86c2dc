"""The store's benchmark load: dossiers of four commands (receive, appraise, approve, return) and eleven events."""

import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from domain.dossier.view import DossierView, Status, TaskView, Timeliness, Waiting
from domain.ids import AuthorityId, CommandId, OfficerId, ProcedureCode, Stream
from domain.record import NO_HASH, Append, NewEvent
from store.chaining import records_of
from store.rows import RECORD_FIELDS, dossier_row, task_rows

START: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LIFE: Final = (
    ("dossier.received", "deadline.set", "task.completed", "task.opened"),
    ("task.completed", "task.opened"),
    ("task.completed", "result.approved", "task.opened"),
    ("result.returned", "dossier.closed"),
)
"""The event types of each command of a life."""
TASKS: Final = ("appraise", "approve", "return", None)
"""The stage that is open after each command."""
_DATA: Final = msgspec.json.encode(
    {
        "task": "T2-appraise",
        "stage": "appraise",
        "outcome": "forward",
        "note": "Hồ sơ đầy đủ, hợp lệ; chuyển lãnh đạo phê duyệt",
        "authority": "X17.one_stop",
        "due": "2026-03-13T17:00:00+07:00",
        "budget": {"amount": 40, "unit": "working_hour"},
        "components": ["don", "bansao", "giaychungnhan"],
    },
    order="sorted",
)
_numbers = itertools.count(1)


class Command(msgspec.Struct, frozen=True):
    """One command of a life, ready to be appended, and what a bare loop would insert of it.

    ``rows`` are the events' rows; ``view`` is the JSON of the read models' rows.
    """

    template: Append
    rows: list[list[Any]]
    view: str

    def append(self, prev_hash: bytes) -> Append:
        """The append by a writer who knows the stream's last hash."""
        return msgspec.structs.replace(self.template, prev_hash=prev_hash)


def commands_of_a_life() -> list[Command]:
    """The four commands of a new dossier."""
    stream = Stream(f"H29.12-260302-{next(_numbers):06d}")
    commands = []
    version, prev_hash = 0, NO_HASH
    for step, types in enumerate(LIFE):
        append = _append(stream, step, version, prev_hash, types)
        records = records_of(append)
        rows = [[_value(getattr(record, field)) for field in RECORD_FIELDS] for record in records]
        models = msgspec.json.encode([dossier_row(append.view), task_rows(append.view)]).decode()
        commands.append(Command(append, rows, models))
        version, prev_hash = records[-1].version, records[-1].hash
    return commands


def view(stream: Stream, version: int, step: int) -> DossierView:
    """The dossier after a step of its life."""
    moment = START + timedelta(days=step)
    stage = TASKS[step]
    task = TaskView(
        task=f"T{step + 2}-{stage}",
        stage=stage or "",
        title="Thẩm định hồ sơ",
        role="specialist",
        authority=AuthorityId("X17.one_stop"),
        opened_at=moment,
        due=moment + timedelta(days=3),
        overdue=False,
        officer=OfficerId("lan"),
    )
    closed = stage is None
    return DossierView(
        stream=stream,
        root=stream,
        version=version,
        status=Status.CLOSED if closed else Status.OPEN,
        portal_state=10 if closed else 4,
        waiting=Waiting.NOBODY if closed else Waiting.OFFICER,
        procedure=ProcedureCode("1.001193"),
        procedure_version="0123456789abcdef",
        calendar_version="fedcba9876543210",
        field="Hộ tịch",
        authority=AuthorityId("X17"),
        received_by=AuthorityId("X17.one_stop"),
        return_to=AuthorityId("X17.one_stop"),
        channel="direct",
        submitted_at=None,
        received_at=START,
        statutory_due=START + timedelta(days=14),
        committed_due=START + timedelta(days=10),
        ready_at=moment if closed else None,
        closed_at=moment if closed else None,
        timeliness=Timeliness.EARLY if closed else None,
        timeliness_as_recorded=Timeliness.EARLY if closed else None,
        extensions=0,
        supplements=0,
        next_moment=None if closed else moment + timedelta(days=2),
        applicant="",
        tasks=() if closed else (task,),
    )


def _append(stream: Stream, step: int, version: int, prev_hash: bytes, types: tuple[str, ...]) -> Append:
    """One command of a life."""
    moment = START + timedelta(days=step)
    command = CommandId(f"{stream}-command-{step}")
    new = tuple(
        NewEvent(
            type=name,
            schema_version=1,
            data=msgspec.Raw(_DATA),
            occurred_at=moment,
            recorded_at=moment,
            actor="lan",
            authority="X17",
            causation_id=command,
            correlation_id=stream,
        )
        for name in types
    )
    return Append(
        stream=stream,
        expected_version=version,
        prev_hash=prev_hash,
        command_id=command,
        command_digest=hashlib.sha256(command.encode()).digest(),
        events=new,
        view=view(stream, version + len(types), step),
    )


def _value(value: Any) -> Any:  # noqa: ANN401  # a column's value
    """A field as the driver takes it."""
    return bytes(value).decode() if isinstance(value, msgspec.Raw) else value
