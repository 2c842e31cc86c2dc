"""What must be done again and again, when it was done last and what it found: backup, reconciliation."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

import psycopg

from store.database import Connection, Database

WHOLE: Final = ""
"""The detail under which the task itself is noted; its number is what the task counts by."""

_CLAIM: Final = b"""
    INSERT INTO upkeep (task, detail, number, done_at) VALUES (%(task)s, '', 0, clock_timestamp())
    ON CONFLICT (task, detail) DO UPDATE SET done_at = clock_timestamp()
    WHERE upkeep.done_at < clock_timestamp() - %(every)s
    RETURNING task
"""
_FORGET: Final = b"DELETE FROM upkeep WHERE task = %s"
_NOTE: Final = b"INSERT INTO upkeep (task, detail, number, done_at) VALUES (%s, %s, %s, clock_timestamp())"


class Task(StrEnum):
    """What is noted here."""

    BACKUP = "backup"
    RECONCILE = "reconcile"


class UpkeepNotes:
    """Reads and writes the notes. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, database: Database) -> None:
        """Note through ``database``."""
        self._database = database

    async def claim(self, task: Task, every: timedelta) -> bool:
        """Whether the task is due, which it then is for nobody else: of several who ask at once one is told so."""

        async def work(connection: Connection) -> bool:
            values = {"task": f"{task}.claim", "every": every}
            return await (await connection.execute(_CLAIM, values)).fetchone() is not None

        return await self._database.run(work)

    async def release(self, task: Task) -> None:
        """Whoever claimed the task did not do it: it is due."""

        async def work(connection: Connection) -> None:
            await connection.execute(_FORGET, (f"{task}.claim",))

        await self._database.run(work)

    async def note(self, task: Task, number: int, details: Mapping[str, int]) -> None:
        """The task is done: its number, and those of its details, in the place of what was noted before."""
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_FORGET, (task.value,))
            for detail, count in {WHOLE: number, **details}.items():
                await connection.execute(_NOTE, (task.value, detail, count))


def note_backup(url: str, size: int) -> None:
    """A backup of so many bytes is whole. ``url`` is the owner's. Raises psycopg.Error."""
    with psycopg.connect(url) as connection:
        connection.execute(_FORGET, (Task.BACKUP.value,))
        connection.execute(_NOTE, (Task.BACKUP.value, WHOLE, size))
