"""What travels between workflows and activities, and the activities' names. One Struct in, one out."""

import msgspec

from domain.dossier.rules import Rules
from domain.ids import Stream
from domain.record import NO_HASH, Record

APPEND = "journal.append"
LOAD = "journal.load"
DELIVER = "link.deliver"


class AppendReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The store's answer without what the workflow knows already.

    ``head`` is the hash of the stream's last event after an append. ``records`` are filled for repeats and conflicts.
    """

    outcome: str
    head: bytes = NO_HASH
    records: tuple[Record, ...] = ()


class LoadRequest(msgspec.Struct, frozen=True):
    """Which stream to load."""

    stream: Stream


class Loaded(msgspec.Struct, frozen=True):
    """A stream's rows and the rules that it has pinned (none: there is no such stream)."""

    records: tuple[Record, ...]
    rules: Rules | None
