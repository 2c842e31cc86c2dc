"""The drill: all that Temporal knew is lost under open dossiers, and nobody who reads the events can tell.

``MOTCUA_DRILL`` is the number of dossiers (``make drill``: 300); otherwise a short form runs.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.dossier.codec import encode_event
from domain.dossier.events import Fact
from domain.ids import Stream
from domain.record import Record
from runtime.embedded.postgres import EmbeddedPostgres
from store.database import Database as Pool
from store.open_streams import OpenStreams
from store.postgres import PostgresJournal
from store.rules_source import PinnedRules
from tests.drill.plan import END, FIRST, LINKED, LOSS, PLAIN, RETURN, REVISED, Life, Step, in_order, lives
from tests.support import databases
from tests.support.databases import Database
from tests.support.references import keep
from workers.dossier import build_worker
from workers.recovery import Kind, Recovery
from workers.simulation import AFTER_MOMENT, BEFORE_COMMAND, time_skipping_server
from workflows.client import Dossiers

DOSSIERS = int(os.environ.get("MOTCUA_DRILL", "12"))
SEED = 7
QUEUE = "drill"
TIMEOUT = timedelta(seconds=60)
PATIENCE_SECONDS = 120.0
LOOK_AGAIN_SECONDS = 0.02


class Office:
    """Dossiers at work on one time-skipping server, which has nothing but what was started on it."""

    def __init__(self, env: WorkflowEnvironment, pool: Pool, offset: timedelta) -> None:
        """Use ``office()``."""
        self._env = env
        self._offset = offset
        self.journal = PostgresJournal(pool)
        self.streams = OpenStreams(pool)
        self.dossiers = Dossiers(env.client, self.journal, QUEUE, exact=True, offset=offset)
        self.recovery = Recovery(self.journal, self.streams, self.dossiers)

    async def carry_out(self, steps: list[Step]) -> None:
        """Give each order at its time."""
        for step in steps:
            at = step.order.recorded_at
            await self.wait_until(at - BEFORE_COMMAND)
            root = Stream(step.stream.partition("/")[0])
            if step.rules is not None:
                await self.dossiers.begin(step.stream, step.rules, step.order, TIMEOUT)
                continue
            await self._family_at_rest(root, at)
            await self.dossiers.execute(step.stream, step.order, TIMEOUT)
            await self._family_at_rest(root, at)

    async def come_true(self, until: datetime) -> None:
        """Let everything that falls due by then come true by its own timer."""
        await self.wait_until(until)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self._due(until):
                await self.wait_until(until + AFTER_MOMENT)
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def wait_until(self, moment: datetime) -> None:
        """Let virtual time pass; it never goes back, and stands still while a delivery is tried again."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (left := moment - self._offset - await self._env.get_current_time()) > timedelta(0):
                with contextlib.suppress(RPCError):
                    await self._env.sleep(left)

    async def _family_at_rest(self, root: Stream, at: datetime) -> None:
        """Wait until what linked streams have to tell each other by then is told.

        A dossier lets its own earlier moments come true before an order; of its parts' ones it cannot know.
        """
        family = [root, Stream(f"{root}/L1"), Stream(f"{root}/L2")]
        views = [view for stream in family if (view := await self.journal.view(stream)) is not None]
        if len(views) == 1 and views[0].procedure == PLAIN.procedure.id:
            return
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any([await self._behind(stream, at) for stream in family]):  # noqa: ASYNC110  # no Event tells
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
        for stream in (*family, *family):
            await self.dossiers.settle(stream)

    async def _behind(self, stream: Stream, at: datetime) -> bool:
        view = await self.journal.view(stream)
        limit = at - BEFORE_COMMAND
        return view is not None and view.next_moment is not None and view.next_moment < limit

    async def _due(self, until: datetime) -> bool:
        page = [row for row in await self.streams.page(limit=10**6) if row.next_moment is not None]
        return any(row.next_moment is not None and row.next_moment <= until for row in page)


@asynccontextmanager
async def office(pool: Pool, at: datetime) -> AsyncIterator[Office]:
    """A new server, which shows ``at`` and knows of no dossier, and a worker; both are gone afterwards."""
    async with time_skipping_server() as env:
        offset = at - await env.get_current_time()
        opened = Office(env, pool, offset)
        known = PinnedRules(pool)
        async with build_worker(env.client, opened.journal, known, QUEUE, exact=True, offset=offset):
            yield opened


@pytest.fixture
def two(template: EmbeddedPostgres) -> Iterator[tuple[Database, Database]]:
    """Two databases: of those left alone and of those that lose Temporal."""
    both = databases.clone(template), databases.clone(template)
    yield both
    for each in both:
        databases.drop(template, each)


def told(record: Record) -> tuple[Any, ...]:
    """What an event says, without what differs between two stores: its id, and the hashes over that."""
    circumstances = (record.actor, record.authority, record.command_id, record.correlation_id)
    moments = (record.occurred_at, record.recorded_at)
    return record.version, record.type, record.schema_version, *moments, bytes(record.data), *circumstances


def foretold(fact: Fact) -> tuple[Any, ...]:
    """The same of a fact that the domain alone has foretold."""
    return fact.version, fact.event.type, fact.occurred_at, fact.recorded_at, bytes(encode_event(fact.event))


async def histories(office: Office, written: list[Life]) -> dict[Stream, list[tuple[Any, ...]]]:
    """All that is stored of these lives."""
    streams = [stream for life in written for stream in life.facts]
    return {stream: [told(record) for record in await office.journal.read(stream)] for stream in streams}


@pytest.mark.timeout(3600)
async def test_revived_lives_are_those_of_dossiers_left_alone(two: tuple[Database, Database]) -> None:
    """Linked, posted, suspended: event by event the same, with and without the loss of Temporal on the third day."""
    written = lives(DOSSIERS, SEED)
    steps = in_order(written)
    before = [step for step in steps if step.order.recorded_at < LOSS]
    after = [step for step in steps if step.order.recorded_at > RETURN]
    assert before + after == steps
    started = timedelta(hours=1)

    async with Pool(two[0].app_url) as pool:
        await keep(pool, PLAIN, REVISED)
        await keep(pool, LINKED)
        async with office(pool, FIRST - started) as alone:
            await alone.carry_out(steps)
            await alone.come_true(END)
            expected = await histories(alone, written)

    async with Pool(two[1].app_url) as pool:
        await keep(pool, PLAIN, REVISED)
        await keep(pool, LINKED)
        async with office(pool, FIRST - started) as lost:
            await lost.carry_out(before)
            await lost.come_true(LOSS)
        async with office(pool, RETURN) as revived:
            number = await revived.streams.count()
            assert number >= DOSSIERS
            assert await revived.recovery.revive(10**6, lambda _: None) == number
            kinds = {finding.kind async for finding in revived.recovery.findings(lambda _: None)}
            assert kinds <= {Kind.UNACKNOWLEDGED}  # what authorities owe each other was owed before
            await revived.carry_out(after)
            await revived.come_true(END)
            found = await histories(revived, written)

    for stream, history in expected.items():
        assert found[stream] == history, stream
    facts = {stream: facts for life in written for stream, facts in life.facts.items()}
    for stream, history in expected.items():
        short = [(row[0], row[1], row[3], row[4], row[5]) for row in history]
        assert short == [foretold(fact) for fact in facts[stream]], stream
    types = {row[1] for history in expected.values() for row in history}
    assert types >= {"clock.suspended", "supplement.requested", "postal.scanned", "link.answered", "dossier.closed"}
