"""Keeps the live tables of the asynchronous projections up to date."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from runtime.instruments import PROJECTED, PROJECTION_SECONDS, timed
from runtime.stopping import ending
from store.database import Connection, Database
from store.errors import StoreUnavailable
from store.projections.protocol import Projection
from store.projections.registry import PROJECTIONS
from store.projections.replay import BATCH, page
from store.wake import POSITIONS, SLOW_POLL_SECONDS, Wake

_BEGIN: Final = b"INSERT INTO projections (name, version, position) VALUES (%s, %s, 0) ON CONFLICT (name) DO NOTHING"
_LOCK: Final = b"SELECT version, position FROM projections WHERE name = %s FOR UPDATE"
_MOVE: Final = b"UPDATE projections SET position = %s, updated_at = now() WHERE name = %s"
_STATES: Final = b"""
    SELECT name, version, projections.position, sequencer_state.position - projections.position
    FROM projections, sequencer_state ORDER BY name
"""


class NeedsRebuild(Exception):
    """The tables hold what another version of the projection wrote; ``motcua rebuild`` makes them anew."""


class State(msgspec.Struct, frozen=True):
    """How far a projection has come: its checkpoint, and how many placed events it has not seen."""

    name: str
    version: int
    position: int
    lag: int


async def states(connection: Connection) -> list[State]:
    """The state of every projection that has begun."""
    return [State(*row) for row in await (await connection.execute(_STATES)).fetchall()]


class Projector:
    """Applies events to projections. Any number may run: a checkpoint's row is locked by whoever moves it."""

    def __init__(self, database: Database, projections: Sequence[Projection] = PROJECTIONS, batch: int = BATCH) -> None:
        """Feed ``projections`` through ``database``, at most ``batch`` events in one transaction."""
        self._database = database
        self._projections = projections
        self._batch = batch

    async def step(self, projection: Projection) -> int:
        """Apply the next batch; return how many events it had.

        Raises NeedsRebuild, StoreUnavailable; then nothing was applied, or all of it with its checkpoint.
        """
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_BEGIN, (projection.name, projection.version))
            row = await (await connection.execute(_LOCK, (projection.name,))).fetchone()
            version, position = row or (projection.version, 0)
            if version != projection.version:
                message = f"{projection.name} holds version {version}, this program writes version {projection.version}"
                raise NeedsRebuild(message)
            events = await page(connection, position, self._batch)
            if events:
                with timed(PROJECTION_SECONDS, projection.name):
                    await projection.apply(connection, events)
                    await connection.execute(_MOVE, (events[-1].position, projection.name))
        PROJECTED.labels(projection.name).inc(len(events))
        return len(events)

    async def catch_up(self) -> None:
        """Apply all that is placed. A projection that needs a rebuild does not hold up others; it raises at the end."""
        failed: NeedsRebuild | None = None
        for projection in self._projections:
            try:
                while await self.step(projection):
                    pass
            except NeedsRebuild as error:
                failed = error
        if failed is not None:
            raise failed

    async def run(self) -> None:
        """Follow the events until cancelled; outlasts the loss of the database, and waits where a rebuild is due."""
        async with Wake(self._database.url, POSITIONS) as wake:
            while not ending():
                try:
                    await self.catch_up()
                except (StoreUnavailable, NeedsRebuild):
                    await asyncio.sleep(1.0)
                await wake.wait(SLOW_POLL_SECONDS)
