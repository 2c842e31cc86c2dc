"""What is stored and what travels comes back as it was."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dossier.codec import decode_event, encode_event, order_digest
from domain.dossier.commands import Command, Order
from domain.dossier.events import Event
from domain.ids import CommandId
from tests.domain.dossier.spec import moment
from tests.domain.dossier.strategies import MOMENTS, any_commands, events


@settings(deadline=None)
@given(events())
def test_events_round_trip(event: Event) -> None:
    """Every event of every type, whatever its fields hold."""
    assert decode_event(event.type, encode_event(event)) == event


@settings(deadline=None)
@given(any_commands())
def test_orders_round_trip(command: Command) -> None:
    """Every command travels inside its order and keeps its kind."""
    order = Order(CommandId("c1"), command, moment("03-02 08:10"), actor="lan")
    assert msgspec.json.decode(msgspec.json.encode(order), type=Order) == order


@settings(deadline=None)
@given(any_commands(), MOMENTS, st.text())
def test_a_digest_is_that_of_what_is_asked(command: Command, later: object, name: str) -> None:
    """When and under which id an order is sent does not change what it asks; who acts does."""
    order = Order(CommandId("c1"), command, moment("03-02 08:10"), actor="lan")
    again = msgspec.structs.replace(order, id=CommandId(name), recorded_at=later)
    assert order_digest(again) == order_digest(order)
    assert order_digest(msgspec.structs.replace(order, actor="hoa")) != order_digest(order)
