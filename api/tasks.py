"""Worklists: what is to be done, the most urgent first."""

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from msgspec import Meta

from api import query
from api.answers import Work, answer, code_and_link, work
from api.body import Call
from api.components import CODE
from api.docs import LIST_PROBLEMS, document
from api.examples import TASK
from api.fields import Moment
from api.moments import check_moments
from api.parts import parts_of
from api.query import Cursor, Limit
from api.scope import reader_of, tasks_in_scope
from domain.dossier.view import Waiting
from domain.ids import AuthorityId, OfficerId, ProcedureCode
from store.queries import TaskQuery, TaskRow


class Worklist(msgspec.Struct, frozen=True):
    """Which open tasks; every property that is given must hold."""

    authority: Annotated[AuthorityId | None, Meta(description="Whose worklist; the officer's own if unsaid.")] = None
    stage: str | None = None
    role: str | None = None
    officer: Annotated[OfficerId | None, Meta(description="Who has claimed it.")] = None
    unclaimed: Annotated[bool, Meta(description="Leave out what anyone has claimed.")] = False
    due_before: Moment | None = None
    late: Annotated[bool | None, Meta(description="Whether its due moment has passed.")] = None
    procedure: ProcedureCode | None = None
    field: str | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class WorklistLine(msgspec.Struct, frozen=True):
    """An open task, and of which dossier; ``version`` is the dossier's, for If-Match."""

    code: str
    link: str
    version: int
    procedure: ProcedureCode
    field: str
    waiting: Waiting
    received_at: Moment | None
    committed_due: Moment | None
    late: bool
    task: Work


class WorklistPage(msgspec.Struct, frozen=True):
    """Some tasks, the most urgent first; ``next_cursor`` continues the list (none: these were the last)."""

    items: tuple[WorklistLine, ...]
    next_cursor: str | None


EXAMPLE: Final = WorklistLine(
    code=CODE,
    link="",
    version=4,
    procedure=ProcedureCode("1.001193"),
    field="Hộ tịch",
    waiting=Waiting.OFFICER,
    received_at=datetime(2026, 3, 2, 1, 10, tzinfo=UTC),
    committed_due=datetime(2026, 3, 12, 10, 0, tzinfo=UTC),
    late=False,
    task=TASK,
)


@get(
    "/tasks",
    name="worklist",
    opt=document(
        tag="tasks",
        summary="The worklist",
        description="Officers see their own authority's; administrators and auditors every one.",
        answer=WorklistPage,
        answer_description="A page of open tasks, the most urgent first.",
        example=WorklistPage((EXAMPLE,), None),
        query=Worklist,
        problems=LIST_PROBLEMS,
    ),
)
async def worklist(request: Call) -> Response[bytes]:
    """List open tasks."""
    parts, wanted = parts_of(request), query.read(request, Worklist)
    check_moments(wanted)
    given = {name: getattr(wanted, name) for name in TaskQuery.__struct_fields__}
    found, now = tasks_in_scope(request.user, TaskQuery(**given)), parts.now()
    reader = reader_of(request.user)
    page = await parts.queries.tasks(found, reader, now=now, limit=wanted.limit, cursor=wanted.cursor)
    return answer(WorklistPage(tuple(_line(row, now) for row in page.items), page.next))


def _line(row: TaskRow, now: datetime) -> WorklistLine:
    code, link = code_and_link(row.stream)
    return WorklistLine(
        code=code,
        link=link,
        version=row.version,
        procedure=row.procedure,
        field=row.field,
        waiting=row.waiting,
        received_at=row.received_at,
        committed_due=row.committed_due,
        late=row.task.due is not None and row.task.due < now,
        task=work(row.task),
    )
