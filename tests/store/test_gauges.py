"""The figures as of a moment: what is open, overdue, due soon, unacknowledged, drifting, behind."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from domain.authority import Authority, AuthorityKind, Level
from domain.dossier import commands as c
from domain.procedure import SuspensionReason
from store.database import Database as Pool
from store.gauges import DRIFT_GRACE, Figures, Gauges, Held, Open, Outstanding
from store.postgres import PostgresJournal
from store.projections.projector import Projector
from store.projections.registry import PROJECTIONS
from store.references import Kind, References
from store.rules_source import LAW_ID
from store.sequencer import Sequencer
from tests.domain.dossier.samples import FOUR_STEPS, LAW, OFFICE, S1, X1, link, rules
from tests.support.lives import Lives
from tests.support.references import keep

RULES = rules(field="hộ tịch")
LINKED = rules(*FOUR_STEPS[:2], link("L1"), *FOUR_STEPS[2:], field="đất đai", id="P2")


@pytest.fixture
async def lives(pool: Pool, journal: PostgresJournal) -> Lives:
    """Dossiers whose rules are kept."""
    await keep(pool, RULES)
    await keep(pool, LINKED)
    return Lives(journal, RULES)


async def at(pool: Pool, moment: str) -> Figures:
    """The figures as of a moment."""
    return await Gauges(pool).read(datetime.fromisoformat(moment))


async def test_open_within_overdue_and_due_soon(lives: Lives, pool: Pool) -> None:
    """By the minute: due soon from 8 working hours before the due moment, overdue after it; judged ones are neither."""
    await lives.receive("A", "2026-03-02T08:10+07:00")
    await lives.receive("B", "2026-03-02T08:10+07:00")
    await lives.finish("B", "2026-03-03T09:00+07:00")
    await lives.do("C", "2026-03-03T10:00+07:00", c.Submit(RULES.procedure.id, components=("don",)))
    # Due on Thursday 12 March at 17:00; a day has seven and a half hours, so eight are left at 16:30 the day before.
    for moment, within, overdue, soon in (
        ("2026-03-11T16:29:59+07:00", 1, 0, 0),
        ("2026-03-11T16:30:00+07:00", 1, 0, 1),
        ("2026-03-12T17:00:00+07:00", 1, 0, 1),
        ("2026-03-12T17:00:01+07:00", 0, 1, 0),
    ):
        found = (await at(pool, moment)).open
        assert [(row.authority, row.within, row.overdue, row.soon) for row in found] == [("X1", within, overdue, soon)]


async def test_each_dossier_is_soon_by_the_version_it_pins(lives: Lives, pool: Pool) -> None:
    """A day off in the new version leaves those who count by it less time."""
    revised = replace(OFFICE, off=(*OFFICE.off, date(2026, 3, 11)))
    await References(pool).store(Kind.CALENDAR, revised.id, revised)
    for stream in ("A", "B"):
        await lives.receive(stream, "2026-03-02T08:10+07:00")
    await lives.do("B", "2026-03-04T09:00+07:00", c.ReviseCalendar(revised))
    found = (await at(pool, "2026-03-11T16:30:00+07:00")).open
    assert sum(row.soon for row in found) == 1
    found = (await at(pool, "2026-03-12T16:30:00+07:00")).open
    assert sum(row.soon for row in found) == 2


async def test_a_suspended_dossier_is_within(lives: Lives, pool: Pool) -> None:
    """It has no due moment, so nothing of it is overdue."""
    await lives.receive("A", "2026-03-02T08:10+07:00")
    await lives.do("A", "2026-03-03T09:00+07:00", c.Suspend(SuspensionReason.VERIFICATION))
    (row,) = (await at(pool, "2026-06-01T09:00:00+07:00")).open
    assert (row.within, row.overdue, row.soon) == (1, 0, 0)


async def test_linked_parts_are_apart_and_wait_to_be_acknowledged(lives: Lives, pool: Pool) -> None:
    """A part is open under its own authority; its hand-over waits until that authority confirms it."""
    await lives.receive("A", "2026-03-02T08:10+07:00", rules=LINKED)
    await lives.do("A", "2026-03-03T09:00+07:00", c.CompleteTask("appraise"))
    await _catch_up(pool)
    figures = await at(pool, "2026-03-03T10:00:00+07:00")
    assert sorted((row.part, row.authority, row.within) for row in figures.open) == [(False, "X1", 1), (True, "S1", 1)]
    assert figures.outstanding == (Outstanding("S1", "đất đai", "acknowledgement", 1, 0, 0),)
    await lives.do("A/L1", "2026-03-03T11:00+07:00", c.AcknowledgeLink())
    await _catch_up(pool)
    assert (await at(pool, "2026-03-03T11:00:00+07:00")).outstanding == ()


async def test_what_the_other_side_does_not_know_in_time(lives: Lives, pool: Pool) -> None:
    """More than the law's ten minutes after it was told; two working hours for the acknowledgement."""
    await References(pool).publish(Kind.LAW, LAW_ID, LAW, date(2026, 1, 1))
    lives.away.add("A/L1")
    await lives.receive("A", "2026-03-02T08:10+07:00", rules=LINKED)
    await lives.do("A", "2026-03-03T09:00+07:00", c.CompleteTask("appraise"))
    await lives.wait("2026-03-03T11:01+07:00")
    await _catch_up(pool)
    for moment, unsynchronised in (("2026-03-03T09:10:00+07:00", 0), ("2026-03-03T09:10:01+07:00", 1)):
        arrival, acknowledgement = sorted(
            (await at(pool, moment)).outstanding, key=lambda one: one.missing, reverse=True
        )
        assert arrival == Outstanding("S1", "đất đai", "arrival", 1, 0, unsynchronised)
        assert (acknowledgement.count, acknowledgement.overdue) == (1, 1)


async def test_a_moment_that_passed_unnoticed_drifts(lives: Lives, pool: Pool) -> None:
    """Nobody let the first reminder come true: a timer that should have fired did not."""
    await lives.receive("A", "2026-03-02T08:10+07:00")
    view = await PostgresJournal(pool).view(next(iter(lives.streams())))
    assert view is not None
    assert view.next_moment is not None
    for later, drifting in ((timedelta(0), 0), (DRIFT_GRACE, 0), (DRIFT_GRACE + timedelta(seconds=1), 1)):
        (row,) = (await Gauges(pool).read(view.next_moment + later)).open
        assert row.drifting == drifting


async def test_levels_are_those_in_force(pool: Pool) -> None:
    """As the catalogue says today."""
    references = References(pool)
    for name, level in ((X1, Level.COMMUNE), (S1, Level.PROVINCE)):
        authority = Authority(name, level, AuthorityKind.DEPARTMENT)
        await references.publish(Kind.AUTHORITY, name, authority, date(2026, 1, 1))
    assert (await at(pool, "2026-03-02T08:00:00+07:00")).levels == {"X1": "commune", "S1": "province"}
    assert (await at(pool, "2025-03-02T08:00:00+07:00")).levels == {}


async def test_lag_of_sequencer_and_projections(lives: Lives, pool: Pool) -> None:
    """Events without a place are the sequencer's, placed ones that the slowest projection has not seen are its."""
    await lives.receive("A", "2026-03-02T08:10+07:00")
    figures = await at(pool, "2026-03-02T09:00:00+07:00")
    assert figures.projection_lag == 0
    assert figures.sequencer_lag > 0
    while await Sequencer(pool).step():
        pass
    await Projector(pool, PROJECTIONS[:1]).catch_up()
    figures = await at(pool, "2026-03-02T09:00:00+07:00")
    assert (figures.projection_lag, figures.sequencer_lag) == (lives.state("A").version, 0)
    await _catch_up(pool)
    assert (await at(pool, "2026-03-02T09:00:00+07:00")).projection_lag == 0


async def test_nothing_at_all(pool: Pool) -> None:
    """An empty system has no figures but the engine's, which are 0."""
    assert await at(pool, "2026-03-02T09:00:00+07:00") == Figures((), (), (), {}, 0, 0.0)


async def test_a_calendar_that_does_not_know_the_present_tells_nothing(lives: Lives, pool: Pool) -> None:
    """Years past the calendar's end: overdue, and no error."""
    await lives.receive("A", "2026-03-02T08:10+07:00")
    row = Open(part=False, authority="X1", field="hộ tịch", within=0, overdue=1, soon=0, drifting=1)
    assert (await at(pool, "2031-03-02T09:00:00+07:00")).open == (row,)


async def _catch_up(pool: Pool) -> None:
    while await Sequencer(pool).step():
        pass
    await Projector(pool).catch_up()


async def test_whose_time_it_is_and_for_how_long(lives: Lives, pool: Pool) -> None:
    """An open dossier counts for whom it waits for; the oldest one tells its age since the reception."""
    await lives.receive("A", "2026-03-02T08:10+07:00")
    await lives.receive("B", "2026-03-03T08:10+07:00")
    await lives.receive("C", "2026-03-03T08:20+07:00")
    await lives.do("B", "2026-03-03T09:00+07:00", c.RequestSupplement("thiếu"))
    await lives.finish("C", "2026-03-03T10:00+07:00")
    found = sorted((await at(pool, "2026-03-04T08:10+07:00")).held, key=lambda held: held.holder)
    day = 86_400.0
    assert found == [Held("X1", "hộ tịch", "citizen", 1, day), Held("X1", "hộ tịch", "officer", 1, 2 * day)]
