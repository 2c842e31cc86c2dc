"""What is left of the route laid over what is left of the time: until when each step should be done, as things stand.

The enforced due moments are the clocks'; this is the plan beside them. While the time suffices each step gets its own
budget. Once something has overrun, and less is left than the steps are allotted, what is left is shared out among them
in proportion, so that everybody sees by when he must be done for the appointment to hold.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from domain.calendar import Calendar
from domain.deadline import due_moment
from domain.dossier import clocks
from domain.dossier.route import stage_id, step_of_link
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.view import Status
from domain.errors import OutsideCalendar
from domain.ids import AuthorityId
from domain.period import Period
from domain.procedure import CountPolicy, LinkSpec, Step


class Planned(msgspec.Struct, frozen=True):
    """One step that is still to be done.

    ``minutes`` are the working minutes that it has left by its own budget, ``until`` is when it should be done.
    ``name`` is the stage's id, or the links' with commas between them.
    """

    step: int
    name: str
    authorities: tuple[AuthorityId, ...]
    minutes: int
    until: datetime


class Plan(msgspec.Struct, frozen=True):
    """The steps that are left, in order. ``short`` are the working minutes that are missing (0: the time suffices)."""

    steps: tuple[Planned, ...]
    short: int


def plan(rules: Rules, state: Dossier, now: datetime) -> Plan | None:
    """The plan as of ``now``.

    None where nothing is promised, the clock stands still, nothing is left to be judged, or the calendar ends.
    """
    due = clocks.committed_due(rules, state)
    if state.status is not Status.OPEN or due is None:
        return None
    try:
        return _planned(rules, state, now, due)
    except OutsideCalendar:
        return None


def _planned(rules: Rules, state: Dossier, now: datetime, due: datetime) -> Plan:
    calendar = rules.calendar()
    left = [(index, step, _left(rules, state, index, step, now)) for index, step in _coming(rules, state)]
    wanted, available = sum(minutes for _, _, minutes in left), calendar.between(now, due) if due > now else 0
    share = min(1.0, available / wanted) if wanted else 1.0
    return Plan(tuple(_laid_out(rules, state, left, share, now)), max(0, wanted - available))


def _coming(rules: Rules, state: Dossier) -> Iterator[tuple[int, Step]]:
    """The step at hand and those after it; without what comes once the result is there."""
    current = state.task.step if state.task else state.step
    if state.task is None and state.links_awaited:
        current = step_of_link(rules.procedure, state.links_awaited[0].id)
    yield from ((index, step) for index, step in enumerate(rules.procedure.route) if index >= current)


def _left(rules: Rules, state: Dossier, index: int, step: Step, now: datetime) -> int:
    """Working minutes that a step has left by its own budget; what has overrun has none."""
    calendar = rules.calendar()
    if state.task is not None and state.task.step == index:
        due = clocks.stage_due(rules, state)
        return calendar.between(now, due) if due is not None and due > now else 0
    if step.stage is not None:
        return _minutes(calendar, step.budget, now)
    return max((_left_of_link(rules, state, link, now) for link in step.links()), default=0)


def _left_of_link(rules: Rules, state: Dossier, link: LinkSpec, now: datetime) -> int:
    """A part that came back takes its whole time again; one that is done with takes none."""
    calendar, known = rules.calendar(), state.link(link.id)
    if known is None or known.back:
        return _minutes(calendar, link.budget, now)
    due = clocks.link_due(rules, state, known) if known.open else None
    return calendar.between(now, due) if due is not None and due > now else 0


def _minutes(calendar: Calendar, budget: Period | None, now: datetime) -> int:
    return calendar.between(now, due_moment(calendar, budget, now, CountPolicy.HOURS)) if budget is not None else 0


def _laid_out(
    rules: Rules, state: Dossier, left: list[tuple[int, Step, int]], share: float, now: datetime
) -> Iterator[Planned]:
    calendar, spent = rules.calendar(), 0.0
    for index, step, minutes in left:
        spent += minutes * share
        until = calendar.advance(now, round(spent)) if round(spent) else now
        yield Planned(index, _name(rules, index, step), _authorities(rules, state, step), minutes, until)


def _name(rules: Rules, index: int, step: Step) -> str:
    if step.stage is None:
        return ", ".join(link.id for link in step.links())
    return stage_id(rules.procedure.route, index)


def _authorities(rules: Rules, state: Dossier, step: Step) -> tuple[AuthorityId, ...]:
    if step.stage is not None:
        return (step.authority or rules.procedure.authority,)
    latest = ((link, state.link(link.id)) for link in step.links())
    return tuple(known.to if known is not None else link.to for link, known in latest)
