"""What keeps a route from being run: no end, nobody to work it, links in circles or without an answer."""

import re
from collections.abc import Iterator
from functools import cached_property

import msgspec

from catalogue.faults import Fault, Severity
from catalogue.loading import Contents, Found
from catalogue.totals import HOURS_PER_DAY, counted_total, exceeds, total
from catalogue.yamlfile import Place
from domain.authority import Authority, Level, Role
from domain.binding import COMMUNE, concrete, is_symbolic
from domain.ids import AuthorityId
from domain.period import Unit, earlier
from domain.procedure import LinkSpec, Procedure, StageKind, Step

_LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Known:
    """The names that procedures may use."""

    def __init__(self, authorities: dict[AuthorityId, Authority], staffed: frozenset[tuple[AuthorityId, str]]) -> None:
        self._authorities = authorities
        self._staffed = staffed

    def unknown(self, authority: AuthorityId) -> str:
        """Why an id names nobody; empty where it does."""
        if not is_symbolic(authority):
            return "" if authority in self._authorities else f'the authority "{authority}" is unknown'
        if not self._communes:
            return f'"{authority}" is an authority of the receiving commune, and there is no commune'
        unit = authority.removeprefix(COMMUNE)
        if unit and unit != ".one_stop" and not any(commune + unit in self._authorities for commune in self._communes):
            return f'"{authority}" is unknown: no commune has a unit "{unit.removeprefix(".")}"'
        return ""

    def unstaffed(self, authority: AuthorityId, role: str) -> AuthorityId | None:
        """An authority that would have to work a stage and has no officer of the role; none where all have."""
        places = [concrete(authority, commune, self._authorities) for commune in self._communes]
        return next((place for place in places or [authority] if (place, role) not in self._staffed), None)

    @cached_property
    def _communes(self) -> list[AuthorityId]:
        inside = {known.id for known in self._authorities.values() if known.level is Level.COMMUNE}
        return sorted(name for name in inside if self._authorities[name].parent not in inside)


class _Route(msgspec.Struct, frozen=True):
    """One route within a procedure: where it stands, whose it is, and who holds the dossier above it."""

    place: Place
    steps: tuple[Step, ...]
    owner: AuthorityId
    above: frozenset[AuthorityId] = frozenset()
    link: str = ""

    @property
    def name(self) -> str:
        """The route in a sentence."""
        return f"the route of link {self.link}" if self.link else "the route"

    def workers(self) -> frozenset[AuthorityId]:
        """Who works the route's own stages."""
        return frozenset(step.authority or self.owner for step in self.steps if step.stage is not None)


def known_names(contents: Contents) -> Known:
    """The names of a catalogue."""
    authorities = {found.item.id: found.item for found in contents.authorities}
    staffed = frozenset((found.item.authority, role.value) for found in contents.officers for role in found.item.roles)
    return Known(authorities, staffed)


def route_faults(found: Found[Procedure], known: Known) -> Iterator[Fault]:
    """The faults and warnings of a procedure's route and of those of its links."""
    procedure = found.item
    links: set[str] = set()
    yield from _walk(found, _Route(("route",), procedure.route, procedure.authority), known, links)
    if not _approves(procedure.route):
        message = "no stage approves: the result can be issued without a decision"
        yield found.fault("no_approval", message, "route", severity=Severity.WARNING)


def _walk(found: Found[Procedure], route: _Route, known: Known, links: set[str]) -> Iterator[Fault]:
    yield from _ends(found, route)
    yield from _stages(found, route, known)
    for place, link in _links(route):
        yield from _link_faults(found, place, link, route, known, links)
        inner = _Route((*place, "route"), link.route, link.to, route.above | route.workers() | {link.to}, link.id)
        yield from _walk(found, inner, known, links)


def _ends(found: Found[Procedure], route: _Route) -> Iterator[Fault]:
    if not route.steps:
        yield found.fault("route_without_stages", f"{route.name} is empty", *route.place)
        return
    last = len(route.steps) - 1
    if route.steps[0].stage is not StageKind.RECEIVE:
        message = f"{route.name} does not begin with a receive stage"
        yield found.fault("route_without_receipt", message, *route.place, 0)
    if route.steps[last].stage is not StageKind.RETURN:
        code, what = ("link_without_answer", "is never answered") if route.link else ("route_never_ends", "never ends")
        yield found.fault(code, f"{route.name} {what}: its last step is not a return stage", *route.place, last)
    for number, step in enumerate(route.steps[:last]):
        if step.stage is StageKind.RETURN:
            message = f"{route.name} ends at step {number + 1}, a return stage, and goes on after it"
            yield found.fault("route_ends_early", message, *route.place, number)


def _stages(found: Found[Procedure], route: _Route, known: Known) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, step in enumerate(route.steps):
        if step.stage is None:
            continue
        place = (*route.place, number)
        if step.id and step.id in seen:
            yield found.fault("duplicate_id", f'two stages of {route.name} have the id "{step.id}"', *place, "id")
        seen.add(step.id)
        yield from _worker_faults(found, step, place, route, known)
        for at, reminder in enumerate(step.reminders):
            if reminder.before.unit not in {Unit.WORKING_HOUR, Unit.WORKING_DAY}:
                message = f"a reminder comes so many working hours or working days before, not {reminder.before}"
                yield found.fault("invalid_period", message, *place, "reminders", at, "before")


def _worker_faults(found: Found[Procedure], step: Step, place: Place, route: _Route, known: Known) -> Iterator[Fault]:
    authority = step.authority or route.owner
    reason = known.unknown(authority)
    if reason and step.authority is not None:
        yield found.fault("unknown_authority", reason, *place, "authority")
    if not step.role:
        return
    if step.role not in set(Role):
        message = f'the role "{step.role}" is unknown; known are {", ".join(Role)}'
        yield found.fault("unknown_role", message, *place, "role")
    elif not reason and (nobody := known.unstaffed(authority, step.role)) is not None:
        message = f"{nobody} has no officer who is a {step.role}: nobody can work this stage"
        yield found.fault("no_officer", message, *place, "role", severity=Severity.WARNING)


def _links(route: _Route) -> Iterator[tuple[Place, LinkSpec]]:
    for number, step in enumerate(route.steps):
        if step.link is not None:
            yield (*route.place, number, "link"), step.link
        for at, inner in enumerate(step.parallel or ()):
            if inner.link is not None:
                yield (*route.place, number, "parallel", at, "link"), inner.link


def _link_faults(
    found: Found[Procedure], place: Place, link: LinkSpec, route: _Route, known: Known, links: set[str]
) -> Iterator[Fault]:
    if not _LINK_ID.fullmatch(link.id):
        message = f'the link id "{link.id}" is not one: letters, digits, "_" and "-", at most 32'
        yield found.fault("invalid_value", message, *place, "id")
    if link.id in links:
        yield found.fault("duplicate_id", f'two links have the id "{link.id}"', *place, "id")
    links.add(link.id)
    if reason := known.unknown(link.to):
        yield found.fault("unknown_authority", reason, *place, "to")
    if link.to in route.above | route.workers():
        message = f"link {link.id} leads back to {link.to}, which holds the dossier already: a circle"
        yield found.fault("link_circle", message, *place, "to")
    if link.margin is not None and (link.budget is None or earlier(link.budget, link.margin, HOURS_PER_DAY) is None):
        message = (
            f"link {link.id}: a margin of {link.margin} leaves nothing of the budget of {link.budget or 'none'}, or is "
            "not in working hours or working days as that must be"
        )
        yield found.fault("margin_exceeds_budget", message, *place, "margin")
    spent = counted_total(link.route)
    if link.budget is not None and exceeds(spent, total([link.budget])):
        message = f"link {link.id}: its stages' budgets add up to {spent}, more than its own {link.budget}"
        yield found.fault("budgets_exceed_period", message, *place, "budget")


def _approves(route: tuple[Step, ...]) -> bool:
    return any(step.stage is StageKind.APPROVE or any(_approves(link.route) for link in step.links()) for step in route)
