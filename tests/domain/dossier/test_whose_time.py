"""Whose time it was: the working minutes of all holders add up to the whole, whatever happened."""

from datetime import datetime, timedelta

import pytest

from domain.dossier.summary import judged_at, working_minutes
from store.memory import MemoryJournal
from tests.support.lives import Lives
from tests.support.random_lives import RULES, random_lives, rules_of, seeded

END = datetime.fromisoformat("2026-07-01T09:00+07:00")


@pytest.mark.parametrize("seed", range(6))
async def test_minutes_add_up_to_the_whole(seed: int) -> None:
    """From the receipt to the judgement, or to now: every working minute is somebody's, none is two people's."""
    lives = Lives(MemoryJournal(), RULES)
    await random_lives(lives, seeded(seed), 40)
    holders: set[str] = set()
    for stream in lives.streams():
        state = lives.state(stream)
        assert state.received_at is not None
        for now in (END, END + timedelta(days=3, minutes=77)):
            minutes = working_minutes(rules_of(state), state, now)
            whole = rules_of(state).calendar().between(state.received_at, judged_at(state) or now)
            assert sum(minutes.values()) == max(whole, 0), stream
            assert min(minutes.values()) >= 0
            holders |= {holder for holder, number in minutes.items() if number}
    assert holders == {"X1", "S1", "citizen"}
