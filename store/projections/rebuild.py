"""An asynchronous projection from zero, beside the live one, and then in its place."""

from typing import Final

from psycopg import sql

from store.database import Connection
from store.maintenance import SCHEMA, Progress, hold_lock, in_place, maintenance, no_progress
from store.projections.protocol import Projection
from store.projections.replay import BATCH, create_indexes, create_tables, drop_tables, replay, top
from store.roles import APPLICATION, GRANTS
from store.row_security import protect

_LOCK_CHECKPOINT: Final = b"SELECT FROM projections WHERE name = %s FOR UPDATE"
_SET_CHECKPOINT: Final = b"""
    INSERT INTO projections (name, version, position) VALUES (%s, %s, %s)
    ON CONFLICT (name) DO UPDATE SET version = excluded.version, position = excluded.position, updated_at = now()
"""


async def rebuild(owner_url: str, projection: Projection, progress: Progress = no_progress) -> int:
    """Rebuild a projection as the owner; return how many events it has seen.

    Readers and the projector go on meanwhile; they wait only while the finished tables take the place of the live ones.
    Raises MaintenanceRunning, StoreUnavailable; then the live tables are as they were.
    """
    async with maintenance(owner_url, f"rebuild {projection.name}", SCHEMA) as connection:
        await hold_lock(connection)
        await drop_tables(connection, projection.tables, SCHEMA)
        await create_tables(connection, projection.tables, SCHEMA)
        reached = await _follow(connection, projection, progress)
        await create_indexes(connection, projection.tables, SCHEMA)

        async def finish() -> int:
            await connection.execute(_LOCK_CHECKPOINT, (projection.name,))
            position = await replay(connection, projection, reached, await top(connection))
            await swap(connection, [table.name for table in projection.tables])
            await connection.execute(_SET_CHECKPOINT, (projection.name, projection.version, position))
            return position

        return await in_place(connection, finish)


async def swap(connection: Connection, tables: list[str]) -> None:
    """Put the rebuilt tables, with grants and policies, in the place of the live ones, in the caller's transaction."""
    for table in tables:
        name = sql.Identifier(table)
        privileges = sql.SQL(", ").join(sql.SQL(each) for each in sorted(GRANTS[table]))
        await connection.execute(sql.SQL("DROP TABLE public.{}").format(name))
        await connection.execute(sql.SQL("ALTER TABLE {}.{} SET SCHEMA public").format(sql.Identifier(SCHEMA), name))
        await connection.execute(
            sql.SQL("GRANT {} ON public.{} TO {}").format(privileges, name, sql.Identifier(APPLICATION))
        )
        await protect(connection, table)


async def _follow(connection: Connection, projection: Projection, progress: Progress) -> int:
    """Apply all that is placed, in batches; return the last position."""
    position, end = 0, await top(connection)
    while position < end:
        reached = await replay(connection, projection, position, min(end, position + 10 * BATCH))
        progress(reached - position)
        if reached == position:
            break
        position = reached
    return position
