"""Whatever is tampered with in the store, verify names the stream, the version and the reason."""

from collections.abc import Sequence

import psycopg
import pytest

from domain.dossier.view import DossierView
from domain.ids import Stream
from domain.record import Record
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.projections.projector import Projector
from store.sequencer import Sequencer
from store.verify import Reason, total, verify
from tests.store.folds import sample_fold
from tests.store.placing import place_all
from tests.store.samples import an_append
from tests.support.databases import Database

CODE = "H29.12-260302-0002"


@pytest.fixture
async def filled(database: Database, pool: Pool, journal: PostgresJournal) -> Database:
    """Three dossiers and a part, of two commands and three events each, placed and projected."""
    for code in ("H29.12-260302-0001", CODE, f"{CODE}/L1", "H29.12-260302-00021"):
        first = await journal.append(an_append(code, "c1", events=2))
        await journal.append(an_append(code, "c2", after=first.records))
    await place_all(Sequencer(pool))
    await Projector(pool).catch_up()
    return database


async def findings(database: Database, code: str | None = None) -> list[tuple[str, int | None, Reason]]:
    """What verify finds, as the application's role."""
    found = [finding async for finding in verify(database.app_url, sample_fold, code=code)]
    assert all(finding.message for finding in found)
    return [(finding.stream, finding.version, finding.reason) for finding in found]


def tamper(database: Database, *statements: str) -> None:
    """Change rows as the owner who means to."""
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("SET motcua.rewrite_events = on")
        for statement in statements:
            owner.execute(statement.encode())


async def test_sound_store_has_no_findings(filled: Database) -> None:
    """Neither as a whole nor dossier by dossier."""
    assert await findings(filled) == []
    assert await findings(filled, CODE) == []
    assert await total(filled.app_url) == 12
    assert await total(filled.app_url, CODE) == 6


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f"UPDATE events SET actor = 'hoa' WHERE stream = '{CODE}' AND version = 2", (CODE, 2, Reason.WRONG_HASH)),
        (
            f"""UPDATE events SET data = '{{"number": 9}}' WHERE stream = '{CODE}' AND version = 3""",
            (CODE, 3, Reason.WRONG_HASH),
        ),
        (
            f"UPDATE events SET occurred_at = '2026-01-01Z' WHERE stream = '{CODE}/L1' AND version = 1",
            (f"{CODE}/L1", 1, Reason.WRONG_HASH),
        ),
        (f"DELETE FROM events WHERE stream = '{CODE}' AND version = 2", (CODE, 3, Reason.VERSION_GAP)),
        (f"DELETE FROM events WHERE stream = '{CODE}' AND version = 1", (CODE, 2, Reason.ORDINAL_GAP)),
        (f"DELETE FROM events WHERE stream = '{CODE}' AND version = 3", (CODE, 2, Reason.WRONG_HEAD)),
        (f"DELETE FROM streams WHERE stream = '{CODE}'", (CODE, 3, Reason.WRONG_HEAD)),
        (f"UPDATE events SET prev_hash = hash WHERE stream = '{CODE}' AND version = 3", (CODE, 3, Reason.BROKEN_CHAIN)),
        (f"DELETE FROM dossiers WHERE stream = '{CODE}'", (CODE, 3, Reason.READ_MODEL_MISSING)),
        (f"UPDATE dossiers SET waiting = 'citizen' WHERE stream = '{CODE}'", (CODE, 3, Reason.READ_MODEL_DIFFERS)),
        (f"UPDATE tasks SET due = NULL WHERE stream = '{CODE}'", (CODE, 3, Reason.READ_MODEL_DIFFERS)),
        (f"DELETE FROM tasks WHERE stream = '{CODE}'", (CODE, 3, Reason.READ_MODEL_DIFFERS)),
        (
            f"UPDATE tasks SET stream = '{CODE}/L9' WHERE stream = '{CODE}'",
            (f"{CODE}/L9", None, Reason.READ_MODEL_WITHOUT_EVENTS),
        ),
        (
            f"UPDATE dossiers SET stream = '{CODE}/L9' WHERE stream = '{CODE}'",
            (f"{CODE}/L9", None, Reason.READ_MODEL_WITHOUT_EVENTS),
        ),
    ],
)
async def test_each_fault_of_a_dossier_is_named(
    filled: Database, statement: str, expected: tuple[str, int | None, Reason]
) -> None:
    """A fault is found in the whole store and in the dossier concerned, and no other dossier is blamed."""
    tamper(filled, statement)
    assert expected in await findings(filled)
    found = await findings(filled, CODE)
    assert expected in found
    assert {stream for stream, _, _ in found} <= {CODE, f"{CODE}/L1", f"{CODE}/L9"}
    assert await findings(filled, "H29.12-260302-0001") == []


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (["DELETE FROM event_positions WHERE position = 5"], Reason.POSITION_GAP),
        (["DELETE FROM event_positions WHERE position = 12"], Reason.POSITION_GAP),
        (["UPDATE sequencer_state SET position = 13"], Reason.POSITION_GAP),
        (["DELETE FROM event_positions WHERE position = 5"], Reason.EVENT_WITHOUT_POSITION),
        (["UPDATE event_positions SET version = 77 WHERE position = 5"], Reason.POSITION_WITHOUT_EVENT),
        (
            [
                "UPDATE event_positions SET version = version + 100",
                "UPDATE event_positions SET version = 104 - version",
            ],
            Reason.STREAM_OUT_OF_ORDER,
        ),
        (["UPDATE activity SET count = count + 1"], Reason.PROJECTION_DIFFERS),
        (["DELETE FROM activity"], Reason.PROJECTION_DIFFERS),
        (["INSERT INTO activity VALUES ('X9', '2026-01-01', 'x', 1)"], Reason.PROJECTION_DIFFERS),
        (["UPDATE projections SET version = 0"], Reason.PROJECTION_OUTDATED),
    ],
)
async def test_each_fault_of_the_order_is_named(filled: Database, statements: list[str], reason: Reason) -> None:
    """Holes, strangers and reversals in the global order, and projections that are not their rebuild."""
    tamper(filled, *statements)
    assert reason in {found for _, _, found in await findings(filled)}


async def test_events_that_do_not_fold_are_a_finding(filled: Database) -> None:
    """An error of the domain's fold is reported, and the other streams are still looked at."""

    async def failing(records: Sequence[Record]) -> DossierView:
        if records[0].stream == CODE:
            raise KeyError("dossier.unheard_of")
        return await sample_fold(records)

    tamper(filled, "UPDATE dossiers SET waiting = 'post' WHERE stream = 'H29.12-260302-0001'")
    found = [finding async for finding in verify(filled.url, failing)]
    assert {(each.stream, each.reason) for each in found} == {
        (CODE, Reason.FOLD_FAILED),
        (Stream("H29.12-260302-0001"), Reason.READ_MODEL_DIFFERS),
    }


async def test_events_that_are_not_placed_yet_are_no_fault(filled: Database, journal: PostgresJournal) -> None:
    """What the sequencer has not come to is late, not wrong."""
    await journal.append(an_append("H29.12-260302-0009"))
    assert await findings(filled) == []
