"""Connections and locks for maintenance: work by the owner that no pool serves and that runs once at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import psycopg
from psycopg import sql

from domain.errors import Refusal
from store.database import Connection, connect, unavailable

T = TypeVar("T")
SCHEMA: Final = "rebuild"
"""Where projections are rebuilt beside the live ones."""
LOCK: Final = 0x72656275696C64
LOCK_TIMEOUT: Final = b"SET LOCAL lock_timeout = '5s'"
"""Readers queue behind whoever waits for a table's lock, so nobody waits long for one."""
TRIES: Final = 12
PAUSE_SECONDS: Final = 1.0

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


async def in_place(connection: Connection, swap: Callable[[], Awaitable[T]]) -> T:
    """Run ``swap`` in a transaction that gives up soon where a lock is not to be had, and is then tried again."""
    for attempt in range(1, TRIES + 1):
        try:
            async with connection.transaction():
                await connection.execute(LOCK_TIMEOUT)
                return await swap()
        except psycopg.errors.LockNotAvailable:
            if attempt == TRIES:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError  # the last attempt has returned or raised


async def hold_lock(connection: Connection) -> None:
    """Be the only one who rebuilds until the connection closes; raises MaintenanceRunning."""
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))).fetchone()
    if row != (True,):
        message = "another rebuild is under way; wait for it, or end it"
        raise MaintenanceRunning(message)
