"""Who caused a lateness: the authority that held the dossier longest beyond what the route allots it.

A dossier that crosses authorities is late at its own authority's door, whoever the time was lost with. So a late one is
attributed: *inside* where the time was lost by the authority itself, *outside* where by one that was handed a part.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from domain.calendar import Calendar
from domain.counting import working_minutes
from domain.dossier.rules import Rules
from domain.dossier.state import CITIZEN, POST, Dossier
from domain.dossier.summary import judged_at
from domain.dossier.summary import working_minutes as minutes_held
from domain.ids import AuthorityId
from domain.period import Period, Unit

TIMED = frozenset({Unit.WORKING_HOUR, Unit.WORKING_DAY})
"""Units that are an amount of work; what is allotted in others is not compared."""


class Where(StrEnum):
    """Whether the deciding authority lost the time itself."""

    INSIDE = "inside"
    OUTSIDE = "outside"


class Cause(msgspec.Struct, frozen=True):
    """Who lost the time, where, and how many working minutes beyond what it is allotted (0: nobody did)."""

    authority: AuthorityId
    where: Where
    minutes: int


def cause(rules: Rules, state: Dossier) -> Cause:
    """Who caused the lateness of a judged dossier.

    Where nobody overran his own share (it was received late into its period, say) it is the deciding authority.
    """
    at = judged_at(state) or state.spans[-1].since
    held = {name: spent for name, spent in minutes_held(rules, state, at).items() if name not in {CITIZEN, POST}}
    allotted = _allotted(rules, state)
    over = {name: spent - allotted.get(name, 0) for name, spent in held.items()}
    most = max(over, key=lambda name: (over[name], name == state.authority), default=state.authority)
    handed = {link.to for link in state.links}
    if over.get(most, 0) <= 0:
        return Cause(state.authority, Where.INSIDE, 0)
    where = Where.OUTSIDE if most in handed and most != state.authority else Where.INSIDE
    return Cause(AuthorityId(most), where, over[most])


def _allotted(rules: Rules, state: Dossier) -> dict[str, int]:
    """Working minutes that the route gives each authority, in the deciding one's calendar as all minutes held are."""
    calendar = rules.calendar()
    found: dict[str, int] = {}
    for authority, budget in _budgets(rules, state):
        found[authority] = found.get(authority, 0) + _minutes(calendar, budget)
    return found


def _budgets(rules: Rules, state: Dossier) -> Iterator[tuple[AuthorityId, Period | None]]:
    """Each share of the route with who has it: a link's is its latest addressee's."""
    for step in rules.procedure.route:
        if step.stage is not None:
            yield step.authority or rules.procedure.authority, step.budget
        for link in step.links():
            known = state.link(link.id)
            yield known.to if known is not None else link.to, link.budget


def _minutes(calendar: Calendar, budget: Period | None) -> int:
    return working_minutes(calendar, budget) if budget is not None and budget.unit in TIMED else 0
