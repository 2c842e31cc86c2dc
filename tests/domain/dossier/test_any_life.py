"""Whatever is done to a dossier, in whatever order: what must always hold, holds."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.agenda import agenda
from domain.dossier.codec import fact_of, new_event
from domain.dossier.decider import decide
from domain.dossier.evolve import fold
from domain.dossier.rules import Rules
from domain.dossier.state import NEW, Dossier
from domain.dossier.summary import judged_at, working_minutes
from domain.dossier.view import Status
from domain.errors import Refusal
from domain.ids import CommandId, Stream
from domain.period import parse_period
from domain.procedure import Effect, Silence, Step
from domain.record import NO_HASH, NewEvent, Record
from tests.domain.dossier.samples import S2, link, rules, stage
from tests.domain.dossier.spec import World, moment
from tests.domain.dossier.strategies import OFFICERS, commands

FINISHED = {Status.CLOSED, Status.REFUSED}
WORLDS: list[Rules] = [
    rules(),
    rules(on_supplement=Effect.RESTART, supplement_limit=parse_period("3 day")),
    rules(
        stage("receive"),
        stage("appraise", "1 working_day"),
        stage("approve", "4 working_hour"),
        stage("issue", "30 minute"),
        stage("return", "1 day"),
        on_supplement=Effect.RUN_ON,
        supplements_per_stage=2,
        statutory=parse_period("1 month"),
        committed=parse_period("20 day"),
    ),
    rules(
        stage("receive"),
        stage("appraise"),
        Step(parallel=(link("L1", silence=Silence.CONSENT), link("L2", S2, "8 working_hour"))),
        stage("approve", "8 working_hour"),
        stage("return"),
    ),
    rules(statutory=None, committed=None),
    rules(stage("receive"), link("L1"), stage("approve"), stage("return")).for_link("L1"),
]
HAND_OVER = c.ReceiveLink("A", "A", "L1", 1, WORLDS[-1].procedure.id)
END = moment("2027-06-30T12:00+07:00")
"""Half a year before the calendar's years end."""
ONCE = (e.DossierReminded, e.DossierOverdue, e.ApologyDue, e.TaskReminded, e.TaskOverdue, e.SupplementExpired)


class AnyLife(RuleBasedStateMachine):
    """Orders and time, as they come."""

    @initialize(known=st.sampled_from(WORLDS), begun=st.booleans())
    def begin(self, known: Rules, begun: bool) -> None:  # noqa: FBT001  # drawn
        """A dossier under some rules, received or still unknown."""
        self.world = World(known)
        self.now = moment("03-02 08:10")
        self.number = 0
        if known is WORLDS[-1]:
            self.ask(HAND_OVER, "", timedelta(0))
        elif begun:
            self.ask(c.Receive(components=("don",)), "lan", timedelta(0))

    @rule(
        command=commands(),
        by=OFFICERS,
        after=st.timedeltas(timedelta(0), timedelta(days=6)),
        ago=st.none() | st.timedeltas(timedelta(0), timedelta(days=9)),
    )
    def order(self, command: c.Command, by: str, after: timedelta, ago: timedelta | None) -> None:
        """Time passes and somebody wants something, perhaps something that happened earlier."""
        self.now = min(self.now + after, END)
        self.ask(command, by, ago)

    @rule(after=st.timedeltas(timedelta(0), timedelta(days=30)))
    def nobody_comes(self, after: timedelta) -> None:
        """Time passes."""
        self.now = min(self.now + after, END)
        self.let_pass()

    def let_pass(self) -> None:
        """Let what is due come true; reminders come in working time: not at night, on a day off or at the closing."""
        before = len(self.world.facts)
        self.world.let_pass(self.now)
        for fact in self.world.facts[before:]:
            if isinstance(fact.event, e.DossierReminded | e.TaskReminded):
                calendar = self.world.rules.calendar()
                assert calendar.between(fact.occurred_at, fact.occurred_at + timedelta(minutes=1)) == 1

    def ask(self, command: c.Command, by: str, ago: timedelta | None) -> None:
        """Decide; twice, for it must come to the same."""
        self.number += 1
        occurred = self.now - ago if ago is not None else None
        order = c.Order(CommandId(f"c{self.number}"), command, self.now, occurred, by)
        self.let_pass()
        before, known = self.world.state, self.world.rules
        first = self.decided(known, before, order)
        assert first == self.decided(known, before, order)
        if isinstance(first, str):
            return
        self.world.carry_out(order)
        assert self.world.state.version == before.version + len(first)
        if before.status in FINISHED:
            assert self.world.state.status in FINISHED, "a closed dossier is never opened again"
            assert self.world.state.ending == before.ending
        if not isinstance(command, c.Correct | c.ReviseCalendar | c.Extend):
            self.never_earlier(first)

    @staticmethod
    def decided(known: Rules, state: Dossier, order: c.Order) -> tuple[e.Event, ...] | str:
        """The events, or the code under which it is refused."""
        try:
            return decide(known, state, order)
        except Refusal as refusal:
            return refusal.code

    @staticmethod
    def never_earlier(events: tuple[e.Event, ...]) -> None:
        """What stands still or starts anew is never due earlier for it."""
        revised = [event for event in events if isinstance(event, e.DeadlineRevised)]
        assert all(event.old <= event.new for event in revised)

    # -- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def the_state_is_the_fold_of_what_is_stored(self) -> None:
        """Through the codec and back, folding never raises and gives the same."""
        stored = [fact_of(record) for record in records(self.world)]
        assert fold(stored) == self.world.state
        assert [fact.version for fact in stored] == list(range(1, len(stored) + 1))

    @invariant()
    def it_can_be_seen(self) -> None:
        """The read model can be built at any time, and shows only open work."""
        view = self.world.view()
        assert view.version == self.world.state.version
        assert not view.tasks or view.status not in FINISHED

    @invariant()
    def nothing_that_was_due_is_still_ahead(self) -> None:
        """The agenda lies ahead, is empty after the end, and what came true once does not come again.

        What was keyed late may be due already; it comes true at once.
        """
        self.let_pass()
        ahead = agenda(self.world.rules, self.world.state)
        assert all(entry.at >= self.now for entry in ahead)
        assert not ahead or self.world.state.status not in FINISHED
        came_true = Counter(repr(fact.event) for fact in self.world.facts if isinstance(fact.event, ONCE))
        assert all(times == 1 for times in came_true.values())

    @invariant()
    def working_minutes_add_up(self) -> None:
        """Those of all holders are those that have passed since the receipt."""
        state = self.world.state
        if state.received_at is None:
            return
        until = judged_at(state) or self.now
        passed = self.world.rules.calendar().between(state.received_at, until)
        assert sum(working_minutes(self.world.rules, state, self.now).values()) == passed


def records(world: World) -> list[Record]:
    """All that has happened, as rows of the store."""
    rows = []
    for fact in world.facts:
        order = c.Order(CommandId(""), c.Withdraw(), fact.recorded_at, fact.occurred_at, fact.actor)
        row: dict[str, Any] = {field: getattr(new_event(fact.event, order), field) for field in SHARED}
        rows.append(
            Record(
                event_id="",
                stream=Stream("A"),
                version=fact.version,
                command_id=CommandId(""),
                ordinal=0,
                prev_hash=NO_HASH,
                hash=NO_HASH,
                **row,
            )
        )
    return rows


SHARED = tuple(field for field in NewEvent.__struct_fields__)

AnyLife.TestCase.settings = settings(
    max_examples=80, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyLife = AnyLife.TestCase


def test_a_new_stream_is_nothing() -> None:
    """Nothing has happened: no status, no agenda."""
    assert (NEW.status, agenda(WORLDS[0], NEW)) == (None, ())
