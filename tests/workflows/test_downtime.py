"""Days without any server: what fell due comes true once, at its own moment, and says how late it was noticed."""

from datetime import datetime

from temporalio.testing import WorkflowEnvironment

from domain.ids import Stream
from domain.record import Record
from runtime.embedded import binaries
from runtime.temporal import DATA_CONVERTER
from store.memory import MemoryJournal
from tests.domain.dossier.samples import rules
from tests.workflows.desk import Desk, desk

DIES = "2026-03-09T09:00+07:00"
BACK = "2026-03-12T09:00+07:00"
NOON = "2026-03-12T12:00+07:00"
MISSED = {
    "task.overdue": "2026-03-09T10:40+07:00",
    "apology.due": "2026-03-11T17:00+07:00",
}
KEPT = {"dossier.reminded": "2026-03-12T11:00+07:00"}


async def _server() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(binaries.temporal_test_server()), data_converter=DATA_CONVERTER
    )


async def test_three_days_without_a_server() -> None:
    """Temporal is lost with all it knew and begins empty three days later; the store is enough."""
    journal = MemoryJournal()
    async with await _server() as first, desk(first, journal, rules()) as before:
        await before.receive()
        await before.wait_until(DIES)
    known = {record.type for record in await journal.read(Stream("A"))}
    assert not known & (MISSED.keys() | KEPT.keys())

    async with await _server() as second:
        back = datetime.fromisoformat(BACK)
        after = Desk(second, journal, rules(), back - await second.get_current_time())
        async with after.worker():
            assert await after.dossiers.revive(Stream("A"))
            await after.settled(lambda glance: glance.next_moment == datetime.fromisoformat(KEPT["dossier.reminded"]))
            await after.wait_until(NOON)
            records = {record.type: record for record in await journal.read(Stream("A"))}
    for event, moment in MISSED.items():
        assert records[event].occurred_at == datetime.fromisoformat(moment)
        assert records[event].recorded_at >= back
    for event, moment in KEPT.items():
        assert records[event].occurred_at == datetime.fromisoformat(moment)
        assert _late(records[event]) < 60
    types = [record.type for record in await journal.read(Stream("A"))]
    assert all(types.count(event) == 1 for event in (*MISSED, *KEPT))


def _late(record: Record) -> float:
    return (record.recorded_at - record.occurred_at).total_seconds()
