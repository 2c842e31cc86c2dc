"""The global order, which no column filled at insert can give: transactions commit out of the order of their beginning.

What PostgreSQL can tell for certain is which transactions are over: all below ``pg_snapshot_xmin``. Events of those are
all visible, and no further one can appear among them. One sequencer at a time takes them in the order (transaction id,
stream, version) and writes dense positions into ``event_positions``. Whoever reads by position therefore never misses
an event. The price is that one long writing transaction, anywhere in the cluster, holds back the positions of events
committed after it began: see ``lag``.
"""

from typing import Final

import msgspec

from runtime.instruments import SEQUENCED
from runtime.stopping import ending
from store.database import Connection, Database
from store.errors import StoreUnavailable
from store.wake import EVENTS, POSITIONS, Wake

ADVISORY_LOCK: Final = 0x73657175656E6365
BATCH: Final = 20_000
"""Events in one step, about; all events of one transaction always go together."""
RETRY_SECONDS: Final = 0.25
"""How soon to look again while committed events wait for an older transaction to end: its end sends no notice."""

_LOCK: Final = b"SELECT pg_try_advisory_xact_lock(%(lock)s)"

_CLUSTER: Final = b"""
    SELECT cluster = system_identifier FROM sequencer_state, pg_control_system()
"""

# After a restore into another cluster the events bear the old cluster's transaction ids, which may lie in the new one's
# future. Everything that is there gets its position now, and the new cluster's own order starts from here.
_ADOPT: Final = b"""
    WITH missing AS (
        SELECT stream, version, row_number() OVER (ORDER BY xid, stream, version) AS number
        FROM events
        WHERE NOT EXISTS (SELECT FROM event_positions p WHERE (p.stream, p.version) = (events.stream, events.version))
    ),
    placed AS (
        INSERT INTO event_positions (position, stream, version)
        SELECT state.position + number, stream, version FROM missing, sequencer_state AS state
        RETURNING position
    )
    UPDATE sequencer_state SET
        position = position + (SELECT count(*) FROM placed),
        next_xid = pg_snapshot_xmin(pg_current_snapshot()),
        cluster = (SELECT system_identifier FROM pg_control_system())
    RETURNING (SELECT count(*) FROM placed), pg_notify(%(channel)s, '')
"""

# The few events that are new are looked up one by one. NOT EXISTS would allow the planner, which cannot know how few
# they are, to read all positions instead; a scalar subquery does not.
_PLACE: Final = b"""
    WITH state AS (
        SELECT position, next_xid, pg_snapshot_xmin(pg_current_snapshot()) AS horizon FROM sequencer_state
    ),
    full_batch AS (
        SELECT xid FROM events WHERE xid >= (SELECT next_xid FROM state) AND xid < (SELECT horizon FROM state)
        ORDER BY xid OFFSET %(batch)s - 1 LIMIT 1
    ),
    range AS (
        SELECT position, next_xid, coalesce(
            (SELECT xid FROM events WHERE xid > (SELECT xid FROM full_batch) AND xid < horizon ORDER BY xid LIMIT 1),
            horizon
        ) AS until FROM state
    ),
    placed AS (
        INSERT INTO event_positions (position, stream, version)
        SELECT range.position + row_number() OVER (ORDER BY xid, stream, version), stream, version
        FROM events e, range
        WHERE xid >= (SELECT next_xid FROM range) AND xid < (SELECT until FROM range)
          AND (SELECT position FROM event_positions p WHERE (p.stream, p.version) = (e.stream, e.version)) IS NULL
        RETURNING position
    ),
    counted AS (SELECT count(*) AS number FROM placed)
    UPDATE sequencer_state SET position = sequencer_state.position + number, next_xid = until
    FROM range, counted WHERE number > 0
    RETURNING number, pg_notify(%(channel)s, '')
"""

_LAG: Final = b"""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(stored_at)), 0)::float8
    FROM events e WHERE xid >= (SELECT next_xid FROM sequencer_state)
      AND (SELECT position FROM event_positions p WHERE (p.stream, p.version) = (e.stream, e.version)) IS NULL
"""


class Lag(msgspec.Struct, frozen=True):
    """Committed events without a position: how many, and the age of the oldest in seconds."""

    events: int
    seconds: float


class Sequencer:
    """Gives events their global positions. Any number may run; an advisory lock lets one work at a time."""

    def __init__(self, database: Database, batch: int = BATCH) -> None:
        """Work through ``database``, about ``batch`` events in a step."""
        self._database = database
        self._batch = batch

    async def step(self) -> int:
        """Place what can be placed; return how many events were (0: none, or another sequencer is at work).

        Raises StoreUnavailable; then nothing was placed, or all of the step was.
        """
        async with self._database.connection() as connection, connection.transaction():
            if not await _number(connection, _LOCK, {"lock": ADVISORY_LOCK}):
                return 0
            if not await _number(connection, _CLUSTER):
                return await _number(connection, _ADOPT, {"channel": POSITIONS})
            placed = await _number(connection, _PLACE, {"batch": self._batch, "channel": POSITIONS})
        SEQUENCED.inc(placed)
        return placed

    async def lag(self) -> Lag:
        """How far the global order is behind. Raises StoreUnavailable."""
        return await self._database.run(lag)

    async def run(self) -> None:
        """Place events as they come, until cancelled; outlasts the loss of the database."""
        async with Wake(self._database.url, EVENTS) as wake:
            while not ending():
                await wake.wait(RETRY_SECONDS if await self._place_all() else 5.0)

    async def _place_all(self) -> bool:
        """Place until nothing more can be; tell whether events are still waiting."""
        try:
            while await self.step():
                pass
            return (await self.lag()).events > 0
        except StoreUnavailable:
            return True


async def lag(connection: Connection) -> Lag:
    """How far the global order is behind."""
    cursor = await connection.execute(_LAG)
    row = await cursor.fetchone()
    return Lag(*row) if row else Lag(0, 0.0)


async def _number(connection: Connection, statement: bytes, values: dict[str, object] | None = None) -> int:
    """The first column of the first row as a number (truth is 1); 0 where there is no row."""
    cursor = await connection.execute(statement, values)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
