"""A program that acts otherwise takes over without a version of its own: alarmed on, and mended by its runbook."""

import asyncio
import re
from datetime import timedelta

import httpx
import msgspec
import pytest

from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime import temporal
from runtime.embedded import ports
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Database as Pool
from store.postgres import PostgresJournal
from tests.cli.test_recovery import Office, office
from tests.domain.dossier.samples import rules
from tests.drill.changed import Changed
from tests.support.databases import Database
from tests.workflows.desk import FixedRules
from workers.dossier import build_worker
from workflows.client import DossiersUnavailable

FAILED = re.compile(r'temporal_workflow_task_execution_failed_total\{[^}]*failure_reason="NonDeterminismError"')
PATIENCE_SECONDS = 60.0
SHORT = timedelta(seconds=3)


async def told(port: int) -> bool:
    """Whether the worker tells of what the alarm DossiersStandStill asks for."""
    async with httpx.AsyncClient() as client:
        return FAILED.search((await client.get(f"http://127.0.0.1:{port}/metrics")).text) is not None


@pytest.mark.timeout(180)
async def test_dossiers_that_stand_still_are_told_of_and_begun_anew(
    temporal_dev: EmbeddedTemporal, database: Database
) -> None:
    """ops/runbooks/dossiers-stand-still.md, step 3: nothing of them is lost, and they take orders again."""
    known, stream, port = rules(), f"stands-{database.name}", ports.free_port()
    async with office(temporal_dev, database, known) as opened:
        await opened.receive(stream)
        env = opened.env
    settings = Settings(
        temporal_address=temporal_dev.address, sdk_metrics_port=port, task_queue=env["MOTCUA_TASK_QUEUE"]
    )
    client = await temporal.connect(settings)
    async with Pool(database.app_url, size=4) as pool:
        journal = PostgresJournal(pool)
        worker = build_worker(client, journal, FixedRules(known), settings.task_queue, workflows=[Changed])
        async with worker:
            opened = Office(client, journal, known, env)
            order = msgspec.structs.replace(opened.order(c.ClaimTask()), id=CommandId("claimed again"))
            with pytest.raises(DossiersUnavailable):
                await opened.dossiers.execute(Stream(stream), order, SHORT)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await told(port):  # noqa: ASYNC110  # the worker's counter is all that tells
                    await asyncio.sleep(0.1)
            assert await opened.reconcile("--fix") == (0, [(stream, "not_answering", True)])
            await opened.dossiers.execute(Stream(stream), order, timedelta(seconds=30))
            assert (await opened.types(stream))[-1] == "task.claimed"
            assert await opened.reconcile() == (0, [])
