"""Workflow code changes under running dossiers: found out beforehand, then both versions side by side, none stuck.

``MOTCUA_DRILL`` is the number of dossiers (``make drill``: 200 and more); otherwise a short form runs.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime import temporal
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Database as Pool
from store.open_streams import OpenStreams
from store.postgres import PostgresJournal
from tests.cli.test_recovery import Office
from tests.domain.dossier.samples import link, rules, stage
from tests.drill.changed import Changed
from tests.support.databases import Database
from tests.workflows.desk import FixedRules
from workers.dossier import build_worker, versioned
from workers.upgrade import Upgrade

DOSSIERS = int(os.environ.get("MOTCUA_DRILL", "5"))
KNOWN = rules(stage("receive"), link("L1"), stage("approve", "8 working_hour"), stage("return"))
TIMEOUT = timedelta(seconds=60)
AT_ONCE = 8


def version(office: Office, build: str, **options: Any) -> Worker:  # noqa: ANN401  # those of build_worker
    """The workers of one version of the program."""
    deployment = office.env["MOTCUA_WORKER_DEPLOYMENT"]
    queue = office.env["MOTCUA_TASK_QUEUE"]
    options |= versioned(deployment, build)
    return build_worker(office.client, office.journal, FixedRules(KNOWN), queue, **options)


@pytest.fixture
async def opened(temporal_dev: EmbeddedTemporal, database: Database) -> AsyncIterator[tuple[Office, Pool]]:
    """An office whose workers the test brings."""
    queue = f"upgrade-{database.name}"
    settings = Settings(temporal_address=temporal_dev.address, database_url=database.app_url, task_queue=queue)
    env = {
        "MOTCUA_DATABASE_URL": database.app_url,
        "MOTCUA_TEMPORAL_ADDRESS": temporal_dev.address,
        "MOTCUA_TASK_QUEUE": queue,
        "MOTCUA_WORKER_DEPLOYMENT": queue,
    }
    async with Pool(database.app_url, size=8) as pool:
        yield Office(await temporal.connect(settings), PostgresJournal(pool), KNOWN, env), pool


async def in_turn(office: Office, streams: list[str], command: c.Command) -> None:
    """The same order to each, some at once."""
    waiting = iter(streams)

    async def hand() -> None:
        for stream in waiting:
            order = c.Order(CommandId(f"{stream}-{command}"), command, datetime.now(UTC), actor="lan")
            if isinstance(command, c.Receive):
                await office.dossiers.begin(Stream(stream), KNOWN, order, TIMEOUT)
            else:
                await office.dossiers.execute(Stream(stream), order, TIMEOUT)

    await asyncio.gather(*(hand() for _ in range(AT_ONCE)))


async def build_of(client: Client, stream: str) -> str:
    """The version that a running dossier is on."""
    found = await client.get_workflow_handle(stream).describe()
    return str(found.raw_description.workflow_execution_info.versioning_info.deployment_version.build_id)


async def make_current(office: Office, build: str) -> dict[str, Any]:
    """``motcua upgrade``; while the server has not heard of the new workers, it is asked again."""
    async with asyncio.timeout(TIMEOUT.total_seconds()):
        while True:
            try:
                status, answer = await office.command("upgrade", build, "--patience", "60")
            except Exception as error:
                if getattr(error, "code", "") != "version_unknown":
                    raise
                await asyncio.sleep(0.1)
            else:
                assert status == 0, answer
                return answer


@pytest.mark.timeout(1800)
async def test_changed_code_takes_over_under_running_dossiers(opened: tuple[Office, Pool]) -> None:
    """The replay names every dossier that the new code would break; as a version of its own it breaks none."""
    office, pool = opened
    streams = [f"U{number:03}-{office.env['MOTCUA_TASK_QUEUE'][-9:]}" for number in range(DOSSIERS)]
    parts = [f"{stream}/L1" for stream in streams]
    with pytest.raises(Exception, match="no worker of version 1 polls"):
        await office.command("upgrade", "1")
    async with version(office, "1"):
        assert (await make_current(office, "1"))["left"] == 0
        await in_turn(office, streams, c.Receive(components=("don",)))
        for stream in streams:
            await office.dossiers.settle(Stream(stream))
        await in_turn(office, parts[: DOSSIERS // 2], c.AcknowledgeLink())

        assert await office.command("replay") == (0, {"replayed": 2 * DOSSIERS, "sound": True, "differences": []})
        upgrade = Upgrade(OpenStreams(pool), office.dossiers)
        broken = [each.stream async for each in upgrade.differences(lambda _: None, [Changed])]
        assert sorted(broken) == sorted([*streams, *parts])

        async with version(office, "2", workflows=[Changed]):
            assert await build_of(office.client, streams[0]) == "1"
            await in_turn(office, parts[DOSSIERS // 2 :], c.AcknowledgeLink())
            assert (await make_current(office, "2"))["left"] == 0
            assert {await build_of(office.client, stream) for stream in (*streams, *parts)} == {"2"}

    async with version(office, "2", workflows=[Changed]):
        assert await office.reconcile() == (0, [])
        await in_turn(office, parts, c.CompleteTask("appraise"))
        await in_turn(office, parts, c.AnswerLink())
        for part in parts:
            await office.dossiers.settle(Stream(part))
        for command in (c.CompleteTask("approve"), c.IssueResult(), c.ReturnResult()):
            await in_turn(office, streams, command)
        for stream in streams:
            assert (await office.types(stream))[-1] == "dossier.closed"
