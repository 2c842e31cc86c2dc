"""The process that carries messages in and out: callbacks of carriers to dossiers, and what leaves us."""

import asyncio
from typing import Final

from activities.carriers.loading import load_carriers
from runtime import process, temporal
from runtime.settings import Settings
from store.database import Database
from store.inbox import Inbox
from store.postgres import PostgresJournal
from workers.inbound import Inbound
from workflows.client import Dossiers

HANDS: Final = 2
"""How many batches of callbacks are worked on at once, so that one slow dossier does not hold up all others."""


async def main(settings: Settings) -> None:
    """Carry until cancelled. PostgreSQL and Temporal may be away, at the start and later. Any number may run.

    Raises SettingError for a carrier's file that is wrong.
    """
    carriers = load_carriers(settings.carriers_dir, settings.carrier_keys_file)
    async with Database(settings.require_database(), size=settings.database_pool, name="motcua-relay") as database:
        client = await temporal.connect(settings, lazy=True)
        dossiers = Dossiers(client, PostgresJournal(database), settings.task_queue)
        inbound = Inbound(Inbox(database), dossiers, carriers)
        process.announce_ready(settings)
        async with asyncio.TaskGroup() as group:
            for _ in range(HANDS):
                group.create_task(inbound.run())
            group.create_task(inbound.run_unparking())
