"""No due moment moves silently: whatever a decision does to a clock is told by an event of its own."""

from datetime import datetime

from domain.dossier import clocks
from domain.dossier.draft import Draft
from domain.dossier.events import ClockName, DeadlineRevised, DeadlineSet
from domain.dossier.view import Status


def tell_promises(draft: Draft) -> None:
    """Add ``deadline.set`` for clocks that began and ``deadline.revised`` for due moments that moved.

    A clock that stands still has no due moment, so nothing is told until it runs again. A judged or closed dossier's
    clocks are told no more.
    """
    if draft.state.received_at is None or draft.state.status is not Status.OPEN:
        return
    _tell(draft, ClockName.STATUTORY, clocks.statutory_due(draft.rules, draft.state))
    _tell(draft, ClockName.COMMITTED, clocks.committed_due(draft.rules, draft.state))
    _tell_stage(draft)


def _tell(draft: Draft, clock: ClockName, due: datetime | None) -> None:
    if due is None:
        return
    told = draft.state.promise(clock)
    if told is None:
        running = clocks.clock_of(draft.rules, draft.state, clock)
        if running is not None:
            draft.add(DeadlineSet(clock, running.budget, running.start, due))
    elif told != due:
        draft.add(DeadlineRevised(clock, told, due, _why(draft)))


def _tell_stage(draft: Draft) -> None:
    task = draft.state.task
    if task is None:
        return
    told = draft.state.promise(ClockName.STAGE, task.id)
    due = clocks.stage_due(draft.rules, draft.state, task)
    if due is not None and told is not None and told != due:
        draft.add(DeadlineRevised(ClockName.STAGE, told, due, _why(draft), task.id))


def _why(draft: Draft) -> str:
    reason = getattr(draft.order.command, "reason", "")
    return f"{draft.order.name}: {reason}" if reason else draft.order.name
