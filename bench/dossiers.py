"""Whole dossiers through the whole stack, against a bare workflow that does the least one could.

A life is receive, appraise, approve, issue, return: five orders through four stages, thirteen events. The bare workflow
takes the same five updates and inserts one row for each; it has neither rules nor timer nor read models. Both sides run
in one process with equal worker options on the same durable servers, in turns, so that a slow moment of the machine
hits both; the ratio is taken within each turn. Clients and workers share the process, and with it one core.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
import uvloop
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from bench.bare import TABLE, Bare, BareActivities, Begin
from bench.server import Server, benchmark_server
from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime import temporal
from runtime.embedded import ports
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Database
from store.postgres import PostgresJournal
from tests.domain.dossier.samples import rules
from tests.workflows.desk import FixedRules
from workers.dossier import OPTIONS, build_worker
from workflows.client import Dossiers
from workflows.messages import Reply

REQUIRED: Final = 0.80
COMMANDS: Final[tuple[c.Command, ...]] = (
    c.Receive(components=("don",)),
    c.CompleteTask("appraise"),
    c.CompleteTask("approve"),
    c.IssueResult("12/QD-UBND"),
    c.ReturnResult(),
)
EVENTS: Final = 13
"""What a life stores."""
ROUNDS: Final = 8
LIVES: Final = 60
"""Lives in one turn of one side."""
AT_ONCE: Final = 30
TIMEOUT: Final = timedelta(seconds=60)

Life = Callable[[str], Awaitable[None]]


class History(msgspec.Struct, frozen=True):
    """How long the Temporal history of one life is."""

    events: int
    bytes: int


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the number of lives in a turn."""
    with benchmark_server() as server, temporal_server() as address:
        return uvloop.run(_measure(server, address, max(AT_ONCE, round(LIVES * scale))))


@contextmanager
def temporal_server(*namespaces: str) -> Iterator[str]:
    """A durable Temporal of the benchmark's own, with these namespaces beside its default one; its address."""
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as directory:
        server = EmbeddedTemporal(Path(directory), port=ports.free_port(), namespaces=namespaces)
        server.start()
        try:
            yield server.address
        finally:
            server.stop()


async def _measure(server: Server, address: str, lives: int) -> dict[str, Any]:
    """Run both sides in turns."""
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        owner.execute(TABLE)
    client = await temporal.connect(Settings(temporal_address=address))
    async with Database(server.app_url) as database:
        journal = PostgresJournal(database)
        insert = BareActivities(database).insert
        bare = Worker(client, task_queue="bare", workflows=[Bare], activities=[insert], **OPTIONS)
        async with build_worker(client, journal, FixedRules(rules()), "dossiers"), bare:
            sides = {"ours": _our_life(client, journal), "bare": _bare_life(client)}
            rates: dict[str, list[float]] = {"ours": [], "bare": []}
            for number in range(ROUNDS + 1):
                for name, life in sides.items():
                    rates[name].append(await _turn(life, f"{name}-{number}", lives))
            histories = {name: await history_of(client, f"{name}-0-0") for name in sides}
    return _result({name: found[1:] for name, found in rates.items()}, histories)  # the first round warms up


def _result(rates: dict[str, list[float]], histories: dict[str, History]) -> dict[str, Any]:
    """The row and its details."""
    ratio = statistics.median(ours / bare for ours, bare in zip(rates["ours"], rates["bare"], strict=True))
    row = {
        "name": "dossiers against a bare workflow",
        "value": round(ratio, 3),
        "unit": "ratio",
        "required": f">= {REQUIRED}",
        "passed": ratio >= REQUIRED,
    }
    ours, bare = statistics.median(rates["ours"]), statistics.median(rates["bare"])
    details = {
        "dossiers_per_second": round(ours, 1),
        "updates_per_second": round(ours * len(COMMANDS), 1),
        "events_per_second": round(ours * EVENTS, 1),
        "bare_workflows_per_second": round(bare, 1),
        "turns": {name: [round(rate, 1) for rate in found] for name, found in rates.items()},
        "history_events_per_life": histories["ours"].events,
        "history_bytes_per_life": histories["ours"].bytes,
        "bare_history_events_per_life": histories["bare"].events,
        "bare_history_bytes_per_life": histories["bare"].bytes,
        "lives_at_once": AT_ONCE,
    }
    return {"row": row, "details": details}


async def history_of(client: Client, workflow: str) -> History:
    """The history of a finished workflow."""
    events = (await client.get_workflow_handle(workflow).fetch_history()).events
    return History(len(events), sum(event.ByteSize() for event in events))


async def _turn(life: Life, prefix: str, lives: int) -> float:
    """Live so many lives, AT_ONCE at a time; lives per second."""
    waiting = iter([f"{prefix}-{number}" for number in range(lives)])

    async def one_after_the_other() -> None:
        for stream in waiting:
            await life(stream)

    started = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return lives / (time.perf_counter() - started)


def _our_life(client: Client, journal: PostgresJournal) -> Life:
    """A dossier's life."""
    dossiers, known = Dossiers(client, journal, "dossiers"), rules()

    async def life(stream: str) -> None:
        reply = Reply(Stream(stream), 0, 0)
        for number, order in enumerate(_orders()):
            if number == 0:
                reply = await dossiers.begin(Stream(stream), known, order, TIMEOUT)
            else:
                reply = await dossiers.execute(Stream(stream), order, TIMEOUT)
        assert reply.last == EVENTS

    return life


def _bare_life(client: Client) -> Life:
    """The bare workflow's."""

    async def life(stream: str) -> None:
        handle: WorkflowHandle[Bare, int] = client.get_workflow_handle_for(Bare.run, stream)
        version = 0
        for number, order in enumerate(_orders()):
            if number == 0:
                operation = WithStartWorkflowOperation(
                    Bare.run,
                    Begin(stream, len(COMMANDS)),
                    id=stream,
                    task_queue="bare",
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                )
                version = await client.execute_update_with_start_workflow(
                    "execute", order, start_workflow_operation=operation, id=order.id, result_type=int
                )
            else:
                version = await handle.execute_update("execute", order, id=order.id, result_type=int)
        assert version == len(COMMANDS)

    return life


def _orders() -> list[c.Order]:
    """A life's orders."""
    now = datetime.now(UTC)
    return [
        c.Order(CommandId(f"order-{number}"), command, now, actor="lan", authority="X1", correlation_id="ours")
        for number, command in enumerate(COMMANDS)
    ]


def main() -> None:
    """Print the figures."""
    result = run()
    row = result["row"]
    print(f"{row['name']}: {row['value']} {row['unit']} (required {row['required']})")
    for name, value in result["details"].items():
        print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
