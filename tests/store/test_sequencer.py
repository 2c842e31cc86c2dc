"""The global order is dense and loses no row, whatever order transactions commit in."""

import asyncio

import psycopg
import pytest

from domain.ids import Stream
from domain.record import Record
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.sequencer import Sequencer
from store.wake import POSITIONS, Wake
from tests.store.placing import place_all
from tests.store.samples import an_append
from tests.support.databases import Database


def code(number: int) -> str:
    """A dossier's code."""
    return f"H29.12-260302-{number:04d}"


async def positions(journal: PostgresJournal) -> list[tuple[int, str, int]]:
    """The global order as readers see it."""
    return [(row.position, row.record.stream, row.record.version) for row in await journal.read_all(0, 10_000)]


async def test_a_late_commit_is_not_lost(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """A transaction that began before others and commits after they were placed still gets its position.

    Ordering by a sequence or a time loses such a row: a reader has gone past its number before it can be seen.
    """
    sequencer = Sequencer(pool)
    await journal.append(an_append(code(1)))
    assert await place_all(sequencer) == [1]
    async with await psycopg.AsyncConnection.connect(database.url) as slow:
        await slow.execute("SELECT pg_current_xact_id()")
        await journal.append(an_append(code(2)))
        assert await sequencer.step() == 0
        assert (await sequencer.lag()).events == 1
        await slow.execute("CREATE TEMPORARY TABLE copied AS SELECT * FROM events WHERE stream = %s", (code(1),))
        await slow.execute("UPDATE copied SET stream = %s, xid = pg_current_xact_id()", (code(3),))
        await slow.execute("INSERT INTO events SELECT * FROM copied")
        assert await sequencer.step() == 0
    assert await place_all(sequencer) == [2]
    assert await positions(journal) == [(1, code(1), 1), (2, code(3), 1), (3, code(2), 1)]
    assert (await sequencer.lag()).events == 0


async def test_readers_never_see_a_position_appear_behind_them(
    database: Database, pool: Pool, journal: PostgresJournal
) -> None:
    """While many write, some of them slowly, a reader that goes forward by position reads every event once."""
    sequencer = Sequencer(pool, batch=7)
    seen: list[tuple[int, str, int]] = []
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            await sequencer.step()
            page = await journal.read_all(seen[-1][0] if seen else 0, 10)
            seen.extend((row.position, row.record.stream, row.record.version) for row in page)

    async def hold(number: int) -> None:
        async with await psycopg.AsyncConnection.connect(database.url) as slow:
            for command in range(5):
                await slow.execute("SELECT pg_current_xact_id()")
                await journal.append(
                    an_append(code(number), f"c{command}", after=await journal.read(Stream(code(number))))
                )
                await slow.rollback()

    async def write(number: int) -> None:
        known: list[Record] = []
        for command in range(6):
            answer = await journal.append(an_append(code(number), f"c{command}", after=known, events=2))
            known.extend(answer.records)

    reader = asyncio.create_task(read())
    await asyncio.gather(hold(1), hold(2), *(write(number) for number in range(10, 16)))
    done.set()
    await reader
    await place_all(sequencer)
    while page := await journal.read_all(seen[-1][0], 100):
        seen.extend((row.position, row.record.stream, row.record.version) for row in page)
    assert [position for position, _, _ in seen] == list(range(1, 6 * 12 + 10 + 1))
    assert len({(stream, version) for _, stream, version in seen}) == len(seen)


async def test_small_batches_keep_transactions_whole(pool: Pool, journal: PostgresJournal) -> None:
    """A batch smaller than a transaction still takes all of it, and goes on."""
    sequencer = Sequencer(pool, batch=3)
    await sequencer.step()  # the first of all takes whatever is there, as after a restore
    for number in range(4):
        await journal.append(an_append(code(number), events=5))
    assert await place_all(sequencer) == [5, 5, 5, 5]
    assert [position for position, _, _ in await positions(journal)] == list(range(1, 21))


async def test_two_sequencers_place_each_event_once(pool: Pool, journal: PostgresJournal) -> None:
    """Sequencers that run at once neither double nor skip."""
    for number in range(30):
        await journal.append(an_append(code(number), events=2))
    sequencers = [Sequencer(pool, batch=4) for _ in range(3)]

    await asyncio.gather(*map(place_all, sequencers))
    assert [position for position, _, _ in await positions(journal)] == list(range(1, 61))


async def test_restored_database_is_taken_over(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """In another cluster the old transaction ids mean nothing: what is there is placed, and the order goes on."""
    sequencer = Sequencer(pool)
    await journal.append(an_append(code(1)))
    await place_all(sequencer)
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("UPDATE sequencer_state SET cluster = 1, next_xid = '1000000000'")
        owner.execute("SET motcua.rewrite_events = on")
        owner.execute("UPDATE events SET xid = '999999999'")
        owner.execute(
            "INSERT INTO events "
            "SELECT (jsonb_populate_record(e, jsonb_build_object('stream', %s::text))).* FROM events e",
            (code(2),),
        )
        owner.execute("UPDATE events SET xid = '1000000001' WHERE stream = %s", (code(2),))
    assert await place_all(sequencer) == [1]
    await journal.append(an_append(code(3)))
    assert await place_all(sequencer) == [1]
    assert [stream for _, stream, _ in await positions(journal)] == [code(1), code(2), code(3)]


async def test_runs_by_notice(pool: Pool, journal: PostgresJournal) -> None:
    """A running sequencer places what is appended without being asked, and tells those who wait for positions."""
    async with Wake(pool.url, POSITIONS) as wake:
        running = asyncio.create_task(Sequencer(pool).run())
        try:
            for number in range(3):
                await journal.append(an_append(code(number)))
                async with asyncio.timeout(10):
                    while len(await positions(journal)) <= number:
                        await wake.wait(1.0)
        finally:
            running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
