"""The journal's vocabulary: what is asked to be appended, what is stored, and what the store answers.

The journal knows events only as a type name, a schema version and JSON; their meaning is the dossier's
(``domain.dossier.events``). Times are timezone-aware; hashes are 32 bytes.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.dossier.view import DossierView
from domain.ids import CommandId, Stream

NO_HASH = b"\x00" * 32
"""``prev_hash`` of a stream's first event."""


class NewEvent(msgspec.Struct, frozen=True):
    """An event that was decided and is not yet stored. ``data`` is its JSON without the type."""

    type: str
    schema_version: int
    data: msgspec.Raw
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    authority: str
    on_behalf_of: str = ""
    causation_id: str = ""
    correlation_id: str = ""


class Record(msgspec.Struct, frozen=True):
    """A stored event, as the store returns it. ``hash`` covers every field above it (store.hashing says how)."""

    event_id: str
    stream: Stream
    version: int
    type: str
    schema_version: int
    data: msgspec.Raw
    command_id: CommandId
    ordinal: int
    actor: str
    authority: str
    on_behalf_of: str
    causation_id: str
    correlation_id: str
    occurred_at: datetime
    recorded_at: datetime
    prev_hash: bytes
    hash: bytes


class Append(msgspec.Struct, frozen=True):
    """One command's events for one stream, all or none.

    ``expected_version`` and ``prev_hash`` are those of the last event that the writer has folded (0 and NO_HASH for a
    new stream). ``command_digest`` is the SHA-256 of the command's content, so that a command id reused for another
    command is noticed. ``view`` is the dossier as it is after these events: its read models are written in the same
    transaction.
    """

    stream: Stream
    expected_version: int
    prev_hash: bytes
    command_id: CommandId
    command_digest: bytes
    events: tuple[NewEvent, ...]
    view: DossierView


class Outcome(StrEnum):
    """What an append did."""

    APPENDED = "appended"
    REPEATED = "repeated"
    CONFLICT = "conflict"
    REUSED = "reused"


class Appended(msgspec.Struct, frozen=True):
    """The store's answer.

    ``appended``: ``records`` are the new rows. ``repeated``: this command id is already stored; ``records`` are its
    rows as stored then. ``conflict``: another writer was there; ``records`` are the rows after ``expected_version``,
    to be folded before deciding again. ``reused``: the command id is stored for a command of other content; no
    records.
    """

    outcome: Outcome
    records: tuple[Record, ...]
