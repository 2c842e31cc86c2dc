"""Servers and journals for workflow tests."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.embedded import binaries
from runtime.temporal import DATA_CONVERTER
from store.database import Database as Pool
from store.journal import Journal
from store.memory import MemoryJournal
from store.postgres import PostgresJournal
from tests.domain.dossier.samples import rules
from tests.support.databases import Database
from tests.workflows.desk import Desk, desk


@pytest.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping server of the test's own."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(binaries.temporal_test_server()), data_converter=DATA_CONVERTER
    ) as started:
        yield started


@pytest.fixture(params=["memory", "postgres"])
async def journal(request: pytest.FixtureRequest) -> AsyncIterator[Journal]:
    """Each journal in turn."""
    if request.param == "memory":
        yield MemoryJournal()
        return
    database: Database = request.getfixturevalue("database")
    async with Pool(database.app_url, size=8) as pool:
        yield PostgresJournal(pool)


@pytest.fixture
async def four_steps(env: WorkflowEnvironment, journal: Journal) -> AsyncIterator[Desk]:
    """A desk for the procedure of four steps, over each journal in turn."""
    async with desk(env, journal, rules()) as opened:
        yield opened


@pytest.fixture
async def light(env: WorkflowEnvironment) -> AsyncIterator[Desk]:
    """The same over a journal in memory, for what does not depend on the journal."""
    async with desk(env, MemoryJournal(), rules()) as opened:
        yield opened
