"""The worklist: what is to be done, most urgent first, by whom and until when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, get

from api.answers import code_and_link
from api.body import Call
from api.desk.context import asked, directory_of, page, see_other, words_of
from api.desk.directory import Directory
from api.desk.dossier import fresh_key
from api.desk.people import names_of
from api.parts import Parts, parts_of
from api.scope import dossiers_in_scope, reader_of, tasks_in_scope
from domain.access import Facts, OpenTask, can, facts_of_view
from domain.authority import Role
from domain.code import is_code
from domain.dossier.view import DossierView, Status, Waiting
from domain.ids import AuthorityId, OfficerId, ProcedureCode, Stream
from domain.procedure import StageKind
from domain.vietnamese import text_key
from runtime.tokens import Claims
from store.queries import DossierQuery, Order, TaskQuery, TaskRow
from store.saved_views import SavedViews
from web.messages import Translate
from web.timewords import left_words, local, short_words

PAGE: Final = 50
COUNTED: Final = 999
"""How far the tasks of a list are counted; the unit's page has every figure whole."""
SOON_SHARE: Final = 4 * 60
"""Working minutes from which on a task is shown as pressing."""


FILTERS: Final = ("view", "stage", "procedure", "holder")
"""What the address of a list can say."""


class View(StrEnum):
    """The lists that there are."""

    MINE = "mine"
    UNIT = "unit"
    FREE = "free"
    TODAY = "today"
    LATE = "late"
    CITIZEN = "citizen"
    AUTHORITY = "authority"


class Wanted(msgspec.Struct, frozen=True):
    """What the address asks for; ``holder`` is the officer who has the tasks."""

    view: View
    stage: str = ""
    procedure: str = ""
    holder: str = ""
    cursor: str = ""

    def address(self, **other: str) -> str:
        """The address of the same list with something else; the cursor is forgotten unless it is given."""
        values = {**self.filters(), "cursor": "", **other}
        return "/desk?" + urlencode({name: value for name, value in values.items() if value})

    def filters(self) -> dict[str, str]:
        """What the list is, without where one is in it."""
        return {name: str(getattr(self, name)) for name in FILTERS}


class Row(msgspec.Struct, frozen=True):
    """One line, in the words in which it is written: called for by the template, line by line, they cost more.

    ``act`` is claim_task or release_task, where the officer may do that.
    """

    code: str
    link: str
    address: str
    version: int
    procedure: str
    applicant: str
    title: str
    due: datetime | None
    due_words: str
    left: str
    mood: str
    holder: str
    mine: bool
    act: str
    act_address: str


def wanted_of(request: Call) -> Wanted:
    """What is asked for; what is not understood is left out."""
    given = {name: asked(request, name, 200) for name in FILTERS}
    return msgspec.structs.replace(wanted_from(given), cursor=asked(request, "cursor", 2000))


def wanted_from(given: Mapping[str, str]) -> Wanted:
    """The list that filters stand for; what is not understood is left out."""
    view = given.get("view", "")
    return Wanted(
        View(view) if view in set(View) else View.UNIT,
        stage=given.get("stage", ""),
        procedure=given.get("procedure", ""),
        holder=given.get("holder", ""),
    )


@get("/desk", name="deskWorklist")
async def worklist(request: Call) -> Response[str]:
    """Show a worklist."""
    return await worklist_page(request, HTTPStatus.OK)


async def worklist_page(request: Call, status: HTTPStatus, name: str = "", problem: str = "") -> Response[str]:
    """The worklist that the address asks for; ``name`` could not be given to it, and ``problem`` says why."""
    parts, now, t = parts_of(request), parts_of(request).now(), words_of(request)
    wanted, directory = wanted_of(request), await directory_of(request)
    if wanted.view in {View.CITIZEN, View.AUTHORITY}:
        rows, cursor = await _waiting(parts, request.user, wanted, directory, now, t)
    else:
        rows, cursor = await _tasks(parts, request.user, wanted, directory, now, t)
    counts = await _counts(parts, request.user, now)
    template = "worklist_part.html" if request.headers.get("x-part") == "rows" else "worklist.html"
    return page(
        request,
        template,
        status,
        wanted=wanted,
        saved=await _saved(parts, request.user, wanted),
        saved_name=name,
        saved_problem=problem,
        views=tuple(View),
        counts=counts,
        counted=COUNTED,
        rows=rows,
        next_page=wanted.address(cursor=cursor) if cursor else "",
        stages=tuple(StageKind),
        holder_name=directory.officer_name(wanted.holder),
        procedure_name=directory.procedure_name(wanted.procedure) if wanted.procedure else "",
        place=directory.authority_name(request.user.authority),
        key=fresh_key(),
        colleagues=directory.colleagues(request.user.authority),
        now=now,
    )


async def _counts(parts: Parts, claims: Claims, now: datetime) -> dict[View, int]:
    """How many tasks each list has; more than COUNTED are not told apart."""
    views = (View.MINE, View.UNIT, View.FREE, View.LATE)
    queries = [tasks_in_scope(claims, _query(Wanted(view), claims, now)) for view in views]
    found = await parts.queries.count_tasks(queries, reader_of(claims), now=now, at_most=COUNTED + 1)
    return dict(zip(views, found, strict=True))


async def _saved(parts: Parts, claims: Claims, wanted: Wanted) -> list[tuple[str, str, bool]]:
    """The officer's saved views, sorted the Vietnamese way: name, address, and whether it is the list that is shown."""
    views = await SavedViews(parts.database).of(claims.officer)
    lists = [(one.name, wanted_from(one.filters)) for one in views]
    here = wanted.filters()
    return [
        (name, one.address(), one.filters() == here) for name, one in sorted(lists, key=lambda one: text_key(one[0]))
    ]


def _query(wanted: Wanted, claims: Claims, now: datetime) -> TaskQuery:
    tomorrow = local(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    more: dict[View, dict[str, object]] = {
        View.MINE: {"officer": claims.holder},
        View.FREE: {"unclaimed": True},
        View.TODAY: {"due_before": tomorrow, "late": False},
        View.LATE: {"late": True},
    }
    base = TaskQuery(
        authority=claims.authority,
        stage=wanted.stage or None,
        procedure=ProcedureCode(wanted.procedure) if wanted.procedure else None,
        officer=OfficerId(wanted.holder) if wanted.holder else None,
    )
    return msgspec.structs.replace(base, **more.get(wanted.view, {}))


async def _tasks(
    parts: Parts, claims: Claims, wanted: Wanted, directory: Directory, now: datetime, t: Translate
) -> tuple[list[Row], str | None]:
    query = tasks_in_scope(claims, _query(wanted, claims, now))
    found = await parts.queries.tasks(query, reader_of(claims), now=now, limit=PAGE, cursor=wanted.cursor or None)
    sealed = {row.stream: (row.applicant, _facts(row)) for row in found.items}
    names = await names_of(parts, claims, sealed)
    return [_task_row(row, claims, directory, names, now, t) for row in found.items], found.next


def _facts(row: TaskRow) -> Facts:
    task = OpenTask(row.task.authority, row.task.stage, row.task.role)
    return Facts(row.task.authority, frozenset(), task)


def _task_row(  # what a line shows
    row: TaskRow, claims: Claims, directory: Directory, names: dict[Stream, str], now: datetime, t: Translate
) -> Row:
    code, link = code_and_link(row.stream)
    task = row.task
    left, mood = _left(task.due, task.calendar, task.authority, directory, now, t)
    mine = task.officer == claims.holder
    act = "release_task" if mine else "claim_task" if task.officer is None else ""
    if row.waiting is Waiting.CITIZEN:
        act, left, mood = "", t("worklist.waits_for_citizen"), "still"
    if act and not can(claims.roles, claims.authority, act, _facts(row)):
        act = ""
    return Row(
        code=code,
        link=link,
        address=_address(code, link),
        version=row.version,
        procedure=directory.procedure_name(row.procedure),
        applicant=names.get(row.stream, ""),
        title=task.title or t(f"stage.{task.stage}"),
        due=task.due,
        due_words=_due_words(task.due, t),
        left=left,
        mood=mood,
        holder=directory.officer_name(task.officer),
        mine=mine and not claims.on_behalf_of,
        act=act,
        act_address=_address(code, link, f"/act/{act}") if act else "",
    )


def _left(  # whose time, and in which words
    due: datetime | None, calendar_id: str, authority: AuthorityId, directory: Directory, now: datetime, t: Translate
) -> tuple[str, str]:
    """The working time that is left in words, and how pressing it is."""
    if due is None:
        return t("worklist.untimed"), "still"
    calendar = directory.calendar(calendar_id, authority)
    minutes = calendar.between(now, due)
    late = due < now
    words = left_words(t, minutes if not late else min(minutes, -1), calendar.spec.minutes_per_day())
    return words, "late" if late else "soon" if minutes <= SOON_SHARE else "well"


def _due_words(due: datetime | None, t: Translate) -> str:
    return t("worklist.due_at", moment=short_words(t, due)) if due else ""


def _address(code: str, link: str, act: str = "") -> str:
    return f"/desk/dossiers/{quote(code)}{act}" + (f"?link={quote(link)}" if link else "")


async def _waiting(
    parts: Parts, claims: Claims, wanted: Wanted, directory: Directory, now: datetime, t: Translate
) -> tuple[list[Row], str | None]:
    """Dossiers that wait for somebody else: the citizen, or another authority."""
    waiting = Waiting.CITIZEN if wanted.view is View.CITIZEN else Waiting.AUTHORITY
    procedure = ProcedureCode(wanted.procedure) if wanted.procedure else None
    query = DossierQuery(authority=claims.authority, waiting=waiting, procedure=procedure, order=Order.DUE)
    if Role.CLERK in claims.roles:
        query = msgspec.structs.replace(query, authority=None, received_by=claims.authority)
    scoped, reader = dossiers_in_scope(claims, query), reader_of(claims)
    found = await parts.queries.dossiers(scoped, reader, limit=PAGE, cursor=wanted.cursor or None)
    sealed = {view.stream: (view.applicant, facts_of_view(view)) for view in found.items}
    names = await names_of(parts, claims, sealed)
    return [dossier_row(view, directory, names, now, t) for view in found.items], found.next


def dossier_row(view: DossierView, directory: Directory, names: dict[Stream, str], now: datetime, t: Translate) -> Row:
    """A dossier as a line."""
    code, link = code_and_link(view.stream)
    judged = view.status not in {Status.OPEN, Status.SUBMITTED}
    left, mood = _left(view.committed_due, view.calendar, view.authority, directory, now, t)
    if judged:
        left, mood = t(f"timeliness.{view.timeliness.value}") if view.timeliness else "—", "still"
    task = view.tasks[0] if view.tasks else None
    title = (task.title or t(f"stage.{task.stage}")) if task else t(f"waiting.{view.waiting.value}")
    return Row(
        code=code,
        link=link,
        address=_address(code, link),
        version=view.version,
        procedure=directory.procedure_name(view.procedure),
        applicant=names.get(view.stream, ""),
        title=t(f"status.{view.status.value}") if judged else title,
        due=view.committed_due,
        due_words=_due_words(view.committed_due, t),
        left=left,
        mood=mood,
        holder=directory.officer_name(task.officer) if task else "",
        mine=False,
        act="",
        act_address="",
    )


@get("/desk/search", name="deskSearch")
async def search(request: Call) -> Response[str] | Response[None]:
    """Find dossiers by the beginning of their code; a whole code leads to the dossier itself."""
    parts, now, t = parts_of(request), parts_of(request).now(), words_of(request)
    words = asked(request, "q", 64).upper()
    if is_code(words) and await parts.journal.view(Stream(words)) is not None:
        return see_other(_address(words, ""))
    directory = await directory_of(request)
    rows: list[Row] = []
    if words:
        query = dossiers_in_scope(request.user, DossierQuery(code=words))
        found = await parts.queries.dossiers(query, reader_of(request.user), limit=PAGE)
        sealed = {view.stream: (view.applicant, facts_of_view(view)) for view in found.items}
        names = await names_of(parts, request.user, sealed)
        rows = [dossier_row(view, directory, names, now, t) for view in found.items]
    return page(request, "search.html", HTTPStatus.OK, words=words, rows=rows, now=now)
