"""What a supervisor is pointed at follows from the events, can be drilled down to them, and is the house's choice."""

from datetime import datetime
from typing import Any

import msgspec
import psycopg
import pytest

from catalogue.loading import load_catalogue
from domain.dossier import commands as c
from domain.ids import AuthorityId
from domain.procedure import StageKind
from domain.supervision import Burst, Least, Supervision
from store.database import Connection
from store.database import Database as Pool
from store.folding import PinnedFold
from store.postgres import PostgresJournal
from store.projections.completions import Completions
from store.projections.projector import Projector
from store.projections.rebuild import rebuild
from store.row_security import Reader
from store.rules_source import PinnedRules
from store.sequencer import Sequencer
from store.supervision import AgeRow, BurstRow, Seen, Supervising, SwiftRow
from store.verify import verify
from tests.store.placing import place_all
from tests.support.databases import Database
from tests.support.lives import Lives
from tests.support.random_lives import LINKED, REVISED, RULES, random_lives, seeded
from tests.support.references import keep

HERE = AuthorityId("X1")
READER = Reader(HERE)
CHOICES = Supervision(
    source="this test",
    days=30,
    ages=(1, 5),
    least={StageKind.APPRAISE: Least(10, 3), StageKind.APPROVE: Least(5, 0)},
    burst=Burst(more_than=2, within_minutes=5, stages=(StageKind.APPROVE,)),
)


@pytest.fixture
async def lives(pool: Pool, journal: PostgresJournal) -> Lives:
    """No dossier yet; whatever they pin is kept."""
    await keep(pool, RULES, REVISED)
    await keep(pool, LINKED)
    return Lives(journal, RULES)


async def project(pool: Pool, batch: int = 1000) -> list[tuple[Any, ...]]:
    """Place all events, let the projection catch up in batches, and return its rows."""
    await place_all(Sequencer(pool))
    await Projector(pool, (Completions(),), batch=batch).catch_up()
    return await rows(pool)


async def rows(pool: Pool) -> list[tuple[Any, ...]]:
    """The projection's rows."""

    async def work(connection: Connection) -> list[tuple[Any, ...]]:
        return await (await connection.execute("SELECT * FROM completions ORDER BY stream, version")).fetchall()

    return await pool.run(work)


def seen(choices: Supervision = CHOICES, since: str = "2026-03-01T00:00+07:00") -> Seen:
    """What the supervisor of HERE looks back at."""
    return Seen(HERE, datetime.fromisoformat(since), choices)


async def test_time_is_counted_in_working_minutes_from_opening_and_from_claiming(lives: Lives, pool: Pool) -> None:
    """Over a week-end little time passes; who claims late has held it for as short; who releases holds nothing."""
    await lives.receive("A", "2026-03-06T16:50+07:00")
    await lives.do("A", "2026-03-06T16:55+07:00", c.ClaimTask("appraise"))
    await lives.do("A", "2026-03-09T07:35+07:00", c.CompleteTask("appraise"))
    await lives.do("A", "2026-03-09T07:36+07:00", c.ClaimTask("approve"))
    await lives.do("A", "2026-03-09T07:37+07:00", c.ReleaseTask("approve"))
    await lives.do("A", "2026-03-10T08:00+07:00", c.CompleteTask("approve"))
    found = {row[4]: row for row in await project(pool)}
    assert found["appraise"][8:] == (15, 10)
    assert found["approve"][6] is None
    assert found["approve"][9] is None
    assert found["approve"][8] > 8 * 60 - 60


async def test_too_swift_is_below_the_house_s_limits_and_shows_the_dossiers(lives: Lives, pool: Pool) -> None:
    """Both limits count, each by itself; what is at the limit is not too swift; other stages are not judged."""
    for stream, done in (("quick", "08:19"), ("limit", "08:20"), ("slow", "09:20")):
        await lives.receive(stream, "2026-03-02T08:10+07:00")
        await lives.do(stream, f"2026-03-02T{done}+07:00", c.CompleteTask("appraise"), by="chi")
    await lives.receive("held", "2026-03-02T09:30+07:00")
    await lives.do("held", "2026-03-02T10:30+07:00", c.ClaimTask("appraise"), by="chi")
    await lives.do("held", "2026-03-02T10:32+07:00", c.CompleteTask("appraise"), by="chi")
    await project(pool)
    store = Supervising(pool, READER)
    assert await store.swift(seen()) == [SwiftRow("chi", "appraise", 4, 2)]
    assert [row.stream for row in await store.swift_ones(seen(), "chi", "appraise")] == ["held", "quick"]
    assert await store.swift(seen(since="2026-03-03T00:00+07:00")) == []
    lenient = msgspec.structs.replace(CHOICES, least={StageKind.APPRAISE: Least(1, 1)})
    assert await store.swift(seen(lenient)) == []
    assert await store.swift(Seen(AuthorityId("elsewhere"), seen().since, CHOICES)) == []


async def test_a_pile_is_more_than_so_many_within_so_many_minutes(lives: Lives, pool: Pool) -> None:
    """Three within five minutes are one pile, also when windows overlap; three within six are none."""
    moments = {"a": "09:00", "b": "09:03", "c": "09:05", "d": "09:08", "e": "10:00", "f": "10:03", "g": "10:06"}
    for stream in (*moments, "x"):
        await lives.receive(stream, "2026-03-02T08:10+07:00")
    for stream in (*moments, "x"):
        await lives.do(stream, "2026-03-02T08:55+07:00", c.CompleteTask("appraise"), by="chi")
    for stream, at in sorted({**moments, "x": "10:04"}.items(), key=lambda one: one[1]):
        await lives.do(stream, f"2026-03-02T{at}+07:00", c.CompleteTask("approve"), by="tu" if stream == "x" else "chi")
    await project(pool)
    store = Supervising(pool, READER)
    (pile,) = await store.bursts(seen())
    first, last = (datetime.fromisoformat(f"2026-03-02T{at}+07:00") for at in ("09:00", "09:08"))
    assert pile == BurstRow("chi", first, last, 4)
    ones = await store.burst_ones(seen(), pile.officer, pile.since, pile.until)
    assert [row.stream for row in ones] == ["d", "c", "b", "a"]


async def test_load_is_told_by_officer_stage_authority_and_age(lives: Lives, pool: Pool) -> None:
    """What is open, how much of it is late, since when, and what of it lies elsewhere."""
    for stream, at in (("old", "2026-03-02T08:10+07:00"), ("new", "2026-03-09T08:10+07:00")):
        await lives.receive(stream, at)
    await lives.receive("linked", "2026-03-09T08:20+07:00", rules=LINKED)
    await lives.do("linked", "2026-03-09T09:00+07:00", c.CompleteTask("appraise"))
    await lives.do("linked/L1", "2026-03-09T09:00+07:00", c.AcknowledgeLink())
    await lives.do("new", "2026-03-09T09:00+07:00", c.ClaimTask("appraise"), by="chi")
    await lives.wait("2026-03-09T17:30+07:00")
    now = datetime.fromisoformat("2026-03-09T17:30+07:00")
    store = Supervising(pool, READER)
    load = {(row.officer, row.stage): (row.tasks, row.late) for row in await store.load(HERE, now)}
    assert load == {(None, "appraise"): (1, 1), ("chi", "appraise"): (1, 0)}
    assert await store.ages(HERE, (1, 5), now) == [AgeRow(0, 1, 0), AgeRow(1, 0, 0), AgeRow(2, 1, 1)]
    assert [row.stream for row in await store.oldest(HERE)] == ["old", "new"]
    (share,) = await store.shares(HERE, now)
    assert (share.authority != HERE, share.tasks) == (True, 1)
    assert {row.authority: row.tasks for row in await store.places(now)} == {HERE: 2, share.authority: 1}


async def test_live_rebuilt_and_verified_are_the_same(lives: Lives, pool: Pool, database: Database) -> None:
    """Over random lives with linked parts, corrections and a revised calendar."""
    await random_lives(lives, seeded(7), 40)
    live = await project(pool, batch=7)
    assert len(live) > 40
    assert all(row[8] is not None for row in live)
    await rebuild(database.url, Completions())
    assert await rows(pool) == live
    fold = PinnedFold(PinnedRules(pool))
    assert [finding async for finding in verify(database.app_url, fold, projections=(Completions(),))] == []


async def test_the_questions_are_answered_from_indexes(database: Database) -> None:
    """Neither the completions nor the oldest tasks of one authority are found by reading everybody's."""
    with psycopg.connect(database.app_url) as connection:
        connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        for table, column in (("completions", "recorded_at"), ("tasks", "opened_at")):
            statement = f"EXPLAIN SELECT * FROM {table} WHERE authority = 'X1' ORDER BY {column} LIMIT 10"
            plan = "\n".join(str(row[0]) for row in connection.execute(statement))
            assert f"ix_{table}_authority_{column}" in plan
            assert "Sort" not in plan


@pytest.mark.parametrize("ages", ["[]", "[3, 1]", "[0, 1]"])
def test_choices_that_make_no_sense_are_refused(ages: str) -> None:
    """The shipped ones are sound; age groups must rise."""
    shipped = load_catalogue().supervision
    text = msgspec.json.encode(shipped).decode()
    wrong = text.replace(msgspec.json.encode(shipped.ages).decode(), ages)
    assert wrong != text
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wrong, type=Supervision)
