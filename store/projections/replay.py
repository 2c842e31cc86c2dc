"""Feeding a projection, one transaction a batch: what it writes and its checkpoint go together."""

from typing import Any, Final

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, SetTableComment

from store import statements
from store.codec.upcasts import UPCASTS, Upcasts, upcast
from store.database import Connection
from store.journal import Positioned
from store.projections.protocol import Projection
from store.rows import loose_record_of

BATCH: Final = 1000
_dialect: Final = postgresql.dialect()  # type: ignore[no-untyped-call]

_TOP: Final = b"SELECT position FROM sequencer_state"


async def page(connection: Connection, after: int, limit: int, upcasts: Upcasts = UPCASTS) -> list[Positioned]:
    """At most ``limit`` events after a position, in the global order, their data as PostgreSQL prints them."""
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(statements.ALL, (after, limit))
        return [Positioned(row[0], upcast(loose_record_of(row[1:]), upcasts)) for row in await cursor.fetchall()]


async def top(connection: Connection) -> int:
    """The last global position that was given."""
    row = await (await connection.execute(_TOP)).fetchone()
    return int(row[0]) if row else 0


async def replay(connection: Connection, projection: Projection, after: int, until: int) -> int:
    """Apply the events after a position up to another to the tables that the connection's search path finds.

    Returns the last position applied. Runs in the caller's transaction if there is one, else in one for each batch.
    """
    while after < until:
        async with connection.transaction():
            batch = await page(connection, after, min(BATCH, until - after))
            if not batch:
                break
            await projection.apply(connection, batch)
        after = batch[-1].position
    return after


async def create_tables(connection: Connection, tables: tuple[sa.Table, ...], schema: str) -> None:
    """Create tables like ``tables`` in another schema, for a rebuild or a check; their indexes come later."""
    for table in tables:
        copy = _copy(table, schema)
        await connection.execute(_ddl(CreateTable(copy)))
        await connection.execute(_ddl(SetTableComment(copy)))


async def create_indexes(connection: Connection, tables: tuple[sa.Table, ...], schema: str) -> None:
    """Create the indexes of such tables: once they are full, for that is faster."""
    for table in tables:
        for index in sorted(_copy(table, schema).indexes, key=lambda each: str(each.name)):
            await connection.execute(_ddl(CreateIndex(index)))


async def drop_tables(connection: Connection, tables: tuple[sa.Table, ...], schema: str) -> None:
    """Drop such tables, if they are there."""
    for table in tables:
        await connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(schema, table.name)))


def _copy(table: sa.Table, schema: str) -> sa.Table:
    """The same table in another schema; constraints and indexes keep their names."""
    return table.to_metadata(sa.MetaData(naming_convention=table.metadata.naming_convention), schema=schema)


def _ddl(element: Any) -> bytes:  # noqa: ANN401  # any of SQLAlchemy's DDL elements
    """The text of a DDL statement."""
    return str(element.compile(dialect=_dialect)).encode()
