"""Connections and locks for maintenance: work by the owner that no pool serves and that runs once at a time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from psycopg import sql

from domain.errors import Refusal
from store.database import Connection, connect, unavailable

SCHEMA: Final = "rebuild"
"""Where projections are rebuilt beside the live ones."""
LOCK: Final = 0x72656275696C64
SWAP_LOCK_TIMEOUT: Final = "5s"

Progress = Callable[[int], None]
"""Told how many more events are done."""


class MaintenanceRunning(Refusal):
    """Another rebuild is under way."""

    code = "maintenance_running"


def no_progress(_done: int) -> None:
    """Tell no one."""


@asynccontextmanager
async def maintenance(url: str, name: str, *schemas: str) -> AsyncIterator[Connection]:
    """A connection of its own, without a statement time-out, that finds tables in ``schemas`` before the public ones.

    Raises StoreUnavailable.
    """
    with unavailable():
        async with await connect(url, name) as connection:
            path = sql.SQL(", ").join(map(sql.Identifier, (*schemas, "public")))
            await connection.execute(sql.SQL("SET search_path = {}").format(path))
            await connection.execute("SET statement_timeout = 0")
            yield connection


async def hold_lock(connection: Connection) -> None:
    """Be the only one who rebuilds until the connection closes; raises MaintenanceRunning."""
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))).fetchone()
    if row != (True,):
        message = "another rebuild is under way; wait for it, or end it"
        raise MaintenanceRunning(message)
