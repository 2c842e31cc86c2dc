"""Beneath what queries ask for: who reads for an officer gets rows of his authority, even if he asks for all."""

import asyncio
import itertools
import random
from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from domain.access import READ, can, facts_of_view
from domain.authority import Role
from domain.dossier.view import DossierView
from domain.ids import AuthorityId
from store.cursors import Cursors
from store.database import Connection
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.projections.completions import Completions
from store.projections.rebuild import rebuild
from store.queries import DossierQuery, Queries, TaskQuery
from store.readmodels import rebuild_read_models
from store.roles import OFFICER
from store.row_security import VISIBLE, Reader, seen_by
from store.tables import metadata
from tests.store.folds import sample_fold
from tests.store.samples import START, a_task, an_append
from tests.support.databases import Database

PLACES = tuple(AuthorityId(name) for name in ("X1", "X2", "X3", "S1", "S2"))
NOBODY = AuthorityId("")


async def filled(journal: PostgresJournal, number: int = 60) -> dict[str, DossierView]:
    """Dossiers of all kinds of authorities, every fourth with a part elsewhere; by their streams."""
    chance = random.Random(7)  # noqa: S311  # the same dossiers each time
    views: dict[str, DossierView] = {}
    for n in range(number):
        code = f"H29.12-260302-{n:04d}"
        for stream in (code, f"{code}/L1") if n % 4 == 0 else (code,):
            tasks = (a_task(authority=chance.choice(PLACES)),) if chance.random() < 0.7 else ()
            authority, received_by, return_to = chance.choices(PLACES, k=3)
            append = an_append(stream, authority=authority, received_by=received_by, return_to=return_to, tasks=tasks)
            await journal.append(append)
            views[stream] = append.view
    return views


def readable(views: dict[str, DossierView], roles: Iterable[Role], me: AuthorityId) -> set[str]:
    """What the rule of access lets somebody read: what concerns his authority, and the parts of it."""
    return {
        stream
        for stream, view in views.items()
        if any(can(roles, me, READ, facts_of_view(one)) for one in (view, views[view.root]))
    }


async def streams(pool: Pool, reader: Reader, table: str) -> set[str]:
    """The streams of all rows of a table: a query that has forgotten to say whose."""

    async def work(connection: Connection) -> set[str]:
        return {row[0] for row in await (await connection.execute(f"SELECT stream FROM {table}".encode())).fetchall()}

    return await pool.run(seen_by(reader, work))


async def test_a_forgotten_condition_shows_nothing_of_others(pool: Pool, journal: PostgresJournal) -> None:
    """For every authority the rows are exactly those that the rule of access names."""
    views = await filled(journal)
    with_task = {stream for stream, view in views.items() if view.tasks}
    for me in PLACES:
        mine = readable(views, [Role.CLERK], me)
        assert set() < mine < set(views)
        assert await streams(pool, Reader(me), "dossiers") == mine
        assert await streams(pool, Reader(me), "tasks") == mine & with_task


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
async def test_who_reads_everything_sees_everything(pool: Pool, journal: PostgresJournal, role: Role) -> None:
    """Administrators and auditors, wherever they are."""
    views = await filled(journal, 12)
    assert readable(views, [role], NOBODY) == set(views)
    assert await streams(pool, Reader(NOBODY, everything=True), "dossiers") == set(views)


@pytest.mark.parametrize("me", ["", "X9", "X1' OR true --", "%", "{X1,X2}"])
async def test_nobody_sees_nothing(pool: Pool, journal: PostgresJournal, me: str) -> None:
    """No authority, one without dossiers, a text that is none."""
    await filled(journal, 12)
    for table in VISIBLE:
        assert await streams(pool, Reader(AuthorityId(me)), table) == set()


async def test_what_officers_ask_is_asked_as_an_officer(pool: Pool, journal: PostgresJournal) -> None:
    """The searches and worklists of others are empty, however they are asked for."""
    views = await filled(journal)
    queries = Queries(pool, Cursors(b"0123456789abcdef"))
    for me in PLACES:
        found = await queries.dossiers(DossierQuery(), Reader(me), limit=200)
        assert {view.stream for view in found.items} == readable(views, [Role.CLERK], me)
        others = await queries.tasks(TaskQuery(authority=AuthorityId("X1")), Reader(AuthorityId("X9")), now=START)
        assert others.items == ()
        own = await queries.tasks(TaskQuery(authority=me), Reader(me), now=START)
        expected = {stream for stream, view in views.items() if me in {task.authority for task in view.tasks}}
        assert {row.stream for row in own.items} == expected


async def test_the_engine_goes_on_seeing_all(database: Database, journal: PostgresJournal) -> None:
    """On the very connection that has just read for an officer, also after his query has failed."""
    views = await filled(journal, 12)

    async def everything(connection: Connection) -> int:
        row = await (await connection.execute("SELECT count(*) FROM dossiers")).fetchone()
        assert row is not None
        return int(row[0])

    async def who(connection: Connection) -> tuple[str, ...]:
        names = b"SELECT current_user::text, current_setting('motcua.authority', true)"
        row = await (await connection.execute(names)).fetchone()
        assert row is not None
        return row

    async def wrong(connection: Connection) -> None:
        await connection.execute("SELECT nothing FROM dossiers")

    async with Pool(database.app_url, size=1) as one:
        for me in PLACES:
            assert await one.run(seen_by(Reader(me), everything)) < len(views)
            assert await one.run(everything) == len(views)
            with pytest.raises(psycopg.errors.UndefinedColumn):
                await one.run(seen_by(Reader(me), wrong))
            assert await one.run(everything) == len(views)
            assert await one.run(who) == ("motcua_app", "")


async def test_officers_who_read_at_once_see_each_his_own(database: Database, journal: PostgresJournal) -> None:
    """Few connections, many officers: what one may see is never another's."""
    views = await filled(journal)
    async with Pool(database.app_url, size=3) as few:
        asked = list(itertools.islice(itertools.cycle(PLACES), 60))
        found = await asyncio.gather(*(streams(few, Reader(me), "dossiers") for me in asked))
    assert found == [readable(views, [Role.CLERK], me) for me in asked]


WRITES = ["DELETE FROM tasks", "UPDATE dossiers SET authority = 'X1'", "INSERT INTO tasks SELECT * FROM tasks"]


@pytest.mark.parametrize(
    "statement", [*WRITES, "SELECT FROM events", "SELECT FROM dossier_keys", "SELECT FROM streams"]
)
async def test_an_officer_s_query_can_do_nothing_else(pool: Pool, statement: str) -> None:
    """It changes nothing and reads no other table."""

    async def work(connection: Connection) -> None:
        await connection.execute(statement.encode())

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await pool.run(seen_by(Reader(AuthorityId("X1"), everything=True), work))


def test_officers_may_read_these_tables_and_no_others(database: Database) -> None:
    """Each of which has its policies: a table that is granted and not guarded would be open."""
    with psycopg.connect(database.url) as owner:
        guarded = {name for (name,) in owner.execute("SELECT relname FROM pg_class WHERE relrowsecurity")}
        granted = {
            table
            for table in metadata.tables
            if owner.execute("SELECT has_table_privilege(%s, %s, 'SELECT')", (OFFICER, table)).fetchone() == (True,)
        }
        rights = "SELECT rolcanlogin, rolbypassrls FROM pg_roles WHERE rolname = %s"
        login = owner.execute(rights, (OFFICER,)).fetchone()
    assert guarded == granted == set(VISIBLE)
    assert login == (False, False)


_POLICIES = """
    SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check, relrowsecurity
    FROM pg_policies JOIN pg_class ON oid = format('%I.%I', schemaname, tablename)::regclass ORDER BY 1, 2
"""


async def test_a_rebuilt_table_is_guarded_as_before(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """The policies that the migrations made and those that a rebuild makes are the same, and hold."""

    def policies() -> list[Any]:
        with psycopg.connect(database.url) as owner:
            return owner.execute(_POLICIES).fetchall()

    before = policies()
    expected = list(itertools.product(sorted(VISIBLE), ["engine", "officer"]))
    assert [(table, policy) for table, policy, *_ in before] == expected
    await filled(journal, 12)
    await rebuild_read_models(database.url, sample_fold)
    await rebuild(database.url, Completions())
    assert policies() == before
    assert await streams(pool, Reader(AuthorityId("X9")), "dossiers") == set()
    assert await streams(pool, Reader(AuthorityId("X1")), "dossiers") != set()
    for table in VISIBLE:
        await streams(pool, Reader(NOBODY), table)


_CROWD = """
    INSERT INTO tasks (stream, task, ordinal, stage, title, role, authority, opened_at, due, overdue, due_key)
    SELECT 'H29.12-260303-' || n, 'T1', 1, 'appraise', '', '', 'X' || n %% 20, %(now)s, %(now)s, false,
        %(now)s::timestamptz + n * interval '1 minute'
    FROM generate_series(1, 20000) AS n
"""


async def test_a_worklist_is_read_along_its_index(database: Database, pool: Pool) -> None:
    """The policy is a filter on the rows of a page: nothing is sorted, and no worklist is read to its end."""
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute(_CROWD, {"now": START})
        owner.execute("VACUUM ANALYZE tasks")

    async def work(connection: Connection) -> dict[str, Any]:
        cursor = await connection.execute(
            "EXPLAIN (FORMAT JSON, ANALYZE) SELECT * FROM tasks WHERE authority = 'X3'"
            " AND (due_key, stream, task) > (%s, 'H', 'T') ORDER BY due_key, stream, task LIMIT 51",
            (START,),
        )
        row = await cursor.fetchone()
        assert row is not None
        plan: dict[str, Any] = row[0][0]["Plan"]
        return plan

    plan = await pool.run(seen_by(Reader(AuthorityId("X3")), work))
    (scan,) = [one for one in plan["Plans"] if one["Node Type"] != "Result"]
    assert scan["Node Type"] == "Index Scan"
    assert scan["Index Name"] == "ix_tasks_authority_due_key_stream_task"
    assert "due_key" in scan["Index Cond"]
    assert (scan["Actual Rows"], scan.get("Rows Removed by Filter", 0)) == (51, 0)
