"""A desk to try dossiers at: a worker, the dossiers' client and a clock that starts when the test wants it to."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain.dossier import commands as c
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.ids import CommandId, Stream
from domain.record import Record
from store.journal import Journal
from workers.dossier import build_worker
from workflows.client import Dossiers, Refused
from workflows.dossier import DossierWorkflow
from workflows.messages import Glance, Reply, Start

START = datetime.fromisoformat("2026-03-02T08:10+07:00")
"""A Monday morning."""
TIMEOUT = timedelta(seconds=20)
QUEUE = "desk"
_numbers = itertools.count(1)


class FixedRules:
    """The source of rules of a world with one procedure."""

    def __init__(self, rules: Rules) -> None:
        """Every dossier is under these rules, linked parts under their part of them."""
        self.rules = rules

    async def rules_of(self, stream: Stream, state: Dossier) -> Rules:
        """See RulesSource."""
        del stream
        return (self.rules.for_link(state.origin.link) if state.origin else self.rules).slim()


class Desk:
    """Orders and questions of a test; times are the desk's own, which began at START."""

    def __init__(self, env: WorkflowEnvironment, journal: Journal, rules: Rules, offset: timedelta) -> None:
        """Use ``desk()`` instead."""
        self._start = START
        self.env = env
        self.journal = journal
        self.rules = rules
        self.offset = offset
        self.dossiers = Dossiers(env.client, journal, QUEUE, offset=offset)

    def turn_to(self, moment: datetime) -> None:
        """Turn the desk's clock; runs that are under way keep theirs."""
        self.offset += moment - self._start
        self._start = moment
        self.dossiers = Dossiers(self.env.client, self.journal, QUEUE, offset=self.offset)

    def worker(self, **options: Any) -> Worker:  # noqa: ANN401  # those of build_worker
        """A worker of this desk."""
        return build_worker(self.env.client, self.journal, FixedRules(self.rules), QUEUE, **options)

    async def now(self) -> datetime:
        """The desk's time."""
        return await self.env.get_current_time() + self.offset

    async def wait_until(self, moment: str) -> None:
        """Let virtual time pass until then."""
        await self.env.sleep(datetime.fromisoformat(moment) - await self.now())

    async def order(self, command: c.Command, order_id: str | None = None, **more: object) -> c.Order:
        """An order as an officer's screen sends it."""
        circumstances: dict[str, Any] = {"actor": "lan", "authority": "X1", **more}
        name = CommandId(order_id or f"c{next(_numbers)}")
        return c.Order(name, command, await self.now(), **circumstances)

    async def receive(self, stream: str = "A", order_id: str | None = None, *, events_per_run: int = 0) -> Reply:
        """Receive a dossier with all it needs."""
        order = await self.order(c.Receive(components=("don",)), order_id)
        if events_per_run:
            start = Start(Stream(stream), self.rules.slim(), offset=self.offset, events_per_run=events_per_run)
            await self.env.client.start_workflow(DossierWorkflow.run, start, id=stream, task_queue=QUEUE)
        return await self.dossiers.begin(Stream(stream), self.rules, order, TIMEOUT)

    async def do(self, command: c.Command, stream: str = "A", order_id: str | None = None, **more: object) -> Reply:
        """Send an order; raises Refused."""
        return await self.dossiers.execute(Stream(stream), await self.order(command, order_id, **more), TIMEOUT)

    async def refusal(self, command: c.Command, stream: str = "A", order_id: str | None = None, **more: object) -> str:
        """Send an order that is refused; the refusal's code."""
        with pytest.raises(Refused) as caught:
            await self.do(command, stream, order_id, **more)
        return caught.value.code

    async def finish(self, stream: str = "A") -> int:
        """Take a received dossier of four steps to its end; the stream's last version."""
        await self.do(c.CompleteTask("appraise"), stream)
        return await self.finish_from_approval(stream)

    async def finish_from_approval(self, stream: str = "A") -> int:
        """The same from the approve stage on."""
        await self.do(c.CompleteTask("approve"), stream)
        await self.do(c.IssueResult(), stream)
        await self.do(c.ReturnResult(), stream)
        return int(await self.handle(stream).result())

    async def records(self, stream: str = "A") -> list[Record]:
        """The stored stream."""
        return await self.journal.read(Stream(stream))

    async def types(self, stream: str = "A") -> list[str]:
        """The types of the stored events."""
        return [record.type for record in await self.records(stream)]

    async def glance(self, stream: str = "A") -> Glance:
        """The running workflow's view."""
        found = await self.dossiers.glance(Stream(stream))
        assert found is not None
        return found

    async def settled(self, condition: Callable[[Glance], bool], stream: str = "A") -> Glance:
        """The first glance that fulfils the condition; for what follows an answer at once, but not before it."""
        while not condition(found := await self.glance(stream)):
            pass
        return found

    def handle(self, stream: str = "A") -> WorkflowHandle[Any, Any]:
        """The stream's workflow, whichever run."""
        return self.env.client.get_workflow_handle(stream)

    async def accepted(self, orders: int, stream: str = "A") -> None:
        """Return when so many orders after the first have been accepted by the run."""
        kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
        while sum(event.event_type == kind for event in (await self.handle(stream).fetch_history()).events) <= orders:
            pass

    async def history_length(self, stream: str = "A") -> int:
        """Events of the present run's history."""
        return len((await self.handle(stream).fetch_history()).events)


@asynccontextmanager
async def desk(env: WorkflowEnvironment, journal: Journal, rules: Rules, **options: Any) -> AsyncIterator[Desk]:  # noqa: ANN401
    """A desk whose clock shows START, with a running worker."""
    offset = START - await env.get_current_time()
    opened = Desk(env, journal, rules, offset)
    async with opened.worker(**options):
        yield opened
