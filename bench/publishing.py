"""A calendar's new version published to running workflows: how many a second, when nothing but the machine limits it.

Each dossier gets one order and stores its revision and the deadlines that move. Officers' orders share the machine:
``motcua calendar publish --rate`` is there to leave them their part of it.
"""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec
import uvloop
from temporalio.client import Client

from activities.revision_messages import Publication
from bench.dossiers import temporal_server
from bench.server import Server, benchmark_server
from domain.calendar import CalendarSpec
from domain.dossier import commands as c
from domain.dossier.rules import Rules
from domain.ids import CommandId, Stream
from runtime import temporal
from runtime.settings import Settings
from store.database import Database
from store.postgres import PostgresJournal
from store.references import Kind, References
from tests.domain.dossier.samples import OFFICE, rules
from tests.workflows.desk import FixedRules
from workers.batch import build_batch_worker
from workers.dossier import build_worker
from workflows.client import Dossiers
from workflows.revision_messages import Progress
from workflows.revisions import Revisions

RUNNING: Final = 2000
AT_ONCE: Final = 30
UNLIMITED: Final = 1_000_000.0
QUEUE: Final = "publishing"
TIMEOUT: Final = timedelta(seconds=60)


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the number of running workflows."""
    number = max(AT_ONCE, round(RUNNING * scale))
    with benchmark_server() as server, temporal_server() as address:
        seconds, progress, history = uvloop.run(_measure(server, address, number))
    assert (progress.revised, progress.failed) == (number, 0)
    row = {
        "name": f"calendar publish to {number} running workflows",
        "value": round(number / seconds, 1),
        "unit": "dossiers/s",
        "required": "stated",
        "passed": True,
    }
    details = {"dossiers": number, "seconds": round(seconds, 2), "history_bytes_per_dossier": history}
    return {"row": row, "details": details}


async def _measure(server: Server, address: str, number: int) -> tuple[float, Progress, int]:
    """Seconds of the publication, what came of it, and what it added to one dossier's history."""
    today = datetime.now(UTC).date()
    calendar = msgspec.structs.replace(OFFICE, off=(), worked={}, years=(today.year - 1, today.year + 2))
    client = await temporal.connect(Settings(temporal_address=address))
    async with Database(server.app_url) as database:
        journal = PostgresJournal(database)
        known = rules(calendar=calendar)
        dossiers = Dossiers(client, journal, QUEUE)
        async with (
            build_worker(client, journal, FixedRules(known), QUEUE),
            build_batch_worker(client, database, dossiers, QUEUE),
        ):
            await _receive(dossiers, known, number)
            before = await _history_bytes(client)
            publication = await _published(database, calendar, today)
            started = time.perf_counter()
            revisions = Revisions(client, QUEUE)
            await revisions.begin(publication, UNLIMITED)
            while not (progress := await revisions.progress(publication)).finished:  # noqa: ASYNC110  # a query tells
                await asyncio.sleep(0.1)
            return time.perf_counter() - started, progress, await _history_bytes(client) - before


async def _published(database: Database, calendar: CalendarSpec, today: date) -> Publication:
    new = msgspec.structs.replace(calendar, off=tuple(today + timedelta(days=day) for day in range(1, 5)))
    version, _ = await References(database).publish(Kind.CALENDAR, new.id, new, today)
    return Publication(new.id, version, "Nghỉ bù", "bench")


async def _receive(dossiers: Dossiers, known: Rules, number: int) -> None:
    """Have so many dossiers received, AT_ONCE at a time."""
    waiting = iter(range(number))

    async def one_after_the_other() -> None:
        for each in waiting:
            order = c.Order(CommandId("c1"), c.Receive(components=("don",)), datetime.now(UTC), actor="lan")
            await dossiers.begin(Stream(f"H29-{each:05}"), known, order, TIMEOUT)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def _history_bytes(client: Client) -> int:
    events = (await client.get_workflow_handle("H29-00000").fetch_history()).events
    return sum(event.ByteSize() for event in events)
