"""The store is the record: a run that is lost, or has ended, is begun again from it."""

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from domain.dossier import commands as c
from domain.ids import Stream
from store.memory import MemoryJournal
from tests.domain.dossier.samples import HOA, link, rules, stage
from tests.workflows.desk import TIMEOUT, Desk, desk


async def test_an_order_takes_up_a_dossier_whose_run_was_lost(four_steps: Desk) -> None:
    """A terminated workflow is no loss: the next order starts one from the store, with the same timer."""
    await four_steps.receive()
    before = await four_steps.glance()
    await four_steps.handle().terminate()
    reply = await four_steps.do(c.CompleteTask("appraise"))
    assert (reply.first, reply.last) == (5, 6)
    await four_steps.handle().terminate()
    await four_steps.dossiers.revive(Stream("A"))
    after = await four_steps.settled(lambda glance: glance.version == 6)
    assert before.version == 4
    assert after.armed == after.next_moment is not None


async def test_reviving_what_runs_changes_nothing(light: Desk) -> None:
    """One who is alive is not started again."""
    await light.receive()
    run = (await light.handle().describe()).run_id
    await light.dossiers.revive(Stream("A"))
    assert (await light.handle().describe()).run_id == run


async def test_a_closed_dossier_takes_corrections_and_feedback(four_steps: Desk) -> None:
    """After the end a new run takes up what may still follow, and ends again."""
    await four_steps.receive()
    last = await four_steps.finish()
    assert (await four_steps.do(c.RecordFeedback(5, "nhanh"))).first == last + 1
    correction = c.Correct("dossier.received", "channel", "post", "keyed wrongly", HOA)
    assert (await four_steps.do(correction)).first == last + 2
    assert await four_steps.handle().result() == last + 2
    assert (await four_steps.types())[-2:] == ["feedback.recorded", "entry.corrected"]


@pytest.mark.parametrize(
    "command",
    [c.CompleteTask("appraise"), c.ReturnResult(), c.ClaimTask(), c.Withdraw(), c.Suspend()],
)
async def test_a_closed_dossier_is_not_opened_again(light: Desk, command: c.Command) -> None:
    """Whatever else comes late is refused, and stores nothing."""
    await light.receive()
    last = await light.finish()
    assert await light.refusal(command) == "dossier_closed"
    assert len(await light.records()) == last
    assert (await light.handle().describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_a_dossier_that_does_not_exist_is_not_made_up(four_steps: Desk) -> None:
    """An order to an unknown dossier is refused and leaves neither a stream nor a running workflow."""
    assert await four_steps.refusal(c.CompleteTask("appraise"), "nowhere") == "dossier_unknown"
    assert await four_steps.records("nowhere") == []
    await four_steps.handle("nowhere").result()
    assert await four_steps.dossiers.glance(Stream("nowhere")) is None


async def test_a_first_order_that_is_refused_leaves_nothing(four_steps: Desk) -> None:
    """A receipt without what is required: refused, no stream, no workflow; a full one then begins the dossier."""
    order = await four_steps.order(c.Receive(components=()))
    with pytest.raises(Exception, match="not complete"):
        await four_steps.dossiers.begin(Stream("A"), four_steps.rules, order, TIMEOUT)
    await four_steps.handle().result()
    assert await four_steps.records() == []
    await four_steps.receive()
    assert (await four_steps.glance()).version == 4


async def test_a_part_is_taken_up_under_its_own_route(env: WorkflowEnvironment) -> None:
    """A linked part whose run was lost is begun again with its part of the rules."""
    linked = rules(stage("receive"), link("L1"), stage("approve"), stage("return"))
    async with desk(env, MemoryJournal(), linked) as opened:
        await opened.receive()
        await opened.dossiers.settle(Stream("A"))
        await opened.do(c.AcknowledgeLink(), "A/L1")
        await opened.handle("A/L1").terminate()
        await opened.do(c.CompleteTask("appraise"), "A/L1")
        await opened.do(c.AnswerLink(), "A/L1")
        await opened.handle("A/L1").result()
        assert (await opened.types())[-2:] == ["link.answered", "task.opened"]
