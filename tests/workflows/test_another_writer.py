"""Should something else ever write to a stream, or an answer be lost, the run believes the store and not itself."""

from msgspec.structs import replace

from domain.dossier import commands as c
from domain.dossier.codec import new_event, order_digest
from domain.dossier.decider import decide
from domain.dossier.events import Fact
from domain.dossier.evolve import fold
from domain.dossier.history import state_of
from domain.dossier.summary import summarise
from domain.ids import CommandId, Stream
from domain.record import Append, Outcome
from tests.workflows.desk import Desk


async def write_past_the_workflow(opened: Desk, command: c.Command, order_id: str = "other") -> c.Order:
    """Decide an order on the stored state and store it, as a second run of the same dossier would."""
    order = replace(await opened.order(command), id=CommandId(order_id))
    records = await opened.records()
    state = state_of(records)
    events = decide(opened.rules, state, order)
    facts = [Fact(event, state.version + n, order.at, order.recorded_at) for n, event in enumerate(events, start=1)]
    answer = await opened.journal.append(
        Append(
            stream=Stream("A"),
            expected_version=state.version,
            prev_hash=records[-1].hash,
            command_id=order.id,
            command_digest=order_digest(order),
            events=tuple(new_event(event, order) for event in events),
            view=summarise(opened.rules, fold(facts, state), Stream("A")),
        )
    )
    assert answer.outcome is Outcome.APPENDED
    return order


async def test_another_writer_is_noticed_and_the_order_decided_anew(four_steps: Desk) -> None:
    """The run folds what it missed and decides again on what is really there."""
    await four_steps.receive()
    await write_past_the_workflow(four_steps, c.CompleteTask("appraise"))
    reply = await four_steps.do(c.ClaimTask())
    assert (reply.first, reply.last) == (7, 7)
    assert (await four_steps.records())[-1].version == 7
    glance = await four_steps.glance()
    assert (glance.version, glance.head) == (7, (await four_steps.records())[-1].hash)


async def test_what_another_writer_has_done_is_not_done_again(four_steps: Desk) -> None:
    """The stage was completed behind the run's back: completing it is refused, nothing is stored twice."""
    await four_steps.receive()
    await write_past_the_workflow(four_steps, c.CompleteTask("appraise"))
    assert await four_steps.refusal(c.CompleteTask("appraise")) == "stage_not_open"
    assert (await four_steps.types()).count("task.completed") == 1


async def test_an_order_whose_answer_was_lost_is_answered_from_the_store(four_steps: Desk) -> None:
    """Stored, but the run never heard of it: its repeat gets the stored versions, and the run catches up."""
    await four_steps.receive()
    order = await write_past_the_workflow(four_steps, c.CompleteTask("appraise"), "lost")
    reply = await four_steps.do(order.command, order_id="lost")
    assert (reply.first, reply.last) == (5, 6)
    assert (await four_steps.glance()).version == 6
    assert (await four_steps.types()).count("task.completed") == 1
