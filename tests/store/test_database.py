"""Losing the database is one kind of error, soon over, and never leaves half an append or two."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from domain.ids import Stream
from domain.record import Append, Appended, Outcome
from runtime.embedded import ports
from runtime.embedded.postgres import TEST_OPTIONS, EmbeddedPostgres
from store import migrate
from store.database import Database as Pool
from store.errors import StoreUnavailable
from store.postgres import PostgresJournal
from store.wake import EVENTS, Wake
from tests.store.samples import an_append
from tests.support.databases import Database

CODE = Stream("H29.12-260302-0001")
_KILL = b"""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'motcua_app'
"""


async def test_connection_killed_in_the_middle_of_an_append(database: Database, journal: PostgresJournal) -> None:
    """The append is tried again on another connection and takes effect once."""
    first = await journal.append(an_append())
    async with await psycopg.AsyncConnection.connect(database.url) as owner:
        await owner.execute("SELECT FROM streams FOR UPDATE")  # holds up the append in the middle
        appending = asyncio.create_task(journal.append(an_append(command="c2", after=first.records, events=2)))
        await _until_waiting(database)
        await owner.execute(_KILL)
    assert (await appending).outcome in {Outcome.APPENDED, Outcome.REPEATED}
    assert [record.version for record in await journal.read(CODE)] == [1, 2, 3]


async def test_answer_lost_after_the_commit(database: Database, journal: PostgresJournal) -> None:
    """A writer who never heard the answer repeats the command and gets the rows of the first time."""
    append = an_append(events=2)
    unheard = await journal.append(append)
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute(_KILL)
    repeated = await journal.append(append)
    assert (repeated.outcome, repeated.records) == (Outcome.REPEATED, unheard.records)


async def test_connections_that_died_while_idle_are_replaced(database: Database, journal: PostgresJournal) -> None:
    """Nobody notices that all pooled connections were cut."""
    await asyncio.gather(*(journal.append(an_append(f"H29.12-260302-{n:04d}")) for n in range(8)))
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute(_KILL)
    answers = await asyncio.gather(*(journal.append(an_append(f"H29.12-260303-{n:04d}")) for n in range(8)))
    assert {answer.outcome for answer in answers} == {Outcome.APPENDED}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that the test may stop."""
    postgres = EmbeddedPostgres(tmp_path, port=ports.free_port(), options=TEST_OPTIONS)
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture
async def fragile(server: EmbeddedPostgres) -> AsyncIterator[Pool]:
    """A pool on that server's own database."""
    server.create_database("fragile")
    migrate.upgrade(server.url("fragile"))
    async with Pool(server.url("fragile"), size=4, wait=0.5) as opened:
        yield opened


async def test_outage_is_one_error_and_ends_with_the_server(server: EmbeddedPostgres, fragile: Pool) -> None:
    """While PostgreSQL is away every use says so within seconds; when it is back, the same pool works at once."""
    journal = PostgresJournal(fragile)
    first = await journal.append(an_append())
    append = an_append(command="c2", after=first.records)
    async with Wake(fragile.url, EVENTS) as wake:
        server.kill()
        for use in (lambda: journal.append(append), lambda: journal.read(CODE), fragile.ping):
            start = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await use()
            assert time.monotonic() - start < 10
        await wake.wait(0.1)
        server.start()
        answer = await _persist(journal, append)
        await wake.wait(0.1)
        await journal.append(an_append("H29.12-260302-0002"))
        start = time.monotonic()
        await wake.wait(10.0)
        assert time.monotonic() - start < 5
    assert answer.outcome is Outcome.APPENDED
    assert [record.version for record in await journal.read(CODE)] == [1, 2]


async def test_statement_that_gives_up_is_unavailable(database: Database, pool: Pool) -> None:
    """A statement that is cut short by a time-out or a lock is a condition of the moment."""
    async with await psycopg.AsyncConnection.connect(database.url) as owner:
        await owner.execute("LOCK TABLE streams")

        async def impatient() -> None:
            async with pool.connection() as connection:
                await connection.execute("SET lock_timeout = '10ms'")
                await connection.execute("SELECT FROM streams")

        with pytest.raises(StoreUnavailable):
            await impatient()


async def _persist(journal: PostgresJournal, append: Append) -> Appended:
    """Append as soon as the store can be had again."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await journal.append(append)
            except StoreUnavailable:
                await asyncio.sleep(0.1)


async def _until_waiting(database: Database) -> None:
    """Return when the application waits for a lock: only PostgreSQL can tell."""
    async with asyncio.timeout(10):
        while not await _waiting(database):  # noqa: ASYNC110  # only a query can tell
            await asyncio.sleep(0.01)


async def _waiting(database: Database) -> bool:
    """Whether the application waits for a lock."""
    async with await psycopg.AsyncConnection.connect(database.url) as owner:
        cursor = await owner.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'motcua_app' AND wait_event_type = 'Lock'"
        )
        row = await cursor.fetchone()
        return row is not None and row[0] > 0
