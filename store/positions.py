"""How far the global order of events reaches."""

from typing import Final

from store.database import Connection, Database

_LAST: Final = b"SELECT position FROM sequencer_state"


async def last_position(database: Database) -> int:
    """The position of the last event that has one (0: there is none); raises StoreUnavailable."""

    async def work(connection: Connection) -> int:
        row = await (await connection.execute(_LAST)).fetchone()
        return int(row[0]) if row else 0

    return await database.run(work)
