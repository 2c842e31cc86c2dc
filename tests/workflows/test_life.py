"""A dossier's whole life: what is stored, what is answered, how it ends."""

from datetime import datetime

from domain.dossier import commands as c
from domain.dossier.history import view_of
from domain.dossier.view import Status
from domain.ids import Stream
from tests.domain.dossier.samples import rules
from tests.workflows.desk import Desk

LIFE = [
    "dossier.received",
    "task.opened",
    "deadline.set",
    "deadline.set",
    "task.completed",
    "task.opened",
    "task.completed",
    "result.approved",
    "task.opened",
    "result.issued",
    "task.completed",
    "result.returned",
    "dossier.closed",
]


async def test_a_life_is_stored_step_by_step(four_steps: Desk) -> None:
    """Each order's events are stored before it is answered; the answer tells their versions."""
    reply = await four_steps.receive()
    assert (reply.first, reply.last) == (1, 4)
    assert await four_steps.types() == LIFE[:4]
    reply = await four_steps.do(c.CompleteTask("appraise"))
    assert (reply.first, reply.last) == (5, 6)
    await four_steps.do(c.CompleteTask("approve"))
    await four_steps.do(c.IssueResult("12/QD"))
    await four_steps.do(c.ReturnResult())
    assert await four_steps.handle().result() == len(LIFE)
    assert await four_steps.types() == LIFE


async def test_the_read_model_is_that_of_the_events(four_steps: Desk) -> None:
    """After every order the stored view is what the stored events lead to."""
    steps: list[c.Command] = [c.CompleteTask("appraise"), c.CompleteTask("approve"), c.IssueResult(), c.ReturnResult()]
    await four_steps.receive()
    for command in steps:
        await four_steps.do(command)
        stored = await four_steps.journal.view(Stream("A"))
        assert stored == view_of(rules(), await four_steps.records())
    last = await four_steps.journal.view(Stream("A"))
    assert last is not None
    assert last.status is Status.CLOSED


async def test_who_and_when_stand_in_the_envelope(four_steps: Desk) -> None:
    """Actor, authority and both axes of time are kept; the time of recording is the workflow's, not the sender's."""
    await four_steps.receive()
    await four_steps.wait_until("2026-03-03T09:00+07:00")
    occurred = datetime.fromisoformat("2026-03-02T16:00+07:00")
    await four_steps.do(c.CompleteTask("appraise"), occurred_at=occurred, actor="hoa", on_behalf_of="lan")
    record = (await four_steps.records())[-1]
    assert (record.actor, record.on_behalf_of, record.authority) == ("hoa", "lan", "X1")
    assert record.occurred_at == occurred
    assert 0 <= (await four_steps.now() - record.recorded_at).total_seconds() < 60


async def test_a_glance_shows_where_the_run_stands(four_steps: Desk) -> None:
    """The workflow's own view: version, head and the moment its timer waits for, as in the store."""
    await four_steps.receive()
    glance = await four_steps.glance()
    last = (await four_steps.records())[-1]
    view = await four_steps.journal.view(Stream("A"))
    assert view is not None
    assert (glance.version, glance.head) == (last.version, last.hash)
    assert glance.armed == glance.next_moment == view.next_moment is not None


async def test_nobody_glances_at_what_does_not_run(light: Desk) -> None:
    """Neither an unknown nor an ended dossier has a running workflow."""
    assert await light.dossiers.glance(Stream("nowhere")) is None
    await light.receive()
    await light.finish()
    assert await light.dossiers.glance(Stream("A")) is None
