"""A real Prometheus scrapes a real system: every panel of every dashboard, and the console page, show something."""

import asyncio
import json
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from domain.postal import ScanState
from runtime import settings, temporal
from runtime.embedded import ports
from runtime.settings import Settings
from store.database import Database as Pool
from store.inbox import Inbox
from store.postgres import PostgresJournal
from tests.ops.test_dashboards import FILES, VARIABLE, expressions
from tests.support.lives import Lives
from tests.support.random_lives import LINKED, REVISED, RULES, random_lives, seeded
from tests.support.references import keep
from workflows.client import Dossiers

ROOT = Path(__file__).parents[2]
CONSOLES = ROOT / "ops/prometheus/consoles"
LIVES = 14
PATIENCE_SECONDS = 90.0
TIMEOUT = timedelta(seconds=30)
RECEIVED = "sum (motcua_dossiers_received_total)"


@contextmanager
def started(command: list[str], log: Path, **options: Any) -> Iterator["subprocess.Popen[bytes]"]:  # noqa: ANN401  # Popen's
    """A program, ended with the block."""
    with log.open("wb") as out, subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=out, **options) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def until(ready: Any, what: str, process: "subprocess.Popen[bytes]", log: Path) -> None:  # noqa: ANN401  # a question
    """Wait until it says so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


class Scraped:
    """A system and the Prometheus that scrapes it."""

    def __init__(self, directory: Path, prometheus: str, stack: ExitStack) -> None:
        """Start both; they end with the stack."""
        state = directory / "state"
        up = [sys.executable, "-P", "-m", "cli", "up", "--empty", "--json", "--dir", str(state)]
        log = directory / "up.log"
        process = stack.enter_context(started(up, log, cwd=directory))
        until(lambda: '"ready":true' in log.read_text(), "motcua up", process, log)
        self.settings: Settings = settings.load({settings.STATE_DIR: str(state)})
        self.environ = {"PATH": "/usr/bin:/bin", settings.STATE_DIR: str(state)}
        scraping = json.loads((state / "prometheus.yml").read_text())
        scraping["global"] = {"scrape_interval": "1s", "evaluation_interval": "5s"}
        scraping["rule_files"] = [str(path) for path in (ROOT / "ops/prometheus").glob("*.rules.yml")]
        (directory / "prometheus.yml").write_text(json.dumps(scraping))
        port = ports.free_port()
        command = [
            *(prometheus, f"--config.file={directory / 'prometheus.yml'}", f"--web.listen-address=127.0.0.1:{port}"),
            *(f"--storage.tsdb.path={directory / 'tsdb'}", f"--web.console.templates={CONSOLES}"),
        ]
        log = directory / "prometheus.log"
        process = stack.enter_context(started(command, log))
        self.url = f"http://127.0.0.1:{port}"
        until(lambda: ports.accepts(port), "prometheus", process, log)
        self._client = stack.enter_context(httpx.Client(base_url=self.url, timeout=20))

    def ask(self, expression: str) -> list[float]:
        """The values of an expression now."""
        answer = self._client.get("/api/v1/query", params={"query": expression})
        assert answer.status_code == HTTPStatus.OK, (expression, answer.text)
        return [float(sample["value"][1]) for sample in answer.json()["data"]["result"]]

    def page(self, path: str) -> httpx.Response:
        """A page of Prometheus's own."""
        return self._client.get(path)

    async def work(self) -> None:
        """Two halves of an office's life, with a scrape between them so that what is counted rises; some traffic."""
        async with Pool(self.settings.database_url, size=4) as pool:
            await keep(pool, RULES, REVISED)
            await keep(pool, LINKED)
            lives = Lives(PostgresJournal(pool), RULES)
            await random_lives(lives, seeded(3), LIVES, "PROM-A")
            await self.counted(LIVES)
            await random_lives(lives, seeded(4), LIVES, "PROM-B", "2026-08-03T08:10+07:00")
            await _posted(lives, Inbox(pool))
            await self.counted(2 * LIVES + 1)
            client = await temporal.connect(self.settings)
            await _living(Dossiers(client, PostgresJournal(pool), self.settings.task_queue))
        base = f"http://{self.settings.api_host}:{self.settings.api_port}"
        async with httpx.AsyncClient(base_url=base) as client_:
            for path in ("/board", "/healthz", "/track", "/api/v1/tasks"):
                await client_.get(path)
        command = [sys.executable, "-P", "-m", "cli", "backup", str(self.settings.state_dir)]
        await asyncio.to_thread(subprocess.run, command, env=self.environ, check=True, capture_output=True)

    async def counted(self, dossiers: int) -> None:
        """Wait until Prometheus knows of so many."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(await asyncio.to_thread(self.ask, RECEIVED)) < dossiers:  # noqa: ASYNC110  # others scrape
                await asyncio.sleep(0.5)


async def _posted(lives: Lives, inbox: Inbox) -> None:
    """Parcels under way, a part that was answered, and callbacks that nobody can read."""
    at = "2026-11-02T08:10+07:00"
    await lives.do("PROM-P", at, c.Submit(RULES.procedure.id, components=("don",)), rules=RULES)
    await lives.do("PROM-P", at, c.OrderCollection("vnpost", "E1"))
    await lives.do("PROM-P", at, c.RecordScan(ScanState.ACCEPTED, "E1"))
    await lives.do("PROM-Q", at, c.Submit(RULES.procedure.id, components=("don",)), rules=RULES)
    await lives.do("PROM-Q", at, c.OrderCollection("vnpost"))  # of whose interface nothing is set here
    await lives.receive("PROM-L", at, rules=LINKED)
    await lives.do("PROM-L", at, c.CompleteTask("appraise"))
    for command in (c.AcknowledgeLink(), c.CompleteTask("appraise"), c.AnswerLink()):
        await lives.do("PROM-L/L1", at, command)
    for _ in range(3):
        await inbox.keep("nobody", datetime.now(UTC), "test", {}, b"{}")


async def _living(dossiers: Dossiers) -> None:
    """Some dossiers by workflows."""
    for number in range(5):
        stream = Stream(f"PROM-W{number}")
        commands: tuple[c.Command, ...] = (c.Receive(components=("don",)), c.ClaimTask(), c.CompleteTask("appraise"))
        for index, command in enumerate(commands):
            order = c.Order(CommandId(f"{stream}-{index}"), command, datetime.now(UTC), actor="lan")
            if index == 0:
                await dossiers.begin(stream, RULES, order, TIMEOUT)
            else:
                await dossiers.execute(stream, order, TIMEOUT)


@pytest.fixture(scope="module")
async def scraped(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401  # an async generator
    """The running system, after some work."""
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        pytest.skip("dashboards on real figures: no prometheus here (Debian has it in the package 'prometheus')")
    with ExitStack() as stack:
        found = await asyncio.to_thread(Scraped, tmp_path_factory.mktemp("prometheus"), prometheus, stack)
        await found.work()
        yield found


@pytest.mark.timeout(300)
async def test_every_panel_shows_something(scraped: Scraped) -> None:
    """Every expression of every dashboard has a result; only a share of nothing may be no number."""
    asked = {
        f"{file.stem}: {expression}": VARIABLE.sub(".*", expression)
        for file in FILES
        for expression in expressions(file)
    }
    deadline = time.monotonic() + PATIENCE_SECONDS
    while asked and time.monotonic() < deadline:
        values = {name: await asyncio.to_thread(scraped.ask, expression) for name, expression in asked.items()}
        asked = {name: expression for name, expression in asked.items() if not values[name]}
        await asyncio.sleep(0.5)
    assert not asked, "\n".join(asked)


async def test_the_system_is_well_by_its_own_figures(scraped: Scraped) -> None:
    """Everything is scraped, a worker polls, nothing drifts: and no rule fails to evaluate."""
    assert set(scraped.ask("up")) == {1.0}
    assert scraped.ask("motcua_task_queue_manned") == [1.0]
    assert all(math.isfinite(value) for value in scraped.ask("motcua_backup_age_seconds"))
    answer = scraped.page("/api/v1/rules").json()
    rules = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []


async def test_the_console_shows_the_main_figures(scraped: Scraped) -> None:
    """Without Grafana: one page of Prometheus's own, with numbers and no error."""
    answer = scraped.page("/consoles/motcua.html")
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert "error" not in answer.text.lower()
    assert answer.text.count("<tr>") > 15
    (scraped.settings.state_dir / "console.html").write_text(answer.text)
