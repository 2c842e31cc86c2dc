"""Fixtures: a real PostgreSQL and a real Temporal for whoever asks; nothing starts for tests that do not.

Each pytest-xdist worker has servers of its own: they start in well under a second and need no locks between processes.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.embedded import binaries, ports
from runtime.embedded.postgres import TEST_OPTIONS, EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from tests.support import databases, planted
from tests.support.databases import Database


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested here, and why: a skipped test is easily taken for a passed one."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, number in sorted(reasons.items()):
        terminalreporter.write_line(f"NOT TESTED HERE ({number}): {reason}", red=True, bold=True)
    for leak in LEAKS:
        terminalreporter.write_line(f"PERSONAL DATA IN A LOG: {leak}", red=True, bold=True)


LEAKS: list[str] = []
"""Lines of logs that name somebody whom a test has planted."""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Look through what was logged within this process's tests, or those of its workers."""
    if report.when == "teardown":
        LEAKS.extend(f"{report.nodeid}: {line}" for line in planted.in_output(report.sections))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look through the logs of all processes that tests have started; the run has failed where one names somebody."""
    if hasattr(session.config, "workerinput"):
        return  # the process that started this one looks
    factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]  # noqa: SLF001
    LEAKS.extend(planted.in_files(factory.getbasetemp()))
    if LEAKS:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A running PostgreSQL server without durability; use ``database`` for a schema in it."""
    directory = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(directory, port=ports.free_port(), options={**TEST_OPTIONS, "shared_buffers": "64MB"})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    """The server, with the template database that the migrations built."""
    databases.build_template(postgres)
    return postgres


@pytest.fixture
def database(template: EmbeddedPostgres) -> Iterator[Database]:
    """A fresh database with the whole schema, for one test."""
    fresh = databases.clone(template)
    yield fresh
    databases.drop(template, fresh)


@pytest.fixture(scope="module")
def module_database(template: EmbeddedPostgres) -> Iterator[Database]:
    """A database with the whole schema, shared by the tests of one module."""
    fresh = databases.clone(template)
    yield fresh
    databases.drop(template, fresh)


@pytest.fixture
async def temporal_env() -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping Temporal server for one test, its clock at the present (a shared one would drift by years)."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(binaries.temporal_test_server())
    ) as environment:
        yield environment


@pytest.fixture(scope="session")
def temporal_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTemporal]:
    """Temporal's real server, in memory and real time, at its ``address``. Ids and task queues must be one's own."""
    server = EmbeddedTemporal(
        Path(tmp_path_factory.mktemp("temporal")), port=ports.free_port(), namespaces=("province",), durable=False
    )
    server.start()
    yield server
    server.stop()
