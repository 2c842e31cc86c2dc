"""Waking up when something was committed, by LISTEN/NOTIFY; a slow poll stands behind it, for notices can be lost."""

import asyncio
from typing import Final, Self

from psycopg import sql

from store.database import LOST, Connection, Database, connect
from store.errors import StoreUnavailable

EVENTS: Final = "motcua_events"
"""An append was committed: the sequencer's channel."""
POSITIONS: Final = "motcua_positions"
"""Events got their global positions: the projector's and relay's channel."""
SLOW_POLL_SECONDS: Final = 5.0
COALESCE_SECONDS: Final = 0.02
_NOTIFY: Final = f"NOTIFY {EVENTS}".encode()


class Bell:
    """Tells the sequencer that events were committed, soon after and not within the append's transaction.

    A NOTIFY inside it would put all commits in a queue (PostgreSQL orders notices by one lock held over the commit),
    and cost a third of the appends that several writers get done. A bell that is lost is made good by the slow poll.
    """

    def __init__(self, database: Database) -> None:
        """Ring over ``database``."""
        self._database = database
        self._rung = False
        self._ringing: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Have a notice sent within some milliseconds; many calls in that time make one notice."""
        self._rung = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._send())

    async def _send(self) -> None:
        """Send notices until nobody has rung since the last."""
        while self._rung:
            await asyncio.sleep(COALESCE_SECONDS)
            self._rung = False
            try:
                await self._database.run(_notify)
            except StoreUnavailable:
                return


async def _notify(connection: Connection) -> None:
    """Send the notice."""
    await connection.execute(_NOTIFY)


class Wake:
    """One connection that listens on one channel. Losing it costs promptness, never correctness."""

    def __init__(self, url: str, channel: str) -> None:
        """Prepare to listen; nothing is connected before the context is entered."""
        self._url = url
        self._channel = channel
        self._connection: Connection | None = None

    async def __aenter__(self) -> Self:
        """Listen from now on, if the database is there."""
        try:
            await self._connect()
        except BaseException:
            await self._drop()  # cancelled half-way: nobody else would close what is open by now
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        await self._drop()

    async def wait(self, seconds: float = SLOW_POLL_SECONDS) -> None:
        """Return at the next notice, or after ``seconds``. Notices that came since the last call count."""
        if self._connection is None and not await self._connect():
            await asyncio.sleep(min(seconds, 1.0))
            return
        try:
            await self._next_notice(seconds)
        except LOST:
            await self._drop()

    async def _next_notice(self, seconds: float) -> None:
        """Wait for one notice and swallow those that came with it."""
        assert self._connection is not None  # noqa: S101  # wait() connects first
        async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
            pass
        async for _ in self._connection.notifies(timeout=0):
            pass

    async def _connect(self) -> bool:
        """Open the connection and listen; tell whether that worked."""
        try:
            self._connection = await connect(self._url, f"listen {self._channel}")
            await self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        except LOST:
            await self._drop()
            return False
        return True

    async def _drop(self) -> None:
        """Close the connection and forget it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
