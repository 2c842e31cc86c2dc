"""Specifications of the decider: given what has happened, when this is asked, then that follows.

    given(RULES, at("03-02 08:10", Receive(...))).when("03-04 09:00", CompleteTask("appraise")).then("task.completed")

A given step is carried out as a running dossier would: what the agenda holds before its moment comes true first.
Moments are written ``MM-DD HH:MM[:SS]`` of 2026, local time; the actor is ``lan`` unless another is named.
"""

from collections.abc import Iterable
from datetime import datetime

import pytest

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.agenda import agenda, next_moment
from domain.dossier.decider import decide
from domain.dossier.evolve import evolve
from domain.dossier.rules import Rules
from domain.dossier.state import NEW, Dossier
from domain.dossier.summary import summarise, working_minutes
from domain.dossier.view import DossierView
from domain.errors import Refusal
from domain.ids import CommandId, Stream

ZONE = "+07:00"


def moment(text: str) -> datetime:
    """``03-02 08:10`` in 2026, local time; a full ISO date and time is taken as it is."""
    return datetime.fromisoformat(text if "T" in text else f"2026-{text}{ZONE}")


def local(when: datetime) -> str:
    """A moment as ``moment`` reads it."""
    return f"{when.astimezone(moment('01-01 00:00').tzinfo):%m-%d %H:%M}"


def at(when: str, command: c.Command, by: str = "lan", occurred: str | None = None, behalf: str = "") -> c.Order:
    """An order that is recorded then."""
    return c.Order(
        id=CommandId(f"{when} {c.name_of(command)}"),
        command=command,
        recorded_at=moment(when),
        occurred_at=moment(occurred) if occurred else None,
        actor=by,
        on_behalf_of=behalf,
    )


class World:
    """One dossier and all that has happened to it."""

    def __init__(self, rules: Rules) -> None:
        """Nothing has happened yet."""
        self.rules = rules
        self.state: Dossier = NEW
        self.facts: list[e.Fact] = []

    def carry_out(self, order: c.Order) -> tuple[e.Event, ...]:
        """Decide and apply; what was due before comes true first. Raises Refusal."""
        self.let_pass(order.recorded_at)
        return self._apply(order)

    def let_pass(self, until: datetime) -> None:
        """Let the agenda come true up to, not including, a moment."""
        while (due := next_moment(self.rules, self.state)) is not None and due < until:
            self._apply(c.Order(CommandId(f"moment {due}"), c.PassMoment(due), due, due, "engine"))

    def _apply(self, order: c.Order) -> tuple[e.Event, ...]:
        events = decide(self.rules, self.state, order)
        for event in events:
            fact = e.Fact(event, self.state.version + 1, order.at, order.recorded_at, order.actor)
            self.facts.append(fact)
            self.state = evolve(self.state, fact)
        if isinstance(order.command, c.ReviseCalendar):
            self.rules = self.rules.with_calendar(order.command.calendar)
        return events

    # -- what can be seen ------------------------------------------------------------------------------------------

    def types(self) -> list[str]:
        """The types of all events, in order."""
        return [fact.event.type for fact in self.facts]

    def came_true(self, *kinds: str) -> list[tuple[str, str]]:
        """The events of these types, with the local time at which they occurred."""
        return [(fact.event.type, local(fact.occurred_at)) for fact in self.facts if fact.event.type in kinds]

    def ahead(self) -> list[tuple[str, str]]:
        """The agenda: what will be due, and when."""
        return [(entry.event.type, local(entry.at)) for entry in agenda(self.rules, self.state)]

    def view(self) -> DossierView:
        """The read model."""
        return summarise(self.rules, self.state, Stream("A"))

    def due(self) -> str | None:
        """The committed due moment."""
        due = self.view().committed_due
        return local(due) if due else None

    def stage_due(self) -> str | None:
        """The open task's due moment."""
        (task,) = self.view().tasks
        return local(task.due) if task.due else None

    def minutes(self, now: str) -> dict[str, int]:
        """Whose working minutes they were, those who held nothing left out."""
        return {
            holder: spent for holder, spent in working_minutes(self.rules, self.state, moment(now)).items() if spent
        }


class Given:
    """A world, ready to be asked something."""

    def __init__(self, world: World) -> None:
        """Ask this world."""
        self.world = world

    def when(
        self, when: str, command: c.Command, by: str = "lan", occurred: str | None = None, behalf: str = ""
    ) -> "When":
        """Ask for this."""
        return When(self.world, at(when, command, by, occurred, behalf))

    def until(self, when: str) -> World:
        """Let time pass, and look."""
        self.world.let_pass(moment(when))
        return self.world


class When:
    """A question that is put to a world."""

    def __init__(self, world: World, order: c.Order) -> None:
        """Not yet decided."""
        self._world = world
        self._order = order

    def then(self, *expected: str | e.Event) -> World:
        """These events follow, in this order: named by type, or given whole."""
        events = self._world.carry_out(self._order)
        assert [event.type for event in events] == [_type(each) for each in expected]
        for event, each in zip(events, expected, strict=True):
            assert isinstance(each, str) or event == each
        return self._world

    def then_nothing(self) -> World:
        """It is taken and changes nothing."""
        return self.then()

    def then_refused(self, code: str) -> Refusal:
        """It is refused under this code, and nothing has changed."""
        self._world.let_pass(self._order.recorded_at)
        before = self._world.state
        with pytest.raises(Refusal) as caught:
            self._world.carry_out(self._order)
        assert caught.value.code == code, caught.value
        assert self._world.state is before
        return caught.value


def given(rules: Rules, *orders: c.Order) -> Given:
    """A world in which these orders were carried out."""
    return Given(lived(rules, orders))


def lived(rules: Rules, orders: Iterable[c.Order]) -> World:
    """The same, to look at."""
    world = World(rules)
    for order in orders:
        world.carry_out(order)
    return world


def _type(expected: str | e.Event) -> str:
    return expected if isinstance(expected, str) else expected.type
