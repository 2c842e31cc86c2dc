"""Binding: a commune's procedure is published once for all communes; at receipt it becomes that of one commune.

In the catalogue such a procedure names its authorities symbolically: ``commune`` is the commune's people's committee,
``commune.one_stop`` its desk, ``commune.police`` its police, and so on. Binding puts the receiving commune's own
authorities in their place; the bound procedure is content-addressed like any other, so a dossier pins exactly what it
is worked by.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from domain.authority import Authority, Level
from domain.errors import Refusal
from domain.ids import AuthorityId
from domain.procedure import LinkSpec, Procedure, Step

COMMUNE = AuthorityId("commune")
"""The symbolic commune; ``commune.<unit>`` is one of its units."""


class CannotBind(Refusal):
    """No commune can be found for a procedure that a commune works on."""

    code = "cannot_bind"


def is_symbolic(authority: AuthorityId) -> bool:
    """Whether the id stands for an authority of whichever commune receives."""
    return authority == COMMUNE or authority.startswith(f"{COMMUNE}.")


def authorities_of(procedure: Procedure) -> Iterator[AuthorityId]:
    """Every authority that the procedure names, symbolic ones included, in order and with repetition."""
    yield procedure.authority
    yield from _of_route(procedure.route)


def needs_commune(procedure: Procedure) -> bool:
    """Whether the procedure must be bound to a commune before a dossier can be worked under it."""
    return any(is_symbolic(authority) for authority in authorities_of(procedure))


def bind(
    procedure: Procedure,
    receiving_authority: AuthorityId,
    authorities: Mapping[AuthorityId, Authority],
    commune: AuthorityId | None = None,
) -> Procedure:
    """The procedure with concrete authorities and, where their records name some, their margins; else as it is.

    The commune is the named one, or that of the receiving desk; a dossier received elsewhere (a provincial centre)
    without naming its commune goes to the seat: the first commune by id. A unit that a commune has no authority of its
    own for is worked by the commune itself. Raises CannotBind where no commune is known.
    """
    if not needs_commune(procedure):
        return _with_margins(procedure, authorities)
    place = _commune_of(commune or receiving_authority, authorities)
    if place is None and commune is not None:
        message = f'"{commune}" is no commune; procedure {procedure.id} is worked by one'
        raise CannotBind(message, procedure=procedure.id, authority=commune)
    seat = place or _seat(authorities)
    if seat is None:
        message = f"procedure {procedure.id} is worked by a commune, and the catalogue has none"
        raise CannotBind(message, procedure=procedure.id, authority=receiving_authority)
    bound = replace(
        procedure,
        authority=concrete(procedure.authority, seat, authorities),
        route=_bound_route(procedure.route, seat, authorities),
    )
    return _with_margins(bound, authorities)


def receiving_desk(procedure: Procedure) -> AuthorityId:
    """Where the (bound) procedure is received: its first stage's authority."""
    first = next((step for step in procedure.route if step.stage is not None), None)
    return (first.authority if first is not None else None) or procedure.authority


def concrete(authority: AuthorityId, commune: AuthorityId, authorities: Mapping[AuthorityId, Authority]) -> AuthorityId:
    """The authority that an id means in a commune; a unit that the commune lacks is the commune itself."""
    if not is_symbolic(authority):
        return authority
    unit = AuthorityId(commune + authority.removeprefix(COMMUNE))
    return unit if unit in authorities else commune


def _with_margins(procedure: Procedure, authorities: Mapping[AuthorityId, Authority]) -> Procedure:
    if all(authority.handover_margin is None for authority in authorities.values()):
        return procedure
    return replace(procedure, route=tuple(_step_with_margins(step, authorities) for step in procedure.route))


def _step_with_margins(step: Step, authorities: Mapping[AuthorityId, Authority]) -> Step:
    if step.parallel is not None:
        return replace(step, parallel=tuple(_step_with_margins(inner, authorities) for inner in step.parallel))
    if step.link is None:
        return step
    known = authorities.get(step.link.to)
    margin = step.link.margin or (known.handover_margin if known is not None else None)
    route = tuple(_step_with_margins(inner, authorities) for inner in step.link.route)
    return replace(step, link=replace(step.link, margin=margin, route=route))


def _of_route(route: tuple[Step, ...]) -> Iterator[AuthorityId]:
    for step in route:
        if step.authority is not None:
            yield step.authority
        for link in step.links():
            yield link.to
            yield from _of_route(link.route)


def _commune_of(authority: AuthorityId, authorities: Mapping[AuthorityId, Authority]) -> AuthorityId | None:
    """The commune that an authority is or belongs to: the topmost authority of level commune above it."""
    found: AuthorityId | None = None
    seen: set[AuthorityId] = set()
    current = authorities.get(authority)
    while current is not None and current.id not in seen:
        seen.add(current.id)
        if current.level is not Level.COMMUNE:
            break
        found = current.id
        current = authorities.get(current.parent) if current.parent is not None else None
    return found


def _seat(authorities: Mapping[AuthorityId, Authority]) -> AuthorityId | None:
    communes = (_commune_of(known.id, authorities) for known in authorities.values() if known.level is Level.COMMUNE)
    return min((name for name in communes if name is not None), default=None)


def _bound_route(
    route: tuple[Step, ...], place: AuthorityId, authorities: Mapping[AuthorityId, Authority]
) -> tuple[Step, ...]:
    return tuple(_bound_step(step, place, authorities) for step in route)


def _bound_step(step: Step, place: AuthorityId, authorities: Mapping[AuthorityId, Authority]) -> Step:
    if step.parallel is not None:
        return replace(step, parallel=_bound_route(step.parallel, place, authorities))
    if step.link is not None:
        return replace(step, link=_bound_link(step.link, place, authorities))
    if step.authority is None:
        return step
    return replace(step, authority=concrete(step.authority, place, authorities))


def _bound_link(link: LinkSpec, place: AuthorityId, authorities: Mapping[AuthorityId, Authority]) -> LinkSpec:
    return replace(link, to=concrete(link.to, place, authorities), route=_bound_route(link.route, place, authorities))
