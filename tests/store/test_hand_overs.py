"""What is outstanding between the two sides of a hand-over, as the entries of both ledgers come in."""

from datetime import datetime
from typing import Any

import pytest

from domain.dossier import commands as c
from domain.ids import Stream
from domain.link import parent_of
from domain.procedure import Silence
from store.database import Connection
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.projections.hand_overs import HandOvers
from store.projections.projector import Projector
from store.sequencer import Sequencer
from tests.domain.dossier.samples import FOUR_STEPS, S1, link, rules
from tests.support.lives import Lives
from tests.support.references import keep

LINKED = rules(*FOUR_STEPS[:2], link("L1"), *FOUR_STEPS[2:], field="đất đai")
CONSENTING = rules(*FOUR_STEPS[:2], link("L1", silence=Silence.CONSENT), *FOUR_STEPS[2:], field="đất đai", id="P2")
PART = "A/L1"
HANDED_OVER = datetime.fromisoformat("2026-03-03T09:00+07:00")


@pytest.fixture
async def lives(pool: Pool, journal: PostgresJournal) -> Lives:
    """Dossiers whose rules are kept."""
    await keep(pool, LINKED)
    await keep(pool, CONSENTING)
    return Lives(journal, LINKED)


async def missing(pool: Pool, batch: int = 1000) -> dict[str, tuple[Any, ...]]:
    """Project all events in batches; by what is missing, the rest of the row."""

    async def read(connection: Connection) -> list[tuple[Any, ...]]:
        query = "SELECT missing, stream, link, sequence, authority, field, since, overdue FROM hand_overs"
        return await (await connection.execute(query)).fetchall()

    while await Sequencer(pool).step():
        pass
    await Projector(pool, (HandOvers(),), batch=batch).catch_up()
    return {row[0]: row[1:] for row in await pool.run(read)}


async def _hand_over(lives: Lives) -> None:
    await lives.receive("A", "2026-03-02T08:10+07:00")
    await lives.do("A", HANDED_OVER.isoformat(), c.CompleteTask("appraise"))


@pytest.mark.parametrize("batch", [1, 1000])
async def test_a_hand_over_is_missed_until_it_is_there_and_confirmed(lives: Lives, pool: Pool, batch: int) -> None:
    """Under the linked authority, from the moment at which it was written down."""
    lives.away.add(PART)
    await _hand_over(lives)
    row = ("A", "L1", 1, S1, "đất đai", HANDED_OVER, False)
    assert await missing(pool, batch) == {"arrival": row, "acknowledgement": row}
    await lives.wait("2026-03-03T11:01+07:00")
    assert await missing(pool, batch) == {"arrival": row, "acknowledgement": (*row[:-1], True)}
    await lives.do(PART, "2026-03-03T13:40+07:00", c.AcknowledgeLink())
    assert await missing(pool, batch) == {}


async def test_what_has_begun_is_not_missed(lives: Lives, pool: Pool) -> None:
    """Its acknowledgement is."""
    await _hand_over(lives)
    assert list(await missing(pool)) == ["acknowledgement"]


@pytest.mark.parametrize("batch", [1, 1000])
async def test_an_answer_is_missed_until_it_is_heard(lives: Lives, pool: Pool, batch: int) -> None:
    """Whatever it is, an answer or the part itself."""
    await _hand_over(lives)
    await lives.do(PART, "2026-03-03T10:00+07:00", c.AcknowledgeLink())
    lives.away.add("A")
    await lives.do(PART, "2026-03-03T11:00+07:00", c.HandBackLink("…"))
    told = datetime.fromisoformat("2026-03-03T11:00+07:00")
    assert await missing(pool, batch) == {"hearing": ("A", "L1", 1, S1, "đất đai", told, False)}


@pytest.mark.parametrize("batch", [1, 1000])
async def test_an_acknowledgement_that_comes_behind_says_nothing_of_the_answer(
    lives: Lives, pool: Pool, batch: int
) -> None:
    """Both were on their way, and the way was cut between them."""
    await _hand_over(lives)
    lives.away.add("A")
    await lives.do(PART, "2026-03-03T10:00+07:00", c.AcknowledgeLink())
    await lives.do(PART, "2026-03-03T11:00+07:00", c.HandBackLink("…"))
    assert sorted(await missing(pool, batch)) == ["acknowledgement", "hearing"]
    await lives.catch_up(1)
    assert list(await missing(pool, batch)) == ["hearing"]
    await lives.catch_up(1)
    assert await missing(pool, batch) == {}


@pytest.mark.parametrize("batch", [1, 1000])
async def test_a_part_of_its_own_is_another_ledger(lives: Lives, pool: Pool, batch: int) -> None:
    """All is heard: nothing is left, however the entries come in."""
    await _hand_over(lives)
    await lives.do(PART, "2026-03-03T11:00+07:00", c.HandBackLink("…"))
    await lives.do("A", "2026-03-03T11:30+07:00", c.ReopenLink("L1", None, "…"))
    found = await missing(pool, batch)
    assert {key: row[:3] for key, row in found.items()} == {"acknowledgement": ("A", "L1", 2)}
    await lives.do("A/L1.2", "2026-03-03T14:00+07:00", c.AcknowledgeLink())
    await lives.do("A/L1.2", "2026-03-03T15:00+07:00", c.CompleteTask("appraise"))
    await lives.do("A/L1.2", "2026-03-03T15:00+07:00", c.AnswerLink())
    assert await missing(pool, batch) == {}


@pytest.mark.parametrize("batch", [1, 1000])
async def test_an_answer_after_silence_was_consent_is_missed_by_nobody(lives: Lives, pool: Pool, batch: int) -> None:
    """Its parent has gone on and refuses it."""
    await lives.receive("A", "2026-03-02T08:10+07:00", rules=CONSENTING)
    await lives.do("A", HANDED_OVER.isoformat(), c.CompleteTask("appraise"))
    await lives.do(PART, "2026-03-03T09:30+07:00", c.AcknowledgeLink())
    await lives.do(PART, "2026-03-03T10:00+07:00", c.CompleteTask("appraise"))
    await lives.wait("2026-03-20T10:00+07:00")
    await lives.do(PART, "2026-03-20T11:00+07:00", c.AnswerLink())
    assert await missing(pool, batch) == {}


def test_whose_part_a_stream_is() -> None:
    """By its name, which counts attempts; a link of its own is not what it came from."""
    assert parent_of(Stream("A/L1"), "L1") == "A"
    assert parent_of(Stream("A/L1.2"), "L1") == "A"
    assert parent_of(Stream("A/L1/L2.12"), "L2") == "A/L1"
    assert parent_of(Stream("A/L1"), "L2") is None
    assert parent_of(Stream("A"), "L1") is None
