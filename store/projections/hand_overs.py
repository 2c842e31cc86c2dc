"""What is outstanding between the two sides of each hand-over: its arrival, its acknowledgement, the answer's way back.

Rows come from one side's entry in the ledger and go with the other's. They are few, and say nothing of the past.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa

from domain.dossier.events import ACKNOWLEDGEMENT
from domain.ids import Stream
from domain.link import parent_of
from domain.record import Record
from store import tables
from store.database import Connection
from store.journal import Positioned
from store.projections.histories import origins

ENDS: Final = ("link.answered", "link.consented", "link.recalled", "link.handed_back")
ANSWERS: Final = ("link.answered", "link.handed_back")


class Missing(StrEnum):
    """What one side waits for: that the part begins, that it is acknowledged, that its answer is heard."""

    ARRIVAL = "arrival"
    ACKNOWLEDGEMENT = "acknowledgement"
    HEARING = "hearing"


class Key(NamedTuple):
    """One thing that is missing of one hand-over of the stream that handed over."""

    stream: str
    link: str
    sequence: int
    missing: Missing


class Row(NamedTuple):
    """The linked authority, the field, since when it is missing, and whether that was told to be too long."""

    authority: str
    field: str
    since: datetime
    overdue: bool = False


_LATE: Final = b"""
    UPDATE hand_overs SET overdue = true FROM unnest(%s::text[], %s::text[]) AS late (stream, link)
    WHERE (hand_overs.stream, hand_overs.link) = (late.stream, late.link) AND missing = 'acknowledgement'
"""
_DELETE: Final = b"""
    DELETE FROM hand_overs USING unnest(%s::text[], %s::text[], %s::int[], %s::text[])
        AS gone (stream, link, sequence, missing)
    WHERE (hand_overs.stream, hand_overs.link, hand_overs.sequence, hand_overs.missing)
        = (gone.stream, gone.link, gone.sequence, gone.missing)
"""
# An answer that comes after its parent has gone on, agreed to the silence for example, is waited for by nobody.
_INSERT: Final = b"""
    INSERT INTO hand_overs (stream, link, sequence, missing, authority, field, since, overdue)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
        %s::boolean[]) AS known (stream, link, sequence, missing)
    WHERE missing <> 'hearing' OR NOT EXISTS (
        SELECT FROM events WHERE events.stream = known.stream AND type = ANY (%s)
        AND data ->> 'link' = known.link AND (data ->> 'sequence')::int = known.sequence
    )
    ON CONFLICT (stream, link, sequence, missing) DO NOTHING
"""


class _Plain(msgspec.Struct, frozen=True):
    """The fields of events that are looked at without folding them."""

    link: str = ""
    sequence: int = 0
    to: str = ""
    parent: str = ""
    what: str = ""


_plain: Final = msgspec.json.Decoder(_Plain)


class HandOvers:
    """The projection ``hand_overs``; see ``store.projections.protocol``."""

    name: Final = "hand_overs"
    version: Final = 1
    tables: Final[tuple[sa.Table, ...]] = (tables.hand_overs,)

    async def apply(self, connection: Connection, batch: Sequence[Positioned]) -> None:
        """Note what a batch leaves missing, and forget what it brings."""
        records = [one.record for one in batch if one.record.type.startswith("link.")]
        if not records:
            return
        changes = _Changes(await origins(connection, {record.stream for record in records}))
        for record in records:
            changes.add(record, _plain.decode(record.data))
        if changes.late:
            await connection.execute(_LATE, _columns(sorted(changes.late)))
        gone = sorted(key for key, row in changes.rows.items() if row is None)
        if gone:
            await connection.execute(_DELETE, _columns(gone))
        found = [(*key, *row) for key, row in sorted(changes.rows.items()) if row is not None]
        if found:
            await connection.execute(_INSERT, [*_columns(found), list(ENDS)])


class _Changes:
    """What a batch does to the rows: the last word on each (none: it is gone), and which acknowledgements are late."""

    def __init__(self, known: Mapping[Stream, tuple[str, str]]) -> None:
        self.rows: dict[Key, Row | None] = {}
        self.late: set[tuple[str, str]] = set()
        self._known = known

    def add(self, record: Record, event: _Plain) -> None:
        """Take the next entry of a ledger, whichever side's."""
        stream, link, sequence = record.stream, event.link, event.sequence
        authority, field = self._known.get(stream, ("", ""))
        above = parent_of(stream, link)
        if record.type == "link.opened":
            for missing in (Missing.ARRIVAL, Missing.ACKNOWLEDGEMENT):
                self.rows[Key(stream, link, sequence, missing)] = Row(event.to, field, record.recorded_at)
        elif record.type == "link.received":
            self.rows[Key(event.parent, link, sequence, Missing.ARRIVAL)] = None
        elif above is not None:
            if record.type in ANSWERS:
                row = Row(authority, field, record.recorded_at)
                self.rows[Key(above, link, sequence, Missing.HEARING)] = row
        elif record.type == "link.overdue":
            if event.what == ACKNOWLEDGEMENT:
                self._overdue(stream, link)
        elif record.type == "link.acknowledged":
            self._heard(stream, link, sequence, (Missing.ARRIVAL, Missing.ACKNOWLEDGEMENT))
        elif record.type in ENDS:
            self._heard(stream, link, sequence, Missing)

    def _heard(self, stream: str, link: str, sequence: int, brought: Iterable[Missing]) -> None:
        """The stream that handed over has it: an acknowledgement says nothing of an answer on its way behind it."""
        for missing in brought:
            self.rows[Key(stream, link, sequence, missing)] = None

    def _overdue(self, stream: str, link: str) -> None:
        """Of all hand-overs of a link one is open; it may be this batch's."""
        for key, row in self.rows.items():
            if row is not None and (key.stream, key.link, key.missing) == (stream, link, Missing.ACKNOWLEDGEMENT):
                self.rows[key] = row._replace(overdue=True)
                return
        self.late.add((stream, link))


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
