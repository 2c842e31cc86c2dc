"""Every completed stage: who completed it, when that was entered, and how many working minutes it had taken.

As entered: a correction of a date is an event of its own and takes no row back.
"""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
import structlog

from domain.dossier.codec import fact_of
from domain.dossier.evolve import evolve
from domain.dossier.state import NEW, Dossier, Task
from domain.errors import Refusal
from domain.handling import Handling, claimed_after, handling
from domain.ids import Stream
from domain.record import Record
from store import tables
from store.database import Connection
from store.journal import Positioned
from store.projections.histories import OfTheBatch, history
from store.rules_source import PinnedRules

LOG = structlog.get_logger(__name__)
UNFOLDABLE: Final = "completions.unfoldable"
UNMEASURABLE: Final = "completions.unmeasurable"
COMPLETED: Final = "task.completed"
ENGINE: Final = "engine"
_COLUMNS: Final = tuple(tables.completions.c.keys())
_TYPES: Final = ["text", "int", "text", "text", "text", "timestamptz", "timestamptz", "timestamptz", "int", "int"]
_ADD: Final = f"""
    INSERT INTO completions ({", ".join(_COLUMNS)})
    SELECT * FROM unnest({", ".join(f"%s::{kind}[]" for kind in _TYPES)})
""".encode()


class Completions:
    """The projection ``completions``; see ``store.projections.protocol``."""

    name: Final = "completions"
    version: Final = 1
    tables: Final[tuple[sa.Table, ...]] = (tables.completions,)

    def __init__(self) -> None:
        """Rule sets are kept over batches: contents never change."""
        self._batch = OfTheBatch()
        self._rules = PinnedRules(self._batch)

    async def apply(self, connection: Connection, batch: Sequence[Positioned]) -> None:
        """Note what officers completed in a batch; what the engine completes, nobody has worked at."""
        self._batch.begin(connection)
        done = [one.record for one in batch if one.record.type == COMPLETED and one.record.actor != ENGINE]
        rows = await self._rows(connection, done) if done else []
        if rows:
            await connection.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])

    async def _rows(self, connection: Connection, done: list[Record]) -> list[tuple[Any, ...]]:
        """The rows: each stream is folded once, up to its last completion."""
        last = {record.stream: record.version for record in done}
        wanted = {(record.stream, record.version) for record in done}
        rows = []
        for _, records in itertools.groupby(await history(connection, last), lambda record: record.stream):
            for record, state, task, claimed_at in _completed(list(records), wanted):
                rows.append(_row(record, task, await self._took(record, state, task, claimed_at)))
        return rows

    async def _took(self, record: Record, state: Dossier, task: Task, claimed_at: datetime | None) -> Handling | None:
        """How long it took (none: its rules or its days cannot be told, which holds up nothing else)."""
        try:
            rules = await self._rules.rules_of(Stream(record.stream), state)
            return handling(rules, task, claimed_at, record.occurred_at)
        except (LookupError, Refusal) as error:
            LOG.exception(UNMEASURABLE, stream=record.stream, version=record.version, error=str(error))
            return None


def _completed(
    records: list[Record], wanted: set[tuple[Stream, int]]
) -> list[tuple[Record, Dossier, Task, datetime | None]]:
    """The wanted completions of one stream, each with the state before it and since when its task was in hand.

    A stream that does not fold (verify says why) has none, and holds up no other.
    """
    found: list[tuple[Record, Dossier, Task, datetime | None]] = []
    state: Dossier = NEW
    claimed_at: datetime | None = None
    try:
        for record in records:
            fact = fact_of(record)
            if (record.stream, record.version) in wanted and state.task is not None:
                found.append((record, state, state.task, claimed_at))
            state, claimed_at = evolve(state, fact), claimed_after(claimed_at, fact)
    except Exception as error:  # whatever is wrong with a damaged stream
        LOG.exception(UNFOLDABLE, stream=records[0].stream, error=str(error))
        return []
    return found


def _row(record: Record, task: Task, took: Handling | None) -> tuple[Any, ...]:
    return (
        record.stream,
        record.version,
        task.authority,
        record.actor,
        task.stage.value,
        task.opened_at,
        took.claimed_at if took else None,
        record.recorded_at,
        took.minutes if took else None,
        took.held_minutes if took else None,
    )
