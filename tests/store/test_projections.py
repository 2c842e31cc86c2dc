"""Asynchronous projections take in each event once, and their rebuild comes to the same and takes their place."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
import pytest

from store import migrate, tables
from store.database import Connection
from store.database import Database as Pool
from store.errors import UnknownProjection
from store.journal import Positioned
from store.maintenance import MaintenanceRunning, hold_lock, maintenance
from store.postgres import PostgresJournal
from store.projections.activity import Activity
from store.projections.projector import NeedsRebuild, Projector, State, states
from store.projections.rebuild import rebuild
from store.projections.registry import named
from store.sequencer import Sequencer
from tests.store.placing import place_all
from tests.store.samples import an_append, an_event
from tests.support.databases import Database


class NewActivity(Activity):
    """A later version of the projection: it counts every event twice."""

    version = 2  # type: ignore[misc]

    async def apply(self, connection: Connection, batch: Sequence[Positioned]) -> None:
        """Count twice."""
        await super().apply(connection, [*batch, *batch])


async def write(journal: PostgresJournal, number: int, recorded: str, authority: str = "X1", events: int = 1) -> None:
    """A stream whose events were recorded at one moment by one authority."""
    moment = msgspec.convert(recorded, type=type(an_event().recorded_at))
    append = an_append(f"H29.12-260302-{number:04d}", events=events)
    changed = tuple(msgspec.structs.replace(e, recorded_at=moment, authority=authority) for e in append.events)
    await journal.append(msgspec.structs.replace(append, events=changed))


async def place(pool: Pool) -> None:
    """Give every event its position."""
    await place_all(Sequencer(pool))


async def rows(database: Database) -> list[tuple[Any, ...]]:
    """The projection's rows."""
    with psycopg.connect(database.app_url) as connection:
        return connection.execute("SELECT authority, day::text, type, count FROM activity ORDER BY 1, 2, 3").fetchall()


async def test_counts_by_authority_local_day_and_type(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """Half past five in the afternoon in London is the next day in Hanoi."""
    await write(journal, 1, "2026-03-02T16:59:59Z", events=2)
    await write(journal, 2, "2026-03-02T17:00:00Z")
    await write(journal, 3, "2026-03-02T17:00:00Z", authority="S1")
    await place(pool)
    await Projector(pool, [Activity()]).catch_up()
    assert await rows(database) == [
        ("S1", "2026-03-03", "task.completed", 1),
        ("X1", "2026-03-02", "task.completed", 2),
        ("X1", "2026-03-03", "task.completed", 1),
    ]


async def test_takes_in_each_event_once(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """Projectors that run at once, in small batches, over and over, count nothing twice."""
    for number in range(20):
        await write(journal, number, "2026-03-02T01:00:00Z", events=2)
    await place(pool)
    await asyncio.gather(*(Projector(pool, [Activity()], batch=3).catch_up() for _ in range(3)))
    await Projector(pool, [Activity()]).catch_up()
    assert await rows(database) == [("X1", "2026-03-02", "task.completed", 40)]
    async with pool.connection() as connection:
        assert await states(connection) == [State("activity", 1, 40, 0)]


async def test_failed_batch_leaves_no_trace(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """What apply wrote before it failed is undone together with the checkpoint."""

    class Failing(Activity):
        """Fails after writing."""

        async def apply(self, connection: Connection, batch: Sequence[Positioned]) -> None:
            """Write, then fail."""
            await super().apply(connection, batch)
            raise RuntimeError

    await write(journal, 1, "2026-03-02T01:00:00Z")
    await place(pool)
    with pytest.raises(RuntimeError):
        await Projector(pool, [Failing()]).catch_up()
    assert await rows(database) == []
    await Projector(pool, [Activity()]).catch_up()
    assert await rows(database) == [("X1", "2026-03-02", "task.completed", 1)]


async def test_rebuild_comes_to_the_same(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """A rebuild from zero equals the live tables, and is what the migrations made in every respect."""
    for number in range(30):
        await write(journal, number, f"2026-03-{number % 28 + 1:02d}T01:00:00Z", authority=f"X{number % 3}")
    await place(pool)
    await Projector(pool, [Activity()]).catch_up()
    before = await rows(database)
    done: list[int] = []
    assert await rebuild(database.url, Activity(), done.append) == 30
    assert sum(done) == 30
    assert await rows(database) == before
    assert migrate.check(database.url) == []
    await write(journal, 40, "2026-03-01T01:00:00Z", authority="X9")
    await place(pool)
    await Projector(pool, [Activity()]).catch_up()
    assert ("X9", "2026-03-01", "task.completed", 1) in await rows(database)


async def test_rebuild_mends_what_was_wrong(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """Rows that were changed by hand are right again."""
    await write(journal, 1, "2026-03-02T01:00:00Z")
    await place(pool)
    await Projector(pool, [Activity()]).catch_up()
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("UPDATE activity SET count = 99")
    await rebuild(database.url, Activity())
    assert await rows(database) == [("X1", "2026-03-02", "task.completed", 1)]


async def test_new_version_waits_for_its_rebuild(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """A program with another version leaves the tables alone until they are rebuilt."""
    await write(journal, 1, "2026-03-02T01:00:00Z")
    await place(pool)
    await Projector(pool, [Activity()]).catch_up()
    with pytest.raises(NeedsRebuild):
        await Projector(pool, [NewActivity()]).catch_up()
    await rebuild(database.url, NewActivity())
    assert await rows(database) == [("X1", "2026-03-02", "task.completed", 2)]
    await Projector(pool, [NewActivity()]).catch_up()
    with pytest.raises(NeedsRebuild):
        await Projector(pool, [Activity()]).catch_up()


async def test_events_during_a_rebuild_are_not_lost(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """While a rebuild runs, events are appended, placed and projected; afterwards nothing is missing or doubled."""
    for number in range(50):
        await write(journal, number, "2026-03-02T01:00:00Z")
    await place(pool)
    stop = asyncio.Event()

    async def live() -> int:
        number = 1000
        while not stop.is_set():
            await write(journal, number, "2026-03-02T01:00:00Z")
            await place(pool)
            await Projector(pool, [Activity()]).catch_up()
            number += 1
        return number - 1000

    working = asyncio.create_task(live())
    for _ in range(3):
        await rebuild(database.url, Activity())
    stop.set()
    written = await working
    await Projector(pool, [Activity()]).catch_up()
    assert await rows(database) == [("X1", "2026-03-02", "task.completed", 50 + written)]


async def test_one_rebuild_at_a_time(database: Database) -> None:
    """A second one is refused and disturbs nothing."""
    async with maintenance(database.url, "first") as first:
        await hold_lock(first)
        with pytest.raises(MaintenanceRunning):
            await rebuild(database.url, Activity())


async def test_runs_by_notice(database: Database, pool: Pool, journal: PostgresJournal) -> None:
    """A running sequencer and a running projector bring an append into the projection without being asked."""
    running = [asyncio.create_task(Sequencer(pool).run()), asyncio.create_task(Projector(pool, [Activity()]).run())]
    try:
        await write(journal, 1, "2026-03-02T01:00:00Z")
        async with asyncio.timeout(20):
            while not await rows(database):  # noqa: ASYNC110  # only a query can tell
                await asyncio.sleep(0.02)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def test_unknown_name_is_refused() -> None:
    """The refusal lists what there is."""
    assert named("activity").tables == (tables.activity,)
    with pytest.raises(UnknownProjection, match="activity"):
        named("nonsense")
