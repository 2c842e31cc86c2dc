"""The one timer: every moment of the agenda comes true once, at its time, however long that takes."""

from datetime import datetime, timedelta

from msgspec.structs import replace
from temporalio.testing import WorkflowEnvironment

from domain.dossier import commands as c
from domain.procedure import Silence
from domain.record import Record
from store.memory import MemoryJournal
from tests.domain.dossier.samples import OFFICE, link, rules, stage
from tests.workflows.desk import START, Desk, desk

MOMENTS = ("dossier.reminded", "dossier.overdue", "apology.due", "task.overdue", "supplement.expired")


def moments(records: list[Record]) -> list[tuple[str, str]]:
    """What the timer brought, with the time at which it occurred."""
    zone = START.tzinfo
    return [(r.type, f"{r.occurred_at.astimezone(zone):%m-%d %H:%M}") for r in records if r.type in MOMENTS]


async def test_everything_due_comes_true_once_and_in_order(four_steps: Desk) -> None:
    """Nobody touches a dossier for half a year: its stage, its reminder, its apology and its end each fall due once."""
    await four_steps.receive()
    await four_steps.wait_until("2026-09-01T12:00+07:00")
    assert moments(await four_steps.records()) == [
        ("task.overdue", "03-09 10:40"),
        ("apology.due", "03-11 17:00"),
        ("dossier.reminded", "03-12 11:00"),
        ("dossier.overdue", "03-12 17:00"),
    ]
    assert (await four_steps.glance()).armed is None


async def test_a_moment_is_recorded_as_soon_as_it_has_come(four_steps: Desk) -> None:
    """With a worker at hand nothing lies between what is due and its entry."""
    await four_steps.receive()
    await four_steps.wait_until("2026-03-20T12:00+07:00")
    late = [record.recorded_at - record.occurred_at for record in await four_steps.records() if record.type in MOMENTS]
    assert all(timedelta(0) <= lateness < timedelta(seconds=30) for lateness in late)


async def test_the_timer_follows_the_agenda(light: Desk) -> None:
    """After every order the timer waits for the agenda's next moment, and for nothing once there is none."""
    await light.receive()
    first = (await light.glance()).armed
    await light.do(c.CompleteTask("appraise"))
    second = (await light.glance()).armed
    await light.do(c.Suspend())
    assert (await light.glance()).armed is None
    await light.do(c.Resume())
    third = await light.glance()
    assert third.armed == third.next_moment
    assert first is not None
    assert second is not None
    assert second < first


async def test_an_unanswered_supplement_ends_the_dossier(four_steps: Desk) -> None:
    """Fifteen working days after the request the dossier is stopped and its run ends; nobody has done anything."""
    await four_steps.receive()
    await four_steps.do(c.RequestSupplement("chứng thực thiếu"))
    await four_steps.wait_until("2026-04-20T12:00+07:00")
    assert moments(await four_steps.records()) == [("supplement.expired", "03-23 17:00")]
    assert (await four_steps.types())[-2:] == ["dossier.stopped", "dossier.closed"]
    assert await four_steps.handle().result() == len(await four_steps.records())


async def test_what_fell_due_while_nothing_ran_is_caught_up(light: Desk) -> None:
    """After a week's outage each moment is entered as it occurred, recorded late, before anything else is decided."""
    await light.receive()
    await light.handle().terminate()
    back = START + timedelta(days=14)
    light.turn_to(back)
    await light.do(c.CompleteTask("appraise"))
    records = await light.records()
    caught_up = [record for record in records if record.type in MOMENTS]
    assert moments(records) == [
        ("task.overdue", "03-09 10:40"),
        ("apology.due", "03-11 17:00"),
        ("dossier.reminded", "03-12 11:00"),
        ("dossier.overdue", "03-12 17:00"),
    ]
    assert all(record.recorded_at >= back for record in caught_up)
    assert records.index(caught_up[-1]) < [record.type for record in records].index("task.completed")


async def test_a_moment_past_the_calendars_years_waits_for_a_new_calendar(env: WorkflowEnvironment) -> None:
    """Silence would open a stage whose end cannot be counted: the dossier waits, says so, and goes on once it can."""
    slow = rules(
        stage("receive"),
        link("L1", budget="8 working_hour", silence=Silence.CONSENT),
        stage("approve", "400 working_hour"),
        stage("return"),
    )
    async with desk(env, MemoryJournal(), slow) as opened:
        opened.turn_to(datetime.fromisoformat("2027-12-01T08:10+07:00"))
        await opened.receive()
        await opened.wait_until("2027-12-06T09:00+07:00")
        assert (await opened.glance()).armed is None
        assert (await opened.glance()).next_moment == datetime.fromisoformat("2027-12-02T08:40+07:00")
        assert await opened.refusal(c.Stop("…")) == "outside_calendar"
        longer = replace(OFFICE, years=(2025, 2029))
        await opened.do(c.ReviseCalendar(longer))
        await opened.settled(lambda glance: glance.armed is not None)
        consent = next(record for record in await opened.records() if record.type == "link.consented")
        assert consent.occurred_at == datetime.fromisoformat("2027-12-02T08:40+07:00")
        assert consent.recorded_at >= datetime.fromisoformat("2027-12-06T09:00+07:00")
