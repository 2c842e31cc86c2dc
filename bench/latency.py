"""How long an officer waits: one command over HTTP, ten a second, through the whole stack.

The worker and the API are processes of their own, on durable servers, as in a deployment. Commands are sent on a fixed
schedule, whatever became of those before, and each wait counts from the moment at which it was due to be sent: a slow
moment is told by everyone whom it kept waiting. All of it shares one machine.
"""

import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import uvloop
from msgspec.structs import replace

from bench.dossiers import temporal_server
from bench.server import benchmark_server
from runtime import settings as names
from runtime.embedded import child, ports
from runtime.embedded.child import Program
from runtime.settings import Settings
from store.database import Database
from tests.support import http
from tests.support.http import keyed

PER_SECOND: Final = 10
SECONDS: Final = 45
WARM_UP: Final = 20
"""Commands before the measurement begins: imports, connections and caches are not what is measured."""
READY_SECONDS: Final = 60.0
STEPS: Final = (
    ("lan", "claim-task", {"stage": "appraise"}),
    ("lan", "complete-task", {"stage": "appraise", "note": "Đủ điều kiện"}),
    ("leader", "complete-task", {"stage": "approve"}),
)
"""What is done to each dossier, one command every so often."""

Plan = list[tuple[str, str, dict[str, str], str]]


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the time that it takes."""
    with benchmark_server() as server, temporal_server() as address, tempfile.TemporaryDirectory() as directory:
        base = http.settings_of(server.app_url, address, Path(directory))
        return uvloop.run(_measure(replace(base, api_port=ports.free_port()), max(WARM_UP, round(SECONDS * scale))))


async def _measure(settings: Settings, seconds: int) -> dict[str, Any]:
    """Publish the catalogue, start the processes, send the commands."""
    async with Database(settings.database_url, size=2) as database:
        await http.publish(database)
    with _process("worker", settings), _process("api", settings):
        async with _clients(settings) as clients:
            plan = await _prepared(clients, WARM_UP + seconds * PER_SECOND)
            await _send_all(clients, plan[:WARM_UP])
            waits = await _send_all(clients, plan[WARM_UP:])
    return _result(waits)


def _result(waits: list[float]) -> dict[str, Any]:
    """The row and its details; waits in milliseconds."""
    cuts = statistics.quantiles(waits, n=100)
    row = {
        "name": f"one officer command over HTTP at {PER_SECOND}/s, p99",
        "value": round(cuts[98], 1),
        "unit": "ms",
        "required": "stated",
        "passed": True,
    }
    details = {
        "p50_ms": round(cuts[49], 1),
        "p90_ms": round(cuts[89], 1),
        "p99_ms": round(cuts[98], 1),
        "worst_ms": round(max(waits), 1),
        "commands": len(waits),
    }
    return {"row": row, "details": details}


@contextlib.contextmanager
def _process(command: str, settings: Settings) -> Iterator[None]:
    """``motcua worker`` or ``motcua api``, until the end of the block."""
    ready = settings.state_dir.absolute() / f"{command}.ready"
    own = {key: value for key, value in os.environ.items() if not key.startswith(names.PREFIX)}
    program = Program(
        name=command,
        argv=(sys.executable, "-m", "cli", command),
        log=ready.with_suffix(".log"),
        env={**own, **names.environment(replace(settings, ready_file=ready))},
    )
    process = child.spawn(program)
    try:
        child.await_ready(program, process, ready.exists, READY_SECONDS)
        yield
    finally:
        child.terminate(program, process)


@contextlib.asynccontextmanager
async def _clients(settings: Settings) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """A client for each officer, each with the connections of a browser."""
    async with contextlib.AsyncExitStack() as stack:
        yield {
            officer: await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=f"http://{ports.LOOPBACK}:{settings.api_port}",
                    headers={"Authorization": f"Bearer {http.token(officer)}"},
                    timeout=30,
                )
            )
            for officer in ("clerk", "lan", "leader")
        }


async def _prepared(clients: dict[str, httpx.AsyncClient], commands: int) -> Plan:
    """Receive as many dossiers as are needed; the commands on them, in an order that lets each find its stage open."""
    codes = [await http.received(clients["clerk"]) for _ in range(-(-commands // len(STEPS)))]
    plan = [(officer, name, body, code) for officer, name, body in STEPS for code in codes]
    return plan[:commands]


async def _send_all(clients: dict[str, httpx.AsyncClient], plan: Plan) -> list[float]:
    """Send on schedule; how long each took, in milliseconds from when it was due to be sent."""
    start = time.perf_counter() + 0.1

    async def send(number: int) -> float:
        officer, name, body, code = plan[number]
        due = start + number / PER_SECOND
        await asyncio.sleep(due - time.perf_counter())
        answer = await clients[officer].post(f"/api/v1/dossiers/{code}/{name}", json=body, headers=keyed())
        assert answer.status_code == 200, answer.text  # noqa: PLR2004
        return (time.perf_counter() - due) * 1000

    return await asyncio.gather(*(send(number) for number in range(len(plan))))


def main() -> None:
    """Print the figures."""
    result = run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
    row = result["row"]
    print(f"{row['name']}: {row['value']} {row['unit']}")
    for name, value in result["details"].items():
        print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
