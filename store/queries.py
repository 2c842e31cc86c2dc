"""What officers look for: dossiers by many properties, and their worklist. Pages by keyset, never by offset."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from domain.dossier.view import DossierView, Status, TaskView, Waiting
from domain.ids import AuthorityId, OfficerId, ProcedureCode, Stream
from store.cursors import Cursors
from store.database import Connection, Database
from store.row_security import Reader, seen_by
from store.rows import TASK_FIELDS, VIEW_FIELDS, Row, view_of

Item = TypeVar("Item")
LARGEST_PAGE: Final = 200
_AFTER_ALL: Final = "\U0010ffff"
"""Greater, byte by byte, than what any code continues with."""


class Order(StrEnum):
    """How found dossiers are sorted: the newest first, or the one due next first."""

    NEWEST = "newest"
    DUE = "due"


class DossierQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which dossiers; every property that is given must hold. Ranges include their start and exclude their end.

    ``code`` is the beginning of a code. ``roots`` leaves out linked parts, which have the root's code.
    """

    authority: AuthorityId | None = None
    received_by: AuthorityId | None = None
    return_to: AuthorityId | None = None
    status: Status | None = None
    waiting: Waiting | None = None
    procedure: ProcedureCode | None = None
    field: str | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None
    code: str | None = None
    roots: bool = False
    order: Order = Order.NEWEST


class TaskQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which open tasks; every property that is given must hold.

    ``officer`` is the one who has claimed it, ``unclaimed`` leaves out those that anyone has. ``late`` is whether the
    due moment has passed; a task without one is never late.
    """

    authority: AuthorityId | None = None
    stage: str | None = None
    role: str | None = None
    officer: OfficerId | None = None
    unclaimed: bool = False
    due_before: datetime | None = None
    late: bool | None = None
    procedure: ProcedureCode | None = None
    field: str | None = None


class TaskRow(msgspec.Struct, frozen=True):
    """One line of a worklist: the task, and of which dossier. ``version`` is the stream's."""

    stream: Stream
    root: Stream
    version: int
    procedure: ProcedureCode
    field: str
    waiting: Waiting
    received_at: datetime | None
    committed_due: datetime | None
    applicant: str
    task: TaskView


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """Some items, and the cursor of the next page (none: this is the last)."""

    items: tuple[Item, ...]
    next: str | None


class _DossierKey(NamedTuple):
    """Where a page of dossiers ended."""

    moment: datetime
    stream: str


class _TaskKey(NamedTuple):
    """Where a page of tasks ended."""

    due: datetime
    stream: str
    task: str


class Queries:
    """Reads the read models. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, database: Database, cursors: Cursors) -> None:
        """Read through ``database``; page with ``cursors``."""
        self._database = database
        self._cursors = cursors

    async def dossiers(
        self, query: DossierQuery, reader: Reader, *, limit: int = 50, cursor: str | None = None
    ) -> Page[DossierView]:
        """A page of at most ``limit`` (1 to LARGEST_PAGE) dossiers with their tasks; raises InvalidCursor.

        Whatever the query asks for, nothing is found that ``reader`` may not see.
        """
        key = self._cursors.read(query, cursor, _DossierKey) if cursor else None
        column = "due_key" if query.order is Order.DUE else "entered_key"
        statement, values = _dossier_select(query, column, key, _page_size(limit))

        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await _fetch(connection, statement, values)

        found = _group(await self._database.run(seen_by(reader, work)))
        items = tuple(view_of([row[1:] for row in rows]) for rows in found[:limit])
        last = found[limit - 1][0] if len(found) > limit else None
        return Page(items, self._cursors.issue(query, (last[0], last[1])) if last else None)

    async def tasks(
        self, query: TaskQuery, reader: Reader, *, now: datetime, limit: int = 50, cursor: str | None = None
    ) -> Page[TaskRow]:
        """A page of at most ``limit`` (1 to LARGEST_PAGE) open tasks, the most urgent first; raises InvalidCursor.

        Whatever the query asks for, nothing is found that ``reader`` may not see. ``now`` decides what is late; a
        cursor stays good while it moves on.
        """
        key = self._cursors.read(query, cursor, _TaskKey) if cursor else None
        statement, values = _task_select(query, now, key, _page_size(limit))

        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await _fetch(connection, statement, values)

        rows = await self._database.run(seen_by(reader, work))
        items = tuple(_task_row(row) for row in rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(
            items, self._cursors.issue(query, (last[0], items[-1].stream, items[-1].task.task)) if last else None
        )

    async def count_tasks(
        self, queries: Sequence[TaskQuery], reader: Reader, *, now: datetime, at_most: int
    ) -> list[int]:
        """How many tasks each query finds; counting ends at ``at_most``, so that it costs the same at any authority."""
        counted = [_task_count(query, f"q{number}_", now, at_most) for number, query in enumerate(queries)]
        statement = f"SELECT {', '.join(f'({each})' for each, _ in counted)}"
        values = {name: value for _, given in counted for name, value in given.items()}

        async def work(connection: Connection) -> list[int]:
            [found] = await _fetch(connection, statement, values)
            return list(found)

        return await self._database.run(seen_by(reader, work))


def _page_size(limit: int) -> int:
    """One more than asked for, to see whether there is a next page; raises ValueError for an impossible limit."""
    if not 1 <= limit <= LARGEST_PAGE:
        message = f"a page has 1 to {LARGEST_PAGE} items, not {limit}"
        raise ValueError(message)
    return limit + 1


async def _fetch(connection: Connection, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(statement.encode(), values)
        return await cursor.fetchall()


_DOSSIER_CONDITIONS: Final = {
    "authority": "authority = %(authority)s",
    "received_by": "received_by = %(received_by)s",
    "return_to": "return_to = %(return_to)s",
    "status": "status = %(status)s",
    "procedure": "procedure = %(procedure)s",
    "field": "field = %(field)s",
    "received_from": "entered_key >= %(received_from)s",
    "received_before": "entered_key < %(received_before)s",
    "due_from": "due_key >= %(due_from)s",
    "due_before": "due_key < %(due_before)s",
}


def _dossier_select(
    query: DossierQuery, column: str, key: _DossierKey | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """The statement and its values: the page's dossiers, each joined to its tasks."""
    values = _given(query, _DOSSIER_CONDITIONS)
    conditions = [_DOSSIER_CONDITIONS[name] for name in values]
    if query.waiting is not None:
        # Written out: of a value that is given beside it the planner does not know that a partial index has it.
        conditions.append(f"waiting = '{query.waiting.value}'")
    if query.code is not None:
        conditions.append("stream >= %(code)s AND stream < %(code_end)s")
        values |= {"code": query.code, "code_end": query.code + _AFTER_ALL}
    if query.roots:
        conditions.append("stream = root")
    direction, beyond = ("ASC", ">") if query.order is Order.DUE else ("DESC", "<")
    if key is not None:
        conditions.append(f"({column}, stream) {beyond} (%(moment)s, %(stream)s)")
        values |= key._asdict()
    dossier_columns = ", ".join(f"page.{name}" for name in VIEW_FIELDS)
    task_columns = ", ".join(f"tasks.{name}" for name in TASK_FIELDS)
    statement = f"""
        WITH page AS MATERIALIZED (
            SELECT * FROM dossiers WHERE {" AND ".join(conditions) or "true"}
            ORDER BY {column} {direction}, stream {direction} LIMIT {limit}
        )
        SELECT page.{column}, {dossier_columns}, {task_columns} FROM page LEFT JOIN tasks USING (stream)
        ORDER BY page.{column} {direction}, stream {direction}, tasks.ordinal
    """
    return statement, values


_TASK_CONDITIONS: Final = {
    "authority": "tasks.authority = %(authority)s",
    "stage": "tasks.stage = %(stage)s",
    "role": "tasks.role = %(role)s",
    "officer": "tasks.officer = %(officer)s",
    "due_before": "tasks.due_key < %(due_before)s",
    "procedure": "dossiers.procedure = %(procedure)s",
    "field": "dossiers.field = %(field)s",
}
_TASK_DOSSIER: Final = tuple(field for field in TaskRow.__struct_fields__ if field != "task")


def _task_conditions(query: TaskQuery, now: datetime) -> tuple[list[str], dict[str, Any]]:
    """What must hold of a task, and the values of it."""
    values = _given(query, _TASK_CONDITIONS)
    conditions = [_TASK_CONDITIONS[name] for name in values]
    if query.unclaimed:
        conditions.append("tasks.officer IS NULL")
    if query.late is not None:
        conditions.append(f"tasks.due_key {'<' if query.late else '>='} %(now)s")
        values["now"] = now
    return conditions, values


def _task_count(query: TaskQuery, prefix: str, now: datetime, at_most: int) -> tuple[str, dict[str, Any]]:
    """The statement and its values, whose names begin with ``prefix``: several stand in one statement."""
    conditions, values = _task_conditions(query, now)
    dossiers = "JOIN dossiers USING (stream)" if query.procedure or query.field else ""
    statement = f"""
        SELECT count(*) FROM (
            SELECT FROM tasks {dossiers} WHERE {" AND ".join(conditions) or "true"} LIMIT {at_most}
        ) AS found
    """
    return statement.replace("%(", f"%({prefix}"), {f"{prefix}{name}": value for name, value in values.items()}


def _task_select(query: TaskQuery, now: datetime, key: _TaskKey | None, limit: int) -> tuple[str, dict[str, Any]]:
    """The statement and its values."""
    conditions, values = _task_conditions(query, now)
    if key is not None:
        conditions.append("(tasks.due_key, tasks.stream, tasks.task) > (%(due)s, %(stream)s, %(task)s)")
        values |= key._asdict()
    dossier_columns = ", ".join(f"dossiers.{name}" for name in _TASK_DOSSIER)
    task_columns = ", ".join(f"tasks.{name}" for name in TASK_FIELDS)
    statement = f"""
        SELECT tasks.due_key, {dossier_columns}, {task_columns} FROM tasks JOIN dossiers USING (stream)
        WHERE {" AND ".join(conditions) or "true"}
        ORDER BY tasks.due_key, tasks.stream, tasks.task LIMIT {limit}
    """
    return statement, values


def _given(query: msgspec.Struct, conditions: dict[str, str]) -> dict[str, Any]:
    """The properties that a query gives, of those that a plain condition tests."""
    values = {name: getattr(query, name) for name in conditions}
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:  # noqa: ANN401  # text or a moment
    """An enumeration's text, anything else as it is."""
    return value.value if isinstance(value, StrEnum) else value


def _group(rows: list[tuple[Any, ...]]) -> list[list[Row]]:
    """Consecutive rows of one dossier (its second column) together."""
    groups: list[list[Row]] = []
    for row in rows:
        if groups and groups[-1][0][1] == row[1]:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _task_row(row: Row) -> TaskRow:
    """A line of the worklist."""
    cut = 1 + len(_TASK_DOSSIER)
    values = dict(zip(_TASK_DOSSIER, row[1:cut], strict=True))
    values["task"] = dict(zip(TASK_FIELDS, row[cut:], strict=True))
    return msgspec.convert(values, TaskRow)
