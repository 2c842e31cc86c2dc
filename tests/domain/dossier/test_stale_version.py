"""A decision taken on a stale screen is refused; the version that was seen is no part of what is asked."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from domain.dossier.codec import order_digest
from domain.dossier.commands import CompleteTask, Order, Receive
from domain.dossier.decider import decide
from domain.dossier.events import Event, Fact
from domain.dossier.evolve import fold
from domain.dossier.refusals import StaleVersion
from domain.dossier.state import NEW, Dossier
from domain.ids import CommandId
from tests.domain.dossier.samples import rules

RULES = rules()
MORNING = datetime.fromisoformat("2026-03-02T08:10+07:00")
NOON = datetime.fromisoformat("2026-03-02T11:00+07:00")


def _order(command: Receive | CompleteTask, at: datetime, expected: int | None = None) -> Order:
    return Order(CommandId("c1"), command, recorded_at=at, actor="lan", expected_version=expected)


def _after(events: tuple[Event, ...]) -> Dossier:
    return fold(Fact(event, version, MORNING, MORNING) for version, event in enumerate(events, start=1))


@pytest.fixture
def received() -> Dossier:
    """A dossier whose appraisal is open."""
    return _after(decide(RULES, NEW, _order(Receive(components=("don",)), MORNING)))


def test_the_version_seen_is_the_current_one(received: Dossier) -> None:
    """An order that names the current version is decided like one that names none."""
    command = CompleteTask("appraise")
    seen = decide(RULES, received, _order(command, NOON, received.version))
    assert seen == decide(RULES, received, _order(command, NOON))


@pytest.mark.parametrize("behind", [1, -1])
def test_a_stale_screen_decides_nothing(received: Dossier, behind: int) -> None:
    """Any other version is refused, and the refusal tells the current one."""
    with pytest.raises(StaleVersion) as refused:
        decide(RULES, received, _order(CompleteTask("appraise"), NOON, received.version - behind))
    assert refused.value.code == "stale_version"
    assert refused.value.details == {"expected": received.version - behind, "current": received.version}


def test_staleness_is_told_before_any_other_fault(received: Dossier) -> None:
    """What a stale screen shows explains every other refusal, so it comes first."""
    with pytest.raises(StaleVersion):
        decide(RULES, received, _order(CompleteTask("approve"), NOON, 1))


def test_the_version_seen_is_no_part_of_the_content() -> None:
    """A repeat is known by its content, whatever screen it was sent from."""
    order = _order(CompleteTask("appraise"), NOON)
    assert order_digest(replace(order, expected_version=7)) == order_digest(order)
