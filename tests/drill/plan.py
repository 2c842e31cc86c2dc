"""Lives written down beforehand: what is asked of each dossier and when, and what the pure domain makes of it."""

import itertools
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from domain.dossier import commands as c
from domain.dossier.events import Fact
from domain.dossier.rules import Rules
from domain.dossier.view import Status
from domain.ids import CommandId, OfficerId, Stream
from domain.postal import ScanState
from domain.procedure import Silence
from domain.simulation import Happening, Pass, PureEngine, Send, Turned, World
from tests.domain.dossier.samples import FOUR_STEPS, OFFICE, link, rules

FIRST: Final = datetime.fromisoformat("2026-03-02T08:10:17+07:00")
LOSS: Final = datetime.fromisoformat("2026-03-04T20:00:00+07:00")
"""The evening on which everything that Temporal knew is lost."""
RETURN: Final = datetime.fromisoformat("2026-03-05T06:00:00+07:00")
"""The next morning, before the office opens."""
END: Final = datetime.fromisoformat("2026-05-20T08:00:00+07:00")
PLAIN: Final = rules(id="P1")
LINKED: Final = rules(*FOUR_STEPS[:2], link("L1"), link("L2", silence=Silence.CONSENT), *FOUR_STEPS[2:], id="P2")
REVISED: Final = replace(OFFICE, off=(*OFFICE.off, date(2026, 3, 10)))
"""A later version of the calendar, which moves due moments."""
ACTS_BEFORE, ACTS_AFTER = 8, 30
SCANS: Final = (ScanState.ACCEPTED, ScanState.IN_TRANSIT, ScanState.ATTEMPT_FAILED, ScanState.DELIVERED)


class Step(msgspec.Struct, frozen=True):
    """One order that is taken; ``rules`` where it is the first of its dossier."""

    stream: Stream
    order: c.Order
    rules: Rules | None = None


class Life(msgspec.Struct, frozen=True):
    """One dossier: the orders it takes, in order, and the facts of each of its streams."""

    steps: tuple[Step, ...]
    facts: dict[Stream, tuple[Fact, ...]]


class Writer:
    """Writes one life by trying orders on the pure engine; those that are refused never were."""

    def __init__(self, name: str) -> None:
        """A dossier of this name."""
        self._name = name
        self._numbers = itertools.count(1)
        self._engine = PureEngine()
        self._world = World()
        self.steps: list[Step] = []
        self.facts: dict[Stream, list[Fact]] = {}

    def do(self, stream: str, at: datetime, command: c.Command, given: Rules | None = None) -> bool:
        """Try an order, recorded then; whether it was taken and changed something."""
        self.wait(at)
        if "/" in stream and self._ended():
            return False
        order = c.Order(
            CommandId(f"{self._name}-{next(self._numbers)}"), command, at, actor=OfficerId("lan"), authority="X1",
            correlation_id=self._name,
        )  # fmt: skip
        try:
            answer = self._engine.answer(Send(Stream(stream), order, given))
        except KeyError:  # a part that is not there yet
            return False
        if isinstance(answer, Turned) or not answer:
            return False
        self._take(answer, given, command.calendar if isinstance(command, c.ReviseCalendar) else None)
        self.steps.append(Step(Stream(stream), order, given))
        return True

    def wait(self, until: datetime) -> None:
        """Let everything before then come true."""
        while (moment := self._world.next_moment()) is not None and moment < until:
            answer = self._engine.answer(Pass(moment))
            assert not isinstance(answer, Turned)
            self._take(answer)

    def written(self) -> Life:
        """The life."""
        return Life(tuple(self.steps), {stream: tuple(facts) for stream, facts in self.facts.items()})

    def _ended(self) -> bool:
        """Whether the dossier is closed; who answers it even so is another test's concern."""
        known = self._world.streams.get(Stream(self._name))
        return known is not None and known.state.status is Status.CLOSED

    def _take(self, happened: tuple[Happening, ...], given: Rules | None = None, revised: object = None) -> None:
        for happening in happened:
            self._world.take(happening, given, revised)  # type: ignore[arg-type]  # a calendar or none
            self.facts.setdefault(happening.stream, []).append(happening.fact)
        self._world.settle()


def lives(number: int, seed: int) -> list[Life]:
    """So many lives, all received before LOSS and open then; the same for the same seed."""
    return [_life(f"D{index:03}", random.Random(seed * 1000 + index), index) for index in range(number)]  # noqa: S311


def in_order(written: list[Life]) -> list[Step]:
    """The steps of all lives by time."""
    return sorted((step for life in written for step in life.steps), key=lambda step: step.order.recorded_at)


def _life(name: str, chance: random.Random, index: int) -> Life:
    writer, known = Writer(name), LINKED if index % 3 == 0 else PLAIN
    at = FIRST + timedelta(minutes=chance.randrange(300), seconds=index % 40)
    if index % 4 == 1:  # its papers come by post
        writer.do(name, at, c.Submit(known.procedure.id, components=("don",)), known)
        writer.do(name, at + timedelta(minutes=5), c.OrderCollection("vnpost", f"E{name}"))
        writer.do(name, at + timedelta(minutes=50), c.RecordScan(ScanState.DELIVERED, f"E{name}", signed=True))
    else:
        writer.do(name, at, c.Receive(components=("don",)), known)
    for number, moment in enumerate(_moments(chance, at + timedelta(hours=1), LOSS, ACTS_BEFORE)):
        stream, command = _suspended(name, index) if number == 0 else chance.choice(_before(name))
        writer.do(stream, moment, command)
    for moment in _moments(chance, RETURN + timedelta(minutes=90), END - timedelta(days=40), ACTS_AFTER):
        stream, command = chance.choice(_after(name, moment, chance, linked=known is LINKED))
        writer.do(stream, moment, command)
    writer.wait(END)
    return writer.written()


def _moments(chance: random.Random, first: datetime, last: datetime, number: int) -> Iterator[datetime]:
    """So many whole minutes and 17 seconds between the two, rising: nothing falls due at that second."""
    minutes = int((last - first).total_seconds() // 60)
    for minute in sorted(chance.sample(range(minutes), number)):
        yield first.replace(second=17) + timedelta(minutes=minute)


def _suspended(name: str, index: int) -> tuple[str, c.Command]:
    """What most lives begin with: every third stands still, every third waits for the citizen."""
    firsts: tuple[c.Command, ...] = (c.CompleteTask("appraise"), c.Suspend(), c.RequestSupplement("thiếu bản sao"))
    return name, firsts[index % 3]


def _before(name: str) -> list[tuple[str, c.Command]]:
    """What may happen early; nothing of it ends a dossier."""
    part, other = f"{name}/L1", f"{name}/L2"
    return [
        *((name, command) for command in (c.ClaimTask(), c.Suspend(), c.Resume(), c.ProvideSupplement())),
        *((name, command) for command in (c.CompleteTask("appraise"), c.RequestSupplement("thiếu"))),
        *((part, command) for command in (c.AcknowledgeLink(), c.CompleteTask("appraise"))),
        (other, c.AcknowledgeLink()),
    ]


def _after(name: str, at: datetime, chance: random.Random, *, linked: bool) -> list[tuple[str, c.Command]]:
    """What may happen later: the rest of a life."""
    part, other, tracking = f"{name}/L1", f"{name}/L2", f"R{name}"
    rare: list[tuple[str, c.Command]] = [
        (name, c.Withdraw()),
        (name, c.ReviseCalendar(REVISED, "nghỉ bù")),
        (name, c.Extend(at + timedelta(days=chance.randrange(5, 15)), "chờ")),
        (name, c.Correct("dossier.received", "channel", "post", "sai", OfficerId("chi"))),
    ]
    parts: list[tuple[str, c.Command]] = [
        *((part, command) for command in (c.AcknowledgeLink(), c.CompleteTask("appraise"), c.AnswerLink())),
        *((other, command) for command in (c.AcknowledgeLink(), c.CompleteTask("appraise"), c.AnswerLink())),
    ]
    if linked and chance.random() < 1 / 2:
        return parts
    return [
        *_before(name),
        *((name, command) for command in (c.Resume(), c.ProvideSupplement(), c.CompleteTask("appraise"))),
        *((name, command) for command in (c.CompleteTask("approve"), c.CompleteTask("approve"), c.IssueResult())),
        *((name, command) for command in (c.IssueResult(), c.DispatchResult("vnpost", tracking), c.ReturnResult())),
        (name, c.RecordScan(chance.choice(SCANS), tracking, signed=True)),
        *(rare if chance.random() < 1 / 5 else ()),
    ]
