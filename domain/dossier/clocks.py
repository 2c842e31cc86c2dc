"""The clocks of a dossier, built from its state: a budget, a start and the suspension ledger.

Due moments follow from them.
"""

from datetime import datetime

from domain.clock import Clock, Suspension
from domain.deadline import due
from domain.dossier.events import ClockName
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier, Link, Stay, Task
from domain.period import clock_time
from domain.procedure import Effect


def statutory_clock(rules: Rules, state: Dossier) -> Clock | None:
    """The law's clock (none: nothing promised by law, or not yet received)."""
    budget = rules.procedure.statutory
    if budget is None or state.received_at is None:
        return None
    return Clock(
        budget=budget,
        start=state.received_at,
        count=rules.procedure.count,
        cutoff=rules.procedure.cutoff,
        suspensions=ledger(state.stays, state.received_at),
    )


def committed_clock(rules: Rules, state: Dossier) -> Clock | None:
    """The appointment's clock: shortened period, extension and second appointment included."""
    budget = rules.procedure.budget()
    if budget is None or state.received_at is None:
        return None
    start, cutoff = state.received_at, rules.procedure.cutoff
    if state.second is not None:
        budget, start, cutoff = state.second.budget, state.second.start, None
    return Clock(
        budget=budget,
        start=start,
        count=rules.procedure.count,
        cutoff=cutoff,
        suspensions=ledger(state.stays, start),
        extension=next(((x.at, x.due, x.reason) for x in reversed(state.extensions) if x.at >= start), None),
    )


def stage_clock(rules: Rules, state: Dossier, task: Task) -> Clock | None:
    """The open stage's clock (none: the stage is not timed)."""
    if task.budget is None:
        return None
    return Clock(
        budget=task.budget,
        start=task.opened_at,
        count=rules.procedure.count,
        suspensions=ledger(state.stays, task.opened_at),
    )


def clock_of(rules: Rules, state: Dossier, name: ClockName) -> Clock | None:
    """The named clock."""
    match name:
        case ClockName.STATUTORY:
            return statutory_clock(rules, state)
        case ClockName.COMMITTED:
            return committed_clock(rules, state)
        case ClockName.STAGE:
            return stage_clock(rules, state, state.task) if state.task else None


def statutory_due(rules: Rules, state: Dossier) -> datetime | None:
    """Due by law (none: no such period, or suspended without an end)."""
    clock = statutory_clock(rules, state)
    return due(rules.calendar(), clock) if clock else None


def committed_due(rules: Rules, state: Dossier) -> datetime | None:
    """Due by the appointment (none: no such period, or suspended without an end)."""
    clock = committed_clock(rules, state)
    return due(rules.calendar(), clock) if clock else None


def stage_due(rules: Rules, state: Dossier, task: Task | None = None) -> datetime | None:
    """Due of the open stage, in the calendar of the authority that works it."""
    task = task or state.task
    clock = stage_clock(rules, state, task) if task else None
    return due(rules.calendar(task.authority), clock) if task and clock else None


def link_due(rules: Rules, state: Dossier, link: Link) -> datetime | None:
    """When the answer to a hand-over is due, in its addressee's calendar (none: not timed, or the clock stands)."""
    if link.budget is None:
        return None
    clock = Clock(
        budget=link.budget,
        start=link.opened_at,
        count=rules.procedure.count,
        suspensions=ledger(state.stays, link.opened_at),
    )
    return due(rules.calendar(link.to), clock)


def synchronised_by(rules: Rules, told: datetime) -> datetime:
    """Until when the other side of a hand-over must have what it was told then, by the law's minutes."""
    return told + clock_time(rules.law.link_synchronisation.period)


def ledger(stays: tuple[Stay, ...], start: datetime) -> tuple[Suspension, ...]:
    """The suspensions that touch a clock started then; what ended before it does not concern it."""
    return tuple(
        Suspension(max(stay.start, start), stay.end, stay.effect, stay.reason.value)
        for stay in stays
        if stay.effect is not Effect.RUN_ON and (stay.end is None or stay.end > start)
    )
