"""Worklists that an officer has given a name; each officer sees his own."""

from typing import Final

import msgspec

from domain.ids import OfficerId
from store.database import Connection, Database

MOST: Final = 30
"""Saved views of one officer; who has more would find none."""

_OF: Final = b"SELECT name, filters FROM saved_views WHERE officer = %s ORDER BY name"
# The officer's own rows are counted under a lock of his, so that two screens cannot save one too many.
_LOCK: Final = b"SELECT pg_advisory_xact_lock(hashtextextended('saved_views/' || %(officer)s, 0))"
_SAVE: Final = b"""
    INSERT INTO saved_views (officer, name, filters)
    SELECT %(officer)s, %(name)s, %(filters)s::jsonb
    WHERE (SELECT count(*) FROM saved_views WHERE officer = %(officer)s AND name <> %(name)s) < %(most)s
    ON CONFLICT (officer, name) DO UPDATE SET filters = excluded.filters, saved_at = now()
    RETURNING name
"""
_DELETE: Final = b"DELETE FROM saved_views WHERE officer = %s AND name = %s"


class SavedView(msgspec.Struct, frozen=True):
    """A name and the filters that it stands for, as the address of the list has them."""

    name: str
    filters: dict[str, str]


class SavedViews:
    """Keeps them. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, database: Database) -> None:
        """Keep them in ``database``."""
        self._database = database

    async def of(self, officer: OfficerId) -> list[SavedView]:
        """The officer's saved views."""

        async def work(connection: Connection) -> list[SavedView]:
            return [SavedView(*row) for row in await (await connection.execute(_OF, (officer,))).fetchall()]

        return await self._database.run(work)

    async def save(self, officer: OfficerId, view: SavedView) -> bool:
        """Save a view, in place of one of this name; say whether there was room for it."""
        filters = msgspec.json.encode(view.filters).decode()
        values = {"officer": officer, "name": view.name, "filters": filters, "most": MOST}

        async def work(connection: Connection) -> bool:
            async with connection.transaction():
                await connection.execute(_LOCK, values)
                return await (await connection.execute(_SAVE, values)).fetchone() is not None

        return await self._database.run(work)

    async def delete(self, officer: OfficerId, name: str) -> None:
        """Forget a view; nothing where there is none."""

        async def work(connection: Connection) -> None:
            await connection.execute(_DELETE, (officer, name))

        await self._database.run(work)
