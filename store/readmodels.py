"""The read models that are written with the events, from zero: folded beside the live ones, then put in their place."""

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec

from domain.dossier.view import DossierView
from domain.ids import Stream
from store import statements
from store.codec.upcasts import UPCASTS, Upcasts
from store.database import Connection
from store.folding import Fold
from store.maintenance import SCHEMA, Progress, hold_lock, in_place, maintenance, no_progress
from store.projections.rebuild import swap
from store.projections.replay import create_indexes, create_tables, drop_tables
from store.rows import dossier_row, task_rows
from store.streams import Pages, Span, spans_of
from store.tables import dossiers, tasks

TABLES: Final = (dossiers, tasks)
_HORIZON: Final = b"SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
_CHANGED: Final = b"SELECT DISTINCT stream FROM events WHERE xid >= %s::xid8"
_LOCK: Final = b"LOCK TABLE public.dossiers, public.tasks IN SHARE ROW EXCLUSIVE MODE"
_FORGET: Final = (
    b"WITH gone AS (DELETE FROM tasks WHERE stream = ANY (%(s)s)) DELETE FROM dossiers WHERE stream = ANY (%(s)s)"
)


class FoldFailed(Exception):
    """A stream's events do not fold into a dossier: nothing was rebuilt; ``motcua verify`` says more."""


async def rebuild_read_models(
    owner_url: str, fold: Fold, progress: Progress = no_progress, upcasts: Upcasts = UPCASTS
) -> int:
    """Rebuild ``dossiers`` and ``tasks`` as the owner; return how many streams there are.

    Appends go on meanwhile; they wait only while the streams that changed since the beginning are folded again and the
    finished tables take the place of the live ones. Raises FoldFailed, MaintenanceRunning, StoreUnavailable; then the
    live tables are as they were.
    """
    async with (
        maintenance(owner_url, "rebuild writer", SCHEMA) as writer,
        maintenance(owner_url, "rebuild reader") as reader,
    ):
        await hold_lock(writer)
        await drop_tables(writer, TABLES, SCHEMA)
        await create_tables(writer, TABLES, SCHEMA)
        pages = Pages(reader, upcasts)
        horizon = await _scalar(reader, _HORIZON)
        await _fill(writer, pages, fold, progress)
        await create_indexes(writer, TABLES, SCHEMA)

        async def finish() -> int:
            await writer.execute(_LOCK)
            await _refold(writer, pages, fold, horizon)
            count = int(await _scalar(writer, b"SELECT count(*)::text FROM dossiers"))
            await swap(writer, [table.name for table in TABLES])
            return count

        return await in_place(writer, finish)


async def _fill(writer: Connection, pages: Pages, fold: Fold, progress: Progress) -> None:
    """Fold all streams. The server writes one page while the next is read and folded here."""
    writing: asyncio.Task[None] | None = None
    async for span in pages.spans():
        views, events = await _views(pages, fold, span)
        if writing is not None:
            await writing
        writing = asyncio.create_task(_write(writer, views))
        progress(events)
    if writing is not None:
        await writing


async def _refold(writer: Connection, pages: Pages, fold: Fold, horizon: str) -> None:
    """Fold again what got events since the horizon; the caller has locked the live tables, so nothing more comes."""
    rows = await (await writer.execute(_CHANGED, (horizon,))).fetchall()
    changed: list[Stream] = [row[0] for row in rows]
    await writer.execute(_FORGET, {"s": changed})
    for stream in changed:
        views, _ = await _views(pages, fold, spans_of(stream)[0])
        await _write(writer, views)


async def _views(pages: Pages, fold: Fold, span: Span) -> tuple[list[DossierView], int]:
    """The views of a range's streams, and how many events they follow from."""
    streams = await pages.records(span)
    views = []
    for stream, records in streams.items():
        try:
            views.append(await fold(records))
        except Exception as error:
            message = f"the events of {stream} do not fold: {error}"
            raise FoldFailed(message) from error
    return views, sum(map(len, streams.values()))


async def _write(connection: Connection, views: Iterable[DossierView]) -> None:
    """Insert views into the tables that the connection's search path finds first."""
    found = list(views)
    rows = [row for view in found for row in task_rows(view)]
    await connection.execute(statements.DOSSIERS, (_json([dossier_row(view) for view in found]),))
    if rows:
        await connection.execute(statements.TASKS, (_json(rows),))


def _json(rows: list[dict[str, object]]) -> str:
    """Rows as the statement's parameter."""
    return msgspec.json.encode(rows).decode()


async def _scalar(connection: Connection, statement: bytes) -> str:
    """The first column of the only row."""
    row = await (await connection.execute(statement)).fetchone()
    return str(row[0]) if row else ""
