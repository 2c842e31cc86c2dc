"""Living through a scenario: what is asked of an engine, and the lines that come of it. Pure.

``simulate`` is the one course of events for every engine. It yields lines to print and requests to carry out: send an
order, let a moment come true. The engine in this module carries them out in the process; the one in
``workers.simulation`` by workflows and Temporal's timers. Both print the same bytes because the order of lines is made
here: requests in order of time, commands before the moments of the same instant; within a request streams in order of
their first appearance by dossier, then by part, then by version.
"""

from collections.abc import Generator, Iterator
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from domain.calendar import CalendarSpec, calendar_version, compile_calendar
from domain.dossier import commands as c
from domain.dossier import refusals as r
from domain.dossier.agenda import next_moment
from domain.dossier.decider import decide
from domain.dossier.events import CalendarRevised, Event, Fact, LinkReceived
from domain.dossier.evolve import evolve
from domain.dossier.rules import Rules
from domain.dossier.state import NEW, Dossier
from domain.dossier.summary import scenario_summary
from domain.dossier.view import Status
from domain.errors import Refusal
from domain.ids import CommandId, Stream
from domain.link import ENGINE, Message, messages, part_of
from domain.scenario import Entry, Scenario, rules_for

Line = dict[str, Any]
"""One line of output, ready to be encoded."""


class Send(msgspec.Struct, frozen=True):
    """Give a stream an order; ``rules`` where it is the first of a new dossier.

    Where the order, being keyed late or a correction, makes something due that lies before its recording, that comes
    true with it.
    """

    stream: Stream
    order: c.Order
    rules: Rules | None = None


class Pass(msgspec.Struct, frozen=True):
    """Let time pass until ``moment``, at which something is due; it and nothing later comes true."""

    moment: datetime


class Happening(msgspec.Struct, frozen=True):
    """A new fact of a stream."""

    stream: Stream
    fact: Fact


class Turned(msgspec.Struct, frozen=True):
    """The stream did not take the order."""

    code: str
    message: str


Request = Send | Pass
Answer = tuple[Happening, ...] | Turned
"""All that became of a request, in linked streams too, each stream's facts in order of version."""


class StoodStill(Exception):
    """An engine let a moment pass at which something was due, and nothing came true: a defect."""


class Known(msgspec.Struct):
    """A stream as far as it has come."""

    rules: Rules
    state: Dossier = NEW
    moment: datetime | None = None
    recorded_at: datetime | None = None


class World:
    """All streams by name, in order of their first appearance."""

    def __init__(self) -> None:
        self.streams: dict[Stream, Known] = {}

    def take(self, happening: Happening, rules: Rules | None = None, revised: CalendarSpec | None = None) -> None:
        """Fold one fact in; ``rules`` for a new dossier, ``revised`` where it came of a revision of that calendar."""
        event = happening.fact.event
        known = self.streams.get(happening.stream)
        if known is None:
            if isinstance(event, LinkReceived):
                rules = self.streams[Stream(event.parent)].rules.for_link(event.link, event.authority)
            if rules is None:
                message = f"{happening.stream} is not known"
                raise KeyError(message)
            known = self.streams.setdefault(happening.stream, Known(rules))
        if isinstance(event, CalendarRevised) and revised is not None:
            known.rules = known.rules.with_calendar(revised)
        known.state = evolve(known.state, happening.fact)
        known.recorded_at = happening.fact.recorded_at

    def settle(self) -> None:
        """Compute each stream's next moment anew."""
        for known in self.streams.values():
            known.moment = next_moment(known.rules, known.state)

    def next_moment(self) -> datetime | None:
        """The earliest moment of all streams."""
        return min((known.moment for known in self.streams.values() if known.moment is not None), default=None)


def simulate(scenario: Scenario) -> Generator[Line | Request, Answer | None, None]:
    """The course of a scenario: requests are answered with what happened, lines with none.

    Raises StoodStill where an engine does not keep its part, OutsideCalendar where time leaves the calendar's years.
    """
    course = _Course(scenario)
    for number, entry in enumerate(scenario.timeline, start=1):
        yield from course.pass_until(entry.at, inclusive=False)
        yield from course.carry_out(number, entry)
    if scenario.timeline:
        end = scenario.timeline[-1].at
        yield from course.pass_until(end, inclusive=True)
        yield from course.summaries(end)


def lines(scenario: Scenario) -> Iterator[Line]:
    """The scenario's output by the pure engine."""
    course, engine = simulate(scenario), PureEngine()
    answer: Answer | None = None
    while True:
        try:
            item = course.send(answer)
        except StopIteration:
            return
        answer = None
        if isinstance(item, dict):
            yield item
        else:
            answer = engine.answer(item)


class _Course:
    """The state of a run of ``simulate``."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._calendars = dict(scenario.calendars)
        self._world = World()
        self._dossiers: dict[str, int] = {}

    def pass_until(self, until: datetime, *, inclusive: bool) -> Generator[Line | Request, Answer | None, None]:
        """Let every moment before ``until`` come true, one after the other; that of ``until`` itself if inclusive."""
        while True:
            moment = self._world.next_moment()
            if moment is None or moment > until or (moment == until and not inclusive):
                return
            answer = yield Pass(moment)
            if not isinstance(answer, tuple) or not answer:
                message = f"nothing came true at {moment.isoformat()}"
                raise StoodStill(message)
            yield from self._told(answer)

    def carry_out(self, number: int, entry: Entry) -> Generator[Line | Request, Answer | None, None]:
        """One entry of the timeline."""
        command = entry.command
        if command is None:
            return
        if isinstance(command, c.ReviseCalendar) and not entry.dossier:
            self._calendars[command.calendar.id] = command.calendar
            for stream in [name for name, known in self._world.streams.items() if _counts_by(known, command.calendar)]:
                yield from self._send(stream, None, _order(number, entry, stream), entry)
            return
        try:
            stream, rules = self._address(entry)
        except Refusal as refusal:
            yield self._refused(entry, Turned(refusal.code, refusal.message))
            return
        yield from self._send(stream, rules, _order(number, entry, stream), entry)

    def summaries(self, end: datetime) -> Iterator[Line]:
        """The closing line of each dossier."""
        for name in self._dossiers:
            known = self._world.streams[Stream(name)]
            zone = known.rules.calendar().zone
            yield {"summary": _plain(scenario_summary(known.rules, known.state, name, end), zone)}

    def _send(
        self, stream: Stream, rules: Rules | None, order: c.Order, entry: Entry
    ) -> Generator[Line | Request, Answer | None, None]:
        answer = yield Send(stream, order, rules)
        if isinstance(answer, Turned):
            yield self._refused(entry, answer, stream)
            return
        revised = order.command.calendar if isinstance(order.command, c.ReviseCalendar) else None
        yield from self._told(answer or (), rules, revised)

    def _told(
        self, happened: tuple[Happening, ...], rules: Rules | None = None, revised: CalendarSpec | None = None
    ) -> Iterator[Line]:
        """Fold what happened and print it."""
        ordered = sorted(happened, key=self._place)
        for happening in ordered:
            self._world.take(happening, rules, revised)
        self._world.settle()
        for happening in ordered:
            yield _event_line(happening, self._world.streams[happening.stream].rules.calendar().zone)

    def _place(self, happening: Happening) -> tuple[int, str, int]:
        dossier, _, part = happening.stream.partition("/")
        return self._dossiers.setdefault(dossier, len(self._dossiers)), part, happening.fact.version

    def _address(self, entry: Entry) -> tuple[Stream, Rules | None]:
        """The stream that an entry is for, and its rules where the order is the first. Raises a Refusal."""
        root = Stream(entry.dossier)
        if root not in self._world.streams:
            if entry.link or not isinstance(entry.command, c.Submit | c.Receive | c.Refuse):
                raise r.DossierUnknown(entry.do)
            return root, rules_for(self._scenario, self._calendars, entry)
        if not entry.link:
            return root, None
        found = self._latest(part_of(root, entry.link))
        if found is not None:
            return found, None
        inner = [
            name for name in self._world.streams if name.startswith(f"{root}/") and name.endswith(f"/{entry.link}")
        ]
        if len(inner) != 1:
            raise r.LinkUnknown(entry.link)
        return self._latest(inner[0]) or inner[0], None

    def _latest(self, part: Stream) -> Stream | None:
        """The stream of a part's latest hand-over (none: there is no such part)."""
        if part not in self._world.streams:
            return None
        parent, _, link = part.rpartition("/")
        above = self._world.streams.get(Stream(parent))
        known = above.state.link(link) if above is not None else None
        return part_of(Stream(parent), link, known.attempt) if known is not None else part

    def _refused(self, entry: Entry, turned: Turned, stream: Stream | None = None) -> Line:
        known = self._world.streams.get(stream or Stream(entry.dossier))
        default = self._calendars[self._scenario.default_calendar]
        zone = known.rules.calendar().zone if known else compile_calendar(default).zone
        dossier, _, part = (stream or entry.dossier).partition("/")
        line: Line = {"at": _text(entry.at, zone), "dossier": dossier}
        if part or entry.link:
            line["part"] = part or entry.link
        return {"refused": {**line, "do": entry.do, "code": turned.code, "message": turned.message}}


class PureEngine:
    """Carries requests out in the process: decisions and folds, messages to linked streams delivered at once."""

    def __init__(self) -> None:
        self._world = World()
        self._new: list[Happening] = []

    def answer(self, request: Request) -> Answer:
        """What became of the request."""
        self._new = []
        match request:
            case Send():
                try:
                    self._execute(request.stream, request.order, request.rules)
                except Refusal as refusal:
                    return Turned(refusal.code, refusal.message)
                self._catch_up(request.order.recorded_at)
            case Pass():
                self._come_true(request.moment)
        self._world.settle()
        return tuple(self._new)

    def _catch_up(self, until: datetime) -> None:
        """Let what lies before ``until`` come true."""
        self._world.settle()
        while (moment := self._world.next_moment()) is not None and moment < until:
            self._come_true(moment)
            self._world.settle()

    def _come_true(self, moment: datetime) -> None:
        for stream in [name for name, known in self._world.streams.items() if known.moment == moment]:
            self._pass(stream, moment)

    def _pass(self, stream: Stream, moment: datetime) -> None:
        known = self._world.streams[stream]
        state = known.state
        order = c.Order(
            id=CommandId(f"moment/{moment.isoformat()}/{state.version}"),
            command=c.PassMoment(moment),
            recorded_at=max(moment, known.recorded_at or moment),
            occurred_at=moment,
            actor=ENGINE,
            authority=state.authority,
            correlation_id=stream,
        )
        self._execute(stream, order)

    def _execute(self, stream: Stream, order: c.Order, rules: Rules | None = None) -> None:
        known = self._world.streams.get(stream) or Known(_given(rules))
        events = decide(known.rules, known.state, order)
        revised = order.command.calendar if isinstance(order.command, c.ReviseCalendar) else None
        for version, event in enumerate(events, start=known.state.version + 1):
            happening = Happening(stream, _fact(event, version, order))
            self._world.take(happening, rules, revised)
            self._new.append(happening)
        if events:
            for message in messages(stream, self._world.streams[stream].state, order, events):
                self._deliver(stream, message)

    def _deliver(self, sender: Stream, message: Message) -> None:
        """Give a linked stream its order; what it refuses stays refused, as with every transport."""
        rules = None
        if message.opens is not None:
            if message.to in self._world.streams:
                return
            rules = self._world.streams[sender].rules.for_link(message.opens, message.authority)
        try:
            self._execute(message.to, message.order, rules)
        except Refusal:
            return


def _given(rules: Rules | None) -> Rules:
    if rules is None:
        message = "the first order of a stream comes with its rules"
        raise KeyError(message)
    return rules


def _fact(event: Event, version: int, order: c.Order) -> Fact:
    return Fact(
        event=event,
        version=version,
        occurred_at=order.at,
        recorded_at=order.recorded_at,
        actor=order.actor,
        authority=order.authority,
        on_behalf_of=order.on_behalf_of,
        command_id=order.id,
    )


def _order(number: int, entry: Entry, stream: Stream) -> c.Order:
    """The entry as an order; ids tell entries apart, and the streams that one entry goes to."""
    if entry.command is None:
        message = "waiting is no order"
        raise TypeError(message)
    return c.Order(
        id=CommandId(f"entry/{number}"),
        command=entry.command,
        recorded_at=entry.at,
        occurred_at=entry.occurred_at,
        actor=entry.by,
        authority=entry.authority,
        on_behalf_of=entry.on_behalf_of,
        correlation_id=stream.partition("/")[0],
    )


def _counts_by(known: Known, calendar: CalendarSpec) -> bool:
    """Whether a revision of the calendar concerns the stream: it is open and counts by another version."""
    pinned = known.state.calendars.get(calendar.id)
    done = known.state.status in {Status.READY, Status.CLOSED, Status.REFUSED}
    return pinned is not None and pinned != calendar_version(calendar) and not done


def _event_line(happening: Happening, zone: tzinfo) -> Line:
    dossier, _, part = happening.stream.partition("/")
    fact = happening.fact
    return {
        "event": {
            "dossier": dossier,
            "part": part,
            "version": fact.version,
            "type": fact.event.type,
            "occurred_at": _text(fact.occurred_at, zone),
            "recorded_at": _text(fact.recorded_at, zone),
            "data": _plain(fact.event, zone),
        }
    }


def _plain(value: msgspec.Struct, zone: tzinfo) -> Any:  # noqa: ANN401  # plain values of any shape
    """The Struct as plain values, its moments as text in ``zone``."""
    return _localised(msgspec.to_builtins(value, builtin_types=(datetime,), order="deterministic"), zone)


def _localised(value: Any, zone: tzinfo) -> Any:  # noqa: ANN401  # see _plain
    match value:
        case datetime():
            return _text(value, zone)
        case dict():
            return {key: _localised(item, zone) for key, item in value.items()}
        case list() | tuple():
            return [_localised(item, zone) for item in value]
        case _:
            return value


def _text(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).isoformat()
