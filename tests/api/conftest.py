"""Fixtures of the HTTP interface's tests: one running system for each module."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from runtime.embedded.temporal import EmbeddedTemporal
from store.database import Database as Pool
from tests.support import http
from tests.support.databases import Database
from tests.support.http import System


@pytest.fixture(scope="module")
async def system(
    module_database: Database, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """A worker and an API over a fresh database with the catalogue of the tests."""
    directory: Path = tmp_path_factory.mktemp("system")
    settings = http.settings_of(module_database.app_url, temporal_dev.address, directory)
    async with Pool(settings.database_url, size=2) as pool:
        await http.publish(pool)
    async with http.working(settings), http.serving(settings) as running:
        yield running


@pytest.fixture
async def clerk(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """The desk's clerk."""
    async with system.client("clerk") as client:
        yield client


@pytest.fixture
async def lan(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """A specialist of the deciding office."""
    async with system.client("lan") as client:
        yield client


@pytest.fixture
async def leader(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """The office's leader."""
    async with system.client("leader") as client:
        yield client
