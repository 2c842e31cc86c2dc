"""How long it takes until every open dossier runs again after Temporal has lost everything.

The store is filled with open dossiers whose moments lie ahead; Temporal is empty; one worker runs, a process of its
own as in a deployment. Timed are ``revive`` (every workflow is started) and then ``findings``, which asks each of them:
what it answers without fault has read its stream, holds the state the store holds and has its timer set.
"""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg
import uvloop

from bench.dossiers import temporal_server
from bench.memory import READY_SECONDS, worker_program
from bench.rebuild import generate, state_rules
from bench.server import Server, benchmark_server
from domain.dossier import commands as c
from domain.record import Record
from runtime import temporal
from runtime.embedded import child
from runtime.settings import Settings
from store.database import Database
from store.folding import PinnedFold
from store.memory import MemoryJournal
from store.open_streams import OpenStreams
from store.postgres import PostgresJournal
from store.readmodels import rebuild_read_models
from store.rules_source import PinnedRules
from tests.support.lives import Lives
from tests.support.references import keep
from workers.recovery import Recovery
from workflows.client import Dossiers

OPEN: Final = 10_000
TEMPLATES: Final = 40
UNBOUNDED: Final = 1e6
"""Starts a second: as many as go."""
MEGABYTE: Final = 1024 * 1024


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the number of open dossiers."""
    with (
        benchmark_server() as server,
        temporal_server() as address,
        tempfile.TemporaryDirectory(prefix="motcua-bench-") as directory,
    ):
        settings = Settings(
            state_dir=Path(directory),
            database_url=server.app_url,
            temporal_address=address,
            ready_file=Path(directory) / "ready",
        )
        return uvloop.run(_measure(server, settings, max(200, int(OPEN * scale))))


async def _measure(server: Server, settings: Settings, wanted: int) -> dict[str, Any]:
    """Fill the store, start a worker, revive, and ask everyone."""
    known = state_rules()
    async with Database(server.app_url, size=8) as database:
        await keep(database, known)
        lives = await _open_lives(datetime.now(UTC))
        events, number = generate(server, lives, wanted * len(lives[0]))
        await rebuild_read_models(server.owner_url, PinnedFold(PinnedRules(database)))
        _analyse(server)
        program = worker_program(settings)
        process = child.spawn(program)
        try:
            ready = settings.ready_file
            assert ready is not None
            child.await_ready(program, process, ready.exists, READY_SECONDS)
            client = await temporal.connect(settings)
            journal, streams = PostgresJournal(database), OpenStreams(database)
            recovery = Recovery(journal, streams, Dossiers(client, journal, settings.task_queue))
            assert await streams.count() == number
            began = time.perf_counter()
            assert await recovery.revive(UNBOUNDED, _nothing) == number
            started = time.perf_counter() - began
            findings = [finding async for finding in recovery.findings(_nothing)]
            confirmed = time.perf_counter() - began
            assert findings == [], findings[:3]
            memory = psutil.Process(process.pid).memory_info().rss / MEGABYTE
        finally:
            child.terminate(program, process)
    row = {
        "name": f"{number} open dossiers run again after the loss of Temporal",
        "value": round(confirmed),
        "unit": "s",
        "required": "stated",
        "passed": True,
    }
    details = {
        "events": events,
        "seconds_until_all_are_started": round(started, 1),
        "started_per_second": round(number / started),
        "seconds_until_each_has_answered": round(confirmed, 1),
        "worker_megabytes": round(memory),
    }
    return {"row": row, "details": details}


async def _open_lives(now: datetime) -> list[list[Record]]:
    """Lives of equal length, received in the last hours before ``now`` and appraised; everything is still ahead."""
    journal = MemoryJournal()
    lives = Lives(journal, state_rules())
    at = now - timedelta(hours=2)
    streams = [f"T{number}" for number in range(TEMPLATES)]
    for number, stream in enumerate(streams):
        await lives.receive(stream, (at + timedelta(seconds=number)).isoformat())
    for number, stream in enumerate(streams, start=TEMPLATES):
        moment = (at + timedelta(seconds=number)).isoformat()
        for command in (c.ClaimTask(), c.CompleteTask("appraise"), c.ClaimTask()):
            await lives.do(stream, moment, command)
    return [await journal.read(head.stream) for head in await journal.heads()]


def _analyse(server: Server) -> None:
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        owner.execute("ANALYZE")


def _nothing(_: int) -> None:
    """No bar."""
