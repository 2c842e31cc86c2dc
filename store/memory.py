"""The journal in memory: the same contract, for simulation in one process and for tests of what stands above it."""

from itertools import islice

from domain.dossier.view import DossierView
from domain.ids import CommandId, Stream
from domain.record import NO_HASH, Append, Appended, Outcome, Record
from store.chaining import records_of
from store.codec.upcasts import UPCASTS, Upcasts, upcast
from store.journal import Head, Positioned


class MemoryJournal:
    """``store.journal.Journal`` in one process's memory. Every event has its global position at once."""

    def __init__(self, upcasts: Upcasts = UPCASTS) -> None:
        """Start empty."""
        self._upcasts = upcasts
        self._streams: dict[Stream, list[Record]] = {}
        self._digests: dict[tuple[Stream, CommandId], bytes] = {}
        self._views: dict[Stream, DossierView] = {}
        self._all: list[Record] = []

    async def append(self, append: Append) -> Appended:
        """See Journal."""
        records = records_of(append)
        digest = self._digests.get((append.stream, append.command_id))
        if digest is not None:
            if digest != append.command_digest:
                return Appended(Outcome.REUSED, ())
            return Appended(Outcome.REPEATED, tuple(await self.read_command(append.stream, append.command_id)))
        stored = self._streams.get(append.stream, [])
        head = (len(stored), stored[-1].hash if stored else NO_HASH)
        if head != (append.expected_version, append.prev_hash):
            return Appended(Outcome.CONFLICT, tuple(await self.read(append.stream, append.expected_version)))
        self._streams.setdefault(append.stream, []).extend(records)
        self._digests[append.stream, append.command_id] = append.command_digest
        self._views[append.stream] = append.view
        self._all.extend(records)
        return Appended(Outcome.APPENDED, records)

    async def read(self, stream: Stream, after_version: int = 0) -> list[Record]:
        """See Journal."""
        return [upcast(record, self._upcasts) for record in self._streams.get(stream, [])[after_version:]]

    async def read_command(self, stream: Stream, command_id: CommandId) -> list[Record]:
        """See Journal."""
        return [record for record in await self.read(stream) if record.command_id == command_id]

    async def read_digest(self, stream: Stream, command_id: CommandId) -> bytes | None:
        """See Journal."""
        return self._digests.get((stream, command_id))

    async def read_all(self, after_position: int = 0, limit: int = 1000) -> list[Positioned]:
        """See Journal."""
        page = enumerate(self._all[after_position : after_position + limit], start=after_position + 1)
        return [Positioned(position, upcast(record, self._upcasts)) for position, record in page]

    async def heads(self, after: str = "", limit: int = 1000) -> list[Head]:
        """See Journal."""
        names = sorted((name for name in self._streams if name > after), key=str.encode)
        return [Head(name, len(self._streams[name]), self._streams[name][-1].hash) for name in islice(names, limit)]

    async def view(self, stream: Stream) -> DossierView | None:
        """See Journal."""
        return self._views.get(stream)
