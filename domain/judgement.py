"""Lateness, judged once and by the minute, and whose working time it was."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import TypeVar

from domain.calendar import Calendar
from domain.dossier.view import Timeliness

Holder = TypeVar("Holder")


def judge(due: datetime | None, ready_at: datetime, zone: tzinfo) -> Timeliness:
    """Judge a result that became ready: late after the due moment, early on an earlier local date, else on time.

    Seconds count: one second past the due moment is late. Where nothing was promised, nothing is late.
    """
    if due is None:
        return Timeliness.ON_TIME
    if ready_at > due:
        return Timeliness.LATE
    early = ready_at.astimezone(zone).date() < due.astimezone(zone).date()
    return Timeliness.EARLY if early else Timeliness.ON_TIME


def judge_open(due: datetime | None, now: datetime) -> Timeliness:
    """Judge an open dossier: overdue once ``now`` is past the due moment, never while it has none."""
    return Timeliness.OPEN_OVERDUE if due is not None and now > due else Timeliness.OPEN_WITHIN


def minutes_by_holder(calendar: Calendar, spans: Iterable[tuple[Holder, datetime, datetime]]) -> dict[Holder, int]:
    """Return the working minutes of each holder; over adjoining spans they add up to ``between(first, last)``."""
    minutes: dict[Holder, int] = {}
    for holder, start, end in spans:
        minutes[holder] = minutes.get(holder, 0) + calendar.between(start, end)
    return minutes
