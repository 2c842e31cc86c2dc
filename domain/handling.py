"""How long a stage took: working minutes from when it was opened, and from when somebody had it in hand."""

from datetime import datetime

import msgspec

from domain.dossier import events as e
from domain.dossier.rules import Rules
from domain.dossier.state import Task


class Handling(msgspec.Struct, frozen=True):
    """One completed stage.

    ``claimed_at`` is when the task came into the hands of whoever held it last (none: nobody had claimed it).
    ``minutes`` are working minutes since it was opened, ``held_minutes`` since it was claimed. Time in which the clock
    stood still is part of both: they are never shorter than what an officer had.
    """

    opened_at: datetime
    claimed_at: datetime | None
    minutes: int
    held_minutes: int | None


def claimed_after(before: datetime | None, fact: e.Fact) -> datetime | None:
    """Since when the open task is in an officer's hands, after one more fact (none: in nobody's)."""
    match fact.event:
        case e.TaskClaimed() | e.TaskDelegated():
            return fact.occurred_at
        case e.TaskOpened() | e.TaskReleased() | e.TaskCompleted():
            return None
        case _:
            return before


def handling(rules: Rules, task: Task, claimed_at: datetime | None, completed_at: datetime) -> Handling:
    """How long a task took, by the calendar of its authority; raises Refusal where that does not know the days."""
    between = rules.calendar(task.authority).between
    return Handling(
        opened_at=task.opened_at,
        claimed_at=claimed_at,
        minutes=max(0, between(task.opened_at, completed_at)),
        held_minutes=None if claimed_at is None else max(0, between(claimed_at, completed_at)),
    )
