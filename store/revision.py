"""Unjudged dossiers and their clocks, as far as a calendar's new version concerns them.

A dossier is concerned while its row has another version of the calendar pinned than the new one.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.calendar import CalendarSpec, compile_calendar
from domain.calendar_revision import Concerned, OpenDeadline, Preview, Revision
from domain.ids import CalendarId, Version
from store.database import Connection, Database

PAGE: Final = 5000
"""Dossiers read at once: their deadlines are a megabyte or two."""

_CONCERNED: Final = "status IN ('submitted', 'open') AND calendars ->> %(calendar)s <> %(version)s"

# A page's deadlines come as one JSON text, which is several times cheaper to read than rows.
_PAGE: Final = f"""
    WITH page AS (
        SELECT stream, authority, committed_due, calendar, clock FROM dossiers
        WHERE {_CONCERNED} AND stream > %(after)s ORDER BY stream LIMIT %(limit)s
    ),
    deadline AS (
        SELECT stream, authority, '' AS stage, extract(epoch FROM committed_due)::bigint / 60 AS due, clock
        FROM page WHERE calendar = %(calendar)s AND clock IS NOT NULL
        UNION ALL
        SELECT stream, tasks.authority, tasks.stage, extract(epoch FROM tasks.due)::bigint / 60, tasks.clock
        FROM page JOIN tasks USING (stream) WHERE tasks.calendar = %(calendar)s AND tasks.clock IS NOT NULL
    ),
    listed AS (SELECT json_agg(json_build_array(stream, authority, stage, due, clock)) AS deadlines FROM deadline)
    SELECT (SELECT count(*) FROM page), (SELECT max(stream) FROM page), coalesce(deadlines, '[]')::text FROM listed
""".encode()
_COUNT: Final = f"SELECT count(*) FROM dossiers WHERE {_CONCERNED}".encode()
_STREAMS: Final = f"""
    SELECT stream, version FROM dossiers WHERE {_CONCERNED} AND stream > %(after)s ORDER BY stream LIMIT %(limit)s
""".encode()
_VERSIONS: Final = f"""
    SELECT calendars ->> %(calendar)s AS pinned, count(*) FROM dossiers WHERE {_CONCERNED}
    GROUP BY pinned ORDER BY count(*) DESC, pinned
""".encode()
_UNJUDGED: Final = b"SELECT count(*) FROM dossiers WHERE status IN ('submitted', 'open')"

_decoder: Final = msgspec.json.Decoder(list[OpenDeadline])


class RevisedDossiers:
    """What a calendar's new version concerns. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, database: Database, calendar: CalendarId, version: Version) -> None:
        """Read through ``database``; ``version`` is the new one."""
        self._database = database
        self._of = {"calendar": str(calendar), "version": str(version)}

    async def deadlines(self, page: int = PAGE) -> AsyncIterator[tuple[int, list[OpenDeadline]]]:
        """All appointments and stages that are counted by another version: by pages of dossiers, each with its size."""
        after = ""
        while True:
            number, last, text = (await self._rows(_PAGE, after=after, limit=page))[0]
            if number:
                yield number, _decoder.decode(text)
                after = last
            if number < page:
                return

    async def streams(self, after: str, limit: int) -> list[Concerned]:
        """At most ``limit`` concerned streams whose names sort (byte by byte) after ``after``."""
        return [Concerned(*row) for row in await self._rows(_STREAMS, after=after, limit=limit)]

    async def count(self) -> int:
        """How many streams are concerned."""
        return int((await self._rows(_COUNT))[0][0])

    async def versions(self) -> dict[Version, int]:
        """Which other versions are pinned, the commonest first, each with the number of streams."""
        return {Version(version): number for version, number in await self._rows(_VERSIONS)}

    async def unjudged(self) -> int:
        """All streams that are not judged yet, whatever they are counted by."""
        return int((await self._rows(_UNJUDGED))[0][0])

    async def _rows(self, query: bytes, **parameters: object) -> list[tuple[Any, ...]]:
        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await (await connection.execute(query, {**self._of, **parameters})).fetchall()

        return await self._database.run(work)


async def preview(
    database: Database, spec: CalendarSpec, now: datetime, progress: Callable[[int], None] = lambda _: None
) -> Preview:
    """Try a calendar on every open deadline that another version of it counts; nothing is changed.

    ``progress`` is told the number of dossiers of each page. Raises StoreUnavailable.
    """
    calendar = compile_calendar(spec)
    revision = Revision(calendar, now)
    async for number, deadlines in RevisedDossiers(database, spec.id, calendar.version).deadlines():
        revision.add(deadlines)
        progress(number)
    return revision.preview()
