"""A whole system with the post: PostgreSQL, Temporal, worker, API, and a relay for those who ask."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from runtime.embedded.temporal import EmbeddedTemporal
from store.database import Database as Pool
from store.inbox import Inbox
from tests.post.callbacks import relaying, with_post
from tests.support import http
from tests.support.databases import Database
from tests.support.http import System


@pytest.fixture(scope="module")
async def system(
    module_database: Database, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """A worker and an API over a fresh database with the catalogue of the tests."""
    directory: Path = tmp_path_factory.mktemp("post")
    settings = with_post(http.settings_of(module_database.app_url, temporal_dev.address, directory), directory)
    async with Pool(settings.database_url, size=2) as pool:
        await http.publish(pool)
    async with http.working(settings), http.serving(settings) as running:
        yield running


@pytest.fixture
async def carrier(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever sends callbacks."""
    async with httpx.AsyncClient(base_url=system.url, timeout=30) as client:
        yield client


@pytest.fixture
async def clerk(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """The desk's clerk."""
    async with system.client("clerk") as client:
        yield client


@pytest.fixture
async def relay(system: System) -> AsyncIterator[Inbox]:
    """A running relay; gives its inbox."""
    async with relaying(system.settings) as inbox:
        yield inbox
