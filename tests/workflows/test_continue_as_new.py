"""Runs that follow one another: histories stay short, and nothing of the dossier is lost on the way."""

import asyncio

from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from domain.dossier import commands as c
from domain.dossier.view import Status
from domain.ids import Stream
from store.memory import MemoryJournal
from tests.domain.dossier.samples import HOA, link, rules, stage
from tests.workflows.desk import Desk, desk

SHORT = 25
"""History events after which a run makes way for the next."""


async def busy(opened: Desk, rounds: int) -> None:
    """Claim and release, again and again."""
    for _ in range(rounds):
        await opened.do(c.ClaimTask())
        await opened.do(c.ReleaseTask())


async def test_open_state_goes_over_to_the_next_run(four_steps: Desk) -> None:
    """A supplement that is awaited, its suspension and the timer survive many runs."""
    await four_steps.receive(events_per_run=SHORT)
    first = (await four_steps.handle().describe()).run_id
    await busy(four_steps, 6)
    await four_steps.do(c.RequestSupplement("…"))
    for _ in range(4):
        await four_steps.do(c.Correct("dossier.received", "channel", "post", "keyed wrongly", HOA))
    assert (await four_steps.handle().describe()).run_id != first
    assert await four_steps.refusal(c.CompleteTask("appraise")) == "supplement_awaited"
    await four_steps.do(c.ProvideSupplement())
    await four_steps.finish()
    view = await four_steps.journal.view(Stream("A"))
    assert view is not None
    assert (view.status, view.supplements) == (Status.CLOSED, 1)


async def test_the_timer_is_armed_again(light: Desk) -> None:
    """Each run arms the timer of the agenda it took over."""
    await light.receive(events_per_run=SHORT)
    before = (await light.glance()).armed
    await busy(light, 6)
    assert (await light.settled(lambda glance: glance.armed is not None)).armed == before
    await light.wait_until("2026-03-10T09:00+07:00")
    assert (await light.types()).count("task.overdue") == 1


async def test_histories_stay_short(light: Desk) -> None:
    """However busy a dossier is, no run grows much beyond its measure."""
    await light.receive(events_per_run=SHORT)
    await busy(light, 20)
    assert await light.history_length() < SHORT + 40


async def test_no_order_is_lost_between_two_runs(light: Desk) -> None:
    """Orders that arrive while one run makes way for the next are carried out, each once."""
    await light.receive(events_per_run=SHORT)
    await light.do(c.RequestSupplement("…"))

    async def correct(number: int) -> None:
        await light.do(c.Correct("dossier.received", "channel", "post", f"{number}", HOA), order_id=f"c{number}-")

    for wave in range(10):
        await asyncio.gather(*(correct(8 * wave + number) for number in range(8)))
    assert (await light.types()).count("entry.corrected") == 80


async def test_a_part_that_was_opened_outlives_its_parents_runs(env: WorkflowEnvironment) -> None:
    """A linked part goes on when its parent's run makes way for the next, and its answer finds the parent."""
    linked = rules(stage("receive"), stage("appraise"), link("L1"), stage("approve"), stage("return"))
    async with desk(env, MemoryJournal(), linked) as opened:
        await opened.receive(events_per_run=SHORT)
        await opened.do(c.CompleteTask("appraise"))
        await opened.dossiers.settle(Stream("A"))
        for number in range(8):
            await opened.do(c.Correct("dossier.received", "channel", "post", f"{number}", HOA))
        await opened.do(c.AcknowledgeLink(), "A/L1")
        await opened.do(c.CompleteTask("appraise"), "A/L1")
        await opened.do(c.AnswerLink(), "A/L1")
        assert await opened.handle("A/L1").result() > 0
        await opened.settled(lambda _: True)
        assert "link.answered" in await opened.types()
        status = (await opened.handle().describe()).status
        assert status is WorkflowExecutionStatus.RUNNING
