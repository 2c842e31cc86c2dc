"""One effect per command id, whoever sends it how often, and the same answer each time."""

import asyncio

from temporalio.testing import WorkflowEnvironment

from domain.dossier import commands as c
from domain.ids import Stream
from store.memory import MemoryJournal
from tests.domain.dossier.samples import rules
from tests.workflows.desk import TIMEOUT, Desk, desk
from workflows.client import DossiersUnavailable
from workflows.options import RECENT_COMMANDS


async def test_two_equal_receipts_at_once_are_one(four_steps: Desk) -> None:
    """Two browsers send the same receipt: one dossier, one answer given twice."""
    replies = await asyncio.gather(*(four_steps.receive(order_id="same") for _ in range(2)))
    assert replies[0] == replies[1]
    assert (await four_steps.types()).count("dossier.received") == 1


async def test_equal_orders_at_once_are_one(four_steps: Desk) -> None:
    """F5 on a slow day: five times the same order, one effect, five equal answers."""
    await four_steps.receive()
    order = await four_steps.order(c.CompleteTask("appraise"), "same")
    replies = await asyncio.gather(*(four_steps.dossiers.execute(Stream("A"), order, TIMEOUT) for _ in range(5)))
    assert len(set(map(str, replies))) == 1
    assert (await four_steps.types()).count("task.completed") == 1


async def test_different_orders_at_once_are_decided_one_after_the_other(four_steps: Desk) -> None:
    """Two officers complete one stage: one does it, the other is told that it is no longer open."""
    await four_steps.receive()
    answers = await asyncio.gather(
        *(four_steps.do(c.CompleteTask("appraise"), order_id=name) for name in ("one", "two")), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert [error.code for error in refused] == ["stage_not_open"]  # type: ignore[attr-defined]
    assert (await four_steps.types()).count("task.completed") == 1


async def test_a_repeat_is_answered_although_it_would_be_refused_now(four_steps: Desk) -> None:
    """The stage is completed long since; its order's repeat still gets the first answer."""
    await four_steps.receive()
    first = await four_steps.do(c.CompleteTask("appraise"), order_id="early")
    await four_steps.finish_from_approval()
    assert await four_steps.do(c.CompleteTask("appraise"), order_id="early") == first


async def test_a_repeat_is_answered_from_the_store_when_memory_is_full(light: Desk) -> None:
    """A run remembers some orders; older ones are found in the store, by the same run."""
    await light.receive()
    first = await light.do(c.ClaimTask(), order_id="first")
    for number in range(RECENT_COMMANDS // 2 + 1):
        await light.do(c.ReleaseTask(), order_id=f"release{number}")
        await light.do(c.ClaimTask(), order_id=f"claim{number}")
    before = await light.types()
    assert await light.do(c.ClaimTask(), order_id="first") == first
    released = await light.do(c.ReleaseTask(), order_id="release0")
    assert released.first == first.last + 1
    assert await light.types() == before


async def test_a_repeat_is_answered_by_the_next_run(light: Desk) -> None:
    """Runs that follow one another keep what was answered lately."""
    await light.receive(events_per_run=30)
    first = await light.do(c.ClaimTask(), order_id="first")
    for number in range(6):
        await light.do(c.ReleaseTask(), order_id=f"release{number}")
        await light.do(c.ClaimTask(), order_id=f"claim{number}")
    before = await light.types()
    assert await light.do(c.ClaimTask(), order_id="first") == first
    assert await light.types() == before


async def test_an_id_stands_for_one_content(four_steps: Desk) -> None:
    """The same id for another order is refused, now and after the dossier's end."""
    await four_steps.receive()
    await four_steps.do(c.CompleteTask("appraise"), order_id="mine")
    assert await four_steps.refusal(c.CompleteTask("approve"), order_id="mine") == "command_id_reused"
    await four_steps.finish_from_approval()
    assert await four_steps.refusal(c.RecordFeedback(5), order_id="mine") == "command_id_reused"


async def test_a_refused_id_may_be_used_again(light: Desk) -> None:
    """A refusal is no effect: the same order may be sent again once it is allowed."""
    await light.receive()
    order = await light.order(c.CompleteTask("approve"), "later")
    assert await light.refusal(order.command, order_id="later") == "stage_not_open"
    await light.do(c.CompleteTask("appraise"))
    assert (await light.do(c.CompleteTask("approve"), order_id="later")).first > 0


async def test_a_repeated_receipt_does_not_start_a_second_life(env: WorkflowEnvironment) -> None:
    """A receipt that is sent again when the dossier is closed gets its first answer, and nothing goes on running."""
    async with desk(env, MemoryJournal(), rules()) as opened:
        first = await opened.receive(order_id="receipt")
        last = await opened.finish()
        assert await opened.receive(order_id="receipt") == first
        assert await opened.handle().result() == last
        assert len(await opened.records()) == last


async def test_more_orders_at_once_than_temporal_takes(light: Desk) -> None:
    """Thirty officers at one dossier: whoever is not heard is told to come again, and all are heard in the end."""
    await light.receive()

    async def claim(officer: int) -> str:
        while True:
            try:
                return await light.refusal(c.ReleaseTask(), actor=f"o{officer}")
            except DossiersUnavailable:
                continue

    assert await asyncio.gather(*(claim(officer) for officer in range(30))) == ["task_not_claimed"] * 30
