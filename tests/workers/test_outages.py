"""Processes outlast their servers: started before them, and still at work after they were killed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime import temporal
from runtime.embedded import ports
from runtime.embedded.postgres import TEST_OPTIONS, EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.errors import SettingError
from runtime.process import Main
from runtime.settings import Settings
from store.database import Database as Pool
from store.postgres import PostgresJournal
from tests.domain.dossier.samples import rules
from tests.store.samples import an_append
from tests.support import databases
from tests.support.databases import Database
from workers import dossier, projector
from workflows.client import Dossiers

PATIENCE = 60


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server of the test's own, which it may kill; not yet started."""
    server = EmbeddedPostgres(tmp_path / "postgres", port=ports.free_port(), options=TEST_OPTIONS)
    yield server
    server.stop()


def start(server: EmbeddedPostgres) -> Database:
    """Start the server for the first time; a database with the whole schema."""
    server.start()
    databases.build_template(server)
    return databases.clone(server)


@asynccontextmanager
async def running(main: Main, settings: Settings) -> AsyncIterator["asyncio.Task[None]"]:
    """The process's main as a task, which must not end by itself."""
    task = asyncio.ensure_future(main(settings))
    try:
        yield task
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(server: EmbeddedPostgres, database: Database, query: str, wanted: int) -> None:
    """Return when the query's answer is the one wanted."""
    async with asyncio.timeout(PATIENCE):
        while server.execute(query, database=database.name) != str(wanted):  # noqa: ASYNC110  # another process's doing
            await asyncio.sleep(0.05)


async def tried_twice(client: Client, workflow: str) -> None:
    """Return when the workflow's activity has failed once."""
    handle = client.get_workflow_handle(workflow)
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(RPCError):  # it may not have begun
                pending = (await handle.describe()).raw_description.pending_activities
                if any(activity.attempt > 1 for activity in pending):
                    return


async def test_the_projector_outlasts_postgresql(mortal: EmbeddedPostgres) -> None:
    """Started before the database is there, it catches up; killed and restarted under it, it goes on."""
    database = start(mortal)
    mortal.stop()
    counted = "SELECT coalesce(sum(count), 0) FROM activity"
    async with running(projector.main, Settings(database_url=database.app_url)), Pool(database.app_url) as pool:
        mortal.start()
        journal = PostgresJournal(pool)
        first = await journal.append(an_append(events=2))
        await until(mortal, database, counted, 2)
        mortal.kill()
        mortal.start()
        await journal.append(an_append(command="c2", after=first.records))
        await until(mortal, database, counted, 3)


async def test_the_worker_waits_for_its_servers(mortal: EmbeddedPostgres, tmp_path: Path) -> None:
    """Started before Temporal and with PostgreSQL away, it carries out an order as soon as both are back."""
    database = start(mortal)
    server = EmbeddedTemporal(tmp_path / "temporal", port=ports.free_port(), durable=False)
    settings = Settings(database_url=database.app_url, temporal_address=f"127.0.0.1:{server.port}")
    try:
        async with running(dossier.main, settings), Pool(database.app_url) as pool:
            server.start()
            client = await temporal.connect(settings)
            dossiers = Dossiers(client, PostgresJournal(pool), settings.task_queue)
            mortal.kill()
            order = c.Order(CommandId("c1"), c.Receive(components=("don",)), datetime.now(UTC))
            answer = asyncio.ensure_future(dossiers.begin(Stream("A"), rules(), order, timedelta(seconds=PATIENCE)))
            await tried_twice(client, "A")
            mortal.start()
            assert (await answer).last == 4
    finally:
        server.stop()


async def test_a_wrong_setting_ends_a_process_at_once(database: Database) -> None:
    """What waiting cannot mend is not waited for."""
    with pytest.raises(SettingError, match="MOTCUA_TEMPORAL_ADDRESS is not set"):
        await dossier.main(Settings(database_url=database.app_url))
    with pytest.raises(SettingError, match="MOTCUA_DATABASE_URL is not set"):
        await projector.main(Settings())
