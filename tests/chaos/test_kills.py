"""Whatever is killed, whenever: no order is lost, none takes effect twice, and every dossier comes to its end.

``MOTCUA_CHAOS=full`` (``make chaos``) kills often; otherwise a short form runs.
"""

import asyncio
import contextlib
import itertools
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.service import RPCError

from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from domain.record import Record
from runtime import temporal
from store.database import Database as Pool
from store.errors import StoreUnavailable
from store.journal import Journal
from store.postgres import PostgresJournal
from tests.chaos.house import PROVINCE, House, house
from tests.domain.dossier.samples import HOA, link, rules, stage
from workers.neighbours import dossiers_of
from workflows.client import Dossiers, DossiersUnavailable
from workflows.messages import Reply

FULL = os.environ.get("MOTCUA_CHAOS") == "full"
DOSSIERS, EVERY = (50, 12) if FULL else (7, 14)
"""How many dossiers live at once, and after how many answered orders the next blow falls."""
VICTIMS = ["worker", "postgres", "temporal", "worker", "projector", "worker"]
OF_BOTH = ["of_province", "temporal", "worker", "postgres", "of_province", "worker"]
"""The same where provinces have a namespace of their own."""
PATIENCE = timedelta(seconds=8)
"""How long one asks before asking again."""
AGAIN_SECONDS = 0.2
RULES = rules(
    stage("receive", "2 working_hour"),
    stage("appraise", "16 working_hour"),
    link("L1"),
    stage("approve", "8 working_hour"),
    stage("return"),
)

BEFORE_THE_LINK: list[c.Command] = [
    c.Receive(components=("don",)),
    c.ClaimTask(),
    c.RequestSupplement("thiếu bản sao"),
    c.ProvideSupplement(("bansao",)),
    c.CompleteTask("appraise"),
]
OF_THE_PART: list[c.Command] = [c.AcknowledgeLink(), c.CompleteTask("appraise"), c.AnswerLink()]
AFTER_THE_LINK: list[c.Command] = [
    c.CompleteTask("approve", c.TaskOutcome.REWORK, "appraise"),
    c.CompleteTask("appraise"),
    c.CompleteTask("approve"),
    c.IssueResult("12/QD"),
]
AT_THE_END: list[c.Command] = [
    c.ReturnResult(),
    c.Correct("dossier.received", "channel", "post", "keyed wrongly", HOA),
    c.RecordFeedback(5),
]
ROOT = [
    *("dossier.received", "task.opened", "deadline.set", "deadline.set", "task.claimed"),
    *("supplement.requested", "clock.suspended", "supplement.provided", "clock.resumed"),
    *("task.completed", "link.opened", "link.acknowledged", "link.answered", "task.opened"),
    *("task.completed", "task.opened", "task.completed", "task.opened"),
    *("task.completed", "result.approved", "task.opened", "result.issued"),
    *("task.completed", "result.returned", "dossier.closed", "entry.corrected", "feedback.recorded"),
]
PART = [
    *("link.received", "task.opened", "deadline.set", "link.acknowledged", "task.completed", "task.opened"),
    *("task.completed", "task.opened", "task.completed", "link.answered", "result.issued", "dossier.closed"),
]


def happened(records: list[Record]) -> list[str]:
    """What happened, without what depends on the hour at which the test runs."""
    return [record.type for record in records if record.type != "deadline.revised"]


async def namespace_of_part(opened: House, stream: str) -> str:
    """Where a dossier's part has lived."""
    for namespace in (PROVINCE, "default") if opened.separate else ("default",):
        client = await temporal.connect(opened.settings, namespace=namespace)
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(f"{stream}/L1").describe()
            return namespace
    return ""


@pytest.fixture(params=[False, True], ids=["by-child", "by-nexus"])
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """A house to strike at, with linked parts at home or in a namespace of their own."""
    with house(tmp_path, RULES, separate=request.param) as built:
        yield built


class Citizens:
    """Those who insist until they are answered."""

    def __init__(self, dossiers: Dossiers, journal: Journal) -> None:
        """Nobody has asked yet."""
        self._dossiers = dossiers
        self._journal = journal
        self.answered = 0
        self.unanswered = 0
        self.replies: dict[CommandId, Reply] = {}
        self._news = asyncio.Condition()

    async def live(self, stream: str, after_the_link: list[c.Command]) -> None:
        """One dossier's life, order by order, up to where it is left."""
        await self._orders(stream, "a", BEFORE_THE_LINK)
        await self._until_stored(f"{stream}/L1", "link.received")
        await self._orders(f"{stream}/L1", "p", OF_THE_PART)
        await self._until_stored(stream, "link.answered")
        await self._orders(stream, "z", after_the_link)

    async def answered_at_least(self, wanted: int) -> None:
        """Wait until so many orders are answered."""
        async with self._news:
            await self._news.wait_for(lambda: self.answered >= wanted)

    async def end(self, stream: str) -> None:
        """The last orders."""
        await self._orders(stream, "e", AT_THE_END)

    async def _orders(self, stream: str, prefix: str, commands: list[c.Command]) -> None:
        for number, command in enumerate(commands):
            order = c.Order(CommandId(f"{stream} {prefix}{number}"), command, datetime.now(UTC), actor="lan")
            first, again = await asyncio.gather(self._insist(stream, order), self._insist(stream, order))
            assert first == again
            self.replies[order.id] = first
            async with self._news:
                self.answered += 1
                self._news.notify_all()

    async def _insist(self, stream: str, order: c.Order) -> Reply:
        """Ask, and ask again with the same id, until there is an answer."""
        while True:
            try:
                if isinstance(order.command, c.Receive):
                    return await self._dossiers.begin(Stream(stream), RULES, order, PATIENCE)
                return await self._dossiers.execute(Stream(stream), order, PATIENCE)
            except DossiersUnavailable:
                self.unanswered += 1
                await asyncio.sleep(AGAIN_SECONDS)

    async def _until_stored(self, stream: str, wanted: str) -> None:
        """Wait for what another authority does."""
        while True:
            try:
                if wanted in [record.type for record in await self._journal.read(Stream(stream))]:
                    return
            except StoreUnavailable:
                self.unanswered += 1
            await asyncio.sleep(AGAIN_SECONDS)


async def blows(opened: House, citizens: Citizens, seed: int, struck: list[str]) -> None:
    """Strike one after the other, each at about so many answers more, until cancelled; notes who was struck."""
    chance = random.Random(seed)  # noqa: S311  # repeatable
    victims = OF_BOTH if opened.separate else VICTIMS
    for number, name in enumerate(itertools.cycle(victims), start=1):
        await citizens.answered_at_least(number * EVERY - chance.randrange(EVERY))
        await asyncio.to_thread(opened.strike, name)
        struck.append(name)


@pytest.mark.timeout(1800)
async def test_nothing_is_lost_or_doubled_whatever_is_killed(opened: House) -> None:
    """Orders are repeated until answered, each twice at once; the servers and processes are killed all the while."""
    streams, struck = [f"D{number:02}" for number in range(DOSSIERS)], list[str]()
    client = await temporal.connect(opened.settings)
    async with Pool(opened.database.app_url) as pool:
        journal = PostgresJournal(pool)
        citizens = Citizens(dossiers_of(opened.settings, pool, client), journal)
        async with asyncio.TaskGroup() as group:
            striking = group.create_task(blows(opened, citizens, len(streams), struck))
            lives = [group.create_task(citizens.live(stream, AFTER_THE_LINK)) for stream in streams]
            await asyncio.gather(*lives)
            striking.cancel()

        assert await asyncio.to_thread(opened.command, "reconcile") == {
            "open": DOSSIERS,
            "sound": True,
            "findings": [],
        }
        await asyncio.gather(*(citizens.end(stream) for stream in streams))
        for command, reply in citizens.replies.items():
            stored = await journal.read_command(reply.stream, command)
            assert (reply.first, reply.last) == (stored[0].version, stored[-1].version)
        for stream in streams:
            assert await namespace_of_part(opened, stream) == (PROVINCE if opened.separate else "default")
            assert happened(await journal.read(Stream(stream))) == ROOT
            assert happened(await journal.read(Stream(f"{stream}/L1"))) == PART
    while await asyncio.to_thread(opened.unplaced):
        pass
    verified = await asyncio.to_thread(opened.command, "verify")
    assert verified["findings"] == []
    assert verified["events"] >= DOSSIERS * (len(ROOT) + len(PART))
    assert set(struck) >= {"worker", "postgres", "temporal"}
