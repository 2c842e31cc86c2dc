"""Figures from events: each stream's events fold into a case, cases are counted.

The identities of form II.06a hold by construction, because every case is put into exactly one cell of each group:
received = online + direct and post + carried over, resolved = early + on time + late, in process = within + overdue,
received = resolved + in process. Source: Circular 01/2020/TT-VPCP, form II.06a.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from domain.attribution import Cause, Where, cause
from domain.dossier import clocks
from domain.dossier.commands import Channel
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.summary import judged_at, timeliness
from domain.dossier.view import Timeliness
from domain.ids import AuthorityId, ProcedureCode

K = TypeVar("K")


class Case(msgspec.Struct, frozen=True):
    """A root dossier as reports see it. Linked parts are no cases: the citizen's dossier is counted once.

    ``unit`` is the desk that received it. ``ended_at`` is when it was judged (none: open). ``due`` is the committed due
    moment (none: nothing promised, or the clock is held). ``late_minutes`` are the working minutes after ``due``, of an
    open case those by the moment of counting. ``overran`` names the stages that were overdue.
    ``cause`` is who caused the lateness of one that was late (none: it was not).
    """

    dossier: str
    procedure: ProcedureCode
    field: str
    unit: AuthorityId
    channel: Channel
    received_at: datetime
    due: datetime | None
    ended_at: datetime | None
    ready_at: datetime | None
    timeliness: Timeliness | None
    late_minutes: int
    overran: tuple[str, ...]
    cause: Cause | None = None

    def is_overdue(self, at: datetime) -> bool:
        """Whether it was open at that moment and its due moment had passed."""
        return self.is_open(at) and self.due is not None and self.due < at

    def is_open(self, at: datetime) -> bool:
        """Whether it was received before that moment and not yet ended."""
        return self.received_at < at and (self.ended_at is None or self.ended_at >= at)


COLUMNS: Final = (
    "received",
    "online",
    "direct_and_post",
    "carried_over",
    "resolved",
    "early",
    "on_time",
    "late",
    "in_process",
    "within",
    "overdue",
)
"""Columns 3 to 13 of form II.06a (Circular 01/2020/TT-VPCP)."""


class Figures(msgspec.Struct, frozen=True):
    """A line of form II.06a: how many dossiers, for a period."""

    online: int = 0
    direct_and_post: int = 0
    carried_over: int = 0
    early: int = 0
    on_time: int = 0
    late: int = 0
    within: int = 0
    overdue: int = 0

    @property
    def received(self) -> int:
        """Column 3: all that had to be settled in the period."""
        return self.online + self.direct_and_post + self.carried_over

    @property
    def resolved(self) -> int:
        """Column 7."""
        return self.early + self.on_time + self.late

    @property
    def in_process(self) -> int:
        """Column 11."""
        return self.within + self.overdue

    def line(self) -> dict[str, int]:
        """The figures with their sums, in the order of the form's columns 3 to 13."""
        return {name: getattr(self, name) for name in COLUMNS}


class Box(msgspec.Struct, frozen=True):
    """What authorities publish, with its denominator and the age of the open work.

    ``late_percent`` is of those processed, to one tenth of a percent (none: none was processed). ``oldest_open_days``
    are whole calendar days since the oldest open dossier was received (none: none is open).
    """

    processed: int
    early: int
    on_time: int
    late: int
    late_percent: float | None
    open: int
    overdue: int
    oldest_open_days: int | None
    as_of: datetime


def case_of(rules: Rules, state: Dossier, name: str, now: datetime) -> Case | None:
    """A stream's case as of ``now`` (none: a linked part, or never received)."""
    if state.origin is not None or state.received_at is None:
        return None
    due, ended = clocks.committed_due(rules, state), judged_at(state)
    until, judged = ended or now, timeliness(rules, state)
    return Case(
        dossier=name,
        procedure=state.procedure,
        field=state.field,
        unit=state.received_by,
        channel=state.channel,
        received_at=state.received_at,
        due=due,
        ended_at=ended,
        ready_at=state.ready_at,
        timeliness=judged,
        late_minutes=max(0, rules.calendar().between(due, until)) if due is not None and until > due else 0,
        overran=state.overdue_stages,
        cause=cause(rules, state) if judged is Timeliness.LATE else None,
    )


def figures(cases: Iterable[Case], start: datetime, end: datetime) -> Figures:
    """The line of a period from ``start`` (included) to ``end`` (not included)."""
    cells: dict[str, int] = {}
    for case in cases:
        if case.received_at >= end or (case.ended_at is not None and case.ended_at < start):
            continue
        for cell in (_received(case, start), _outcome(case, end)):
            cells[cell] = cells.get(cell, 0) + 1
    return Figures(**cells)


def figures_by(cases: Iterable[Case], key: Callable[[Case], K], start: datetime, end: datetime) -> dict[K, Figures]:
    """The lines of a period by unit, field or whatever ``key`` says, in order of first appearance."""
    groups: dict[K, list[Case]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return {name: figures(group, start, end) for name, group in groups.items()}


def box(cases: Iterable[Case], as_of: datetime) -> Box:
    """The public box as of a moment, over all cases."""
    known = list(cases)
    ended = [case for case in known if case.ended_at is not None and case.ended_at < as_of]
    still_open = [case for case in known if case.is_open(as_of)]
    of = {kind: sum(case.timeliness is kind for case in ended) for kind in Timeliness}
    late = of[Timeliness.LATE]
    oldest = min((case.received_at for case in still_open), default=None)
    return Box(
        processed=len(ended),
        early=of[Timeliness.EARLY],
        on_time=of[Timeliness.ON_TIME],
        late=late,
        late_percent=round(100 * late / len(ended), 1) if ended else None,
        open=len(still_open),
        overdue=sum(case.is_overdue(as_of) for case in still_open),
        oldest_open_days=(as_of - oldest).days if oldest is not None else None,
        as_of=as_of,
    )


def share_in_time(in_time: int, resolved: int) -> float | None:
    """Percentage of what was resolved, cut to one digit (99.96 % in time is not 100 %); none when nothing was."""
    return in_time * 1000 // resolved / 10 if resolved else None


class Lost(msgspec.Struct, frozen=True):
    """How many dossiers were late because this authority lost the time, and how much of it, beyond what it is allotted.

    ``outside`` are those of other authorities, which had handed it a part. ``minutes`` are working minutes.
    """

    authority: AuthorityId
    dossiers: int
    outside: int
    minutes: int


def lost_by(cases: Iterable[Case], start: datetime, end: datetime) -> list[Lost]:
    """Through whom dossiers judged from ``start`` (included) to ``end`` (not included) were late, the worst first."""
    found: dict[AuthorityId, list[Cause]] = {}
    for case in cases:
        if case.cause is not None and case.ended_at is not None and start <= case.ended_at < end:
            found.setdefault(case.cause.authority, []).append(case.cause)
    lost = [
        Lost(name, len(of), sum(one.where is Where.OUTSIDE for one in of), sum(one.minutes for one in of))
        for name, of in found.items()
    ]
    return sorted(lost, key=lambda one: (-one.dossiers, -one.minutes, one.authority))


def late_list(cases: Iterable[Case], as_of: datetime) -> list[Case]:
    """The dossiers that were late or are overdue, the latest first."""
    late = [case for case in cases if case.timeliness is Timeliness.LATE or case.is_overdue(as_of)]
    return sorted(late, key=lambda case: (-case.late_minutes, case.dossier))


def _received(case: Case, start: datetime) -> str:
    if case.received_at < start:
        return "carried_over"
    return "online" if case.channel is Channel.ONLINE else "direct_and_post"


def _outcome(case: Case, end: datetime) -> str:
    if case.ended_at is None or case.ended_at >= end:
        return "overdue" if case.is_overdue(end) else "within"
    match case.timeliness:
        case Timeliness.EARLY:
            return "early"
        case Timeliness.LATE:
            return "late"
        case _:
            return "on_time"
