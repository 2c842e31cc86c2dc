"""Scenarios by real workflows: Temporal's time-skipping server, its own timers, a journal in memory.

The course of events is ``domain.simulation.simulate``; here its requests are carried out. Virtual time is moved from
one moment of the agenda to the next, each workflow's timer fires there by itself, and what it leads to in linked
streams is awaited before time goes on. A scenario's dates may lie in the past of Temporal's clock: its runs are given
the offset.
"""

import asyncio
import contextlib
import gc
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.calendar import CalendarSpec, calendar_version
from domain.dossier.codec import fact_of
from domain.dossier.commands import ReviseCalendar
from domain.dossier.events import LinkOpened, LinkRecalled
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.errors import Refusal
from domain.ids import CalendarId, Stream, Version
from domain.link import part_of
from domain.record import Append, Appended
from domain.scenario import Scenario
from domain.simulation import Answer, Happening, Line, Pass, Request, Send, Turned, simulate
from runtime.embedded import binaries
from runtime.temporal import DATA_CONVERTER
from store.memory import MemoryJournal
from workers.dossier import build_worker
from workers.endpoints import ensure_endpoint
from workflows.client import Dossiers, Fixed
from workflows.messages import Places
from workflows.nexus import endpoint_of

T = TypeVar("T")

ANSWER_TIMEOUT: Final = timedelta(seconds=60)
"""Real time in which a workflow answers, on the busiest machine."""
LEAD: Final = timedelta(hours=1)
"""Virtual time before a scenario's first entry."""
BEFORE_COMMAND: Final = timedelta(seconds=30)
"""How long before a command's moment the clock is stopped, so that a moment of that same instant cannot come first."""
AFTER_MOMENT: Final = timedelta(seconds=1)
"""How far past a moment the clock is moved, so that its timer, set a little later than the decision, has fired."""
LOOK_AGAIN_SECONDS: Final = 1.0
INTERRUPTED: Final = 130
"""Exit status after Ctrl-C, as shells expect it."""


class TimersSilent(Exception):
    """A timer did not fire, or a linked part did not begin, in ample real time."""


class WatchedJournal(MemoryJournal):
    """A journal in memory that wakes those who wait for it to grow."""

    def __init__(self) -> None:
        super().__init__()
        self._grown = asyncio.Event()

    async def append(self, append: Append) -> Appended:
        """See Journal."""
        appended = await super().append(append)
        self._grown.set()
        self._grown = asyncio.Event()
        return appended

    async def growth(self, seconds: float) -> bool:
        """Wait for the next append, at most so long; tell whether there was one."""
        try:
            await asyncio.wait_for(self._grown.wait(), seconds)
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def time_skipping_server() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal's time-skipping server from its wheel, with our payloads; it ends with the block."""
    async with await _started_server() as environment:
        yield environment


async def _started_server() -> WorkflowEnvironment:
    """The running server. Whoever is interrupted while it starts waits for it, for nobody else would end it."""
    starting = asyncio.ensure_future(
        WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=str(binaries.temporal_test_server()),
            data_converter=DATA_CONVERTER,
            runtime=_quiet_runtime(),
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await (await starting).shutdown()
        raise


def run_in_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that uses ``time_skipping_server`` as a program's main part.

    The SDK's threads must have ended before the interpreter does, else it aborts now and then; they end when the last
    object of the SDK is gone, and some of these hang in cycles. After an interruption tasks of the SDK may remain that
    cannot be cancelled; by then ``main`` has cleaned up after itself, and the process ends at once with status 130.
    """
    try:
        with asyncio.Runner() as runner:
            try:
                return runner.run(_interruptible(main))
            except KeyboardInterrupt:
                sys.stdout.flush()
                sys.stderr.write("motcua: interrupted\n")
                sys.stderr.flush()
                os._exit(INTERRUPTED)
    finally:
        gc.collect()


async def _interruptible(main: Coroutine[Any, Any, T]) -> T:
    """Keep what calls to Temporal raise when they are cancelled from hiding that they were."""
    task = asyncio.current_task()

    def interrupted() -> bool:
        return task is not None and task.cancelling() > 0

    def tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not interrupted():
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(tell)
    try:
        return await main
    except Exception:
        if interrupted():
            raise asyncio.CancelledError from None
        raise


def _quiet_runtime() -> Runtime:
    """The SDK's core writes its warnings to standard output, which is the scenario's; only errors are let through."""
    logging = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    return Runtime(telemetry=TelemetryConfig(logging=logging), worker_heartbeat_interval=None)


async def lines_by_temporal(
    scenario: Scenario, environment: WorkflowEnvironment, *, by_nexus: bool = False
) -> AsyncIterator[Line]:
    """The scenario's output by workflows; the same bytes as ``domain.simulation.lines``.

    With ``by_nexus`` all that crosses between authorities goes as between namespaces. Raises TimersSilent where
    Temporal does not keep its part.
    """
    course = simulate(scenario)
    answer: Answer | None = None
    async with temporal_engine(scenario, environment, by_nexus=by_nexus) as engine:
        while True:
            try:
                item = course.send(answer)
            except StopIteration:
                return
            answer = None
            if isinstance(item, dict):
                yield item
            else:
                answer = await engine.answer(item)


class PinnedInMemory:
    """``activities.journal.RulesSource`` of one scenario: for runs that take a stream up from the journal."""

    def __init__(self) -> None:
        self._rules: dict[Stream, Rules] = {}
        self._calendars: dict[tuple[CalendarId, Version], CalendarSpec] = {}

    def begin(self, stream: Stream, rules: Rules) -> None:
        """Remember the rules that a dossier begins under."""
        self._rules[stream] = rules
        for spec in rules.calendars.values():
            self.revise(spec)

    def revise(self, spec: CalendarSpec) -> None:
        """Remember a version of a calendar."""
        self._calendars[spec.id, calendar_version(spec)] = spec

    async def rules_of(self, stream: Stream, state: Dossier) -> Rules:
        """The rules whose versions the state has pinned. Raises LookupError for what was never remembered."""
        rules = self._rules[Stream(stream.partition("/")[0])]
        for name, version in state.calendars.items():
            if rules.calendar_versions[name] != version:
                rules = rules.with_calendar(self._calendars[name, version])
        return rules.for_link(state.origin.link, state.authority) if state.origin else rules


class TemporalEngine:
    """Carries the requests of one scenario out; made by ``temporal_engine``."""

    def __init__(
        self,
        environment: WorkflowEnvironment,
        journal: WatchedJournal,
        dossiers: Dossiers,
        pinned: PinnedInMemory,
        offset: timedelta,
    ) -> None:
        self._environment = environment
        self._journal = journal
        self._dossiers = dossiers
        self._pinned = pinned
        self._offset = offset
        self._seen: dict[Stream, int] = {}

    async def answer(self, request: Request) -> Answer:
        """What became of the request. Raises TimersSilent."""
        match request:
            case Send():
                await self._move_to(request.order.recorded_at - BEFORE_COMMAND)
                try:
                    await self._send(request)
                except Refusal as refusal:
                    return Turned(refusal.code, refusal.message)
                return await self._outcome(lambda moment: moment < request.order.recorded_at, request.order.recorded_at)
            case Pass():
                await self._move_to(request.moment + AFTER_MOMENT)
                return await self._outcome(lambda moment: moment <= request.moment, request.moment + AFTER_MOMENT)

    async def end(self) -> None:
        """Terminate what still runs, so that the server can be used for another scenario with the same names.

        Nothing may be under way then: an activity that is cut off holds the server's time for ever. Twice, because a
        stream that was taken up again after its end tells its neighbours anew what they know, and they answer.
        """
        streams = await self._streams()
        for stream in (*streams, *streams):
            await self._dossiers.settle(stream)
        for stream in streams:
            handle = self._environment.client.get_workflow_handle(stream)
            with contextlib.suppress(RPCError):
                await handle.terminate()

    async def _send(self, request: Send) -> None:
        order = request.order
        if isinstance(order.command, ReviseCalendar):
            self._pinned.revise(order.command.calendar)
        if request.rules is None:
            await self._dossiers.execute(request.stream, order, ANSWER_TIMEOUT)
            return
        self._pinned.begin(request.stream, request.rules)
        await self._dossiers.begin(request.stream, request.rules, order, ANSWER_TIMEOUT)

    async def _move_to(self, moment: datetime) -> None:
        """Let virtual time pass until ``moment``; it never goes back."""
        left = moment - self._offset - await self._environment.get_current_time()
        if left > timedelta(0):
            await self._environment.sleep(left)

    async def _outcome(self, is_due: Callable[[datetime], bool], latest: datetime) -> tuple[Happening, ...]:
        """Everything new, once nothing more is due, on its way to a linked part or about to begin one."""
        happened: list[Happening] = []
        patience = asyncio.get_running_loop().time() + ANSWER_TIMEOUT.total_seconds()
        while True:
            new = [happening for stream in await self._streams() for happening in await self._new(stream)]
            happened += new
            await self._delivered(new)
            if await self._due(is_due):
                if asyncio.get_running_loop().time() > patience:
                    message = f"what was due by {latest.isoformat()} has not come true; is Temporal overloaded?"
                    raise TimersSilent(message)
                if not new and not await self._journal.growth(LOOK_AGAIN_SECONDS):
                    await self._move_to(latest)
            elif not new:
                return tuple(happened)

    async def _streams(self) -> list[Stream]:
        return [head.stream for head in await self._journal.heads(limit=sys.maxsize)]

    async def _new(self, stream: Stream) -> list[Happening]:
        facts = [fact_of(record) for record in await self._journal.read(stream, self._seen.get(stream, 0))]
        if facts:
            self._seen[stream] = facts[-1].version
        return [Happening(stream, fact) for fact in facts]

    async def _due(self, is_due: Callable[[datetime], bool]) -> bool:
        views = [await self._journal.view(stream) for stream in await self._streams()]
        return any(view.next_moment is not None and is_due(view.next_moment) for view in views if view is not None)

    async def _delivered(self, new: list[Happening]) -> None:
        """Wait until messages to linked streams have arrived, and until parts that were opened have begun."""
        senders = {
            happening.stream
            for happening in new
            if "/" in happening.stream or isinstance(happening.fact.event, LinkOpened | LinkRecalled)
        }
        for stream in sorted(senders):
            await self._dossiers.settle(stream)
        for happening in new:
            event = happening.fact.event
            if isinstance(event, LinkOpened):
                await self._begun(part_of(happening.stream, event.link, event.attempt))

    async def _begun(self, part: Stream) -> None:
        """Wait until a part has its first event, or has ended without one because its rules refused it."""
        while await self._journal.view(part) is None:
            if not await self._journal.growth(LOOK_AGAIN_SECONDS):
                handle = self._environment.client.get_workflow_handle(part)
                if (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING:
                    return


async def _everybody_elsewhere(client: Client, queue: str) -> Fixed:
    """Surroundings in which every authority lives in another namespace than the sender's, by name.

    The name's endpoint leads back here: this server has one namespace only.
    """
    elsewhere = f"elsewhere-{queue}"
    await ensure_endpoint(client, endpoint_of(elsewhere), queue)
    return Fixed(Places(elsewhere))


@asynccontextmanager
async def temporal_engine(
    scenario: Scenario, environment: WorkflowEnvironment, *, by_nexus: bool = False
) -> AsyncIterator[TemporalEngine]:
    """An engine with a worker of its own, its clock a little before the scenario's first entry."""
    journal, pinned = WatchedJournal(), PinnedInMemory()
    queue = f"scenario-{uuid.uuid4()}"
    offset = scenario.timeline[0].at - LEAD - await environment.get_current_time()
    client = environment.client
    around = await _everybody_elsewhere(client, queue) if by_nexus else Fixed()
    dossiers = Dossiers(client, journal, queue, exact=True, offset=offset, around=around)
    async with build_worker(client, journal, pinned, queue, exact=True, offset=offset, around=around):
        engine = TemporalEngine(environment, journal, dossiers, pinned, offset)
        try:
            yield engine
        finally:
            await engine.end()
