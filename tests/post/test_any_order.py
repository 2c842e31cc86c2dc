"""Whatever the order in which scans are heard, and however often each, the same is known in the end."""

from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.dossier import commands as c
from domain.dossier.decider import decide
from domain.dossier.events import Fact
from domain.dossier.evolve import evolve
from domain.dossier.rules import Rules
from domain.dossier.state import NEW, Dossier
from domain.dossier.summary import summarise
from domain.dossier.view import Status
from domain.ids import CommandId, Stream
from domain.postal import TERMINAL, Parcel, ScanState
from tests.domain.dossier.samples import rules

START = datetime.fromisoformat("2026-03-02T08:10+07:00")
HEARD = START + timedelta(days=40)
RULES = rules()

Scan = tuple[ScanState, int, bool]
SCANS = st.lists(st.tuples(st.sampled_from(ScanState), st.integers(-600, 40_000), st.booleans()), max_size=8)


def _order(number: int, command: c.Command, at: datetime, occurred_at: datetime | None = None) -> c.Order:
    return c.Order(CommandId(f"c{number}"), command, at, occurred_at=occurred_at, actor="lan", authority="X1")


def _do(rules: Rules, state: Dossier, order: c.Order) -> Dossier:
    for event in decide(rules, state, order):
        state = evolve(state, Fact(event, state.version + 1, order.at, order.recorded_at, order.actor))
    return state


def _lived(commands: list[c.Command]) -> Dossier:
    state = NEW
    for number, command in enumerate(commands):
        state = _do(RULES, state, _order(number, command, START))
    return state


SUBMITTED = _lived(
    [c.Submit(RULES.procedure.id, c.Channel.POST, ("don",)), c.OrderCollection("ems", "V1")],
)
READY = _lived(
    [
        c.Receive(components=("don",)),
        c.CompleteTask("appraise"),
        c.CompleteTask("approve"),
        c.IssueResult(),
        c.DispatchResult("ems", "V1"),
    ]
)


def _heard(state: Dossier, scans: list[Scan]) -> Dossier:
    for number, (scan, minutes, signed) in enumerate(scans):
        command = c.RecordScan(scan, "V1", signed=signed)
        occurred = START + timedelta(minutes=minutes)
        state = _do(RULES, state, _order(100 + number, command, HEARD + timedelta(minutes=number), occurred))
    return state


def _known(state: Dossier) -> object:
    """What is known in the end, without when and in which order it was recorded."""
    view = summarise(RULES, state, Stream("A"))
    parcels = tuple(msgspec.structs.replace(parcel, problems=()) for parcel in state.parcels)
    tasks = tuple((task.task, task.title, task.due) for task in view.tasks)
    return (
        (parcels, state.status, state.received_at, state.ready_at, state.ending, view.portal_state, tasks),
        (view.committed_due, view.waiting, state.returned_by),
    )


def test_the_later_of_two_signatures_is_heard_first() -> None:
    """The dossier is filed at the earlier one all the same, and its first stage runs from then."""
    heard: list[Scan] = [(ScanState.DELIVERED, 1, True), (ScanState.DELIVERED, 0, True)]
    assert _known(_heard(SUBMITTED, heard)) == _known(_heard(SUBMITTED, heard[::-1]))


@given(SCANS, st.randoms(use_true_random=False))
def test_collection(scans: list[Scan], chance: object) -> None:
    """A dossier's filing does not depend on the order of what is heard of its papers."""
    shuffled = [*scans, *scans]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    assert _known(_heard(SUBMITTED, shuffled)) == _known(_heard(SUBMITTED, scans))


@given(SCANS, st.randoms(use_true_random=False))
def test_delivery(scans: list[Scan], chance: object) -> None:
    """Nor does its return."""
    shuffled = [*scans, *scans]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    assert _known(_heard(READY, shuffled)) == _known(_heard(READY, scans))


@given(SCANS)
def test_an_end_is_never_undone(scans: list[Scan]) -> None:
    """Once a parcel's way has ended it stays ended, and a delivery stays a delivery."""
    parcels: list[Parcel] = [_heard(READY, scans[:number]).parcels[0] for number in range(len(scans) + 1)]
    for before, after in pairwise(parcels):
        assert after.state in TERMINAL or before.state not in TERMINAL
        assert after.state is ScanState.DELIVERED or before.state is not ScanState.DELIVERED


@given(SCANS)
def test_every_scan_is_recorded(scans: list[Scan]) -> None:
    """Late ones and those after the end too."""
    for start in (SUBMITTED, READY):
        state = _heard(start, scans)
        assert state.entries.count("postal.scanned") == len(scans)


@given(st.integers(0, 40_000), st.integers(0, 40_000))
def test_the_clock_starts_at_the_signature(delivered: int, signed: int) -> None:
    """Not at an unsigned delivery, and not when we hear of it."""
    state = _heard(SUBMITTED, [(ScanState.DELIVERED, delivered, False)])
    assert state.status is Status.SUBMITTED
    state = _heard(SUBMITTED, [(ScanState.DELIVERED, delivered, False), (ScanState.DELIVERED, signed, True)])
    assert state.received_at == START + timedelta(minutes=signed)
