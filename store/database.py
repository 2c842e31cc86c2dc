"""Connections to PostgreSQL for the running application: one pool, one way to fail.

Whatever loses the connection, or makes PostgreSQL give up for now, surfaces as StoreUnavailable. All work given to
``Database.run`` is safe to repeat (appends by their command id, allotments by their key), so a connection that died
while it lay idle in the pool is noticed and replaced without the caller seeing it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Self, TypedDict, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from runtime import tracing
from runtime.instruments import DATABASE_AWAY
from store.errors import StoreUnavailable

T = TypeVar("T")
Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]

WAIT_SECONDS: Final = 3.0
"""How long a caller waits for a connection before it is told that the store is unavailable."""
GIVE_UP_RECONNECTING_SECONDS: Final = 3.0
"""Short, so that the pool's back-off never outlasts an outage by long: the next caller starts a new attempt."""
STATEMENT_TIMEOUT: Final = "30s"
LOST: Final = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed)
"""What means "not now": the connection, the server, a lock or the pool, never the statement itself."""


class Database:
    """A pool of connections. Use as an async context manager, or ``open`` and ``close`` it."""

    def __init__(self, url: str, *, size: int = 10, name: str = "motcua", wait: float = WAIT_SECONDS) -> None:
        """Prepare a pool of at most ``size`` connections as the role in ``url``; nothing is connected yet.

        ``wait`` is how many seconds a caller waits for a connection.
        """
        self.url = url
        self._pool: Pool = AsyncConnectionPool(
            url,
            min_size=min(2, size),
            max_size=size,
            open=False,
            timeout=wait,
            reconnect_timeout=GIVE_UP_RECONNECTING_SECONDS,
            kwargs=dict(connection_options(name)),
            name=name,
        )

    async def open(self) -> None:
        """Start connecting in the background; a database that is away is no error yet."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        """Open the pool."""
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the pool."""
        await self.close()

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run repeatable ``work`` on a connection in autocommit mode; raise StoreUnavailable where that fails now."""
        with tracing.stored(_name_of(work)), unavailable():
            try:
                async with self._pool.connection() as connection:
                    return await work(connection)
            except PoolTimeout:
                raise  # there was none to be had, so another attempt would only make the caller wait as long again
            except LOST:
                # A connection that died while idle is only noticed by using it. Drop all such ones, then try once more.
                await self._pool.check()
                async with self._pool.connection() as connection:
                    return await work(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for work of several steps that is not repeated by itself; faults surface as StoreUnavailable."""
        with unavailable():
            async with self._pool.connection() as connection:
                yield connection

    async def ping(self) -> None:
        """Return when the database answers; raise StoreUnavailable when it does not."""

        async def select(connection: Connection) -> None:
            await connection.execute("SELECT 1")

        await self.run(select)


def _name_of(work: Callable[[Connection], Awaitable[T]]) -> str:
    """What the store calls this work: its function's name, or that of the method that it is a part of."""
    return getattr(work, "__qualname__", "").partition(".<locals>")[0] or "store"


class unavailable:  # noqa: N801  # reads as a statement
    """Turns what means "not now" into StoreUnavailable, and leaves every other error as it is."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Raise StoreUnavailable from an error that means "not now"."""
        if isinstance(error, LOST):
            DATABASE_AWAY.inc()
            message = f"PostgreSQL is not available: {' '.join(str(error).split())}"
            raise StoreUnavailable(message) from error


class Options(TypedDict):
    """What every connection is opened with."""

    autocommit: bool
    prepare_threshold: int
    application_name: str
    connect_timeout: int
    options: str


def connection_options(name: str) -> Options:
    """Options of every connection: autocommit (each statement its own transaction), UTC, no endless statement."""
    return {
        "autocommit": True,
        "prepare_threshold": 2,
        "application_name": name,
        "connect_timeout": 5,
        "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT}",
    }


async def connect(url: str, name: str) -> Connection:
    """A connection outside the pool, with the same options; whoever asked closes it."""
    return await AsyncConnection.connect(url, **connection_options(name))
