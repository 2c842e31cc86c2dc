"""Whatever is asked, with whatever in its fields: the answer is events or a refusal, never a breakdown."""

from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.dossier import commands as c
from domain.dossier.decider import decide
from domain.errors import Refusal
from domain.ids import CommandId
from tests.domain.dossier.samples import HOA
from tests.domain.dossier.spec import World, lived, moment
from tests.domain.dossier.strategies import any_commands
from tests.domain.dossier.test_refusal_table import RULES, STATES

BEGINNING = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
END = datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EXTREMES = st.datetimes(timezones=OFFSETS) | st.sampled_from([BEGINNING, END])
CLOCKS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=OFFSETS)  # noqa: DTZ001  # drawn with one
"""What a clock may show: moments that have a local form everywhere."""
WORLDS = {name: lived(RULES, orders) for name, orders in STATES.items()}


def answered(world: World, order: c.Order) -> None:
    """Decide, and look at what comes of it; both may be refused."""
    copy = World(world.rules)
    copy.state = world.state
    with suppress(Refusal):
        decide(world.rules, world.state, order)
    with suppress(Refusal):
        copy.carry_out(order)
        copy.view()


@pytest.mark.parametrize("name", WORLDS)
@given(command=any_commands(), actor=st.text(max_size=3), late=st.none() | EXTREMES)
@settings(max_examples=60, deadline=None)
@example(command=c.Extend(END, "…"), actor="lan", late=None)
@example(command=c.Correct(1, "occurred_at", "0001-01-01T00:00:00+14:00", "…", HOA), actor="lan", late=None)
@example(command=c.ClaimTask(), actor="lan", late=BEGINNING)
def test_any_command_is_answered(name: str, command: c.Command, actor: str, late: datetime | None) -> None:
    """In every state."""
    order = c.Order(CommandId("c1"), command, moment("03-06 09:00"), late, actor)
    answered(WORLDS[name], order)


@pytest.mark.parametrize("name", WORLDS)
@given(at=CLOCKS, occurred=st.none() | EXTREMES)
@settings(max_examples=60, deadline=None)
def test_any_moment_is_answered(name: str, at: datetime, occurred: datetime | None) -> None:
    """Recorded and occurred whenever."""
    for command in (
        c.Receive(components=("don",)),
        c.Submit(RULES.procedure.id),
        c.CompleteTask("appraise"),
        c.Stop("…"),
    ):
        answered(WORLDS[name], c.Order(CommandId("c1"), command, at, occurred, "lan"))
