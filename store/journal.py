"""The journal: the only way in which events come into being and are read back."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from domain.dossier.view import DossierView
from domain.ids import CommandId, Stream
from domain.record import Append, Appended, Record


class Positioned(msgspec.Struct, frozen=True):
    """A record with its place in the dense global order (1, 2, 3, ...)."""

    position: int
    record: Record


class Head(msgspec.Struct, frozen=True):
    """A stream's last version and that event's hash."""

    stream: Stream
    version: int
    hash: bytes


class Journal(Protocol):
    """The append contract, as ``domain.record`` words it, and reading. Records come upcast to their newest shape.

    Every method raises ``store.errors.StoreUnavailable`` where the store cannot be asked now; all of them, ``append``
    included, are safe to repeat.
    """

    async def append(self, append: Append) -> Appended:
        """Store one command's events, all or none, with their read models.

        A lost race is an answer, never an error. A ``conflict`` without records means that the writer's history is not
        the store's (it is ahead, or its hash differs): the writer must load the stream anew. Raises ValueError for an
        append that contradicts itself, UnstorableData for one whose fields cannot be stored.
        """
        ...

    async def read(self, stream: Stream, after_version: int = 0) -> list[Record]:
        """The stream's records after a version, in order; empty where there are none."""
        ...

    async def read_command(self, stream: Stream, command_id: CommandId) -> list[Record]:
        """The records that a command left in the stream, in order; empty where it left none."""
        ...

    async def read_digest(self, stream: Stream, command_id: CommandId) -> bytes | None:
        """The digest under which a command was stored; none where it left nothing."""
        ...

    async def read_all(self, after_position: int = 0, limit: int = 1000) -> list[Positioned]:
        """At most ``limit`` records after a global position, in the global order."""
        ...

    async def heads(self, after: str = "", limit: int = 1000) -> Sequence[Head]:
        """At most ``limit`` streams whose names sort (byte by byte) after ``after``."""
        ...

    async def view(self, stream: Stream) -> DossierView | None:
        """The stream's read model as its last append left it; none where there is no such stream."""
        ...
