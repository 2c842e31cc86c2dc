"""Between events and their stored form: a stable type name, a schema version, and JSON without either."""

from typing import get_args

import msgspec

from domain.dossier.commands import Order
from domain.dossier.events import Event, Fact
from domain.record import NewEvent, Record
from domain.versioning import content_version

EVENT_OF: dict[str, type[Event]] = {kind.type: kind for kind in get_args(Event)}
"""Every event class by its stored type name."""

_encoder = msgspec.json.Encoder(order="sorted")


_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in EVENT_OF.items()}
"""Built at import, in one thread: see ``runtime.temporal.prepare`` for what threads do to it."""


def encode_event(event: Event) -> msgspec.Raw:
    """The event's fields as canonical JSON."""
    return msgspec.Raw(_encoder.encode(event))


def decode_event(type_name: str, data: msgspec.Raw) -> Event:
    """The event of this type in its current shape; older shapes are upcast by the store on reading.

    Raises KeyError for a type that this program does not know, and msgspec.ValidationError for data that do not fit:
    both mean a newer program wrote it, and this one must not go on.
    """
    return _DECODERS[type_name].decode(data)


def new_event(event: Event, order: Order) -> NewEvent:
    """An event of this order, ready to be appended."""
    return NewEvent(
        type=event.type,
        schema_version=event.schema_version,
        data=encode_event(event),
        occurred_at=order.at,
        recorded_at=order.recorded_at,
        actor=order.actor,
        authority=order.authority,
        on_behalf_of=order.on_behalf_of,
        causation_id=order.causation_id,
        correlation_id=order.correlation_id,
    )


def fact_of(record: Record) -> Fact:
    """A stored row as the fold sees it."""
    return Fact(
        event=decode_event(record.type, record.data),
        version=record.version,
        occurred_at=record.occurred_at,
        recorded_at=record.recorded_at,
        actor=record.actor,
        authority=record.authority,
        on_behalf_of=record.on_behalf_of,
        command_id=record.command_id,
    )


class _Content(msgspec.Struct, frozen=True):
    command: msgspec.Raw
    occurred_at: str
    actor: str
    on_behalf_of: str


def order_digest(order: Order) -> bytes:
    """What the command asks, without when it was recorded.

    Equal for a repeat, different for another command (8 bytes).
    """
    content = _Content(
        command=msgspec.Raw(_encoder.encode(order.command)),
        occurred_at=order.occurred_at.isoformat() if order.occurred_at else "",
        actor=order.actor,
        on_behalf_of=order.on_behalf_of,
    )
    return bytes.fromhex(content_version(content))
