"""Officers find dossiers and tasks by any property, page by page, without a row lost or doubled between pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from domain.dossier.view import DossierView, Status, Waiting
from domain.ids import AuthorityId, OfficerId, ProcedureCode
from store.cursors import Cursors
from store.database import Database as Pool
from store.errors import InvalidCursor
from store.postgres import PostgresJournal
from store.queries import DossierQuery, Order, Queries, TaskQuery
from store.row_security import Reader
from tests.store.samples import START, a_task, an_append

ALL = Reader(AuthorityId(""), everything=True)
CURSORS = Cursors(b"0123456789abcdef")


@pytest.fixture
def queries(pool: Pool) -> Queries:
    """Queries over the fresh database."""
    return Queries(pool, CURSORS)


async def put(journal: PostgresJournal, code: str, **view: Any) -> DossierView:  # noqa: ANN401  # its fields
    """Store a dossier that looks like this."""
    append = an_append(code, **view)
    await journal.append(append)
    return append.view


def code(number: int) -> str:
    """A dossier's code."""
    return f"H29.12-260302-{number:04d}"


async def all_dossiers(queries: Queries, query: DossierQuery, limit: int) -> list[DossierView]:
    """Every page of a search."""
    found: list[DossierView] = []
    cursor = None
    while True:
        page = await queries.dossiers(query, ALL, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        found.extend(page.items)
        cursor = page.next
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_pages_hold_each_dossier_once(journal: PostgresJournal, queries: Queries, limit: int) -> None:
    """Whatever the page's size, the pages together are the whole, in order, also among equal moments."""
    stored = [
        await put(
            journal,
            code(number),
            received_at=START + timedelta(days=number // 3),
            tasks=tuple(a_task(task) for task in range(number % 3)),
        )
        for number in range(7)
    ]
    newest = sorted(stored, key=lambda view: (view.received_at, view.stream), reverse=True)
    assert await all_dossiers(queries, DossierQuery(), limit) == newest


async def test_sorts_by_due_moment_with_the_open_ended_last(journal: PostgresJournal, queries: Queries) -> None:
    """The dossier due next comes first; a paused one, which has no due moment, comes last."""
    for number, days in ((1, 9), (2, None), (3, 4)):
        due = START + timedelta(days=days) if days else None
        await put(journal, code(number), committed_due=due, statutory_due=None)
    found = await all_dossiers(queries, DossierQuery(order=Order.DUE), 1)
    assert [view.stream for view in found] == [code(3), code(1), code(2)]


@pytest.mark.parametrize(
    ("changes", "query"),
    [
        ({"authority": "S1"}, DossierQuery(authority=AuthorityId("S1"))),
        ({"received_by": "S1"}, DossierQuery(received_by=AuthorityId("S1"))),
        ({"status": Status.READY}, DossierQuery(status=Status.READY)),
        ({"waiting": Waiting.CITIZEN}, DossierQuery(waiting=Waiting.CITIZEN)),
        ({"procedure": "2.002755"}, DossierQuery(procedure=ProcedureCode("2.002755"))),
        ({"field": "đất đai"}, DossierQuery(field="đất đai")),
        ({"received_at": START + timedelta(days=1)}, DossierQuery(received_from=START + timedelta(days=1))),
        ({"received_at": START - timedelta(seconds=1)}, DossierQuery(received_before=START)),
        ({"committed_due": START + timedelta(days=90)}, DossierQuery(due_from=START + timedelta(days=90))),
        ({"committed_due": START + timedelta(days=1)}, DossierQuery(due_before=START + timedelta(days=2))),
    ],
)
async def test_finds_by_each_property(
    journal: PostgresJournal, queries: Queries, changes: dict[str, Any], query: DossierQuery
) -> None:
    """Each property tells the dossier that has it from those that have not."""
    await put(journal, code(1))
    wanted = await put(journal, code(2), **changes)
    assert (await queries.dossiers(query, ALL)).items == (wanted,)


async def test_finds_by_the_beginning_of_a_code(journal: PostgresJournal, queries: Queries) -> None:
    """Wildcards in it mean themselves; parts can be left out."""
    for name in ("H29.12-260302-0001", "H29.12-260302-0001/L1", "H29.12-260302-0002", "H29-260302-0001"):
        await put(journal, name)

    async def found(text: str, *, roots: bool = False) -> list[str]:
        page = await queries.dossiers(DossierQuery(code=text, roots=roots), ALL)
        return sorted(view.stream for view in page.items)

    assert await found("H29.12-260302-0001") == ["H29.12-260302-0001", "H29.12-260302-0001/L1"]
    assert await found("H29.12", roots=True) == ["H29.12-260302-0001", "H29.12-260302-0002"]
    assert await found("H29%") == []
    assert await found("H29_12") == []
    assert await found("") != []


async def test_worklist_is_sorted_by_urgency(journal: PostgresJournal, queries: Queries) -> None:
    """Each page goes on where the last ended; tasks without a due moment come last."""
    await put(journal, code(1), tasks=(a_task(5), a_task(1), a_task(9, due=None)))
    await put(journal, code(2), tasks=(a_task(1), a_task(3)))
    found: list[tuple[str, str]] = []
    cursor = None
    while True:
        page = await queries.tasks(TaskQuery(), ALL, now=START, limit=2, cursor=cursor)
        found.extend((row.stream, row.task.task) for row in page.items)
        cursor = page.next
        if cursor is None:
            break
    assert found == [(code(1), "T1"), (code(2), "T1"), (code(2), "T3"), (code(1), "T5"), (code(1), "T9")]


@pytest.mark.parametrize(
    ("changes", "query"),
    [
        ({"authority": "S1"}, TaskQuery(authority=AuthorityId("S1"))),
        ({"stage": "approve"}, TaskQuery(stage="approve")),
        ({"role": "leader"}, TaskQuery(role="leader")),
        ({"officer": "hoa"}, TaskQuery(officer=OfficerId("hoa"))),
        ({"officer": None}, TaskQuery(unclaimed=True)),
        ({"due": START + timedelta(hours=1)}, TaskQuery(due_before=START + timedelta(hours=2))),
        ({"due": START - timedelta(seconds=1)}, TaskQuery(late=True)),
    ],
)
async def test_finds_tasks_by_each_property(
    journal: PostgresJournal, queries: Queries, changes: dict[str, Any], query: TaskQuery
) -> None:
    """Each property tells the task that has it from one that has not."""
    await put(journal, code(1), tasks=(a_task(1),))
    wanted = a_task(2, **changes)
    await put(journal, code(2), tasks=(wanted,))
    page = await queries.tasks(query, ALL, now=START)
    assert [row.task for row in page.items] == [wanted]
    assert page.items[0].root == code(2)


async def test_worklist_by_procedure_field_and_lateness(journal: PostgresJournal, queries: Queries) -> None:
    """The dossier's own properties can be asked for; what has no due moment is not late."""
    await put(journal, code(1), tasks=(a_task(1, due=None), a_task(2)), field="đất đai", procedure="2.002755")
    await put(journal, code(2))
    for query in (TaskQuery(field="đất đai"), TaskQuery(procedure=ProcedureCode("2.002755"))):
        assert len((await queries.tasks(query, ALL, now=START)).items) == 2
    far = datetime(9000, 1, 1, tzinfo=UTC)
    assert len((await queries.tasks(TaskQuery(late=True), ALL, now=far)).items) == 2
    assert len((await queries.tasks(TaskQuery(late=False), ALL, now=far)).items) == 1


async def test_counts_are_those_of_the_lists_up_to_a_limit(journal: PostgresJournal, queries: Queries) -> None:
    """Several questions at once, each counted as its list has it, none further than asked."""
    tasks = (a_task(1, officer="hoa"), a_task(2, due=START - timedelta(hours=1)), a_task(3, officer="hoa"))
    await put(journal, code(1), tasks=tasks)
    await put(journal, code(2), procedure="2.002755", tasks=(a_task(1, officer="lan"),))
    asked = [
        TaskQuery(),
        TaskQuery(officer=OfficerId("hoa")),
        TaskQuery(officer=OfficerId("lan"), procedure=ProcedureCode("2.002755")),
        TaskQuery(late=True),
        TaskQuery(late=False),
        TaskQuery(authority=AuthorityId("nobody's")),
    ]
    found = await queries.count_tasks(asked, ALL, now=START, at_most=100)
    assert found == [len((await queries.tasks(one, ALL, now=START)).items) for one in asked]
    assert found == [4, 2, 1, 1, 3, 0]
    assert await queries.count_tasks(asked, ALL, now=START, at_most=2) == [2, 2, 1, 1, 2, 0]
    assert await queries.count_tasks(asked[:1], Reader(AuthorityId("nobody's")), now=START, at_most=9) == [0]


async def test_cursor_stays_good_while_time_goes_on(journal: PostgresJournal, queries: Queries) -> None:
    """The moment that decides lateness is no part of the query that a cursor is bound to."""
    await put(journal, code(1), tasks=(a_task(1), a_task(2), a_task(3)))
    query = TaskQuery(late=False)
    first = await queries.tasks(query, ALL, now=START, limit=1)
    later = await queries.tasks(query, ALL, now=START + timedelta(hours=1), limit=1, cursor=first.next)
    assert [row.task.task for row in later.items] == ["T2"]


async def test_foreign_and_altered_cursors_are_refused(journal: PostgresJournal, queries: Queries) -> None:
    """A cursor of another query, another secret, or with a changed character is one stable refusal."""
    for number in range(3):
        await put(journal, code(number))
    good = (await queries.dossiers(DossierQuery(), ALL, limit=1)).next
    assert good is not None
    other = Cursors(b"another secret....").issue(DossierQuery(), (START, code(1)))
    flipped = ("B" if good[30] == "A" else "A").join((good[:30], good[31:]))
    for bad in (other, flipped, good[:-1], good + "A", "", "é", "%", "A" * 5000):
        if bad:
            with pytest.raises(InvalidCursor):
                await queries.dossiers(DossierQuery(), ALL, cursor=bad)
    with pytest.raises(InvalidCursor):
        await queries.dossiers(DossierQuery(status=Status.OPEN), ALL, cursor=good)
    with pytest.raises(InvalidCursor):
        await queries.tasks(TaskQuery(), ALL, now=START, cursor=good)


@pytest.mark.parametrize("limit", [0, -1, 201])
async def test_refuses_impossible_page_sizes(queries: Queries, limit: int) -> None:
    """A page has 1 to 200 rows."""
    with pytest.raises(ValueError, match="page"):
        await queries.dossiers(DossierQuery(), ALL, limit=limit)


def test_cursor_secret_has_a_least_length() -> None:
    """A short secret is noticed at the start."""
    with pytest.raises(ValueError, match="secret"):
        Cursors(b"short")


def test_queries_are_told_apart_by_their_kind() -> None:
    """Two kinds of query without properties are different queries."""
    cursor = CURSORS.issue(DossierQuery(), ("a",))
    with pytest.raises(InvalidCursor):
        CURSORS.read(TaskQuery(), cursor, tuple[str])
    assert CURSORS.read(DossierQuery(), cursor, tuple[str]) == ("a",)
    assert msgspec.json.encode(DossierQuery()) == msgspec.json.encode(TaskQuery())
