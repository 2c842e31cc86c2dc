"""What the OpenAPI document says and what the program does, held together by requests that Schemathesis makes up."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from api.schema import openapi
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Database as Pool
from tests.support import http
from tests.support.databases import Database

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
BOUNDED = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SCHEMA = schemathesis.openapi.from_dict(openapi()).exclude(path_regex="/events/stream$")


class Running:
    """A system in a thread of its own: Schemathesis' tests are not asynchronous."""

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self.url = ""
        self.code = ""
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        assert self._ready.wait(60)

    async def _run(self) -> None:
        try:
            async with Pool(self._settings.database_url, size=2) as pool:
                await http.publish(pool)
            async with http.working(self._settings), http.serving(self._settings) as system:
                async with system.client("clerk") as clerk:
                    self.code = await http.received(clerk)
                self.url = system.url
                self._ready.set()
                await self._stop.wait()
        finally:
            self._ready.set()

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._loop.close()


@pytest.fixture(scope="module")
def running(
    module_database: Database, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A worker and an API with one dossier."""
    directory = tmp_path_factory.mktemp("conformance")
    found = Running(http.settings_of(module_database.app_url, temporal_dev.address, directory))
    yield found
    found.stop()


@SCHEMA.parametrize()
@BOUNDED
def test_made_up_requests(case: Case[Any], running: Running) -> None:
    """Whatever is asked, valid or not: never a 500, and always an answer that the document describes."""
    case.call_and_validate(base_url=running.url, headers=_headers(), checks=CHECKS)


@SCHEMA.include(path_regex="{code}").parametrize()
@BOUNDED
def test_made_up_requests_for_a_dossier(case: Case[Any], running: Running) -> None:
    """The same for a dossier that there is."""
    case.path_parameters["code"] = running.code
    case.call_and_validate(base_url=running.url, headers=_headers(), checks=CHECKS)


def _headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {http.token('admin')}"}


def test_the_dossier_is_still_sound(running: Running) -> None:
    """After all of it the dossier can be read."""
    answer = httpx.get(f"{running.url}/api/v1/dossiers/{running.code}", headers=_headers())
    assert answer.status_code == 200
