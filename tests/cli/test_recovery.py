"""What should run is held against what runs, and begun again from the store: on real servers, one of them lost.

The commands are those of ops/runbooks/timers-drift.md.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from temporalio.client import Client
from typer.testing import CliRunner

from cli import main
from cli.faults import describe
from domain.dossier import commands as c
from domain.dossier.codec import new_event, order_digest
from domain.dossier.decider import decide
from domain.dossier.events import Fact
from domain.dossier.evolve import fold
from domain.dossier.history import state_of
from domain.dossier.rules import Rules
from domain.dossier.summary import summarise
from domain.ids import CommandId, Stream
from domain.record import NO_HASH, Append, Outcome
from runtime import temporal
from runtime.embedded import ports
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Database as Pool
from store.postgres import PostgresJournal
from tests.domain.dossier.samples import link, rules, stage
from tests.support.databases import Database
from tests.workflows.desk import FixedRules
from workers.dossier import build_worker
from workflows.client import Dossiers

TIMEOUT = timedelta(seconds=30)
LINKED = rules(stage("receive"), link("L1"), stage("approve", "8 working_hour"), stage("return"))


class Office:
    """Dossiers at work, and the commands that look after them."""

    def __init__(self, client: Client, journal: PostgresJournal, known: Rules, env: dict[str, str]) -> None:
        """Use ``office()``; ``env`` are the settings of the commands."""
        self.client = client
        self.dossiers = Dossiers(client, journal, env["MOTCUA_TASK_QUEUE"])
        self.journal = journal
        self.known = known
        self.env = env
        self._number = 0

    async def command(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Run a command as the operator does; its status and its JSON."""
        result = await asyncio.to_thread(CliRunner().invoke, main.build(words[0]), [*words, "--json"], env=self.env)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, msgspec.json.decode(result.stdout)

    async def reconcile(self, *options: str) -> tuple[int, list[tuple[str, str, bool]]]:
        """Reconcile; its status and what it found."""
        status, answer = await self.command("reconcile", *options)
        assert answer["sound"] is (status == 0)
        return status, [(found["stream"], found["kind"], found["mended"]) for found in answer["findings"]]

    def order(self, command: c.Command) -> c.Order:
        """An order of now."""
        self._number += 1
        return c.Order(CommandId(f"c{self._number}"), command, datetime.now(UTC), actor="lan")

    async def receive(self, *streams: str) -> None:
        """Receive dossiers."""
        for stream in streams:
            order = self.order(c.Receive(components=("don",)))
            await self.dossiers.begin(Stream(stream), self.known, order, TIMEOUT)

    async def do(self, stream: str, command: c.Command) -> None:
        """Send an order."""
        await self.dossiers.execute(Stream(stream), self.order(command), TIMEOUT)

    async def write(self, stream: str, command: c.Command, known: Rules | None = None) -> None:
        """Decide and store without any workflow's knowledge."""
        known, order = known or self.known, self.order(command)
        records = await self.journal.read(Stream(stream))
        state = state_of(records)
        events = decide(known, state, order)
        facts = [Fact(event, state.version + n, order.at, order.recorded_at) for n, event in enumerate(events, start=1)]
        append = Append(
            stream=Stream(stream),
            expected_version=state.version,
            prev_hash=records[-1].hash if records else NO_HASH,
            command_id=order.id,
            command_digest=order_digest(order),
            events=tuple(new_event(event, order) for event in events),
            view=summarise(known, fold(facts, state), Stream(stream)),
        )
        assert (await self.journal.append(append)).outcome is Outcome.APPENDED

    async def end(self, stream: str) -> None:
        """Terminate a workflow, as an operator's slip would."""
        await self.client.get_workflow_handle(stream).terminate()

    async def types(self, stream: str) -> list[str]:
        """The types of the stored events."""
        return [record.type for record in await self.journal.read(Stream(stream))]


@asynccontextmanager
async def office(server: EmbeddedTemporal, database: Database, known: Rules) -> AsyncIterator[Office]:
    """An office with a worker, on a task queue of its own."""
    queue = f"office-{database.name}"
    settings = Settings(temporal_address=server.address, database_url=database.app_url, task_queue=queue)
    env = {
        "MOTCUA_DATABASE_URL": database.app_url,
        "MOTCUA_TEMPORAL_ADDRESS": server.address,
        "MOTCUA_TASK_QUEUE": queue,
    }
    client = await temporal.connect(settings)
    async with Pool(database.app_url, size=4) as pool:
        journal = PostgresJournal(pool)
        async with build_worker(client, journal, FixedRules(known), queue):
            yield Office(client, journal, known, env)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[EmbeddedTemporal]:
    """A Temporal of the test's own that keeps everything in memory: whoever kills it loses it all."""
    server = EmbeddedTemporal(tmp_path / "temporal", port=ports.free_port(), durable=False)
    server.start()
    yield server
    server.stop()


async def test_what_agrees_is_not_reported(mortal: EmbeddedTemporal, database: Database) -> None:
    """Open, suspended, linked and closed dossiers at work: nothing is found, nothing is begun anew."""
    async with office(mortal, database, LINKED) as opened:
        await opened.receive("A", "B", "C")
        await opened.do("A/L1", c.AcknowledgeLink())
        await opened.do("B", c.Suspend())
        await opened.do("C", c.Withdraw())
        assert await opened.reconcile("--fix") == (0, [])
        assert await opened.command("revive") == (0, {"open": 4, "started": 0})


async def test_a_run_that_is_missing_or_wrong_is_begun_anew(mortal: EmbeddedTemporal, database: Database) -> None:
    """One was terminated, one does not know what is stored: both are named, and --fix makes them what is stored."""
    async with office(mortal, database, rules()) as opened:
        await opened.receive("A", "B", "C")
        await opened.end("A")
        await opened.write("B", c.CompleteTask("appraise"))
        found = [("A", "not_running"), ("B", "other_history")]
        assert await opened.reconcile() == (1, [(*each, False) for each in found])
        assert await opened.reconcile("--fix") == (0, [(*each, True) for each in found])
        assert await opened.reconcile() == (0, [])
        await opened.do("B", c.CompleteTask("approve"))


async def test_hand_overs_that_were_lost_are_delivered_again(mortal: EmbeddedTemporal, database: Database) -> None:
    """An answer and a recall that are stored on one side only reach the other side after --fix."""
    async with office(mortal, database, LINKED) as opened:
        await opened.receive("A", "B")
        part = LINKED.for_link("L1")
        for stream in ("A", "B"):
            await opened.dossiers.settle(Stream(stream))
            await opened.end(f"{stream}/L1")
        await opened.write("A/L1", c.AcknowledgeLink(), part)
        await opened.write("A/L1", c.CompleteTask("appraise"), part)
        await opened.write("A/L1", c.AnswerLink(), part)
        await opened.end("B")
        await opened.write("B", c.Stop("…"))
        await opened.dossiers.revive(Stream("B/L1"))
        assert await opened.reconcile("--fix") == (0, [("A", "answer_lost", True), ("B", "part_forgotten", True)])
        async with asyncio.timeout(TIMEOUT.total_seconds()):
            while (await opened.reconcile())[1]:
                pass
        assert (await opened.types("A"))[-2:] == ["link.answered", "task.opened"]
        assert (await opened.types("B/L1"))[-2:] == ["link.recalled", "dossier.closed"]


async def test_everything_runs_again_after_the_loss_of_temporal(mortal: EmbeddedTemporal, database: Database) -> None:
    """Temporal's whole memory is gone: every open dossier is revived from the store and lives on to its end."""
    streams = [f"D{number:02}" for number in range(12)]
    async with office(mortal, database, LINKED) as opened:
        await opened.receive(*streams)
        for stream in streams:
            await opened.dossiers.settle(Stream(stream))
        await opened.do("D00/L1", c.AcknowledgeLink())
        await opened.do("D01", c.Withdraw())
        await opened.do("D02", c.Suspend())
    mortal.kill()
    mortal.start()
    async with office(mortal, database, LINKED) as opened:
        status, answer = await opened.command("revive", "--rate", "500")
        assert (status, answer) == (0, {"open": 22, "started": 22})
        assert await opened.command("revive") == (0, {"open": 22, "started": 0})
        assert await opened.reconcile() == (0, [])
        await opened.do("D00/L1", c.CompleteTask("appraise"))
        await opened.do("D00/L1", c.AnswerLink())
        async with asyncio.timeout(TIMEOUT.total_seconds()):
            while (await opened.types("D00"))[-1] != "task.opened":
                pass
        for command in (c.CompleteTask("approve"), c.IssueResult(), c.ReturnResult()):
            await opened.do("D00", command)
        assert (await opened.types("D00"))[-1] == "dossier.closed"


async def test_absent_servers_and_workers_are_named(mortal: EmbeddedTemporal, database: Database) -> None:
    """Without a worker nothing can be compared; without a server the sentence says which one is away."""
    async with office(mortal, database, rules()) as opened:
        await opened.receive("A")
    right, absent = opened.env, f"127.0.0.1:{ports.free_port()}"
    for change, code in (
        ({"MOTCUA_TASK_QUEUE": "nobody-works-here"}, "no_worker"),
        ({"MOTCUA_TEMPORAL_ADDRESS": absent}, "operational"),
        ({"MOTCUA_DATABASE_URL": f"postgresql://a:b@{absent}/c"}, "database_unavailable"),
    ):
        opened.env = right | change
        with pytest.raises(Exception) as caught:  # noqa: PT011  # its code is looked at
            await opened.command("reconcile")
        assert describe(caught.value).code == code
