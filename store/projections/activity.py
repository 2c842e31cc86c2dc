"""How many events of each type each authority recorded on each local day."""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from store import tables
from store.database import Connection
from store.journal import Positioned

LOCAL: Final = ZoneInfo("Asia/Ho_Chi_Minh")
"""The country has one time zone."""

_ADD: Final = b"""
    INSERT INTO activity (authority, day, type, count)
    SELECT * FROM unnest(%s::text[], %s::date[], %s::text[], %s::bigint[])
    ON CONFLICT (authority, day, type) DO UPDATE SET count = activity.count + excluded.count
"""


class Activity:
    """The projection ``activity``; see ``store.projections.protocol``."""

    name: Final = "activity"
    version: Final = 1
    tables: Final[tuple[sa.Table, ...]] = (tables.activity,)

    async def apply(self, connection: Connection, batch: Sequence[Positioned]) -> None:
        """Count a batch, by authority, the local day on which it was recorded, and type."""
        counts = Counter(
            (row.record.authority, row.record.recorded_at.astimezone(LOCAL).date(), row.record.type) for row in batch
        )
        # Sorted, so that whoever else might touch the rows would lock them in the same order.
        keys = sorted(counts)
        if keys:
            columns = [list(column) for column in zip(*keys, strict=True)]
            await connection.execute(_ADD, (*columns, [counts[key] for key in keys]))
