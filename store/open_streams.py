"""The streams that should have a running workflow, as the store knows them."""

from datetime import datetime
from typing import Any, Final

import msgspec

from domain.ids import Stream
from store.database import Connection, Database

PAGE: Final = 500

_PAGE: Final = b"""
    SELECT stream, streams.version, hash, next_moment, waiting = 'authority'
    FROM dossiers JOIN streams USING (stream)
    WHERE status NOT IN ('closed', 'refused') AND stream > %s ORDER BY stream LIMIT %s
"""
_ONE: Final = b"""
    SELECT stream, streams.version, hash, next_moment, waiting = 'authority'
    FROM dossiers JOIN streams USING (stream)
    WHERE status NOT IN ('closed', 'refused') AND stream = %s
"""
_COUNT: Final = b"SELECT count(*) FROM dossiers WHERE status NOT IN ('closed', 'refused')"
# A part's stream is its parent's with one more name.
_FORGOTTEN: Final = b"""
    SELECT DISTINCT parent.stream
    FROM dossiers AS part JOIN dossiers AS parent ON parent.stream = regexp_replace(part.stream, '/[^/]*$', '')
    WHERE part.stream <> part.root
      AND part.status NOT IN ('closed', 'refused') AND parent.status IN ('closed', 'refused')
    ORDER BY parent.stream
"""


class OpenStream(msgspec.Struct, frozen=True):
    """One open stream: its head, the moment its timer should wait for, whether it waits for a linked authority."""

    stream: Stream
    version: int
    head: bytes
    next_moment: datetime | None
    waits_for_link: bool


class OpenStreams:
    """Reads open streams. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, database: Database) -> None:
        """Read through ``database``."""
        self._database = database

    async def page(self, after: str = "", limit: int = PAGE) -> list[OpenStream]:
        """At most ``limit`` open streams whose names sort after ``after``."""
        return [OpenStream(*row) for row in await self._rows(_PAGE, (after, limit))]

    async def one(self, stream: Stream) -> OpenStream | None:
        """The stream, if it is open."""
        rows = await self._rows(_ONE, (stream,))
        return OpenStream(*rows[0]) if rows else None

    async def count(self) -> int:
        """How many there are."""
        return int((await self._rows(_COUNT, ()))[0][0])

    async def parents_of_forgotten_parts(self) -> list[Stream]:
        """Closed streams with an open part: what should have recalled it may not have arrived."""
        return [Stream(row[0]) for row in await self._rows(_FORGOTTEN, ())]

    async def _rows(self, query: bytes, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await (await connection.execute(query, parameters)).fetchall()

        return await self._database.run(work)
