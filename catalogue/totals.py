"""What a route's counted stages add up to, and whether that can fit into a period of another unit."""

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from domain.period import Period, Unit
from domain.procedure import Procedure, Step

COUNTED = "counted"
EXCLUDED = "excluded"
ALTERNATIVE = "alternative"
PARALLEL = "parallel_group"
HOURS_PER_DAY = 8
DAYS_PER_WEEK, WORKING_DAYS_PER_WEEK = 7, 5
LONGEST_HOLIDAY = 11
"""Calendar days without a working day in a row, at most: Tết with the week-ends around it."""

_WORKING_HOURS = {Unit.WORKING_HOUR: 1, Unit.WORKING_DAY: HOURS_PER_DAY}
_SHORTEST_DAYS = {
    Unit.MINUTE: 1 / 1440,
    Unit.HOUR: 1 / 24,
    Unit.DAY: 1,
    Unit.MONTH: 28,
    Unit.WORKING_DAY: 1,
    Unit.WORKING_HOUR: 0,
}
_LONGEST_DAYS = {Unit.MINUTE: 1 / 1440, Unit.HOUR: 1 / 24, Unit.DAY: 1, Unit.MONTH: 31}
_EPSILON = 1e-9


class Total(msgspec.Struct, frozen=True):
    """A sum of periods by unit; units are never turned into one another."""

    amounts: tuple[tuple[Unit, float], ...] = ()

    def __str__(self) -> str:
        """``16 working_hour + 1 working_day``; ``nothing`` for an empty sum."""
        return " + ".join(f"{amount:g} {unit.value}" for unit, amount in self.amounts) or "nothing"


def total(periods: Iterable[Period]) -> Total:
    """The sum of periods."""
    amounts: dict[Unit, float] = {}
    for period in periods:
        amounts[period.unit] = round(amounts.get(period.unit, 0) + period.amount, 9)
    return Total(tuple(sorted(amounts.items())))


def counted_total(route: Iterable[Step]) -> Total:
    """The sum of the budgets that run inside the period.

    Of stages that run at once or are branches of one choice (one after another in the route) only the longest counts; a
    link counts with its own budget, a group of links with the longest.
    """
    return total(_counted(route))


def exceeds(spent: Total, period: Total) -> bool:
    """Whether ``spent`` cannot fit into ``period``.

    Exact where both are in working time or both in calendar time; where they are mixed only a certain excess is one: a
    working day takes at least one calendar day, and N working days last at most the weeks and the longest holiday
    around them.
    """
    if not spent.amounts:
        return False
    working_spent, working_period = _working_hours(spent), _working_hours(period)
    if working_spent is not None and working_period is not None:
        return working_spent > working_period + _EPSILON
    return _fewest_days(spent) > _most_days(period) + _EPSILON


def promised(procedure: Procedure) -> Total:
    """The whole promised time: the committed (else statutory) period, and the one after the payment."""
    return total(period for period in (procedure.budget(), procedure.after_payment) if period is not None)


def _counted(route: Iterable[Step]) -> Iterator[Period]:
    for key, steps in groupby(route, _branch):
        budgets = [budget for step in steps for budget in _budgets(step)]
        if key is not None and budgets:
            yield max(budgets, key=lambda budget: _fewest_days(total([budget])) or _working_hours(total([budget])) or 0)
        else:
            yield from budgets


def _branch(step: Step) -> str | None:
    """What several steps in a row have in common when only one of them takes the time."""
    for flag in step.flags:
        if flag.partition(":")[0] in {ALTERNATIVE, PARALLEL}:
            return flag.partition(":")[0]
    return None if step.parallel is None else f"links:{id(step)}"


def _budgets(step: Step) -> Iterator[Period]:
    if step.stage is not None:
        if step.budget is not None and step.clock in {"", COUNTED} and EXCLUDED not in step.flags:
            yield step.budget
        return
    for link in step.links():
        if link.budget is not None:
            yield link.budget
        else:
            yield from _counted(link.route)


def _working_hours(amounts: Total) -> float | None:
    if any(unit not in _WORKING_HOURS for unit, _ in amounts.amounts):
        return None
    return sum(_WORKING_HOURS[unit] * amount for unit, amount in amounts.amounts)


def _fewest_days(amounts: Total) -> float:
    return sum(_SHORTEST_DAYS[unit] * amount for unit, amount in amounts.amounts)


def _most_days(amounts: Total) -> float:
    working = sum(_WORKING_HOURS[unit] * amount for unit, amount in amounts.amounts if unit in _WORKING_HOURS)
    calendar = sum(_LONGEST_DAYS[unit] * amount for unit, amount in amounts.amounts if unit in _LONGEST_DAYS)
    if not working:
        return calendar
    days = working / HOURS_PER_DAY
    return calendar + days / WORKING_DAYS_PER_WEEK * DAYS_PER_WEEK + LONGEST_HOLIDAY
