"""Both sides of every hand-over agree; whatever else the store says of one, verify names it."""

import pytest

from domain.dossier import commands as c
from domain.ids import AuthorityId
from store.postgres import PostgresJournal
from store.verify import Reason, verify
from tests.store.folds import sample_fold
from tests.store.test_verify import tamper
from tests.support.databases import Database
from tests.support.lives import Lives
from tests.support.random_lives import LINKED

CODE, PART = "H29.12-260302-0001", "H29.12-260302-0001/L1"


@pytest.fixture
async def handed_over(journal: PostgresJournal, database: Database) -> Database:
    """One dossier whose part was handed back, handed over anew and answered; another whose part is under way."""
    lives = Lives(journal, LINKED)
    await lives.receive(CODE, "2026-03-02T08:10+07:00")
    await lives.do(CODE, "2026-03-02T09:00+07:00", c.CompleteTask("appraise"))
    await lives.do(PART, "2026-03-02T09:10+07:00", c.HandBackLink("not ours"))
    await lives.do(CODE, "2026-03-02T09:20+07:00", c.ReopenLink("L1", AuthorityId("S2"), "theirs"))
    for command in (c.AcknowledgeLink(), c.CompleteTask("appraise"), c.AnswerLink()):
        await lives.do(f"{PART}.2", "2026-03-02T10:00+07:00", command)
    await lives.receive("H29.12-260302-0002", "2026-03-02T10:10+07:00")
    await lives.do("H29.12-260302-0002", "2026-03-02T10:20+07:00", c.CompleteTask("appraise"))
    return database


async def _ledger(database: Database, code: str | None = None) -> list[tuple[str, Reason]]:
    found = [one async for one in verify(database.app_url, sample_fold, code=code)]
    return [(one.stream, one.reason) for one in found if one.reason in LEDGER]


LEDGER = {Reason.HAND_OVER_UNKNOWN, Reason.HAND_OVER_ELSEWHERE, Reason.HAND_OVER_DOUBLED, Reason.ANSWER_NEVER_GIVEN}
AGAIN = f"""
    INSERT INTO events SELECT (jsonb_populate_record(e, jsonb_build_object(
        'version', 99, 'ordinal', 99, 'event_id', gen_random_uuid()
    ))).* FROM events e WHERE stream = '{CODE}' AND type = 'link.answered'
"""
ANSWER = f"stream = '{CODE}' AND type = 'link.answered'"


async def test_a_sound_ledger_has_no_findings(handed_over: Database) -> None:
    """Handed back, handed over anew, answered, under way."""
    assert await _ledger(handed_over) == []
    assert await _ledger(handed_over, CODE) == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f"DELETE FROM events WHERE {ANSWER}", []),
        (
            f"DELETE FROM events WHERE stream = '{CODE}' AND type = 'link.opened' AND data ->> 'sequence' = '2'",
            [(f"{PART}.2", Reason.HAND_OVER_UNKNOWN)],
        ),
        (
            f"UPDATE events SET data = data || '{{\"authority\": \"S9\"}}' WHERE stream = '{PART}' AND version = 1",
            [(PART, Reason.HAND_OVER_ELSEWHERE)],
        ),
        (
            f"UPDATE events SET data = data || '{{\"sequence\": 2}}' WHERE stream = '{PART}' AND version = 1",
            [(PART, Reason.HAND_OVER_ELSEWHERE), (CODE, Reason.HAND_OVER_DOUBLED), (CODE, Reason.ANSWER_NEVER_GIVEN)],
        ),
        (
            f'UPDATE events SET data = data || \'{{"outcome": "disagreed"}}\' WHERE {ANSWER}',
            [(CODE, Reason.ANSWER_NEVER_GIVEN)],
        ),
        (
            f"DELETE FROM events WHERE stream = '{PART}' AND type = 'link.handed_back'",
            [(CODE, Reason.ANSWER_NEVER_GIVEN)],
        ),
        (AGAIN, [(CODE, Reason.HAND_OVER_DOUBLED)]),
    ],
)
async def test_what_cannot_be_right_is_named(
    handed_over: Database, statement: str, expected: list[tuple[str, Reason]]
) -> None:
    """In the whole store and in the dossier; an answer that has not arrived is no fault."""
    tamper(handed_over, statement)
    assert await _ledger(handed_over) == expected
    assert await _ledger(handed_over, CODE) == expected
    assert await _ledger(handed_over, "H29.12-260302-0002") == []
