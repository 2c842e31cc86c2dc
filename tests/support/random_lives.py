"""Lives as they come: worked on sooner or later, extended, supplemented, withdrawn, corrected, keyed late, linked."""

import random
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from domain.dossier import commands as c
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.ids import OfficerId
from tests.domain.dossier.samples import FOUR_STEPS, OFFICE, link, rules
from tests.support.lives import Lives

RULES = rules(field="hộ tịch")
LINKED = rules(*FOUR_STEPS[:2], link("L1"), *FOUR_STEPS[2:], field="đất đai", id="P2")
REVISED = replace(OFFICE, off=(*OFFICE.off, date(2026, 3, 10)))
"""A later version of the calendar that both count by."""


def seeded(seed: int) -> random.Random:
    """Chance that is the same each time."""
    return random.Random(seed)  # noqa: S311  # lives, no secrets


async def random_lives(
    lives: Lives, chance: random.Random, number: int, prefix: str = "D", first: str = "2026-03-02T08:10+07:00"
) -> None:
    """Dossiers that are worked on sooner or later, extended, supplemented, withdrawn, corrected, keyed late, linked."""
    at = datetime.fromisoformat(first)
    for index in range(number):
        at += timedelta(minutes=chance.randrange(300))
        await lives.receive(f"{prefix}{index}", at.isoformat(), rules=LINKED if chance.random() < 0.2 else RULES)
    for _ in range(number * 40):
        at += timedelta(minutes=chance.randrange(40))
        await one_act(lives, chance, f"{prefix}{chance.randrange(number)}", at)
    await lives.wait((at + timedelta(days=30)).isoformat())


async def one_act(lives: Lives, chance: random.Random, stream: str, at: datetime) -> None:
    """Something somebody does; where it is refused nothing has happened."""
    part = f"{stream}/L1"
    stages = ("appraise", "approve", "return")

    def earlier(days: int) -> str:
        return (at - timedelta(days=chance.randrange(days), hours=1)).isoformat()

    acts: list[tuple[str, c.Command]] = [
        *((stream, c.CompleteTask(stage)) for stage in stages),
        *((stream, c.CompleteTask(stage)) for stage in stages),
        *((stream, command) for command in (c.IssueResult(), c.IssueResult(), c.ReturnResult(), c.ProvideSupplement())),
        *((part, command) for command in (c.AcknowledgeLink(), c.CompleteTask("appraise"), c.AnswerLink())),
        (stream, c.Extend(at + timedelta(days=chance.randrange(1, 20)), "chờ")),
        (stream, c.Correct("result.issued", "occurred_at", earlier(9), "sai", OfficerId("chi"))),
        (stream, c.Correct("dossier.received", "occurred_at", earlier(20), "sai", OfficerId("chi"))),
        (stream, c.ReviseCalendar(REVISED, "nghỉ bù")),
        (stream, c.RequestSupplement("thiếu") if chance.random() < 0.3 else c.ProvideSupplement()),
        (stream, c.Withdraw() if chance.random() < 0.2 else c.ProvideSupplement()),
    ]
    name, command = chance.choice(acts)
    occurred_at = earlier(4) if chance.random() < 0.4 else None
    await lives.attempt(name, at.isoformat(), command, occurred_at=occurred_at)


def rules_of(state: Dossier) -> Rules:
    """The rules that such a state has pinned."""
    known = LINKED if state.procedure == "P2" else RULES
    if state.calendars.get(OFFICE.id) not in {None, known.calendar_versions[OFFICE.id]}:
        known = known.with_calendar(REVISED)
    return known.for_link(state.origin.link) if state.origin else known
