"""Between rows and values: records from ``events``, views from and to ``dossiers`` and ``tasks``."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from domain.dossier.view import DossierView, TaskView
from domain.record import Record
from store.hashing import canonical

Row = Sequence[Any]

RECORD_FIELDS: Final = Record.__struct_fields__
_CAST: Final = {"event_id": "::text", "data": "::text"}
DATA: Final = RECORD_FIELDS.index("data")


def record_columns(table: str = "events") -> str:
    """The select list that ``record_of`` reads, in the order of Record's fields."""
    return ", ".join(f"{table}.{field}{_CAST.get(field, '')}" for field in RECORD_FIELDS)


def record_of(row: Row) -> Record:
    """A record as it was stored, its data in canonical form."""
    values = list(row)
    values[DATA] = msgspec.Raw(canonical(values[DATA]))
    return Record(*values)


def loose_record_of(row: Row) -> Record:
    """The same, its data as PostgreSQL prints them: equal JSON, cheaper to read in bulk."""
    values = list(row)
    values[DATA] = msgspec.Raw(values[DATA])
    return Record(*values)


VIEW_FIELDS: Final = tuple(field for field in DossierView.__struct_fields__ if field != "tasks")
TASK_FIELDS: Final = TaskView.__struct_fields__
DOSSIER_COLUMNS: Final = (*VIEW_FIELDS, "entered_key", "due_key")
TASK_COLUMNS: Final = ("stream", "ordinal", *TASK_FIELDS, "due_key")
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""The sort key of a moment that is not there: after all others."""


def dossier_row(view: DossierView) -> dict[str, Any]:
    """The row of ``dossiers``: enumerations as text, moments as they are, with its sort keys."""
    row = _plain(view)
    del row["tasks"]
    row["entered_key"] = view.received_at or view.submitted_at or NEVER
    row["due_key"] = view.committed_due or view.statutory_due or NEVER
    return row


def task_rows(view: DossierView) -> list[dict[str, Any]]:
    """The rows of ``tasks``; ``ordinal`` counts from 1 and keeps the view's order."""
    return [
        {"stream": view.stream, "ordinal": number, **_plain(task), "due_key": task.due or NEVER}
        for number, task in enumerate(view.tasks, start=1)
    ]


def view_of(rows: Sequence[Row]) -> DossierView:
    """The view from one row for each task, or one with nulls: VIEW_FIELDS, then TASK_FIELDS, in the tasks' order."""
    cut = len(VIEW_FIELDS)
    values = dict(zip(VIEW_FIELDS, rows[0], strict=False))
    values["tasks"] = [dict(zip(TASK_FIELDS, row[cut:], strict=True)) for row in rows if row[cut] is not None]
    return msgspec.convert(values, DossierView)


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """A struct's fields as values that the driver knows."""
    built: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(datetime,))
    return built
