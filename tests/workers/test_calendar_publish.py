"""``motcua calendar publish`` to the end, whatever is killed on the way: worker and Temporal server by SIGKILL."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import yaml

from domain.calendar import calendar_version
from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime import temporal
from runtime.embedded import ports
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings, environment
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.references import Kind, References
from tests.domain.dossier.samples import OFFICE, rules
from tests.support.databases import Database
from tests.support.references import keep
from workflows.client import Dossiers

DOSSIERS = 30
PATIENCE = 120
NOW = datetime.now(UTC)
ALWAYS = msgspec.structs.replace(OFFICE, off=(), worked={}, years=(NOW.year - 1, NOW.year + 2))
NEW = msgspec.structs.replace(ALWAYS, off=tuple(NOW.date() + timedelta(days=day) for day in range(1, 5)))
RULES = rules(calendar=ALWAYS)
pytestmark = pytest.mark.timeout(180)


class System:
    """The servers, and the processes of the product that the test starts and kills."""

    def __init__(self, settings: Settings, server: EmbeddedTemporal, log: Path) -> None:
        self.settings = settings
        self.server = server
        self.log = log
        self._environ = {**os.environ, **environment(settings)}

    @contextmanager
    def process(self, *command: str) -> "Iterator[subprocess.Popen[str]]":
        """``motcua COMMAND`` as a process, killed at the end if it still runs."""
        with (
            self.log.open("a") as log,
            subprocess.Popen(
                [sys.executable, "-P", "-m", "cli", *command],
                env=self._environ,
                stdout=subprocess.PIPE if command[0] == "calendar" else log,
                stderr=log,
                text=True,
            ) as started,
        ):
            try:
                yield started
            finally:
                started.kill()


@pytest.fixture
def system(database: Database, tmp_path: Path) -> Iterator[System]:
    """A database, a durable Temporal server, nothing of the product running yet."""
    server = EmbeddedTemporal(tmp_path / "temporal", port=ports.free_port())
    server.start()
    settings = Settings(
        state_dir=tmp_path, database_url=database.app_url, temporal_address=server.address, database_pool=8
    )
    yield System(settings, server, tmp_path / "processes.log")
    server.stop()


async def receive_all(settings: Settings) -> None:
    """Have the dossiers received by whatever worker runs."""
    async with Pool(settings.database_url, size=4) as pool:
        await keep(pool, RULES)
        await References(pool).publish(Kind.CALENDAR, ALWAYS.id, ALWAYS, date(2020, 1, 1))
        dossiers = Dossiers(await temporal.connect(settings), PostgresJournal(pool), settings.task_queue)
        for first in range(0, DOSSIERS, 10):
            orders = (
                (Stream(f"H29-{n:03}"), c.Order(CommandId("c1"), c.Receive(components=("don",)), datetime.now(UTC)))
                for n in range(first, first + 10)
            )
            timeout = timedelta(seconds=PATIENCE)
            await asyncio.gather(*(dossiers.begin(stream, RULES, order, timeout) for stream, order in orders))


def revised(database: Database) -> list[int]:
    """How many times each dossier was revised."""
    query = """
        SELECT count(events.stream) FROM dossiers
        LEFT JOIN events ON events.stream = dossiers.stream AND type = 'calendar.revised' GROUP BY dossiers.stream
    """
    with psycopg.connect(database.url) as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


def wait_for(database: Database, number: int) -> None:
    """Return when so many dossiers are revised."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("LISTEN motcua_events")
        deadline = datetime.now(UTC) + timedelta(seconds=PATIENCE)
        while sum(revised(database)) < number:
            assert datetime.now(UTC) < deadline, f"{sum(revised(database))} of {number} were revised in time"
            for _ in connection.notifies(timeout=0.2, stop_after=1):
                pass


def test_publishes_to_the_end_over_kills(system: System, database: Database, tmp_path: Path) -> None:
    """The worker is killed amid a page, then the Temporal server: every dossier is revised exactly once, none fails."""
    file = tmp_path / "office.yaml"
    file.write_text(yaml.safe_dump(msgspec.to_builtins(NEW)))
    with system.process("worker"):
        asyncio.run(receive_all(system.settings))
        command = ("calendar", "publish", str(file), "--rate", "10", "--reason", "Nghỉ bù", "--json")
        with system.process(*command) as publishing:
            with system.process("worker") as worker:
                wait_for(database, 3)
                worker.kill()
            wait_for(database, 10)
            system.server.kill()
            system.server.start()
            out, _ = publishing.communicate(timeout=PATIENCE)
    assert publishing.returncode == 0, system.log.read_text()
    done: dict[str, Any] = json.loads(out)
    assert done["version"] == calendar_version(NEW)
    assert {name: done["revision"][name] for name in ("total", "revised", "unchanged", "failed", "finished")} == {
        "total": DOSSIERS,
        "revised": DOSSIERS,
        "unchanged": 0,
        "failed": 0,
        "finished": True,
    }
    assert done["preview"]["moved"] == DOSSIERS
    assert revised(database) == [1] * DOSSIERS
