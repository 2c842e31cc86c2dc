"""Two authorities that reach each other only by Nexus, one of them away for days of virtual time, over a real store.

The time-skipping server has one namespace, so each authority has a task queue of its own, and endpoints named like
namespaces lead there: a worker that is not there, and a door that is not there, are away as a whole namespace would be.
"""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain.dossier import commands as c
from domain.dossier.codec import decode_event
from domain.dossier.events import ACKNOWLEDGEMENT, ANSWER, SYNCHRONISATION, LinkOverdue
from domain.dossier.handovers import TITLES, Problem
from domain.ids import CommandId, OfficerId, Stream
from domain.record import Append, Appended
from store.database import Connection
from store.database import Database as Pool
from store.errors import StoreUnavailable
from store.folding import PinnedFold
from store.journal import Journal
from store.open_streams import OpenStreams
from store.postgres import PostgresJournal
from store.rules_source import PinnedRules
from store.verify import verify
from tests.domain.dossier.samples import S1, link, rules, stage
from tests.support.databases import Database
from tests.support.references import keep
from tests.workflows.desk import START, TIMEOUT, FixedRules
from workers.dossier import build_worker
from workers.endpoints import ensure_endpoint
from workers.recovery import Recovery
from workflows.client import Dossiers, Fixed
from workflows.messages import Places
from workflows.nexus import endpoint_of

COMMUNE, PROVINCE = "commune", "province"
AROUND = Fixed(Places(COMMUNE, {S1: PROVINCE}))
RULES = rules(stage("receive"), stage("appraise", "40 working_hour"), link("L1"), stage("approve"), stage("return"))
ROOT, PART = Stream("H29.12-260302-0001"), Stream("H29.12-260302-0001/L1")
AT_THE_PROVINCE = (c.AcknowledgeLink(), c.CompleteTask("appraise"), c.AnswerLink(c.LinkOutcome.AGREED))
AT_HOME = (c.CompleteTask("approve"), c.IssueResult(), c.ReturnResult())


class Two:
    """A commune and a province."""

    def __init__(self, env: WorkflowEnvironment, pool: Pool, offset: timedelta) -> None:
        """Both write to one store, through the roles that the program has."""
        self._env = env
        self._pool = pool
        self._offset = offset
        self.journal = PostgresJournal(pool)
        self._numbers = itertools.count(1)
        client = env.client
        self._desks = {
            name: Dossiers(client, self.journal, name, offset=offset, around=AROUND) for name in (COMMUNE, PROVINCE)
        }

    async def open_door(self, namespace: str) -> None:
        """Let the other in."""
        await ensure_endpoint(self._env.client, endpoint_of(namespace), namespace)

    def worker(self, namespace: str, journal: Journal | None = None) -> Worker:
        """A worker of one of them."""
        return build_worker(
            self._env.client,
            journal or self.journal,
            FixedRules(RULES),
            namespace,
            offset=self._offset,
            around=AROUND,
            max_cached_workflows=0,  # every task is done as by a worker that has just taken over
        )

    def forgetful(self, namespace: str, kind: str) -> Worker:
        """A worker that loses the store's answer to the first entry of this type."""
        return self.worker(namespace, LosesAnAnswer(self._pool, kind))

    async def receive(self) -> None:
        """Receive the dossier at the commune."""
        await self._desks[COMMUNE].begin(ROOT, RULES, await self._order(c.Receive(components=("don",))), TIMEOUT)

    async def do(self, *commands: c.Command, stream: Stream = ROOT) -> None:
        """Send orders to the dossier, or to its part."""
        desk = self._desks[COMMUNE if stream == ROOT else PROVINCE]
        for command in commands:
            await desk.execute(stream, await self._order(command), TIMEOUT)

    async def settle(self) -> None:
        """Wait until nothing is on its way."""
        for stream in (ROOT, PART):
            await self._desks[COMMUNE].settle(stream)

    async def settle_root(self) -> None:
        """Wait until the part has what the root told it."""
        await self._desks[COMMUNE].settle(ROOT)

    async def wait(self, days: int) -> None:
        """Let virtual days pass."""
        await self._env.sleep(timedelta(days=days))

    async def types(self, stream: Stream = ROOT) -> list[str]:
        """The types of the stored events."""
        return [record.type for record in await self.journal.read(stream)]

    async def overdue(self, stream: Stream) -> list[tuple[str, str]]:
        """What was missed, and until when it was due, to the minute: the server's clock begins somewhere in it."""
        events = [decode_event(record.type, record.data) for record in await self.journal.read(stream)]
        missed = [event for event in events if isinstance(event, LinkOverdue)]
        return [(event.what, f"{event.due.astimezone(START.tzinfo):%Y-%m-%d %H:%M}") for event in missed]

    async def titles(self) -> list[str]:
        """What stands in the worklist for the root."""

        async def read(connection: Connection) -> list[tuple[str]]:
            query = "SELECT title FROM tasks WHERE stream = %s ORDER BY task"
            return await (await connection.execute(query, (ROOT,))).fetchall()

        return [title for (title,) in await self._pool.run(read)]

    async def run_id(self) -> str:
        """The run that the root is in."""
        return str((await self._env.client.get_workflow_handle(ROOT).describe()).run_id)

    async def ended(self) -> None:
        """Return when both streams' runs have ended."""
        for stream in (ROOT, PART):
            await self._env.client.get_workflow_handle(stream).result()

    async def sound(self, database: Database) -> None:
        """Nothing lost and nothing doubled: by the store's own verification, and by what runs."""
        assert [one async for one in verify(database.app_url, PinnedFold(PinnedRules(self._pool)))] == []
        recovery = Recovery(self.journal, OpenStreams(self._pool), self._desks[COMMUNE])
        assert [one async for one in recovery.findings(lambda _: None)] == []

    async def _order(self, command: c.Command) -> c.Order:
        now = await self._env.get_current_time() + self._offset
        return c.Order(CommandId(f"c{next(self._numbers)}"), command, now, actor="lan", authority="X1")


class LosesAnAnswer(PostgresJournal):
    """A store from which one answer never arrives: that to the first entry of a type."""

    def __init__(self, pool: Pool, kind: str) -> None:
        super().__init__(pool)
        self._kind = kind
        self._cut = False

    async def append(self, append: Append) -> Appended:
        """See Journal."""
        done = await super().append(append)
        if not self._cut and any(event.type == self._kind for event in append.events):
            self._cut = True
            message = "the connection was cut"
            raise StoreUnavailable(message)
        return done


@pytest.fixture
async def two(env: WorkflowEnvironment, database: Database) -> AsyncIterator[Two]:
    """Both, with nobody at work and no door open."""
    async with Pool(database.app_url, size=8) as pool:
        await keep(pool, RULES)
        yield Two(env, pool, START - await env.get_current_time())


async def _finish(two: Two, database: Database) -> None:
    """Live the rest, and look at what is left: one effect of each message."""
    await two.settle()
    await two.do(*AT_THE_PROVINCE, stream=PART)
    await two.settle()
    await two.do(*AT_HOME)
    root, part = await two.types(), await two.types(PART)
    assert (root[-1], part[-1]) == ("dossier.closed", "dossier.closed")
    assert part.count("link.received") == 1
    for kind in ("link.opened", "link.acknowledged", "link.answered"):
        assert root.count(kind) == 1, kind
    await two.sound(database)


async def test_the_whole_namespace_is_away_for_days(two: Two, database: Database) -> None:
    """There is not even a door: officers here go on working, and the part begins when there is one."""
    await two.open_door(COMMUNE)
    async with two.worker(COMMUNE):
        await two.receive()
        await two.do(c.CompleteTask("appraise"))
        await two.wait(days=5)
        assert await two.overdue(ROOT) == [
            (SYNCHRONISATION, "2026-03-02 08:20"),
            (ACKNOWLEDGEMENT, "2026-03-02 10:10"),
            (ANSWER, "2026-03-04 09:10"),
        ]
        assert await two.titles() == [TITLES[Problem.UNANSWERED]]
        await two.do(c.Extend(datetime.fromisoformat("2026-04-20T17:00+07:00"), "the department is not reached"))
        await two.open_door(PROVINCE)
        async with two.worker(PROVINCE):
            await two.wait(days=1)
            assert (await two.types())[-1] == "link.delivered"
            await _finish(two, database)


async def test_what_a_part_says_is_missed_after_the_minutes_of_the_law(two: Two, database: Database) -> None:
    """The way back is barred: the part says in its own stream that its word has not arrived, and when it has."""
    await two.open_door(PROVINCE)
    async with two.worker(COMMUNE), two.worker(PROVINCE):
        await two.receive()
        await two.do(c.CompleteTask("appraise"))
        await two.settle_root()
        await two.do(*AT_THE_PROVINCE, stream=PART)
        await two.wait(days=1)
        assert "link.acknowledged" not in await two.types()
        assert await two.overdue(PART) == [(SYNCHRONISATION, "2026-03-02 08:20")]
        await two.open_door(COMMUNE)
        await two.wait(days=1)
        await two.settle()
        assert (await two.types(PART))[-1] == "link.delivered"
        await two.do(*AT_HOME)
        await two.ended()
        await two.sound(database)


async def test_two_that_have_ended_do_not_call_each_other_back(two: Two, database: Database) -> None:
    """A correction takes a withdrawn dossier up again; it recalls its part once more, which leaves it at that."""
    for namespace in (COMMUNE, PROVINCE):
        await two.open_door(namespace)
    async with two.worker(COMMUNE), two.worker(PROVINCE):
        await two.receive()
        await two.do(c.CompleteTask("appraise"))
        await two.settle()
        await two.do(c.Withdraw("…"))
        await two.ended()
        await two.do(c.Correct("dossier.received", "channel", "post", "keyed wrongly", OfficerId("chi")))
        taken_up = await two.run_id()
        await two.ended()
        assert await two.run_id() == taken_up
        assert (await two.types(PART)).count("link.recalled") == 1
        await two.sound(database)


@pytest.mark.parametrize(
    ("namespace", "kind"),
    [
        (PROVINCE, "link.received"),
        (COMMUNE, "link.acknowledged"),
        (COMMUNE, "link.answered"),
        (PROVINCE, "link.answered"),
        (COMMUNE, "link.opened"),
    ],
)
async def test_an_entry_is_stored_and_nobody_hears_of_it(
    two: Two, database: Database, namespace: str, kind: str
) -> None:
    """Wherever in the protocol a worker is cut off, the next one finds the entry and goes on: each is there once."""
    for each in (COMMUNE, PROVINCE):
        await two.open_door(each)
    other = PROVINCE if namespace == COMMUNE else COMMUNE
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(two.worker(other))
        await stack.enter_async_context(two.forgetful(namespace, kind))
        await two.receive()
        await two.do(c.CompleteTask("appraise"))
        await _finish(two, database)
