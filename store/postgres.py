"""The journal in PostgreSQL. An append is one statement, hence one transaction and one round trip."""

from time import perf_counter
from typing import Any

import msgspec
import psycopg

from domain.dossier.view import DossierView
from domain.ids import CommandId, Stream
from domain.record import NO_HASH, Append, Appended, Outcome, Record
from runtime.instruments import JOURNAL_SECONDS
from store import statements
from store.chaining import records_of
from store.codec.upcasts import UPCASTS, Upcasts, upcast
from store.database import Connection, Database
from store.errors import UnstorableData
from store.journal import Head, Positioned
from store.rows import dossier_row, record_of, task_rows, view_of
from store.wake import Bell


class PostgresJournal:
    """``store.journal.Journal`` over a pool of connections."""

    def __init__(self, database: Database, upcasts: Upcasts = UPCASTS) -> None:
        """Read and write through ``database``; ``upcasts`` are those of the product unless a test brings its own."""
        self._database = database
        self._upcasts = upcasts
        self._bell = Bell(database)

    async def append(self, append: Append) -> Appended:
        """See Journal."""
        records = records_of(append)
        parameters = _parameters(append, records)

        async def work(connection: Connection) -> Appended:
            if await _insert(connection, append, parameters):
                self._bell.ring()
                return Appended(Outcome.APPENDED, records)
            return await self._lost(connection, append)

        began = perf_counter()
        appended = await self._database.run(work)
        JOURNAL_SECONDS.labels(appended.outcome.value).observe(perf_counter() - began)
        return appended

    async def read(self, stream: Stream, after_version: int = 0) -> list[Record]:
        """See Journal."""
        return await self._database.run(lambda connection: self._after(connection, stream, after_version))

    async def read_command(self, stream: Stream, command_id: CommandId) -> list[Record]:
        """See Journal."""

        async def work(connection: Connection) -> list[Record]:
            rows = await _fetch(connection, statements.COMMAND, (stream, command_id))
            return [self._read(row[:-1]) for row in rows]

        return await self._database.run(work)

    async def read_digest(self, stream: Stream, command_id: CommandId) -> bytes | None:
        """See Journal."""

        async def work(connection: Connection) -> bytes | None:
            rows = await _fetch(connection, statements.COMMAND, (stream, command_id))
            return bytes(rows[0][-1]) if rows else None

        return await self._database.run(work)

    async def read_all(self, after_position: int = 0, limit: int = 1000) -> list[Positioned]:
        """See Journal."""

        async def work(connection: Connection) -> list[Positioned]:
            rows = await _fetch(connection, statements.ALL, (after_position, limit))
            return [Positioned(row[0], self._read(row[1:])) for row in rows]

        return await self._database.run(work)

    async def heads(self, after: str = "", limit: int = 1000) -> list[Head]:
        """See Journal."""

        async def work(connection: Connection) -> list[Head]:
            return [Head(*row) for row in await _fetch(connection, statements.HEADS, (after, limit))]

        return await self._database.run(work)

    async def view(self, stream: Stream) -> DossierView | None:
        """See Journal."""

        async def work(connection: Connection) -> DossierView | None:
            rows = await _fetch(connection, statements.VIEW, (stream,))
            return view_of(rows) if rows else None

        return await self._database.run(work)

    def _read(self, row: tuple[Any, ...]) -> Record:
        """A stored row in its newest shape."""
        return upcast(record_of(row), self._upcasts)

    async def _after(self, connection: Connection, stream: Stream, version: int) -> list[Record]:
        """The stream's records after a version."""
        return [self._read(row) for row in await _fetch(connection, statements.AFTER, (stream, version))]

    async def _lost(self, connection: Connection, append: Append) -> Appended:
        """Why the append did not take place: this command is stored already, or another writer was there."""
        rows = await _fetch(connection, statements.COMMAND, (append.stream, append.command_id))
        if not rows:
            missing = await self._after(connection, append.stream, append.expected_version)
            return Appended(Outcome.CONFLICT, tuple(missing))
        if rows[0][-1] != append.command_digest:
            return Appended(Outcome.REUSED, ())
        return Appended(Outcome.REPEATED, tuple(self._read(row[:-1]) for row in rows))


async def _insert(connection: Connection, append: Append, parameters: dict[str, Any]) -> bool:
    """Append if the stream's head is where the writer thinks; tell whether it was."""
    if append.expected_version == 0 and append.prev_hash != NO_HASH:
        return False
    statement = statements.append(first=append.expected_version == 0, tasks=bool(append.view.tasks))
    try:
        cursor = await connection.execute(statement, parameters, prepare=True)
        return await cursor.fetchone() is not None
    except psycopg.errors.UniqueViolation:
        return False  # the head row disagrees with the events; what is stored decides
    except psycopg.DataError as error:
        message = f"{append.stream} cannot be appended to: {' '.join(str(error).split())}"
        raise UnstorableData(message) from error


async def _fetch(connection: Connection, statement: bytes, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
    """All rows of a query, sent in binary."""
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchall()


def _parameters(append: Append, records: tuple[Record, ...]) -> dict[str, Any]:
    """The append as the statement's parameters: scalars for the head, JSON for the rows.

    JSON, because arrays would have types that depend on their content (empty, all null), each a plan of its own.
    """
    last = records[-1]
    return {
        "stream": append.stream,
        "root": append.view.root,
        "command_id": append.command_id,
        "command_digest": append.command_digest,
        "expected": append.expected_version,
        "prev_hash": append.prev_hash,
        "last": last.version,
        "last_hash": last.hash,
        "events": _json([_event_row(record) for record in records]),
        "dossier": _json(dossier_row(append.view)),
        "tasks": _json(task_rows(append.view)),
    }


def _event_row(record: Record) -> dict[str, Any]:
    """A record as JSON; bytes as ``bytea`` reads them."""
    row = msgspec.structs.asdict(record)
    return row | {"prev_hash": rf"\x{record.prev_hash.hex()}", "hash": rf"\x{record.hash.hex()}"}


def _json(value: Any) -> str:  # noqa: ANN401  # whatever JSON holds
    """JSON text."""
    return msgspec.json.encode(value).decode()
