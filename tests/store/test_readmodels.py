"""The read models can be rebuilt from events alone, beside the live ones, while dossiers go on."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from domain.dossier.view import DossierView
from domain.ids import Stream
from domain.record import Outcome, Record
from store import migrate
from store.postgres import PostgresJournal
from store.readmodels import FoldFailed, rebuild_read_models
from store.verify import verify
from tests.store.folds import sample_fold
from tests.store.samples import a_view, an_append
from tests.support.databases import Database


async def fill(journal: PostgresJournal, streams: int) -> None:
    """Streams of one to four events."""
    for number in range(streams):
        await journal.append(an_append(f"H29.12-260302-{number:04d}", events=number % 4 + 1))


async def test_rebuild_restores_everything(database: Database, journal: PostgresJournal) -> None:
    """Rows that were lost, changed or invented are again what the events say; the schema is as migrated."""
    await fill(journal, 12)
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("DELETE FROM dossiers WHERE stream LIKE '%%1'")
        owner.execute("UPDATE dossiers SET applicant = 'someone else'")
        owner.execute("UPDATE tasks SET stage = 'nowhere'")
        owner.execute(
            "INSERT INTO tasks SELECT (stray).* FROM "
            "(SELECT jsonb_populate_record(tasks, jsonb_build_object('stream', 'x')) AS stray FROM tasks LIMIT 1) AS s"
        )
    done: list[int] = []
    assert await rebuild_read_models(database.url, sample_fold, done.append) == 12
    assert sum(done) == 30
    assert [finding async for finding in verify(database.url, sample_fold)] == []
    for number in range(12):
        code = Stream(f"H29.12-260302-{number:04d}")
        assert await journal.view(code) == a_view(code, number % 4 + 1)
    assert migrate.check(database.url) == []


async def test_dossiers_go_on_during_a_rebuild(database: Database, journal: PostgresJournal) -> None:
    """Appends are neither refused nor lost, whether they come before, during or after the swap."""
    await fill(journal, 40)
    stop = asyncio.Event()

    async def write(number: int) -> int:
        code = Stream(f"H29.12-260303-{number:04d}")
        known: list[Record] = []
        while not stop.is_set():
            answer = await journal.append(an_append(code, f"c{len(known)}", after=known))
            assert answer.outcome is Outcome.APPENDED
            known.extend(answer.records)
        return len(known)

    writers = [asyncio.create_task(write(number)) for number in range(4)]
    for _ in range(3):
        await rebuild_read_models(database.url, sample_fold)
    stop.set()
    written = await asyncio.gather(*writers)
    assert min(written) > 3
    assert [finding async for finding in verify(database.url, sample_fold)] == []


async def test_stream_that_does_not_fold_stops_the_rebuild(database: Database, journal: PostgresJournal) -> None:
    """The live tables stay as they were, and the next rebuild starts afresh."""
    await fill(journal, 3)

    async def failing(records: Sequence[Record]) -> DossierView:
        if records[0].stream.endswith("2"):
            raise KeyError("unknown event type")
        return await sample_fold(records)

    with pytest.raises(FoldFailed, match=r"H29\.12-260302-0002"):
        await rebuild_read_models(database.url, failing)
    assert await journal.view(Stream("H29.12-260302-0002")) == a_view("H29.12-260302-0002", 3)
    assert await rebuild_read_models(database.url, sample_fold) == 3


async def test_long_look_at_the_tables_only_delays_the_swap(database: Database, journal: PostgresJournal) -> None:
    """A reader who holds the read models for longer than the swap waits for a lock makes it try again."""
    await fill(journal, 3)
    async with await psycopg.AsyncConnection.connect(database.url) as reader:
        await reader.execute("SELECT count(*) FROM dossiers")
        rebuilding = asyncio.create_task(rebuild_read_models(database.url, sample_fold))
        async with asyncio.timeout(30):
            while not await _gave_up_once(database):  # noqa: ASYNC110  # only a query can tell
                await asyncio.sleep(0.05)
        assert not rebuilding.done()
        appended = await journal.append(an_append("H29.12-260302-9999"))
        assert appended.outcome is Outcome.APPENDED
    assert await rebuilding == 4
    assert [finding async for finding in verify(database.url, sample_fold)] == []


async def _gave_up_once(database: Database) -> bool:
    """Whether the swap has been rolled back: the rebuilding connection is idle between two tries."""
    async with await psycopg.AsyncConnection.connect(database.url) as owner:
        cursor = await owner.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rebuild writer' "
            "AND datname = current_database() AND state = 'idle' AND query = 'ROLLBACK'"
        )
        return await cursor.fetchone() == (1,)


async def test_nothing_to_rebuild(database: Database) -> None:
    """An empty store has empty read models."""
    assert await rebuild_read_models(database.url, sample_fold) == 0
