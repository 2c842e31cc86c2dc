"""Dossiers lived in the process and written to a journal as their workflows would write them, many times as fast."""

import itertools
from collections.abc import Iterable
from datetime import datetime

import msgspec

from domain.calendar import CalendarSpec
from domain.dossier import commands as c
from domain.dossier.codec import encode_event, order_digest
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.summary import summarise
from domain.ids import CommandId, Stream
from domain.record import NO_HASH, Append, NewEvent, Outcome
from domain.simulation import Happening, Pass, PureEngine, Send, Turned, World
from store.journal import Journal

_numbers = itertools.count(1)


class Lives:
    """A world of dossiers. Times are given as text, rising over all dossiers; what is due in between comes true."""

    def __init__(self, journal: Journal, rules: Rules) -> None:
        """Write to ``journal``; new dossiers are under ``rules`` unless they bring their own."""
        self._journal = journal
        self._rules = rules
        self._engine = PureEngine()
        self._world = World()
        self._heads: dict[Stream, bytes] = {}
        self.away: set[str] = set()
        """Streams whose authority is cut off: what happens there does not reach the journal before ``catch_up``."""
        self._withheld: list[Append] = []

    async def do(
        self,
        stream: str,
        at: str,
        command: c.Command,
        *,
        occurred_at: str | None = None,
        rules: Rules | None = None,
        by: str = "lan",
    ) -> None:
        """Send an order, recorded then; fails the test where it is refused."""
        code = await self.attempt(stream, at, command, occurred_at=occurred_at, rules=rules, by=by)
        assert not code, code

    async def attempt(
        self,
        stream: str,
        at: str,
        command: c.Command,
        *,
        occurred_at: str | None = None,
        rules: Rules | None = None,
        by: str = "lan",
    ) -> str:
        """Send an order, recorded then; return the code where it is refused, else nothing."""
        moment = datetime.fromisoformat(at)
        await self.wait(at)
        order = c.Order(
            id=CommandId(f"c{next(_numbers)}"),
            command=command,
            recorded_at=moment,
            occurred_at=datetime.fromisoformat(occurred_at) if occurred_at else None,
            actor=by,
            authority="X1",
            correlation_id=stream.partition("/")[0],
        )
        name = Stream(stream)
        given = None if name in self._world.streams else (rules or self._rules)
        answer = self._engine.answer(Send(name, order, given))
        if isinstance(answer, Turned):
            return answer.code
        revised = command.calendar if isinstance(command, c.ReviseCalendar) else None
        await self._store(answer, given, revised, order)
        return ""

    async def receive(self, stream: str, at: str, rules: Rules | None = None, occurred_at: str | None = None) -> None:
        """Receive a dossier with all it needs."""
        await self.do(stream, at, c.Receive(components=("don",)), rules=rules, occurred_at=occurred_at)

    async def finish(self, stream: str, at: str, occurred_at: str | None = None) -> None:
        """Appraise, approve, issue and return a received dossier of four steps, all at once."""
        for command in (c.CompleteTask("appraise"), c.CompleteTask("approve"), c.IssueResult(), c.ReturnResult()):
            await self.do(stream, at, command, occurred_at=occurred_at)

    async def wait(self, at: str) -> None:
        """Let everything before ``at`` come true."""
        until = datetime.fromisoformat(at)
        while (moment := self._world.next_moment()) is not None and moment < until:
            answer = self._engine.answer(Pass(moment))
            assert not isinstance(answer, Turned), answer
            await self._store(answer)

    def streams(self) -> list[Stream]:
        """All streams, linked parts included, in order of their first appearance."""
        return list(self._world.streams)

    def state(self, stream: str) -> Dossier:
        """The state that a stream has come to."""
        return self._world.streams[Stream(stream)].state

    async def _store(
        self,
        happened: Iterable[Happening],
        rules: Rules | None = None,
        revised: CalendarSpec | None = None,
        order: c.Order | None = None,
    ) -> None:
        digest = order_digest(order) if order else b"moment"
        for (stream, command), group in itertools.groupby(happened, lambda one: (one.stream, one.fact.command_id)):
            happenings = list(group)
            for happening in happenings:
                self._world.take(happening, rules, revised)
            known = self._world.streams[stream]
            append = Append(
                stream=stream,
                expected_version=happenings[0].fact.version - 1,
                prev_hash=NO_HASH,
                command_id=CommandId(command),
                command_digest=digest,
                events=tuple(map(_new_event, happenings)),
                view=summarise(known.rules, known.state, stream),
            )
            if stream in self.away:
                self._withheld.append(append)
            else:
                await self._append(append)
        self._world.settle()

    async def catch_up(self, number: int) -> None:
        """Let the earliest so many of the withheld orders reach the journal."""
        reached, self._withheld = self._withheld[:number], self._withheld[number:]
        for append in reached:
            await self._append(append)

    async def _append(self, append: Append) -> None:
        """Store what follows on what is stored."""
        head = self._heads.get(append.stream, NO_HASH)
        answer = await self._journal.append(msgspec.structs.replace(append, prev_hash=head))
        assert answer.outcome is Outcome.APPENDED, answer.outcome
        self._heads[append.stream] = answer.records[-1].hash


def _new_event(happening: Happening) -> NewEvent:
    fact = happening.fact
    return NewEvent(
        type=fact.event.type,
        schema_version=fact.event.schema_version,
        data=encode_event(fact.event),
        occurred_at=fact.occurred_at,
        recorded_at=fact.recorded_at,
        actor=fact.actor,
        authority=fact.authority,
        on_behalf_of=fact.on_behalf_of,
        correlation_id=happening.stream.partition("/")[0],
    )
