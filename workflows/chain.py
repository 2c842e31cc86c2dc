"""Several orders to one dossier, each decided on what those before it will have made of it; then stored together."""

from collections.abc import Callable, Container, Sequence
from datetime import datetime

import msgspec

from domain.dossier.codec import new_event, order_digest
from domain.dossier.commands import Order, ReviseCalendar
from domain.dossier.decider import decide
from domain.dossier.events import Event, Fact
from domain.dossier.evolve import evolve
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.summary import summarise
from domain.errors import Refusal
from domain.ids import CommandId, Stream
from domain.record import Append
from workflows.interning import intern_rules


class Link(msgspec.Struct, frozen=True):
    """An order, what was decided, and the dossier as it is once that is stored."""

    order: Order
    digest: bytes
    events: tuple[Event, ...]
    rules: Rules
    state: Dossier

    @property
    def first(self) -> int:
        """The version of its first event."""
        return self.state.version - len(self.events) + 1


Decided = Link | Refusal | None
"""What comes of one order of several; none: nothing, for it changes nothing."""
NextMoment = Callable[[Rules, Dossier], datetime | None]


def decide_in_turn(
    rules: Rules, state: Dossier, orders: Sequence[Order], known: Container[CommandId], next_moment: NextMoment
) -> list[Decided]:
    """What comes of the orders, from the first on, as far as can be told before any of it is stored.

    That ends before an order whose id is ``known`` already or comes a second time, and before one that a moment of the
    agenda precedes by then: whoever stores what is decided goes on from there. Of moments before the first order the
    caller has taken care.
    """
    decided: list[Decided] = []
    seen: set[CommandId] = set()
    for order in orders:
        if order.id in known or order.id in seen:
            break
        moment = next_moment(rules, state) if seen else None
        if moment is not None and moment < order.recorded_at:
            break
        seen.add(order.id)
        try:
            events = decide(rules, state, order)
        except Refusal as refusal:
            decided.append(refusal)
            continue
        if events:
            rules, state = after(rules, state, order, events)
            decided.append(Link(order, order_digest(order), events, rules, state))
        else:
            decided.append(None)
    return decided


def after(rules: Rules, state: Dossier, order: Order, events: Sequence[Event]) -> tuple[Rules, Dossier]:
    """The dossier, and the rules that hold for it, once these events of the order are folded."""
    for event in events:
        fact = Fact(
            event=event,
            version=state.version + 1,
            occurred_at=order.at,
            recorded_at=order.recorded_at,
            actor=order.actor,
            authority=order.authority,
            on_behalf_of=order.on_behalf_of,
            command_id=order.id,
        )
        state = evolve(state, fact)
    if isinstance(order.command, ReviseCalendar):
        rules = intern_rules(rules.with_calendar(order.command.calendar))
    return rules, state


def append_of(stream: Stream, link: Link, prev_hash: bytes) -> Append:
    """What the store is asked to append."""
    return Append(
        stream=stream,
        expected_version=link.first - 1,
        prev_hash=prev_hash,
        command_id=link.order.id,
        command_digest=link.digest,
        events=tuple(new_event(event, link.order) for event in link.events),
        view=summarise(link.rules, link.state, stream),
    )
