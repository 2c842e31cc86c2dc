"""Lateness is counted from events: each thing once, whatever is killed, repeated or built anew."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from domain.attribution import cause
from domain.dossier import commands as c
from domain.dossier.clocks import committed_due
from domain.dossier.codec import fact_of
from domain.dossier.evolve import evolve
from domain.dossier.state import NEW, Dossier
from domain.dossier.summary import timeliness, timeliness_as_recorded
from domain.dossier.view import Timeliness
from domain.ids import OfficerId
from domain.lateness import BUCKETS
from domain.record import Record
from store.database import Connection
from store.database import Database as Pool
from store.errors import StoreUnavailable
from store.folding import PinnedFold
from store.journal import Positioned
from store.postgres import PostgresJournal
from store.projections.lateness import Lateness
from store.projections.projector import Projector
from store.projections.rebuild import rebuild
from store.rules_source import PinnedRules
from store.sequencer import Sequencer
from store.verify import verify
from tests.support.databases import Database
from tests.support.lives import Lives
from tests.support.random_lives import LINKED, REVISED, RULES, random_lives, rules_of, seeded
from tests.support.references import keep

Counts = dict[tuple[str, str, str, str], int]


@pytest.fixture
async def lives(pool: Pool, journal: PostgresJournal) -> Lives:
    """No dossier yet; whatever they pin is kept."""
    await keep(pool, RULES, REVISED)
    await keep(pool, LINKED)
    return Lives(journal, RULES)


async def project(pool: Pool, batch: int = 1000) -> Counts:
    """Place all events, let the projection catch up in batches, and return its counts."""
    while await Sequencer(pool).step():
        pass
    projector = Projector(pool, (Lateness(),), batch=batch)
    await projector.catch_up()
    return await counted(pool)


async def counted(pool: Pool) -> Counts:
    """The counts as they stand."""

    async def work(connection: Connection) -> list[tuple[Any, ...]]:
        return await (await connection.execute("TABLE lateness_counts")).fetchall()

    return {row[:4]: row[4] for row in await pool.run(work)}


def of(counts: Counts, measure: str, authority: str = "X1") -> dict[str, int]:
    """One measure of one authority by its detail."""
    return {detail: n for (name, who, _, detail), n in counts.items() if (name, who) == (measure, authority)}


async def test_counts_each_judgement_once(lives: Lives, pool: Pool) -> None:
    """Early, on time, late; the stages and dossiers overdue on the way; the lateness in working hours."""
    for stream in ("early", "on-time", "late"):
        await lives.receive(stream, "2026-03-02T08:10+07:00")
    await lives.finish("early", "2026-03-05T09:00+07:00")
    await lives.finish("on-time", "2026-03-12T17:00+07:00")
    await lives.finish("late", "2026-03-16T09:00+07:00")
    counts = await project(pool)
    assert {key[2] for key in counts} == {"hộ tịch"}
    assert of(counts, "received") == {"": 3}
    assert of(counts, "resolved") == {"early": 1, "on_time": 1, "late": 1}
    assert of(counts, "overdue") == {"": 1}
    assert of(counts, "stage_overdue") == {"appraise": 2}
    assert of(counts, "late_without_apology") == {"": 1}
    # From Thursday 17:00: Friday's seven and a half hours, and one and a half of Monday.
    assert of(counts, "lateness_minutes") == {"": 9 * 60}
    assert of(counts, "lateness") == {"16": 1}
    assert of(counts, "keyed_late") == of(counts, "late_with_apology") == of(counts, "rejudged_to") == {}


async def test_keeps_apologies_apart(lives: Lives, pool: Pool) -> None:
    """Late although form 04 set a new date, in time for that date only, and late without a word: three things."""
    for stream in ("silent", "kept", "missed"):
        await lives.receive(stream, "2026-03-02T08:10+07:00")
    for stream in ("kept", "missed"):
        due = datetime.fromisoformat("2026-03-17T17:00+07:00")
        await lives.do(stream, "2026-03-11T09:00+07:00", c.Extend(due, "chờ đo đạc"))
    for stream in ("silent", "kept"):
        await lives.finish(stream, "2026-03-16T09:00+07:00")
    await lives.finish("missed", "2026-03-18T09:00+07:00")
    counts = await project(pool)
    assert of(counts, "extended") == {"": 2}
    assert of(counts, "resolved") == {"early": 1, "late": 2}
    assert of(counts, "late_without_apology") == of(counts, "late_with_apology") == {"": 1}
    assert of(counts, "past_first_appointment") == {"": 1}


async def test_keyed_late_is_not_late(lives: Lives, pool: Pool) -> None:
    """A result that was ready in time and recorded after the due moment: in time, and counted as keyed late."""
    await lives.receive("A", "2026-03-02T08:10+07:00")
    await lives.finish("A", "2026-03-16T09:00+07:00", occurred_at="2026-03-12T16:00+07:00")
    counts = await project(pool)
    assert of(counts, "resolved") == {"on_time": 1}
    assert of(counts, "keyed_late") == {"": 1}
    assert of(counts, "lateness") == {}


async def test_a_correction_takes_nothing_back(lives: Lives, pool: Pool) -> None:
    """The judgement that was given stays counted; that it was wrong is counted beside it, as is a date keyed late."""
    await lives.receive("A", "2026-03-02T08:10+07:00")
    await lives.finish("A", "2026-03-16T09:00+07:00")
    assert of(await project(pool), "resolved") == {"late": 1}
    for value in ("2026-03-12T16:00+07:00", "2026-03-12T15:00+07:00"):
        correction = c.Correct("result.issued", "occurred_at", value, "nhập sai ngày", OfficerId("chi"))
        await lives.do("A", "2026-03-17T09:00+07:00", correction)
    counts = await project(pool)
    assert of(counts, "resolved") == {"late": 1}
    assert (of(counts, "rejudged_from"), of(counts, "rejudged_to")) == ({"late": 1}, {"on_time": 1})
    assert of(counts, "keyed_late") == {"": 1}
    assert of(counts, "lateness") == {"16": 1}


async def test_ends_without_a_result_are_judged_too(lives: Lives, pool: Pool) -> None:
    """Withdrawn, and stopped because the supplement never came; refused at the desk was never received."""
    await lives.receive("A", "2026-03-02T08:10+07:00")
    await lives.receive("B", "2026-03-02T08:10+07:00")
    await lives.do("C", "2026-03-02T08:10+07:00", c.Refuse("không thuộc thẩm quyền"))
    await lives.do("B", "2026-03-03T09:00+07:00", c.RequestSupplement("thiếu bản sao"))
    await lives.do("A", "2026-03-04T09:00+07:00", c.Withdraw())
    await lives.wait("2026-04-30T00:00+07:00")
    counts = await project(pool)
    assert of(counts, "received") == {"": 2}
    assert of(counts, "resolved") == {"early": 2}
    assert (of(counts, "supplement_requested"), of(counts, "supplement_expired")) == ({"": 1}, {"": 1})


async def test_a_linked_part_is_its_authoritys_own_work(lives: Lives, pool: Pool) -> None:
    """The root is received once; the part is counted apart, under its authority, and so is what it has overdue."""
    await lives.receive("A", "2026-03-02T08:10+07:00", rules=LINKED)
    await lives.do("A", "2026-03-03T09:00+07:00", c.CompleteTask("appraise"))
    await lives.do("A/L1", "2026-03-03T10:00+07:00", c.AcknowledgeLink())
    await lives.do("A/L1", "2026-03-06T10:00+07:00", c.CompleteTask("appraise"))
    await lives.do("A/L1", "2026-03-06T10:00+07:00", c.AnswerLink())
    await lives.do("A", "2026-03-06T11:00+07:00", c.CompleteTask("approve"))
    await lives.do("A", "2026-03-06T11:00+07:00", c.IssueResult())
    counts = await project(pool)
    assert (of(counts, "received"), of(counts, "resolved")) == ({"": 1}, {"early": 1})
    assert of(counts, "received", "S1") == of(counts, "resolved", "S1") == {}
    assert (of(counts, "part_received", "S1"), of(counts, "part_resolved", "S1")) == ({"": 1}, {"late": 1})
    assert (of(counts, "part_overdue", "S1"), of(counts, "stage_overdue", "S1")) == ({"": 1}, {"appraise": 1})


async def test_a_version_that_is_not_kept_holds_up_nothing(pool: Pool, journal: PostgresJournal) -> None:
    """A dossier that cannot be judged is counted as such, and the others go on."""
    await keep(pool, LINKED)
    lives = Lives(journal, RULES)
    await lives.receive("A", "2026-03-02T08:10+07:00")
    await lives.finish("A", "2026-03-04T09:00+07:00")
    counts = await project(pool)
    assert (of(counts, "received"), of(counts, "unjudgeable"), of(counts, "resolved")) == ({"": 1}, {"": 1}, {})


@pytest.mark.parametrize("seed", [1, 2])
async def test_equals_a_plain_recount(
    seed: int, lives: Lives, pool: Pool, database: Database, journal: PostgresJournal
) -> None:
    """Over random lives with corrections and a revised calendar: live in batches, rebuilt, and verified."""
    await random_lives(lives, seeded(seed), 60)
    chance = seeded(seed)
    expected = await recount(journal)
    assert await project(pool, batch=chance.randrange(3, 40)) == expected
    assert {key[0] for key in expected} >= {
        "resolved",
        "keyed_late",
        "overdue",
        "stage_overdue",
        "rejudged_to",
        "lateness",
    }
    await rebuild(database.url, Lateness())
    assert await counted(pool) == expected
    fold = PinnedFold(PinnedRules(pool))
    assert [finding async for finding in verify(database.app_url, fold, projections=(Lateness(),))] == []


async def test_a_projector_killed_amid_a_batch_counts_nothing_twice(
    lives: Lives, pool: Pool, journal: PostgresJournal
) -> None:
    """Its connection is cut after the counts were written and before the checkpoint moved, at every batch."""
    await random_lives(lives, seeded(3), 8)
    while await Sequencer(pool).step():
        pass
    deaths = 0
    while True:
        try:
            await Projector(pool, (Dying(),), batch=50).step(Dying())
        except StoreUnavailable:
            deaths += 1
        if not await Projector(pool, (Lateness(),), batch=50).step(Lateness()):
            break
    assert deaths > 3
    assert await counted(pool) == await recount(journal)


class Dying(Lateness):
    """Applies a batch and dies before it is committed."""

    async def apply(self, connection: Connection, batch: Sequence[Positioned]) -> None:
        """See Projection."""
        await super().apply(connection, batch)
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def recount(journal: PostgresJournal) -> Counts:
    """The plain way: fold every stream event by event, judge it after each one, and count what is new."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for head in await journal.heads():
        state = NEW
        for record in await journal.read(head.stream):
            fact = fact_of(record)
            before, state = state, evolve(state, fact)
            for key, number in plain_counts(record, before, state):
                counts[key] += number
    return {key: number for key, number in counts.items() if number}


def plain_counts(record: Record, before: Dossier, after: Dossier) -> list[tuple[tuple[str, str, str, str], int]]:
    """What one event adds, written out."""
    part = "/" in record.stream
    prefix = "part_" if part else ""
    where = (after.authority, after.field)
    found: list[tuple[tuple[str, str, str, str], int]] = []

    def add(measure: str, detail: str = "", number: int = 1) -> None:
        found.append(((measure, *where, detail), number))

    match record.type:
        case "dossier.received" | "link.received":
            add(f"{prefix}received")
        case "dossier.overdue":
            add(f"{prefix}overdue")
        case "dossier.extended":
            add("extended")
        case "supplement.requested" | "supplement.expired":
            add(record.type.replace("supplement.", "supplement_"))
        case "task.overdue":
            task = before.task
            assert task is not None
            found.append((("stage_overdue", task.authority, after.field, task.stage.value), 1))
        case _:
            pass
    judge(before, after, part=part, prefix=prefix, add=add)
    return found


def judge(before: Dossier, after: Dossier, *, part: bool, prefix: str, add: Any) -> None:  # noqa: ANN401  # plain_counts' own
    """The judgements before and after, by the summary that officers see."""
    old, new = timeliness(rules_of(before), before), timeliness(rules_of(after), after)
    if new is None:
        return
    if old is None:
        add(f"{prefix}resolved", new.value)
        if not part:
            first_judgement(after, new, add)
    elif old != new:
        add(f"{prefix}rejudged_from", old.value)
        add(f"{prefix}rejudged_to", new.value)
    if not part and keyed_late(after) and not keyed_late(before):
        add("keyed_late")


def first_judgement(state: Dossier, judged: Timeliness, add: Any) -> None:  # noqa: ANN401  # plain_counts' own
    """What a root adds when it is judged for the first time."""
    calendar, at, due = (
        rules_of(state).calendar(),
        state.ready_at or state.closed_at,
        committed_due(rules_of(state), state),
    )
    if judged is Timeliness.LATE:
        assert at is not None
        assert due is not None
        minutes = calendar.between(due, at)
        add("late_with_apology" if state.extensions else "late_without_apology")
        add("lateness", next((str(hours) for hours in BUCKETS if minutes <= hours * 60), "inf"))
        add("lateness_minutes", "", minutes)
        lost = cause(rules_of(state), state)
        add("late_caused", lost.where.value)
        add("late_by", lost.authority)
    elif state.extensions:
        first = committed_due(rules_of(state), replace(state, extensions=()))
        assert at is not None
        if first is not None and at > first:
            add("past_first_appointment")


def keyed_late(state: Dossier) -> bool:
    """In time in the world, late in the record."""
    judged = timeliness(rules_of(state), state)
    recorded = timeliness_as_recorded(rules_of(state), state)
    return judged in {Timeliness.EARLY, Timeliness.ON_TIME} and recorded is Timeliness.LATE
