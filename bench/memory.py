"""What a worker's memory grows by for each thousand open dossiers that it holds in its cache.

The worker is a process of its own, as in a deployment, over real servers; its resident memory is read from the system
before and after dossiers are received, until all of them are in its cache. What they share (code, rules, connections)
is there before: a first hundred dossiers come before the first reading.
"""

import asyncio
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
import uvloop

from bench.dossiers import temporal_server
from bench.server import Server, benchmark_server
from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime import temporal
from runtime.embedded import child
from runtime.embedded.child import Program
from runtime.settings import Settings, environment
from store.database import Database
from store.postgres import PostgresJournal
from tests.domain.dossier.samples import rules
from workers.dossier import OPTIONS
from workflows.client import Dossiers

REQUIRED: Final = 150.0
"""Megabytes for a thousand: a worker of two gigabytes then holds more dossiers than its cache."""
SHARED: Final = 100
OPEN: Final = 1000
AT_ONCE: Final = 20
TIMEOUT: Final = timedelta(seconds=60)
READY_SECONDS: Final = 60.0
MEGABYTE: Final = 1024 * 1024


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the number of dossiers, which stays within the cache."""
    number = min(max(100, round(OPEN * scale)), OPTIONS["max_cached_workflows"] - SHARED)
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
        program = worker_program(settings)
        process = child.spawn(program)
        try:
            child.await_ready(program, process, (Path(directory) / "ready").exists, READY_SECONDS)
            before, after = uvloop.run(_grown(server, settings, psutil.Process(process.pid), number))
        finally:
            child.terminate(program, process)
    each = (after - before) / number * 1000
    row = {
        "name": "memory of a worker per 1,000 cached open dossiers",
        "value": round(each, 1),
        "unit": "MB",
        "required": f"<= {REQUIRED:g}",
        "passed": each <= REQUIRED,
    }
    return {"row": row, "details": {"dossiers": number, "before_mb": round(before, 1), "after_mb": round(after, 1)}}


def worker_program(settings: Settings) -> Program:
    """``motcua worker`` with these settings."""
    return Program(
        name="worker",
        argv=(sys.executable, "-m", "cli", "worker"),
        log=settings.state_dir / "worker.log",
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path), **environment(settings)},
    )


async def _grown(server: Server, settings: Settings, worker: psutil.Process, number: int) -> tuple[float, float]:
    """The worker's resident memory before and after so many dossiers, in megabytes."""
    client = await temporal.connect(settings)
    async with Database(server.app_url) as database:
        dossiers = Dossiers(client, PostgresJournal(database), settings.task_queue)
        await _receive(dossiers, 0, SHARED)
        before = worker.memory_info().rss / MEGABYTE
        await _receive(dossiers, SHARED, SHARED + number)
        return before, worker.memory_info().rss / MEGABYTE


async def _receive(dossiers: Dossiers, first: int, end: int) -> None:
    """Receive dossiers, a few at once."""
    waiting, known = iter(range(first, end)), rules()
    order = c.Order(CommandId("c1"), c.Receive(components=("don",)), datetime.now(UTC), actor="lan")

    async def one_after_the_other() -> None:
        for number in waiting:
            await dossiers.begin(Stream(f"D{number:05}"), known, order, TIMEOUT)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


def main() -> None:
    """Print the figures."""
    result = run()
    row = result["row"]
    print(f"{row['name']}: {row['value']} {row['unit']} (required {row['required']})")
    print(msgspec.json.encode(result["details"]).decode())


if __name__ == "__main__":
    main()
