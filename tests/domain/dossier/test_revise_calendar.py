"""A new version of a calendar: open dossiers follow it and say so, judged ones are not judged again."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.calendar import CalendarSpec, calendar_version
from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.codec import fact_of
from domain.dossier.summary import judged_at, timeliness
from domain.dossier.view import Status, Timeliness
from domain.ids import CalendarId, Stream
from store.memory import MemoryJournal
from tests.domain.dossier.samples import OFFICE, rules
from tests.support import random_lives
from tests.support.lives import Lives

RULES = rules()
LATER = replace(OFFICE, off=(*OFFICE.off, date(2026, 3, 10)))
"""A Tuesday more is off: what was due after it is due a working day later."""
EARLIER = replace(OFFICE, worked={**OFFICE.worked, "2026-03-07": ("07:30-11:30",)})
"""A Saturday more is worked: what was due after it is due a working day earlier."""


@pytest.fixture
def journal() -> MemoryJournal:
    """Where the lives are written."""
    return MemoryJournal()


@pytest.fixture
async def lives(journal: MemoryJournal) -> Lives:
    """A dossier ``A``, received on Monday 2 March, due on Thursday 12 March at 17:00."""
    begun = Lives(journal, RULES)
    await begun.receive("A", "2026-03-02T08:10+07:00")
    return begun


async def events(journal: MemoryJournal, kind: type[e.Event], stream: str = "A") -> list[e.Event]:
    """The stream's events of one kind."""
    facts = map(fact_of, await journal.read(Stream(stream)))
    return [fact.event for fact in facts if isinstance(fact.event, kind)]


async def revise(lives: Lives, at: str, spec: CalendarSpec, stream: str = "A") -> None:
    """Revise one dossier."""
    await lives.do(stream, at, c.ReviseCalendar(spec, "thông báo"))


async def test_names_old_new_and_why(lives: Lives, journal: MemoryJournal) -> None:
    """The versions and every due moment that moved, before and after."""
    await revise(lives, "2026-03-04T09:00+07:00", LATER)
    assert await events(journal, e.CalendarRevised) == [
        e.CalendarRevised(OFFICE.id, calendar_version(OFFICE), calendar_version(LATER), "thông báo")
    ]
    told = {
        event.clock.value: (event.old.isoformat(), event.new.isoformat(), event.why)
        for event in await events(journal, e.DeadlineRevised)
        if isinstance(event, e.DeadlineRevised)
    }
    why = "revise_calendar: thông báo"
    assert told["committed"] == ("2026-03-12T17:00:00+07:00", "2026-03-13T17:00:00+07:00", why)
    assert told["statutory"] == ("2026-03-16T17:00:00+07:00", "2026-03-17T17:00:00+07:00", why)


async def test_a_dossier_already_judged_is_not_judged_again(lives: Lives, journal: MemoryJournal) -> None:
    """Late stays late though the day is off now, and a revision of days in the past changes no finished dossier."""
    for command in (c.CompleteTask("appraise"), c.CompleteTask("approve"), c.IssueResult()):
        await lives.do("A", "2026-03-13T09:00+07:00", command)
    assert lives.state("A").status is Status.READY
    before = await journal.read(Stream("A"))
    await revise(lives, "2026-03-16T09:00+07:00", LATER)
    await lives.do("A", "2026-03-16T10:00+07:00", c.ReturnResult())
    await revise(lives, "2026-03-16T11:00+07:00", EARLIER)
    assert await events(journal, e.CalendarRevised) == []
    assert timeliness(RULES, lives.state("A")) is Timeliness.LATE
    assert (await journal.read(Stream("A")))[: len(before)] == before


async def test_what_was_overdue_is_so_no_more(lives: Lives, journal: MemoryJournal) -> None:
    """An un-lated dossier and stage are within again, and become overdue once more at their new moments."""
    await lives.wait("2026-03-12T18:00+07:00")
    assert len(await events(journal, e.DossierOverdue)) == 1
    await revise(lives, "2026-03-12T18:00+07:00", LATER)
    await lives.wait("2026-03-13T17:00+07:00")
    assert len(await events(journal, e.DossierOverdue)) == 1
    await lives.wait("2026-03-14T00:00+07:00")
    assert len(await events(journal, e.DossierOverdue)) == 2


async def test_a_stage_that_is_late_no_more_is_not_shown_as_late(lives: Lives, journal: MemoryJournal) -> None:
    """The worklist's mark goes with the due moment that it was about."""
    await lives.wait("2026-03-11T09:00+07:00")
    task = lives.state("A").task
    assert task is not None
    assert task.overdue
    three_days = (date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5))
    await revise(lives, "2026-03-11T09:00+07:00", replace(OFFICE, off=(*OFFICE.off, *three_days)))
    task = lives.state("A").task
    assert task is not None
    assert not task.overdue
    await lives.wait("2026-03-31T09:00+07:00")
    assert len(await events(journal, e.TaskOverdue)) == 2


async def test_what_becomes_late_is_overdue_at_its_new_moment(lives: Lives, journal: MemoryJournal) -> None:
    """A revision that moves the due moment into the past makes the dossier overdue at once, as of that moment."""
    await revise(lives, "2026-03-12T09:00+07:00", EARLIER)
    await lives.wait("2026-03-12T09:01+07:00")
    (overdue,) = await events(journal, e.DossierOverdue)
    assert isinstance(overdue, e.DossierOverdue)
    assert overdue.due.isoformat() == "2026-03-11T17:00:00+07:00"


async def test_concerns_only_who_counts_by_it_and_another_version(lives: Lives, journal: MemoryJournal) -> None:
    """Another calendar, or the version that is pinned already: taken, and nothing happens."""
    await revise(lives, "2026-03-04T09:00+07:00", OFFICE)
    await revise(lives, "2026-03-04T09:00+07:00", replace(LATER, id=CalendarId("other")))
    assert await events(journal, e.CalendarRevised) == []


async def test_a_submitted_dossier_is_received_under_the_new_version(journal: MemoryJournal) -> None:
    """What is revised before the receipt counts from it on."""
    lives = Lives(journal, RULES)
    await lives.do("A", "2026-03-02T08:10+07:00", c.Submit(RULES.procedure.id, components=("don",)))
    await revise(lives, "2026-03-02T09:00+07:00", LATER)
    await lives.do("A", "2026-03-02T10:00+07:00", c.Receive())
    assert lives.state("A").calendars == {OFFICE.id: calendar_version(LATER)}


@pytest.mark.parametrize("seed", range(4))
async def test_days_in_the_past_move_no_judged_result(seed: int) -> None:
    """Over random lives: half of March off, or every Saturday worked, and whoever is judged stays as he was judged."""
    lives = Lives(MemoryJournal(), random_lives.RULES)
    await random_lives.random_lives(lives, random_lives.seeded(seed), 30)
    march = tuple(date(2026, 3, day) for day in range(3, 17))
    saturdays = {f"2026-03-{day:02}": ("07:30-11:30",) for day in (7, 14, 21, 28)}
    judged = 0
    for stream in lives.streams():
        before = lives.state(stream)
        if judged_at(before) is None:
            continue
        rules_before = random_lives.rules_of(before)
        for spec in (replace(OFFICE, off=march), replace(OFFICE, worked=saturdays)):
            assert await lives.attempt(stream, "2026-07-01T09:00+07:00", c.ReviseCalendar(spec)) == ""
        assert lives.state(stream) == before
        assert timeliness(rules_before, lives.state(stream)) is timeliness(rules_before, before)
        judged += 1
    assert judged > 5
