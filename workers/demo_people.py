"""The people of the demonstration: officers who are sometimes slow, citizens who answer late or never.

Everything they do follows from the seed, the stream's name and the state they see: no clock, no other chance.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Final

import msgspec

from domain.dossier import clocks
from domain.dossier import commands as c
from domain.dossier.route import earlier_stages, final_approval
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier, Task
from domain.dossier.view import Status
from domain.ids import AuthorityId, OfficerId, Stream
from domain.procedure import StageKind, SuspensionReason

UNTIMED_MINUTES: Final = 240
"""How long a stage without an allotted time may take before anyone wonders: half a day."""
SHORTEST: Final = 5
"""Working minutes that anything takes."""
DAY: Final = 480
"""Working minutes of a day, for waiting times; nobody counts them exactly."""

QUICK, JUST_IN_TIME = 0.90, 0.97
"""Shares of tasks done well within their time, and of those done in it; the rest takes longer."""
SUPPLEMENT, NEVER_ANSWERED = 0.09, 0.12
VERIFICATION = 0.03
PAYMENT = 0.02
REWORK, REJECT = 0.04, 0.03
EXTEND = 0.6
"""How often form 04 is sent when a task is going to end after the due moment."""
WITHDRAW = 0.02
CLAIM = 0.2
KEYED_LATE = 0.04
NEVER_FETCHED = 0.06
FEEDBACK = 0.1
APPRAISING = frozenset({StageKind.APPRAISE, StageKind.CONSULT})


class Act(msgspec.Struct, frozen=True):
    """What someone does at a moment; ``occurred_at`` where it is keyed later than it happened."""

    at: datetime
    command: c.Command
    by: str = ""
    occurred_at: datetime | None = None


class Life:
    """What the people around one stream do next."""

    def __init__(
        self, stream: Stream, rules: Rules, officers: Mapping[AuthorityId, Sequence[OfficerId]], seed: int
    ) -> None:
        """Begin; ``officers`` are those of each authority."""
        self._chance = Random(f"{seed}/{stream}")  # noqa: S311  # repeatable by purpose
        self._rules = rules
        self._calendar = rules.calendar()
        self._officers = officers
        self._withdraws = self._chance.random() < WITHDRAW
        self._asked: set[str] = set()
        self._silent = False

    def next_act(self, state: Dossier, now: datetime) -> Act | None:
        """What is done next, at ``now`` or later (none: nothing, or someone else must act first)."""
        if self._silent:
            return None
        if state.status in {Status.CLOSED, Status.REFUSED}:
            return self._feedback(state, now)
        if state.status is Status.SUBMITTED:
            return Act(self._later(now, 20, 500), c.Receive(), self._officer(state.received_by))
        act = self._citizen(state, now)
        if act is not None or state.supplement is not None or self._waits(state):
            return act
        return self._office(state, now)

    # -- citizens ------------------------------------------------------------------------------------------------------

    def _citizen(self, state: Dossier, now: datetime) -> Act | None:
        if state.supplement is not None:
            if self._chance.random() < NEVER_ANSWERED:
                self._silent = True
                return None
            return Act(self._later(now, 1 * DAY, 12 * DAY), c.ProvideSupplement(components=state.supplement.components))
        if state.stay(SuspensionReason.PAYMENT) is not None:
            return Act(
                self._later(now, DAY // 2, 6 * DAY), c.ConfirmPayment(receipt=f"BL{self._chance.randrange(10**6):06}")
            )
        if self._withdraws and state.status is Status.OPEN and state.origin is None and state.tasks_opened > 1:
            self._withdraws = False
            return Act(self._later(now, 30, 2 * DAY), c.Withdraw(reason="không còn nhu cầu"))
        return None

    def _feedback(self, state: Dossier, now: datetime) -> Act | None:
        self._silent = True
        if state.origin is not None or self._chance.random() >= FEEDBACK:
            return None
        return Act(self._later(now, 60, 3 * DAY), c.RecordFeedback(score=self._chance.choice((3, 4, 4, 5, 5, 5))))

    # -- officers ------------------------------------------------------------------------------------------------------

    def _waits(self, state: Dossier) -> bool:
        """Whether another authority must answer first."""
        return bool(state.links_awaited)

    def _office(self, state: Dossier, now: datetime) -> Act | None:
        verification = state.stay(SuspensionReason.VERIFICATION)
        if verification is not None and verification.link == "":
            return Act(self._later(now, DAY, 4 * DAY), c.Resume(SuspensionReason.VERIFICATION))
        if state.origin is not None and not state.origin.acknowledged:
            return Act(self._later(now, 10, 150), c.AcknowledgeLink(), self._officer(state.authority))
        task = state.task
        if task is None:
            return self._at_the_end(state, now)
        if state.origin is None and task.stage is StageKind.RETURN:
            return self._at_the_end(state, now)
        officer = task.officer or self._officer(task.authority)
        if task.officer is None and self._chance.random() < CLAIM:
            return Act(self._later(now, 5, 60), c.ClaimTask(task.stage_id), officer)
        return self._work(state, task, now, officer)

    def _work(self, state: Dossier, task: Task, now: datetime, officer: str) -> Act:
        """The open task, done or interrupted."""
        done_at = self._done_at(state, task, now)
        return (
            self._interruption(state, task, now, officer)
            or self._extension(state, now, done_at, officer)
            or Act(done_at, self._conclusion(state, task), officer)
        )

    def _interruption(self, state: Dossier, task: Task, now: datetime, officer: str) -> Act | None:
        """What keeps a task from being done now: asked of each stage once."""
        if task.stage not in APPRAISING or task.id in self._asked or state.status is not Status.OPEN:
            return None
        self._asked.add(task.id)
        rolled = self._chance.random()
        at = self._later(now, 30, DAY)
        if rolled < SUPPLEMENT:
            return Act(at, c.RequestSupplement(reason="thiếu giấy tờ chứng minh"), officer)
        if rolled < SUPPLEMENT + VERIFICATION:
            return Act(at, c.Suspend(SuspensionReason.VERIFICATION), officer)
        if state.origin is None and (self._asks_for_tax(state, task) or rolled < SUPPLEMENT + VERIFICATION + PAYMENT):
            return Act(at, c.RequirePayment(amount=1000 * self._chance.randrange(20, 900), reason="lệ phí"), officer)
        return None

    def _asks_for_tax(self, state: Dossier, task: Task) -> bool:
        """Whether the obligation between two appointments is notified now: when the tax office is heard."""
        if self._rules.procedure.after_payment is None or state.second is not None:
            return False
        kinds = {step.stage for step in self._rules.procedure.route}
        return task.stage is StageKind.CONSULT or StageKind.CONSULT not in kinds

    def _extension(self, state: Dossier, now: datetime, done_at: datetime, officer: str) -> Act | None:
        """Form 04, where the task is going to end too late and there is time to say so."""
        due = clocks.committed_due(self._rules, state)
        at = self._later(now, 10, 60)
        if due is None or done_at <= due or at >= due or state.extensions or state.origin or state.ready_at:
            return None
        if self._chance.random() >= EXTEND:
            return None
        day = self._calendar.next_working_day(due.date(), self._chance.randrange(2, 8))
        return Act(at, c.Extend(self._calendar.closing(day), "khối lượng hồ sơ lớn"), officer)

    def _conclusion(self, state: Dossier, task: Task) -> c.Command:
        """How the task ends."""
        if state.origin is not None and task.stage is StageKind.RETURN:
            return c.AnswerLink()
        if state.origin is None and task.stage is StageKind.ISSUE and state.approved is not None and not state.ready_at:
            return c.IssueResult(number=f"{self._chance.randrange(1, 9000)}/QĐ")
        rolled = self._chance.random()
        undecided = state.ready_at is None and state.approved is None
        if undecided and task.stage is StageKind.APPROVE and rolled < REWORK and self._can_go_back(task):
            return c.CompleteTask(task.stage_id, c.TaskOutcome.REWORK, note="xem lại căn cứ")
        decides = task.stage is StageKind.APPROVE and task.step == final_approval(self._rules.procedure)
        if undecided and decides and state.origin is None and rolled > 1 - REJECT:
            return c.CompleteTask(task.stage_id, c.TaskOutcome.REJECT, note="không đủ điều kiện")
        return c.CompleteTask(task.stage_id)

    def _at_the_end(self, state: Dossier, now: datetime) -> Act | None:
        """Nothing is left but the result, or the answer to whoever asked."""
        if state.origin is not None:
            return Act(self._later(now, 10, 240), c.AnswerLink(), self._officer(state.authority))
        if state.ready_at is None:
            at = self._later(now, 5, 120)
            command = c.IssueResult(number=f"{self._chance.randrange(1, 9000)}/QĐ")
            if self._chance.random() < KEYED_LATE:
                return Act(self._later(at, DAY // 2, 2 * DAY), command, self._officer(state.authority), occurred_at=at)
            return Act(at, command, self._officer(state.authority))
        if self._chance.random() < NEVER_FETCHED:
            self._silent = True
            return None
        method = c.ReturnMethod(state.channel.value)
        return Act(self._later(now, 30, 4 * DAY), c.ReturnResult(method), self._officer(state.return_to))

    def _can_go_back(self, task: Task) -> bool:
        return any(True for _ in earlier_stages(self._rules.procedure, task.step))

    def _done_at(self, state: Dossier, task: Task, now: datetime) -> datetime:
        """When the task is done: after a share of its time; before the appointment, unless it is a slow one."""
        due = clocks.stage_due(self._rules, state, task)
        allotted = self._rules.calendar(task.authority).between(task.opened_at, due) if due else UNTIMED_MINUTES
        rolled = self._chance.random()
        if rolled >= JUST_IN_TIME:
            return self._calendar.advance(now, max(SHORTEST, round(allotted * self._chance.uniform(1.05, 2.2))))
        share = self._chance.uniform(0.1, 0.7) if rolled < QUICK else self._chance.uniform(0.7, 1.0)
        done_at = self._calendar.advance(now, max(SHORTEST, round(allotted * share)))
        promised = clocks.committed_due(self._rules, state)
        if promised is None or done_at <= promised or now >= promised:
            return done_at
        return self._calendar.advance(now, max(SHORTEST, self._calendar.between(now, promised) // 2))

    def _later(self, now: datetime, least: int, most: int) -> datetime:
        """Between so many working minutes after ``now``."""
        return self._calendar.advance(now, self._chance.randrange(least, most))

    def _officer(self, authority: AuthorityId) -> str:
        return self._chance.choice(self._officers.get(authority) or (OfficerId(f"{authority}/1"),))
