"""Old events are read in the present shape, and stay as they were stored."""

import msgspec

from domain.record import Outcome
from store.codec.upcasts import Json, Upcasts, upcast
from store.database import Database as Pool
from store.hashing import verifies
from store.memory import MemoryJournal
from store.postgres import PostgresJournal
from tests.store.samples import a_record, an_append


def renamed(data: Json) -> Json:
    """Version 2 calls the note a remark."""
    return {("remark" if name == "note" else name): value for name, value in data.items()}


def counted(data: Json) -> Json:
    """Version 3 counts from zero."""
    return data | {"number": data["number"] - 1}


UPCASTS: Upcasts = {("task.completed", 1): renamed, ("task.completed", 2): counted}


def test_applies_one_after_another() -> None:
    """An event of version 1 goes through every version to the newest; others are left alone."""
    record = a_record()
    newest = upcast(record, UPCASTS)
    assert newest.schema_version == 3
    assert msgspec.json.decode(newest.data)["number"] == 0
    assert "remark" in msgspec.json.decode(newest.data)
    assert upcast(record, {("task.opened", 1): renamed}) == record
    middle = upcast(msgspec.structs.replace(record, schema_version=2), UPCASTS)
    assert "note" in msgspec.json.decode(middle.data)


async def test_every_reading_upcasts(pool: Pool) -> None:
    """Reads, repeats, conflicts and the global order all give the newest shape, with the stored hash."""
    memory = MemoryJournal(UPCASTS)
    postgres = PostgresJournal(pool, UPCASTS)
    for journal in (memory, postgres):
        stored = (await journal.append(an_append())).records
        assert verifies(stored[0])
        expected = [upcast(record, UPCASTS) for record in stored]
        assert await journal.read(stored[0].stream) == expected
        assert await journal.read_command(stored[0].stream, stored[0].command_id) == expected
        repeated = await journal.append(an_append())
        assert (repeated.outcome, list(repeated.records)) == (Outcome.REPEATED, expected)
        conflict = await journal.append(an_append(command="c2"))
        assert (conflict.outcome, list(conflict.records)) == (Outcome.CONFLICT, expected)
        assert expected[0].hash == stored[0].hash
    assert [row.record.schema_version for row in await memory.read_all()] == [3]
