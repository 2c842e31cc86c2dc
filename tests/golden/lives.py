"""Lives whose histories are kept: together they take every path of the workflow."""

from collections.abc import Awaitable, Callable

from domain.dossier import commands as c
from domain.dossier.rules import Rules
from domain.ids import Stream
from tests.domain.dossier.samples import HOA, link, rules, stage
from tests.workflows.desk import Desk

Life = Callable[[Desk], Awaitable[None]]


async def four_steps(desk: Desk) -> None:
    """Received, appraised, approved, issued, returned; a refused order in between."""
    await desk.receive()
    await desk.refusal(c.CompleteTask("approve"))
    await desk.finish()


async def forgotten(desk: Desk) -> None:
    """Nobody acts for weeks, then the citizen does not answer: only the timer moves it on, to its end."""
    await desk.receive()
    await desk.wait_until("2026-03-16T08:00+07:00")
    await desk.do(c.RequestSupplement("thiếu bản sao"))
    await desk.wait_until("2026-05-30T12:00+07:00")


async def renewed(desk: Desk) -> None:
    """A run that took over from an earlier one, with a supplement awaited and repeats remembered."""
    await desk.receive(events_per_run=40)
    await desk.do(c.ClaimTask(), order_id="claimed")
    await desk.do(c.RequestSupplement("thiếu bản sao"))
    for number in range(4):
        await desk.do(c.Correct("dossier.received", "channel", "post", f"{number}", HOA))
    await desk.do(c.ProvideSupplement())
    await desk.do(c.ClaimTask(), order_id="claimed")
    await desk.do(c.ReleaseTask())


async def taken_up(desk: Desk) -> None:
    """A run that was begun from the store, after the end: a correction and feedback."""
    await desk.receive()
    await desk.finish()
    await desk.wait_until("2026-03-03T08:00+07:00")
    await desk.do(c.Correct("result.issued", "occurred_at", "2026-03-02T16:00:00+07:00", "keyed early", HOA))
    await desk.refusal(c.ClaimTask())
    await desk.do(c.RecordFeedback(5))


async def handed_over(desk: Desk) -> None:
    """A link is opened, acknowledged and answered, and the route goes on."""
    await desk.receive()
    await desk.dossiers.settle(Stream("A"))
    await desk.do(c.AcknowledgeLink(), "A/L1")
    await desk.do(c.CompleteTask("appraise"), "A/L1")
    await desk.do(c.AnswerLink(), "A/L1")
    await desk.handle("A/L1").result()
    await desk.do(c.Stop("rút"))


LINKED = rules(stage("receive"), link("L1"), stage("approve", "8 working_hour"), stage("return"))

LIVES: dict[str, tuple[Life, Rules, str]] = {
    "four_steps": (four_steps, rules(), "A"),
    "forgotten": (forgotten, rules(), "A"),
    "renewed": (renewed, rules(), "A"),
    "taken_up": (taken_up, rules(), "A"),
    "handed_over": (handed_over, LINKED, "A"),
    "linked_part": (handed_over, LINKED, "A/L1"),
}
"""Name of the kept history to the life, its rules and the stream whose last run is kept."""
