"""Fixtures of the store's tests."""

from collections.abc import AsyncIterator

import pytest

from store.database import Database as Pool
from store.postgres import PostgresJournal
from tests.support.databases import Database


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """A fresh database as the application's role sees it."""
    async with Pool(database.app_url, size=8) as opened:
        yield opened


@pytest.fixture
def journal(pool: Pool) -> PostgresJournal:
    """The journal over the fresh database."""
    return PostgresJournal(pool)
