"""From what was decided to the rows that are stored: ids, versions, hashes."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from domain.record import Append, NewEvent, Record
from store.errors import UnstorableData
from store.event_ids import new_event_id
from store.hashing import Content, canonical, chain, refuse_nul

HASH_BYTES: Final = 32


def records_of(append: Append) -> tuple[Record, ...]:
    """Return the rows of an append, chained to ``append.prev_hash``, times in UTC.

    Raises ValueError where the append contradicts itself (a defect of the caller), UnstorableData where a field holds
    what the store cannot hold.
    """
    _check(append)
    refuse_nul(msgspec.json.encode(append.view))
    records = []
    prev_hash = append.prev_hash
    for ordinal, event in enumerate(append.events):
        record = _record(append, event, ordinal, prev_hash)
        records.append(record)
        prev_hash = record.hash
    return tuple(records)


def _record(append: Append, event: NewEvent, ordinal: int, prev_hash: bytes) -> Record:
    """One row, from its content and the hash before it."""
    data = canonical(event.data)
    if not data.startswith(b"{"):
        message = f"the data of {event.type} are no JSON object"
        raise UnstorableData(message)
    content = Content(
        actor=event.actor,
        authority=event.authority,
        causation_id=event.causation_id,
        command_id=append.command_id,
        correlation_id=event.correlation_id,
        data=msgspec.Raw(data),
        event_id=new_event_id(),
        occurred_at=_utc(event.occurred_at),
        on_behalf_of=event.on_behalf_of,
        ordinal=ordinal,
        recorded_at=_utc(event.recorded_at),
        schema_version=event.schema_version,
        stream=append.stream,
        type=event.type,
        version=append.expected_version + 1 + ordinal,
    )
    return Record(**msgspec.structs.asdict(content), prev_hash=prev_hash, hash=chain(prev_hash, content))


def _utc(moment: datetime) -> datetime:
    """The same instant in UTC; raises ValueError for a time without offset."""
    if moment.tzinfo is None:
        message = f"an event's time needs an offset: {moment.isoformat()}"
        raise ValueError(message)
    return moment.astimezone(UTC)


def _check(append: Append) -> None:
    """Raise ValueError where an append cannot be right, whatever is stored."""
    last_version = append.expected_version + len(append.events)
    faults = {
        "an append holds at least one event": not append.events,
        "the expected version is 0 or more": append.expected_version < 0,
        "prev_hash is 32 bytes": len(append.prev_hash) != HASH_BYTES,
        "the command's digest is not empty": not append.command_digest,
        "the command id is not empty": not append.command_id,
        "the view is that of the stream": append.view.stream != append.stream,
        "the view's version is that of the last event": append.view.version != last_version,
    }
    broken = [rule for rule, fault in faults.items() if fault]
    if broken:
        message = f"append to {append.stream!r} refused: {'; '.join(broken)}"
        raise ValueError(message)
