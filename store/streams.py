"""All streams, some at a time: each page is one consistent look at their heads, events and read models."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import msgspec

from domain.dossier.view import DossierView
from domain.ids import Stream
from domain.record import Record
from store.codec.upcasts import UPCASTS, Upcasts, upcast
from store.database import Connection
from store.journal import Head
from store.rows import TASK_FIELDS, VIEW_FIELDS, Row, loose_record_of, record_columns, view_of

PAGE: Final = 500
"""Streams in one page."""
_NEXT: Final = b"SELECT stream FROM streams WHERE stream >= %s AND stream < %s ORDER BY stream OFFSET %s LIMIT 1"
_EVENTS: Final = f"""
    SELECT {record_columns()} FROM events WHERE stream >= %s AND stream < %s ORDER BY stream, version
""".encode()
_HEADS: Final = b"SELECT stream, version, hash FROM streams WHERE stream >= %s AND stream < %s"
_VIEWS: Final = f"""
    SELECT {", ".join(f"dossiers.{name}" for name in VIEW_FIELDS)}, {", ".join(f"tasks.{name}" for name in TASK_FIELDS)}
    FROM dossiers LEFT JOIN tasks USING (stream) WHERE stream >= %s AND stream < %s ORDER BY stream, tasks.ordinal
""".encode()
_TASKS: Final = b"SELECT DISTINCT stream FROM tasks WHERE stream >= %s AND stream < %s"
_TOTAL: Final = b"SELECT coalesce(sum(version), 0) FROM streams WHERE stream >= %s AND stream < %s"


class Span(msgspec.Struct, frozen=True):
    """A range of streams' names, byte by byte: ``start`` included, ``end`` excluded."""

    start: str
    end: str


EVERYTHING: Final = Span("", "\U0010ffff")


def spans_of(code: str) -> tuple[Span, ...]:
    """A dossier's streams: the root by itself, and its parts ``<code>/...``."""
    return Span(code, f"{code}\x01"), Span(f"{code}/", f"{code}0")  # "0" follows "/"


class Pages(msgspec.Struct, frozen=True):
    """What a page is read with: a connection, and the upcasts for the records."""

    connection: Connection
    upcasts: Upcasts = UPCASTS

    async def spans(self, within: Span = EVERYTHING, size: int = PAGE) -> AsyncIterator[Span]:
        """Ranges of at most ``size`` streams that together cover ``within``, also where there is no head."""
        start = within.start
        while True:
            row = await (await self.connection.execute(_NEXT, (start, within.end, size))).fetchone()
            end = row[0] if row else within.end
            yield Span(start, end)
            if row is None:
                return
            start = end

    async def total(self, within: Span = EVERYTHING) -> int:
        """How many events there are, by the streams' heads."""
        row = await (await self.connection.execute(_TOTAL, (within.start, within.end))).fetchone()
        return int(row[0]) if row else 0

    async def stored(self, span: Span) -> dict[Stream, list[Record]]:
        """The records of each stream as they were stored, their data as PostgreSQL prints them."""
        return _by_stream(map(loose_record_of, await self._fetch(_EVENTS, span)))

    async def records(self, span: Span) -> dict[Stream, list[Record]]:
        """The records of each stream in their newest shapes."""
        rows = await self._fetch(_EVENTS, span)
        return _by_stream(upcast(loose_record_of(row), self.upcasts) for row in rows)

    async def heads(self, span: Span) -> dict[Stream, Head]:
        """The heads of streams."""
        return {row[0]: Head(*row) for row in await self._fetch(_HEADS, span)}

    async def views(self, span: Span) -> dict[Stream, DossierView]:
        """The read models of streams."""
        groups: dict[Stream, list[Row]] = {}
        for row in await self._fetch(_VIEWS, span):
            groups.setdefault(row[0], []).append(row)
        return {stream: view_of(rows) for stream, rows in groups.items()}

    async def with_tasks(self, span: Span) -> set[Stream]:
        """The streams that have a task."""
        return {row[0] for row in await self._fetch(_TASKS, span)}

    async def _fetch(self, statement: bytes, span: Span) -> list[tuple[Any, ...]]:
        """All rows of a query over a range."""
        async with self.connection.cursor(binary=True) as cursor:
            await cursor.execute(statement, (span.start, span.end))
            return await cursor.fetchall()


def _by_stream(records: Iterable[Record]) -> dict[Stream, list[Record]]:
    """Records by stream, each stream's in their order."""
    streams: dict[Stream, list[Record]] = {}
    for record in records:
        streams.setdefault(record.stream, []).append(record)
    return streams
