"""A decision in the making.

The events so far and the state they lead to, so that later ones can build on earlier ones.
"""

from datetime import datetime

from domain.calendar import Calendar
from domain.dossier.commands import Order
from domain.dossier.events import Event, Fact
from domain.dossier.evolve import evolve
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier


class Draft:
    """Collects the events of one order. ``state`` is the state after those collected."""

    def __init__(self, rules: Rules, state: Dossier, order: Order) -> None:
        """Start with no events."""
        self.rules = rules
        self.before = state
        self.state = state
        self.order = order
        self.events: list[Event] = []

    @property
    def at(self) -> datetime:
        """When the order's act happened in the world."""
        return self.order.at

    @property
    def calendar(self) -> Calendar:
        """The deciding authority's calendar."""
        return self.rules.calendar()

    def local(self, moment: datetime) -> datetime:
        """A moment that the state holds, in local time: stored ones come back in UTC, and people are told them."""
        return moment.astimezone(self.calendar.zone)

    def add(self, event: Event) -> None:
        """Record that this happens, and move the state on."""
        order = self.order
        fact = Fact(
            event=event,
            version=self.state.version + 1,
            occurred_at=order.at,
            recorded_at=order.recorded_at,
            actor=order.actor,
            authority=order.authority,
            on_behalf_of=order.on_behalf_of,
            command_id=order.id,
        )
        self.events.append(event)
        self.state = evolve(self.state, fact)
