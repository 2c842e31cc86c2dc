"""Reading a route's links out of the changes of authority between its stages.

A change of authority from one stage to the next is a link to that authority: inter-level where the level differs,
sector for agencies of their ministries, else horizontal; coming back ends it. A one-stop desk belongs to whoever holds
the dossier at its level, so that handing in and handing out are no links. Links nest as they were entered: a department
that asks the committee's office from within its part opens a link inside its link.
"""

from collections.abc import Iterator
from itertools import groupby

import msgspec
from msgspec.structs import replace

from catalogue.naming import Names
from catalogue.runnable import SUPPLIED, numbered
from catalogue.stages import role_of
from catalogue.totals import PARALLEL, counted_total
from domain.authority import AuthorityKind, Level
from domain.ids import AuthorityId
from domain.period import Period
from domain.procedure import LinkKind, LinkSpec, Procedure, StageKind, Step


class _Part:
    """A stretch of the route that one authority holds: its stages and the parts it hands over from within."""

    def __init__(self, holder: AuthorityId, level: Level, group: str = "") -> None:
        self.holder = holder
        self.level = level
        self.group = group
        self.items: list[Step | _Part] = []


class _Place(msgspec.Struct, frozen=True):
    level: Level
    kind: AuthorityKind


def derive_links(procedure: Procedure, names: Names) -> Procedure:
    """The procedure with its route read as parts; one that never leaves its first authority is returned as it is."""
    if any(step.stage is None for step in procedure.route):
        return procedure
    root = _parts(procedure, names)
    if all(isinstance(item, Step) for item in root.items):
        return procedure
    return replace(procedure, route=_Numbering(names, procedure).route(root))


def _parts(procedure: Procedure, names: Names) -> _Part:
    """Fold the stages into nested parts: a stack of holders, popped where an authority comes back."""
    places = [_place(step, procedure, names) for step in procedure.route]
    holders = [step.authority or procedure.authority for step in procedure.route]
    home = _holder_ahead(0, places, holders)
    root = _Part(home, places[0].level)
    stack = [root]
    for at, step in enumerate(procedure.route):
        place, group = places[at], _group(step)
        if place.kind is AuthorityKind.ONE_STOP:
            depth = _depth_of_level(stack, place.level)
            holder = stack[depth].holder if depth is not None else _holder_ahead(at, places, holders)
        else:
            holder = holders[at]
            depth = next((number for number, part in enumerate(stack) if part.holder == holder), None)
        if depth is None and group:
            _leave_group(stack, group)
        if depth is not None:
            del stack[depth + 1 :]
        else:
            part = _Part(holder, place.level, group)
            stack[-1].items.append(part)
            stack.append(part)
        stack[-1].items.append(step)
    return root


def _group(step: Step) -> str:
    """What steps that run at once have in common."""
    return next((flag for flag in step.flags if flag.partition(":")[0] == PARALLEL), "")


def _leave_group(stack: list[_Part], group: str) -> None:
    """Parts of one group stand beside each other, not within each other."""
    beside = next((number for number, part in enumerate(stack) if number and part.group == group), None)
    if beside is not None:
        del stack[beside:]


def _depth_of_level(stack: list[_Part], level: Level) -> int | None:
    """Which open part a desk of this level belongs to: the outermost of its level."""
    return next((number for number, part in enumerate(stack) if part.level is level), None)


def _holder_ahead(at: int, places: list[_Place], holders: list[AuthorityId]) -> AuthorityId:
    """Who holds what a desk took in: the next authority of the desk's level that is no desk, else the desk."""
    level = places[at].level
    ahead = range(at, len(places))
    return next(
        (holders[n] for n in ahead if places[n].level is level and places[n].kind is not AuthorityKind.ONE_STOP),
        holders[at],
    )


def _place(step: Step, procedure: Procedure, names: Names) -> _Place:
    authority = step.authority or procedure.authority
    return _Place(names.level(authority), names.kind(authority))


class _Numbering:
    """Turns parts into routes; links are numbered through the whole procedure in the order in which they open."""

    def __init__(self, names: Names, procedure: Procedure) -> None:
        self._names = names
        self._procedure = procedure
        self._links = 0

    def route(self, part: _Part) -> tuple[Step, ...]:
        """The part's stages and links, opened by a receipt and closed by a return where it has none of its own."""
        steps = [step for group in _groups(part.items) for step in self._steps(group, part)]
        desk = self._names.desk(part.holder) if part.level is Level.COMMUNE else part.holder
        first, last = steps[0], steps[-1]
        if first.stage is not StageKind.RECEIVE:
            steps.insert(0, self._supplied(StageKind.RECEIVE, part.holder))
            desk = part.holder
        elif first.authority is not None:
            desk = first.authority
        if last.stage is not StageKind.RETURN:
            steps.append(self._supplied(StageKind.RETURN, desk))
        return tuple(numbered(steps))

    def _steps(self, group: list[Step | _Part], above: _Part) -> list[Step]:
        """The group's stages and links; parts that run at once are one step."""
        steps = [self._link(item, above) if isinstance(item, _Part) else item for item in group]
        together = len(steps) > 1 and all(step.link is not None for step in steps)
        return [Step(parallel=tuple(steps))] if together else steps

    def _link(self, part: _Part, above: _Part) -> Step:
        self._links += 1
        name = f"L{self._links}"
        route = self.route(part)
        return Step(link=LinkSpec(name, self._kind(part, above), part.holder, route, _budget(route)))

    def _kind(self, part: _Part, above: _Part) -> LinkKind:
        if self._names.kind(part.holder) is AuthorityKind.SECTOR:
            return LinkKind.SECTOR
        return LinkKind.INTER_LEVEL if part.level is not above.level else LinkKind.HORIZONTAL

    def _supplied(self, stage: StageKind, authority: AuthorityId) -> Step:
        role = role_of(stage, self._names.kind(authority), "")
        return Step(stage=stage, role=role, authority=authority, clock="unstated", flags=(SUPPLIED,))


def _groups(items: list[Step | _Part]) -> Iterator[list[Step | _Part]]:
    """Neighbouring parts of one parallel group together, everything else by itself."""
    for _, group in groupby(enumerate(items), _group_key):
        yield [item for _, item in group]


def _group_key(numbered_item: tuple[int, Step | _Part]) -> str:
    at, item = numbered_item
    return item.group if isinstance(item, _Part) and item.group else str(at)


def _budget(route: tuple[Step, ...]) -> Period | None:
    """What the part's counted stages add up to, where they are all of one unit."""
    amounts = counted_total(route).amounts
    if len(amounts) != 1:
        return None
    unit, amount = amounts[0]
    return Period(amount, unit)
