"""Several orders at one go: each has its own effect and answer, as if it had been sent by itself."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from temporalio.api.enums.v1 import EventType

from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from store.hashing import verifies
from store.memory import MemoryJournal
from tests.domain.dossier.samples import rules
from tests.workflows.desk import START, TIMEOUT, Desk, desk
from tests.workflows.test_another_writer import write_past_the_workflow
from tests.workflows.test_downtime import server
from workflows.client import Refused
from workflows.messages import Reply


async def _several(opened: Desk, *commands: tuple[str, c.Command], stream: str = "A") -> list[Reply | Refused]:
    orders = [await opened.order(command, order_id) for order_id, command in commands]
    return await opened.dossiers.execute_all(Stream(stream), orders, TIMEOUT)


def _codes(answers: list[Reply | Refused]) -> list[Any]:
    return [answer.code if isinstance(answer, Refused) else (answer.first, answer.last) for answer in answers]


async def test_each_is_decided_on_what_those_before_it_made(four_steps: Desk) -> None:
    """One is refused in the middle; what follows goes on, in one chain, and the run knows what the store knows."""
    version = (await four_steps.receive()).last
    answers = await _several(
        four_steps,
        ("one", c.CompleteTask("appraise")),
        ("two", c.CompleteTask("appraise")),
        ("three", c.CompleteTask("approve")),
    )
    assert isinstance(answers[0], Reply)
    assert isinstance(answers[2], Reply)
    assert _codes(answers)[1] == "stage_not_open"
    assert answers[0].first == version + 1
    assert answers[2].first == answers[0].last + 1
    records = await four_steps.records()
    assert all(verifies(record) for record in records)
    glance = await four_steps.glance()
    assert (glance.version, glance.head) == (records[-1].version, records[-1].hash)
    assert len(records) == answers[2].last


async def test_they_are_stored_by_one_activity(four_steps: Desk) -> None:
    """That is what they are sent together for."""
    await four_steps.receive()
    before = await _activities(four_steps)
    await _several(four_steps, ("one", c.CompleteTask("appraise")), ("two", c.CompleteTask("approve")))
    assert await _activities(four_steps) == before + 1


async def _activities(opened: Desk) -> int:
    kind = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    return sum(event.event_type == kind for event in (await opened.handle().fetch_history()).events)


async def test_repeats_are_answered_as_the_first_time(four_steps: Desk) -> None:
    """Whether they come together, together with others, or alone; an id that stands for another content is refused."""
    await four_steps.receive()
    first, same, reused = await _several(
        four_steps,
        ("one", c.CompleteTask("appraise")),
        ("one", c.CompleteTask("appraise")),
        ("one", c.CompleteTask("approve")),
    )
    assert same == first
    assert _codes([reused]) == ["command_id_reused"]
    assert await four_steps.do(c.CompleteTask("appraise"), order_id="one") == first
    answers = await _several(four_steps, ("two", c.CompleteTask("approve")), ("one", c.CompleteTask("appraise")))
    assert answers[1] == first
    assert (await four_steps.types()).count("task.completed") == 2


async def test_another_writer_is_noticed(four_steps: Desk) -> None:
    """Nothing of what was decided on an old state is stored: all are decided anew on what is there."""
    await four_steps.receive()
    await write_past_the_workflow(four_steps, c.CompleteTask("appraise"))
    answers = await _several(four_steps, ("one", c.CompleteTask("appraise")), ("two", c.CompleteTask("approve")))
    assert _codes(answers)[0] == "stage_not_open"
    assert isinstance(answers[1], Reply)
    assert (await four_steps.types()).count("task.completed") == 2
    assert all(verifies(record) for record in await four_steps.records())


async def test_one_that_was_stored_before_is_not_stored_again(four_steps: Desk) -> None:
    """The run never heard of it, yet it gets its stored answer, and those around it are carried out."""
    await four_steps.receive()
    stored = await write_past_the_workflow(four_steps, c.CompleteTask("appraise"), "lost")
    claim = replace(await four_steps.order(c.ClaimTask()), id=CommandId("claim"))
    answers = await four_steps.dossiers.execute_all(Stream("A"), [stored, claim], TIMEOUT)
    assert all(isinstance(answer, Reply) for answer in answers)
    types = await four_steps.types()
    assert (types.count("task.completed"), types[-1]) == (1, "task.claimed")


async def test_moments_that_are_past_come_true_first() -> None:
    """Temporal was lost and is back weeks later: what was overdue meanwhile is told before the orders."""
    journal = MemoryJournal()
    async with await server() as first, desk(first, journal, rules()) as before:
        await before.receive()
    async with await server() as second:
        now = START + timedelta(days=60)
        after = Desk(second, journal, rules(), now - await second.get_current_time())
        async with after.worker():
            answers = await _several(after, ("one", c.CompleteTask("appraise")), ("two", c.CompleteTask("approve")))
    assert all(isinstance(answer, Reply) for answer in answers)
    types = [record.type for record in await journal.read(Stream("A"))]
    assert types.index("dossier.overdue") < types.index("task.completed")


async def test_an_unknown_dossier_answers_none(four_steps: Desk) -> None:
    """The stable code is that of a single order."""
    with pytest.raises(Refused) as caught:
        await _several(four_steps, ("one", c.ClaimTask()), ("two", c.ReleaseTask()), stream="nowhere")
    assert caught.value.code == "dossier_unknown"


async def test_a_stored_answer_stands_for_a_closed_dossier(four_steps: Desk) -> None:
    """Its run is gone; a new one answers, and what is not allowed any more is refused."""
    await four_steps.receive()
    first = await four_steps.do(c.CompleteTask("appraise"), order_id="early")
    await four_steps.finish_from_approval()
    answers = await _several(four_steps, ("early", c.CompleteTask("appraise")), ("late", c.CompleteTask("approve")))
    assert answers[0] == first
    assert isinstance(answers[1], Refused)
