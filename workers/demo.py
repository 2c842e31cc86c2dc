"""The demonstration: real procedures lived through a quarter, by workflows on Temporal's time-skipping server.

Acts of different dossiers within an hour go out together; each is recorded at its own minute (``exact`` runs), so the
order in which they arrive changes nothing. Timers fire by themselves on the way.
"""

import asyncio
import functools
import heapq
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from temporalio.testing import WorkflowEnvironment

from activities.journal import RulesSource
from domain.dossier import commands as c
from domain.dossier.codec import fact_of
from domain.dossier.events import DossierOverdue, Event, Fact, LinkOpened
from domain.dossier.evolve import evolve
from domain.dossier.rules import Rules
from domain.dossier.state import NEW, Dossier
from domain.dossier.view import Status
from domain.errors import Refusal
from domain.ids import AuthorityId, CommandId, OfficerId, Stream
from domain.link import part_of
from domain.statistics import Case, case_of
from store.journal import Journal
from workers.demo_people import Act, Life
from workers.demo_plan import END, START, Arrival
from workers.dossier import build_worker
from workflows.client import Dossiers

TOGETHER: Final = timedelta(hours=1)
"""Acts of different dossiers within this virtual time go out at once."""
AT_ONCE: Final = 24
"""Orders under way at a time."""
BEFORE: Final = timedelta(seconds=30)
ANSWER_TIMEOUT: Final = timedelta(seconds=120)
LOOK_AGAIN_SECONDS: Final = 0.2
PATIENCE_SECONDS: Final = 120.0


class NotSettled(Exception):
    """Temporal did not do in ample real time what was due."""


class Snapshot(msgspec.Struct, frozen=True):
    """How far the demonstration is, at a virtual moment. ``last`` are the latest events as told to people."""

    now: datetime
    to_come: int
    submitted: int
    in_process: int
    awaiting_citizen: int
    ready: int
    closed: int
    overdue: int
    acts: int
    refused: int
    events: int
    last: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """What came of it: a case for each dossier that was received, and how much work it was."""

    cases: tuple[Case, ...]
    acts: int
    refused: dict[str, int]
    events: int
    as_of: datetime


class _Part:
    """One stream: what is known of it and who acts on it."""

    def __init__(self, stream: Stream, rules: Rules, life: Life) -> None:
        self.stream = stream
        self.rules = rules
        self.life = life
        self.state: Dossier = NEW
        self.version = 0
        self.scheduled = False


class Demo:
    """One demonstration over a journal and a time-skipping server."""

    def __init__(
        self,
        environment: WorkflowEnvironment,
        journal: Journal,
        rules_source: RulesSource,
        officers: Mapping[AuthorityId, Sequence[OfficerId]],
        seed: int,
    ) -> None:
        self._environment = environment
        self._journal = journal
        self._rules_source = rules_source
        self._officers = officers
        self._seed = seed
        self._parts: dict[Stream, _Part] = {}
        self._agenda: list[tuple[datetime, int, _Part, Act]] = []
        self._number = 0
        self._acts = 0
        self._events = 0
        self._refused: dict[str, int] = {}
        self._overdue: set[Stream] = set()
        self._last: list[str] = []

    async def run(self, arrivals: Iterable[Arrival], told: Callable[[Snapshot], None]) -> Result:
        """Live through the quarter; ``told`` hears of the progress. Raises NotSettled."""
        offset = START - timedelta(hours=1) - await self._environment.get_current_time()
        queue = f"demo-{uuid.uuid4()}"
        client = self._environment.client
        self._dossiers = Dossiers(client, self._journal, queue, exact=True, offset=offset)
        self._offset = offset
        for arrival in arrivals:
            self._expect(arrival)
        async with build_worker(client, self._journal, self._rules_source, queue, exact=True, offset=offset):
            while self._agenda and self._agenda[0][0] < END:
                await self._next_hour()
                told(self._snapshot(self._agenda[0][0] if self._agenda else END))
            await self._until_the_end()
            told(self._snapshot(END))
        parts = sorted(self._parts.values(), key=lambda part: part.stream)
        cases = (case_of(part.rules, part.state, part.stream, END) for part in parts)
        return Result(
            tuple(case for case in cases if case), self._acts, dict(sorted(self._refused.items())), self._events, END
        )

    def _expect(self, arrival: Arrival) -> None:
        part = self._part(arrival.stream, arrival.rules)
        self._schedule(part, Act(arrival.at, arrival.command, self._officers.get(arrival.desk, [OfficerId("")])[0]))

    def _part(self, stream: Stream, rules: Rules) -> _Part:
        return self._parts.setdefault(stream, _Part(stream, rules, Life(stream, rules, self._officers, self._seed)))

    def _schedule(self, part: _Part, act: Act) -> None:
        self._number += 1
        part.scheduled = True
        heapq.heappush(self._agenda, (act.at, self._number, part, act))

    async def _next_hour(self) -> None:
        """Carry out what is due within an hour of the next act, at most one act for each dossier."""
        first = self._agenda[0][0]
        together: list[tuple[_Part, Act]] = []
        busy: set[str] = set()
        held: list[tuple[datetime, int, _Part, Act]] = []
        while self._agenda and self._agenda[0][0] < min(first + TOGETHER, END):
            entry = heapq.heappop(self._agenda)
            root = entry[2].stream.partition("/")[0]
            if root in busy:
                held.append(entry)
                continue
            busy.add(root)
            together.append((entry[2], entry[3]))
        for entry in held:
            heapq.heappush(self._agenda, entry)
        await self._move_to(first - BEFORE)
        limit = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._carry_out(part, act, limit) for part, act in together))

    async def _carry_out(self, part: _Part, act: Act, limit: asyncio.Semaphore) -> None:
        """One act, and what everyone around the dossier is going to do about it."""
        async with limit:
            part.scheduled = False
            self._acts += 1
            order = self._order(part, act)
            try:
                if part.version == 0:
                    await self._dossiers.begin(part.stream, part.rules, order, ANSWER_TIMEOUT)
                else:
                    await self._dossiers.execute(part.stream, order, ANSWER_TIMEOUT)
            except Refusal as refusal:
                what = f"{order.name}: {refusal.code}"
                self._refused[what] = self._refused.get(what, 0) + 1
            await self._catch_up(part)
        for around in self._around(part):
            if not around.scheduled and (following := around.life.next_act(around.state, act.at)):
                self._schedule(around, following)

    def _around(self, part: _Part) -> list[_Part]:
        root = part.stream.partition("/")[0]
        if root == part.stream and not part.state.links:
            return [part]
        return [known for name, known in sorted(self._parts.items()) if name == root or name.startswith(f"{root}/")]

    async def _catch_up(self, part: _Part) -> None:
        """Read what is new in the dossier's streams, until all messages between them have arrived."""
        waiting = [part]
        while waiting:
            known = waiting.pop()
            events = await self._read(known)
            opened = [event for event in events if isinstance(event, LinkOpened)]
            if opened or (events and known.state.origin is not None):
                await self._dossiers.settle(known.stream)
            for event in opened:
                stream = part_of(known.stream, event.link, event.attempt)
                await self._begun(stream)
                waiting.append(self._part(stream, known.rules.for_link(event.link, event.to)))
            if events and known.state.origin is not None:
                waiting.append(self._parts[Stream(known.state.origin.parent)])

    async def _begun(self, stream: Stream) -> None:
        await _eventually(functools.partial(self._exists, stream), f"the linked part {stream} has not begun")

    async def _exists(self, stream: Stream) -> bool:
        return await self._journal.view(stream) is not None

    async def _read(self, part: _Part) -> list[Event]:
        facts = [fact_of(record) for record in await self._journal.read(part.stream, part.version)]
        for fact in facts:
            part.state, part.version = evolve(part.state, fact), fact.version
            self._tell(part, fact)
        self._events += len(facts)
        return [fact.event for fact in facts]

    def _tell(self, part: _Part, fact: Fact) -> None:
        if isinstance(fact.event, DossierOverdue) and part.state.origin is None:
            self._overdue.add(part.stream)
        local = fact.recorded_at.astimezone(part.rules.calendar().zone)
        self._last = [*self._last[-7:], f"{local:%d/%m %H:%M}  {part.stream}  {fact.event.type}"]

    def _order(self, part: _Part, act: Act) -> c.Order:
        self._number += 1
        authority = part.state.task.authority if part.state.task else part.state.authority
        return c.Order(
            id=CommandId(f"demo/{part.version}/{c.name_of(act.command)}/{act.at.isoformat()}"),
            command=act.command,
            recorded_at=act.at,
            occurred_at=act.occurred_at,
            actor=act.by,
            authority=authority,
            correlation_id=part.stream.partition("/")[0],
        )

    async def _move_to(self, moment: datetime) -> None:
        left = moment - self._offset - await self._environment.get_current_time()
        if left > timedelta(0):
            await self._environment.sleep(left)

    async def _until_the_end(self) -> None:
        """Let time pass until the quarter ends; every timer that is due by then has fired."""
        await self._move_to(END + timedelta(seconds=1))
        for part in list(self._parts.values()):
            if part.version == 0:
                continue
            quiet = functools.partial(self._is_quiet, part.stream)
            await _eventually(quiet, f"{part.stream} has timers that did not fire")
            await self._read(part)

    async def _is_quiet(self, stream: Stream) -> bool:
        view = await self._journal.view(stream)
        return view is None or view.next_moment is None or view.next_moment > END

    def _snapshot(self, now: datetime) -> Snapshot:
        states = [part.state for name, part in self._parts.items() if "/" not in name]
        of = {status: sum(state.status is status for state in states) for status in (None, *Status)}
        return Snapshot(
            now=now,
            to_come=of[None],
            submitted=of[Status.SUBMITTED],
            in_process=of[Status.OPEN],
            awaiting_citizen=sum(state.supplement is not None for state in states),
            ready=of[Status.READY],
            closed=of[Status.CLOSED] + of[Status.REFUSED],
            overdue=len(self._overdue),
            acts=self._acts,
            refused=sum(self._refused.values()),
            events=self._events,
            last=tuple(self._last),
        )


async def _eventually(holds: Callable[[], Awaitable[bool]], message: str) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not await holds():
        if asyncio.get_running_loop().time() > deadline:
            raise NotSettled(message)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
