"""The public board's figures, counted from the dossiers' rows: what came in, what was decided, what is still open.

A dossier counts once, under the authority that decides it; linked parts do not count. A month is that of the state's
local time. For every authority and month: received + carried over = resolved + open, resolved = early + on time + late,
open = within + overdue.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.ids import AuthorityId, OfficerId
from store.database import Connection, Database

AGES: Final = (5, 10, 20, 40)
"""Upper ends, in days since the receipt, of the age groups of open work; the last group has none."""


class BoardRow(msgspec.Struct, frozen=True):
    """One authority's month. ``ages`` are the open dossiers by age; ``oldest_days`` is that of the oldest one."""

    authority: AuthorityId
    received: int
    online: int
    carried_over: int
    early: int
    on_time: int
    late: int
    open_within: int
    open_overdue: int
    ages: tuple[int, ...]
    oldest_days: int

    @property
    def resolved(self) -> int:
        """Decided in the month."""
        return self.early + self.on_time + self.late

    @property
    def open(self) -> int:
        """Not decided at its end, or now where it has not ended."""
        return self.open_within + self.open_overdue


_AGE_BOUNDS: Final = ", ".join(
    f"count(*) FILTER (WHERE is_open AND age >= {low}" + (f" AND age < {high}" if high else "") + ")"
    for low, high in zip((0, *AGES), (*AGES, None), strict=True)
)
_MONTH: Final = f"""
    WITH judged AS (
        SELECT authority, channel, received_at, committed_due, timeliness,
               coalesce(ready_at, closed_at) AS judged_at
        FROM dossiers
        WHERE stream = root AND received_at < %(end)s
          AND (coalesce(ready_at, closed_at) IS NULL OR coalesce(ready_at, closed_at) >= %(start)s)
    ),
    counted AS (
        SELECT *, judged_at IS NULL OR judged_at >= %(end)s AS is_open,
               floor(extract(epoch FROM %(end)s - received_at) / 86400)::integer AS age
        FROM judged
    )
    SELECT authority,
           count(*) FILTER (WHERE received_at >= %(start)s),
           count(*) FILTER (WHERE received_at >= %(start)s AND channel = 'online'),
           count(*) FILTER (WHERE received_at < %(start)s),
           count(*) FILTER (WHERE NOT is_open AND timeliness = 'early'),
           count(*) FILTER (WHERE NOT is_open AND timeliness = 'on_time'),
           count(*) FILTER (WHERE NOT is_open AND timeliness = 'late'),
           count(*) FILTER (WHERE is_open AND (committed_due IS NULL OR committed_due >= %(end)s)),
           count(*) FILTER (WHERE is_open AND committed_due < %(end)s),
           ARRAY[{_AGE_BOUNDS}],
           coalesce(max(age) FILTER (WHERE is_open), 0)
    FROM counted GROUP BY authority ORDER BY authority
"""  # made of our own numbers


async def board(database: Database, start: datetime, end: datetime) -> list[BoardRow]:
    """The month from ``start`` to ``end`` (now, where it has not ended) of every authority that has any dossier in it.

    Raises StoreUnavailable.
    """

    async def work(connection: Connection) -> list[BoardRow]:
        cursor = await connection.execute(_MONTH.encode(), {"start": start, "end": end})
        return [_row(row) for row in await cursor.fetchall()]

    return await database.run(work)


def _row(row: tuple[Any, ...]) -> BoardRow:
    values = dict(zip(BoardRow.__struct_fields__, row, strict=True))
    return msgspec.convert(values, BoardRow)


_HELD: Final = b"SELECT officer, count(*) FROM tasks WHERE officer = ANY (%s) GROUP BY officer"
_WORK: Final = b"SELECT authority, count(*) FROM tasks GROUP BY authority"


async def tasks_held(database: Database, officers: Sequence[OfficerId]) -> dict[OfficerId, int]:
    """How many open tasks each of these officers has claimed, of those who have any. Raises StoreUnavailable."""

    async def work(connection: Connection) -> dict[OfficerId, int]:
        return dict(await (await connection.execute(_HELD, (list(officers),))).fetchall())

    return await database.run(work)


async def open_tasks(database: Database) -> dict[AuthorityId, int]:
    """How many tasks are open at each authority that has any. Raises StoreUnavailable."""

    async def work(connection: Connection) -> dict[AuthorityId, int]:
        return dict(await (await connection.execute(_WORK)).fetchall())

    return await database.run(work)
