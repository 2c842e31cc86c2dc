"""From refusals to statuses, and what a defect looks like from outside."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import domain
import store
import workflows
from api.statuses import STATUS_OF, trouble_of
from domain.errors import Refusal
from runtime.embedded.temporal import EmbeddedTemporal
from tests.support import http
from tests.support.databases import Database


def _refusals(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from _refusals(derived)


def test_every_code_in_the_table_is_a_refusals() -> None:
    """A code that is renamed must not silently become a 409."""
    for package in (domain, store, workflows):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    assert set(STATUS_OF) <= {kind.code for kind in _refusals(Refusal)}


def test_what_is_not_in_the_table_is_a_conflict() -> None:
    """By default a refusal is about how things stand."""
    trouble = trouble_of(Refusal("not now", since="yesterday"))
    assert trouble is not None
    assert (trouble.status, trouble.code, trouble.details) == (409, "refused", {"since": "yesterday"})


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), RuntimeError("x"), AssertionError()])
def test_anything_else_is_a_defect(error: Exception) -> None:
    """No error of the program is mistaken for the client's."""
    assert trouble_of(error) is None


async def test_a_defect_shows_no_trace(database: Database, temporal_dev: EmbeddedTemporal, tmp_path: Path) -> None:
    """A database that lacks a table: 500, a code, the request's id, and nothing of what went on inside."""
    settings = http.settings_of(database.app_url, temporal_dev.address, tmp_path)
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("ALTER TABLE tasks RENAME TO gone")
    async with http.serving(settings) as system, system.client("lan") as lan:
        answer = await lan.get("/api/v1/tasks", headers={"X-Request-Id": "find-me"})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["request_id"]) == (500, "defect", "find-me")
    assert set(problem) == {"type", "title", "status", "code", "detail", "request_id"}
    assert not any(word in answer.text.lower() for word in ("traceback", "psycopg", "relation", "select"))
