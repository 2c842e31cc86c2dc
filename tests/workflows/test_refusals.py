"""What is refused is refused cheaply and clearly, and what cannot be stored does not hold up what can."""

import asyncio
from datetime import UTC, datetime

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from domain.record import Append, Appended
from runtime import temporal
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.memory import MemoryJournal
from tests.domain.dossier.samples import rules
from tests.workflows.desk import TIMEOUT, Desk, FixedRules, desk
from workers.dossier import build_worker
from workflows.client import Dossiers, Refused


async def test_a_refusal_leaves_no_history(temporal_dev: EmbeddedTemporal) -> None:
    """On Temporal's real server an order that the validator refuses adds no event to the workflow's history."""
    client = await temporal.connect(Settings(temporal_address=temporal_dev.address))
    journal, stream = MemoryJournal(), Stream("refusals-A")
    dossiers = Dossiers(client, journal, "refusals")
    now = datetime.now(UTC)
    async with build_worker(client, journal, FixedRules(rules()), "refusals"):
        await dossiers.begin(stream, rules(), c.Order(CommandId("c1"), c.Receive(components=("don",)), now), TIMEOUT)
        handle = client.get_workflow_handle(stream)
        before = (await handle.describe()).history_length
        for number in range(3):
            with pytest.raises(Refused):
                await dossiers.execute(
                    stream, c.Order(CommandId(f"r{number}"), c.CompleteTask("approve"), now), TIMEOUT
                )
        assert (await handle.describe()).history_length == before
        await handle.terminate()


async def test_a_refusal_carries_its_code_its_sentence_and_its_details(light: Desk) -> None:
    """What the domain says reaches the caller whole."""
    await light.receive()
    with pytest.raises(Refused) as caught:
        await light.do(c.CompleteTask("approve"))
    assert caught.value.code == "stage_not_open"
    assert str(caught.value) == "stage approve is not open; the open stage is appraise"
    assert caught.value.details == {"stage": "approve", "open": "appraise"}


async def test_a_stale_version_is_refused(light: Desk) -> None:
    """Whoever decides on a screen that is no longer true is told so."""
    await light.receive()
    await light.do(c.ClaimTask(), expected_version=4)
    assert await light.refusal(c.ReleaseTask(), expected_version=4) == "stale_version"
    await light.do(c.ReleaseTask(), expected_version=5)


async def test_what_the_store_cannot_hold_is_refused(four_steps: Desk) -> None:
    """A NUL character in a text: refused at receipt and later, and the dossier goes on."""
    order = await four_steps.order(c.Receive(components=("don",), applicant="A\0B"))
    with pytest.raises(Refused) as caught:
        await four_steps.dossiers.begin(Stream("A"), four_steps.rules, order, TIMEOUT)
    assert caught.value.code == "unstorable_data"
    await four_steps.handle().result()
    await four_steps.receive()
    assert await four_steps.refusal(c.CompleteTask("appraise", note="A\0B")) == "unstorable_data"
    await four_steps.do(c.CompleteTask("appraise"))


async def test_orders_that_race_with_the_end_are_answered(env: WorkflowEnvironment) -> None:
    """Orders that arrive while the run ends: each is either carried out or refused, never lost in between."""
    async with desk(env, MemoryJournal(), rules()) as opened:
        for number in range(8):
            stream = f"A{number}"
            await opened.receive(stream)
            answers = await asyncio.gather(
                opened.do(c.Withdraw(), stream),
                *(opened.do(c.RecordFeedback(3), stream) for _ in range(3)),
                *(opened.do(c.ClaimTask(), stream, actor=f"o{officer}") for officer in range(3)),
                return_exceptions=True,
            )
            unexpected = [a for a in answers if isinstance(a, BaseException) and not isinstance(a, Refused)]
            assert unexpected == []
            types = await opened.types(stream)
            assert types.count("dossier.closed") == 1
            assert set(types[types.index("dossier.closed") + 1 :]) <= {"feedback.recorded"}


class Withholding(MemoryJournal):
    """A journal whose answers can be held back after it has stored."""

    def __init__(self) -> None:
        super().__init__()
        self.answering = asyncio.Event()
        self.stored = asyncio.Event()

    async def append(self, append: Append) -> Appended:
        """Store at once, answer when allowed."""
        answer = await super().append(append)
        self.stored.set()
        await self.answering.wait()
        return answer


async def test_what_is_stored_but_not_yet_answered_is_not_refused(env: WorkflowEnvironment) -> None:
    """A leader sees the new task in his worklist before the workflow knows that it is stored: his order is taken."""
    journal = Withholding()
    journal.answering.set()
    async with desk(env, journal, rules()) as opened:
        await opened.receive()
        journal.answering.clear()
        journal.stored.clear()
        appraised = asyncio.ensure_future(opened.do(c.CompleteTask("appraise")))
        await journal.stored.wait()
        approved = asyncio.ensure_future(opened.do(c.CompleteTask("approve")))
        await opened.accepted(2)
        journal.answering.set()
        assert (await appraised).last + 1 == (await approved).first
