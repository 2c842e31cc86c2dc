"""What must always hold in the store, checked row by row; a finding names stream, version and reason."""

from collections.abc import AsyncIterator, Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec
from psycopg import sql

from domain.dossier.view import DossierView
from domain.ids import Stream
from domain.record import NO_HASH, Record
from store import ledger
from store.codec.upcasts import UPCASTS, Upcasts, upcast
from store.database import Connection
from store.folding import Fold
from store.hashing import verifies
from store.journal import Head
from store.maintenance import Progress, maintenance, no_progress
from store.projections.projector import states
from store.projections.protocol import Projection
from store.projections.registry import PROJECTIONS
from store.projections.replay import create_tables, drop_tables, replay
from store.streams import EVERYTHING, Pages, Span, spans_of


class Reason(StrEnum):
    """What is wrong; stable, for machines."""

    VERSION_GAP = "version_gap"
    ORDINAL_GAP = "ordinal_gap"
    BROKEN_CHAIN = "broken_chain"
    WRONG_HASH = "wrong_hash"
    WRONG_HEAD = "wrong_head"
    FOLD_FAILED = "fold_failed"
    READ_MODEL_DIFFERS = "read_model_differs"
    READ_MODEL_MISSING = "read_model_missing"
    READ_MODEL_WITHOUT_EVENTS = "read_model_without_events"
    POSITION_GAP = "position_gap"
    POSITION_WITHOUT_EVENT = "position_without_event"
    EVENT_WITHOUT_POSITION = "event_without_position"
    STREAM_OUT_OF_ORDER = "stream_out_of_order"
    PROJECTION_DIFFERS = "projection_differs"
    PROJECTION_OUTDATED = "projection_outdated"
    HAND_OVER_UNKNOWN = "hand_over_unknown"
    HAND_OVER_ELSEWHERE = "hand_over_elsewhere"
    HAND_OVER_DOUBLED = "hand_over_doubled"
    ANSWER_NEVER_GIVEN = "answer_never_given"


class Finding(msgspec.Struct, frozen=True):
    """One fault. ``stream`` is empty and ``version`` none for what concerns no single stream or event."""

    stream: str
    version: int | None
    reason: Reason
    message: str


async def verify(
    url: str,
    fold: Fold,
    *,
    code: str | None = None,
    progress: Progress = no_progress,
    upcasts: Upcasts = UPCASTS,
    projections: Sequence[Projection] = PROJECTIONS,
) -> AsyncIterator[Finding]:
    """Every fault there is, of one dossier with its parts or (``code`` none) of the whole store.

    Reads only, but for temporary tables, and may run beside a live system; the application's role suffices. Raises
    StoreUnavailable.
    """
    async with maintenance(url, "verify") as connection:
        pages = Pages(connection, upcasts)
        for within in spans_of(code) if code else (EVERYTHING,):
            async for span in pages.spans(within):
                for finding in await _streams(pages, fold, span, upcasts, progress):
                    yield finding
        for finding in await _ledger(connection, code):
            yield finding
        if code is None:
            for finding in await _order(connection):
                yield finding
            for projection in projections:
                for finding in await _projection(connection, projection):
                    yield finding


async def total(url: str, code: str | None = None) -> int:
    """How many events ``verify`` is going to look at."""
    async with maintenance(url, "verify") as connection:
        return sum([await Pages(connection).total(span) for span in (spans_of(code) if code else (EVERYTHING,))])


async def _streams(pages: Pages, fold: Fold, span: Span, upcasts: Upcasts, progress: Progress) -> list[Finding]:
    """The faults of a range of streams, seen at one moment."""
    async with pages.connection.transaction():
        await pages.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        stored = await pages.stored(span)
        heads = await pages.heads(span)
        views = await pages.views(span)
        with_tasks = await pages.with_tasks(span)
    findings: list[Finding] = []
    for stream in sorted({*stored, *heads, *views, *with_tasks}):
        records = stored.get(stream, [])
        findings.extend(_chain(stream, records, heads.get(stream)))
        if not records:
            findings.append(Finding(stream, None, Reason.READ_MODEL_WITHOUT_EVENTS, "there are rows, but no events"))
        else:
            newest = [upcast(record, upcasts) for record in records]
            findings.extend(await _view(fold, newest, views.get(stream)))
        progress(len(records))
    return findings


def _chain(stream: Stream, records: list[Record], head: Head | None) -> Iterator[Finding]:
    """Versions without gaps, an unbroken chain of hashes, whole commands, and a head that is the last event."""
    previous: Record | None = None
    for record in records:
        expected = previous.version + 1 if previous else 1
        if record.version != expected:
            message = f"version {expected} was expected"
            yield Finding(stream, record.version, Reason.VERSION_GAP, message)
        elif record.prev_hash != (previous.hash if previous else NO_HASH):
            yield Finding(stream, record.version, Reason.BROKEN_CHAIN, "prev_hash is not the hash of the event before")
        if not verifies(record):
            yield Finding(stream, record.version, Reason.WRONG_HASH, "the row is not what was hashed")
        if record.ordinal != _ordinal_after(previous, record):
            yield Finding(
                stream, record.version, Reason.ORDINAL_GAP, f"a part of command {record.command_id} is missing"
            )
        previous = record
    if previous is not None and (head is None or (head.version, head.hash) != (previous.version, previous.hash)):
        stands = f"at version {head.version}" if head else "nowhere"
        yield Finding(stream, previous.version, Reason.WRONG_HEAD, f"the stream's head stands {stands}")


def _ordinal_after(previous: Record | None, record: Record) -> int:
    """The ordinal that a record must have: the next of its command, or the first."""
    return previous.ordinal + 1 if previous and previous.command_id == record.command_id else 0


async def _view(fold: Fold, records: list[Record], live: DossierView | None) -> list[Finding]:
    """The read model must be what the events fold into."""
    stream, version = records[0].stream, records[-1].version
    try:
        folded = await fold(records)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the finding
        return [Finding(stream, version, Reason.FOLD_FAILED, f"{type(error).__name__}: {error}")]
    if live is None:
        return [Finding(stream, version, Reason.READ_MODEL_MISSING, "there is no row in dossiers")]
    names = [name for name in folded.__struct_fields__ if getattr(folded, name) != getattr(live, name)]
    message = f"{', '.join(names)} of the read model differ from what the events say"
    return [Finding(stream, version, Reason.READ_MODEL_DIFFERS, message)] if names else []


_LEDGER_FAULTS: Final = {
    Reason.HAND_OVER_UNKNOWN: ledger.UNKNOWN,
    Reason.HAND_OVER_ELSEWHERE: ledger.ELSEWHERE,
    Reason.HAND_OVER_DOUBLED: ledger.DOUBLED,
    Reason.ANSWER_NEVER_GIVEN: ledger.NEVER_SAID,
}


async def _ledger(connection: Connection, code: str | None) -> list[Finding]:
    """What both sides of each hand-over have written down must agree."""
    findings: list[Finding] = []
    for reason, statement in _LEDGER_FAULTS.items():
        found = await ledger.faults(connection, statement, code)
        findings.extend(Finding(stream, version, reason, message) for stream, version, message in found)
    return findings


_ORDER_FAULTS: Final = {
    Reason.POSITION_GAP: b"""
        SELECT '', position::int8, 'positions are not 1, 2, 3, ... here'
        FROM (SELECT position, lag(position, 1, 0::bigint) OVER (ORDER BY position) AS before FROM event_positions) AS p
        WHERE position <> before + 1
        UNION ALL
        SELECT '', NULL, format('the sequencer stands at %s, the last position is %s', s.position, max(p.position))
        FROM sequencer_state s LEFT JOIN event_positions p ON true GROUP BY s.position
        HAVING s.position <> coalesce(max(p.position), 0)
    """,
    Reason.POSITION_WITHOUT_EVENT: b"""
        SELECT stream, version, 'position ' || position || ' has no event' FROM event_positions p
        WHERE NOT EXISTS (SELECT FROM events e WHERE (e.stream, e.version) = (p.stream, p.version))
    """,
    Reason.EVENT_WITHOUT_POSITION: b"""
        SELECT stream, version, 'the sequencer has gone past this event' FROM events e
        WHERE xid < (SELECT next_xid FROM sequencer_state)
          AND NOT EXISTS (SELECT FROM event_positions p WHERE (e.stream, e.version) = (p.stream, p.version))
    """,
    Reason.STREAM_OUT_OF_ORDER: b"""
        SELECT stream, version, 'its position is before that of an earlier version' FROM (
            SELECT stream, version, position, lag(position) OVER (PARTITION BY stream ORDER BY version) AS before
            FROM event_positions
        ) AS p WHERE position < before
    """,
}


async def _order(connection: Connection) -> list[Finding]:
    """The global order must be dense, complete up to where the sequencer stands, and keep each stream's order."""
    findings: list[Finding] = []
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for reason, statement in _ORDER_FAULTS.items():
            rows = await (await connection.execute(statement)).fetchall()
            findings.extend(Finding(stream, version, reason, message) for stream, version, message in rows)
    return findings


async def _projection(connection: Connection, projection: Projection) -> list[Finding]:
    """The projection's tables must be what a rebuild up to its checkpoint would write."""
    state = {each.name: each for each in await states(connection)}.get(projection.name)
    if state is None:
        return []
    if state.version != projection.version:
        message = (
            f"{projection.name} was written by version {state.version}, the program has version {projection.version}"
        )
        return [Finding("", None, Reason.PROJECTION_OUTDATED, message)]
    # Temporary tables come first in the search path, so that the projection fills them by their plain names.
    await create_tables(connection, projection.tables, "pg_temp")
    reached = await replay(connection, projection, 0, state.position)
    findings = []
    async with connection.transaction():
        await connection.execute("SELECT FROM projections WHERE name = %s FOR UPDATE", (projection.name,))
        now = {each.name: each for each in await states(connection)}[projection.name]
        await replay(connection, projection, reached, now.position)
        for table in projection.tables:
            name = sql.Identifier(table.name)
            row = await (await connection.execute(_DIFFERENCE.format(name=name))).fetchone()
            if row and row[0]:
                message = f"{row[0]} rows of {table.name} differ from a rebuild up to position {now.position}"
                findings.append(Finding("", None, Reason.PROJECTION_DIFFERS, message))
    await drop_tables(connection, projection.tables, "pg_temp")
    return findings


_DIFFERENCE: Final = sql.SQL("""
    SELECT count(*) FROM (
        (TABLE public.{name} EXCEPT TABLE pg_temp.{name}) UNION ALL (TABLE pg_temp.{name} EXCEPT TABLE public.{name})
    ) AS different
""")
