"""Lateness counted from events: what ``workers.metrics`` tells Prometheus.

Beside its own tables it reads only what can never change: the events of a stream up to the one in hand, and catalogue
contents by their versions. So a rebuild comes to the same.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec
import sqlalchemy as sa
import structlog

from domain.dossier.codec import fact_of
from domain.dossier.evolve import evolve
from domain.dossier.state import NEW, Dossier
from domain.errors import Refusal
from domain.ids import Stream
from domain.lateness import Judgement, Measure, counts, judgement
from domain.record import Record
from store import tables
from store.database import Connection
from store.journal import Positioned
from store.projections.histories import OfTheBatch, history, origins
from store.rules_source import PinnedRules

LOG = structlog.get_logger(__name__)
UNJUDGEABLE: Final = "lateness.unjudgeable"

Key = tuple[str, str, str, str]
"""Measure, authority, field, detail."""

_ADD: Final = b"""
    INSERT INTO lateness_counts (measure, authority, field, detail, count)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
    ON CONFLICT (measure, authority, field, detail) DO UPDATE SET count = lateness_counts.count + excluded.count
"""

SIMPLE: Final = {
    "dossier.received": Measure.RECEIVED,
    "link.received": Measure.PART_RECEIVED,
    "dossier.extended": Measure.EXTENDED,
    "supplement.requested": Measure.SUPPLEMENT_REQUESTED,
    "supplement.expired": Measure.SUPPLEMENT_EXPIRED,
    "dossier.overdue": Measure.OVERDUE,
    "task.overdue": Measure.STAGE_OVERDUE,
}
"""Events that are counted as they stand."""
ENDED_WITHOUT_RESULT: Final = frozenset({"withdrawn", "stopped", "recalled", "handed_back"})


class _Plain(msgspec.Struct, frozen=True):
    """The fields of events that are looked at without folding them."""

    authority: str = ""
    stage: str = ""
    ending: str = ""
    field: str = ""


_plain: Final = msgspec.json.Decoder(_Plain)


class Lateness:
    """The projection ``lateness``; see ``store.projections.protocol``."""

    name: Final = "lateness"
    version: Final = 2
    tables: Final[tuple[sa.Table, ...]] = (tables.lateness_counts,)

    def __init__(self) -> None:
        """Rule sets are kept over batches: contents never change."""
        self._batch = OfTheBatch()
        self._rules = PinnedRules(self._batch)

    async def apply(self, connection: Connection, batch: Sequence[Positioned]) -> None:
        """Count a batch."""
        self._batch.begin(connection)
        records = [entry.record for entry in batch]
        judging = [record for record in records if _may_judge(record)]
        counted = [record for record in records if record.type in SIMPLE]
        origin = await origins(connection, {record.stream for record in (*judging, *counted)})
        found: Counter[Key] = Counter()
        for record in counted:
            found[_simple(record, origin.get(record.stream, ("", "")))] += 1
        for record, measure, detail, number in await self._judged(connection, judging):
            found[(measure.value, *origin.get(record.stream, ("", "")), detail)] += number
        await _add(connection, found)

    async def _judged(self, connection: Connection, judging: list[Record]) -> list[tuple[Record, Measure, str, int]]:
        """What the judgements of a batch add: each stream is folded once, up to its last judging event."""
        last: dict[Stream, int] = {record.stream: record.version for record in judging}
        wanted = {(record.stream, record.version) for record in judging}
        found = []
        before = NEW
        for record in await history(connection, last):
            if record.version == 1:
                before = NEW
            after = evolve(before, fact_of(record))
            if (record.stream, record.version) in wanted:
                found += [(record, *count) for count in await self._change(record, before, after)]
            before = after
        return found

    async def _change(self, record: Record, before: Dossier, after: Dossier) -> list[tuple[Measure, str, int]]:
        """What one event adds. A judgement that cannot be given is counted too, and holds up nothing else."""
        try:
            old, new = await self._judgement(record.stream, before), await self._judgement(record.stream, after)
        except (LookupError, Refusal) as error:
            LOG.exception(UNJUDGEABLE, stream=record.stream, version=record.version, error=str(error))
            return [(Measure.UNJUDGEABLE, "", 1)]
        return list(counts(old, new, part=after.origin is not None))

    async def _judgement(self, stream: Stream, state: Dossier) -> Judgement | None:
        if state.received_at is None or (state.ready_at is None and state.closed_at is None):
            return None
        return judgement(await self._rules.rules_of(stream, state), state)


def _may_judge(record: Record) -> bool:
    """Whether the event may give or change a judgement; a dossier that is closed after its result is judged already."""
    match record.type:
        case "result.issued":
            return True
        case "entry.corrected":
            return _plain.decode(record.data).field == "occurred_at"
        case "dossier.closed":
            return _plain.decode(record.data).ending in ENDED_WITHOUT_RESULT
        case _:
            return False


def _simple(record: Record, origin: tuple[str, str]) -> Key:
    """The key of an event that is counted as it stands. A stage is its own authority's, all else the deciding one's."""
    authority, field = origin
    measure, detail = SIMPLE[record.type], ""
    if measure is Measure.STAGE_OVERDUE:
        plain = _plain.decode(record.data)
        authority, detail = plain.authority, plain.stage
    elif measure is Measure.OVERDUE and "/" in record.stream:
        measure = Measure.PART_OVERDUE
    return measure.value, authority, field, detail


async def _add(connection: Connection, found: Counter[Key]) -> None:
    """Raise the counts; in order, so that whoever else might touch the rows would lock them in the same order."""
    keys = sorted(key for key, number in found.items() if number)
    if keys:
        columns = [list(column) for column in zip(*keys, strict=True)]
        await connection.execute(_ADD, (*columns, [found[key] for key in keys]))
