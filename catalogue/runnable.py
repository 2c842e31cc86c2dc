"""From the printed steps to a route that the engine can run, saying in words whatever had to be supplied.

The engine wants a route that begins with a receive stage, ends with a return stage and approves somewhere; published
routes sometimes print none of these because they go without saying.
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from catalogue.naming import Names
from catalogue.stages import role_of
from catalogue.totals import COUNTED, EXCLUDED
from domain.authority import Role
from domain.ids import AuthorityId
from domain.procedure import StageKind, Step

SUPPLIED = "supplied"
AFTER_RETURN = "after_return"
PUBLISHED_KIND = "published_kind:"
APPROVES = "includes:approve"
_EDGES = frozenset({StageKind.RECEIVE, StageKind.RETURN})


class Route(msgspec.Struct, frozen=True):
    """A route and what was done to make it one."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]


def runnable(steps: list[Step], deciding: AuthorityId, names: Names) -> Route:
    """The printed stages, in order, as a route that can be run and whose stages have ids of their own."""
    notes: list[str] = []
    route = _return_last(steps, notes)
    first = route[0] if route else None
    desk = names.desk(deciding)
    if first is None or first.stage is not StageKind.RECEIVE:
        desk = _desk_of(first, deciding, names)
        route = [_supplied(StageKind.RECEIVE, desk, names), *route]
        notes.append(f"no receipt is printed as the first step: supplied at {desk}, not timed")
    elif first.authority is not None:
        desk = first.authority
    if route[-1].stage is not StageKind.RETURN:
        route.append(_supplied(StageKind.RETURN, desk, names))
        notes.append(f"no return of the result is printed as the last step: supplied at {desk}, not timed")
    return Route(tuple(numbered(_approving(route, deciding, names, notes))), tuple(notes))


def _return_last(steps: list[Step], notes: list[str]) -> list[Step]:
    """End the route with its last return; what is printed after it is noted or, where it is counted, done before."""
    last = max((at for at, step in enumerate(steps) if step.stage is StageKind.RETURN), default=None)
    if last is None:
        return list(steps)
    before, returning, after = _handing_on(steps[:last], notes), steps[last], steps[last + 1 :]
    kept: list[Step] = []
    for step in after:
        if step.clock == COUNTED and step.budget is not None and EXCLUDED not in step.flags:
            kept.append(replace(step, flags=(*step.flags, AFTER_RETURN)))
            notes.append(f"{_name(step)} is printed after the return and takes counted time: worked before it")
        else:
            words = "; ".join(text for text in (step.title, step.agency, step.raw, *step.flags) if text)
            notes.append(
                f"{_name(step)} is printed after the return, outside the counted time, and is no stage: {words}"
            )
    return [*before, *kept, returning]


def _handing_on(steps: list[Step], notes: list[str]) -> list[Step]:
    """Make stages that hand on of returns before the last: the engine ends a dossier with a return."""
    route: list[Step] = []
    for step in steps:
        if step.stage is not StageKind.RETURN:
            route.append(step)
            continue
        notes.append(f"{_name(step)} (return) is not the last return: it hands on to the next step")
        flags = (*step.flags, f"{PUBLISHED_KIND}{step.stage}")
        route.append(replace(step, stage=StageKind.TRANSFER, flags=flags))
    return route


def _approving(route: list[Step], deciding: AuthorityId, names: Names, notes: list[str]) -> list[Step]:
    """Where no step is printed as an approval or signature, the step that decides becomes the approve stage."""
    if any(step.stage is StageKind.APPROVE for step in route):
        return route
    at = _decides(route, deciding)
    if at is None:
        notes.append(f"no step decides: an approval is supplied at {deciding}, not timed")
        return [*route[:-1], _supplied(StageKind.APPROVE, deciding, names), route[-1]]
    step = route[at]
    notes.append(f"no step is printed as an approval: {_name(step)} ({step.stage}) is taken as the one that decides")
    decided = replace(
        step, stage=StageKind.APPROVE, role=Role.LEADER, flags=(*step.flags, f"{PUBLISHED_KIND}{step.stage}")
    )
    return [*route[:at], decided, *route[at + 1 :]]


def _decides(route: list[Step], deciding: AuthorityId) -> int | None:
    """Find the last step that includes the approval by its own words, else that issues, else the last inner one.

    Steps of another ministry's agency (the tax office's notice) decide nothing in the province.
    """
    inner = [(at, step) for at, step in enumerate(route) if step.stage not in _EDGES]
    own = [(at, step) for at, step in inner if step.level != "sector" or step.authority == deciding] or inner
    for wanted in (
        [at for at, step in own if APPROVES in step.flags],
        [at for at, step in own if step.stage is StageKind.ISSUE],
        [at for at, _ in own],
    ):
        if wanted:
            return wanted[-1]
    return None


def _desk_of(first: Step | None, deciding: AuthorityId, names: Names) -> AuthorityId:
    """Where a dossier is received whose first printed step is not a receipt: at the desk of that step's authority.

    Agencies of their ministries receive themselves.
    """
    if first is None or first.authority is None:
        return names.desk(deciding)
    return first.authority if first.level == "sector" else names.desk(first.authority)


def _supplied(stage: StageKind, authority: AuthorityId, names: Names) -> Step:
    return Step(
        stage=stage,
        role=role_of(stage, names.kind(authority), ""),
        authority=authority,
        clock="unstated",
        flags=(SUPPLIED,),
    )


def numbered(route: list[Step]) -> Iterator[Step]:
    """Give each stage an id: its kind, with a number from the second of that kind on."""
    seen: dict[StageKind, int] = {}
    for step in route:
        if step.stage is None:
            yield step
            continue
        seen[step.stage] = count = seen.get(step.stage, 0) + 1
        yield replace(step, id=step.stage.value if count == 1 else f"{step.stage}-{count}")


def _name(step: Step) -> str:
    return f"step {step.number}" if step.number else f'the step "{step.title}"'
