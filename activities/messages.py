"""What travels between workflows and activities, and the activities' names. One Struct in, one out."""

from datetime import datetime

import msgspec

from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.ids import Stream
from domain.record import NO_HASH, Record

APPEND = "journal.append"
LOAD = "journal.load"
DELIVER = "link.deliver"
FIND_DOOR = "link.find_door"


class AppendReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The store's answer without what the workflow knows already.

    ``head`` is the hash of the stream's last event after an append. ``records`` are those of a repeated command.
    """

    outcome: str
    head: bytes = NO_HASH
    records: tuple[Record, ...] = ()


class LoadRequest(msgspec.Struct, frozen=True):
    """Which stream to load."""

    stream: Stream


class Loaded(msgspec.Struct, frozen=True):
    """A stream as its events tell it, with the rules that it has pinned.

    ``head`` and ``recorded_at`` are the last event's hash and moment of recording. The events themselves would outgrow
    what Temporal carries.
    """

    state: Dossier
    head: bytes
    recorded_at: datetime
    rules: Rules


class LoadReply(msgspec.Struct, frozen=True):
    """What a load found (none: there is no such stream)."""

    found: Loaded | None
