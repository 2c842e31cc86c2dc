"""The process that keeps the global order of events, and the read models that follow from it."""

import asyncio
from typing import Final

from runtime import process
from runtime.settings import Settings
from store.database import Database
from store.projections.projector import Projector
from store.sequencer import Sequencer

CONNECTIONS: Final = 4
"""The sequencer and the projector work one transaction at a time each; the others are for what they ask beside it."""


async def main(settings: Settings) -> None:
    """Place and project until cancelled. PostgreSQL may be away, at the start and later; its return is awaited.

    Any number of these processes may run: locks in the database let one of them work at a time.
    """
    async with Database(settings.require_database(), size=CONNECTIONS, name="motcua-projector") as database:
        process.announce_ready(settings)
        async with asyncio.TaskGroup() as group:
            group.create_task(Sequencer(database).run())
            group.create_task(Projector(database).run())
