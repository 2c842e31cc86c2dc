"""A commune's procedure becomes that of the commune that receives."""

import pytest
from msgspec.structs import replace

from domain.authority import Authority, AuthorityKind, Level
from domain.binding import CannotBind, bind, needs_commune, receiving_desk
from domain.ids import AuthorityId, ProcedureCode
from domain.period import Period, Unit
from domain.procedure import LinkKind, LinkSpec, Procedure, StageKind, Step


def _authority(name: str, level: Level, kind: AuthorityKind, parent: str | None = None) -> Authority:
    return Authority(AuthorityId(name), level, kind, parent=AuthorityId(parent) if parent else None)


PROVINCE, COMMUNE = Level.PROVINCE, Level.COMMUNE
AUTHORITIES = {
    authority.id: authority
    for authority in (
        _authority("tinh", PROVINCE, AuthorityKind.PEOPLE_COMMITTEE),
        _authority("so", PROVINCE, AuthorityKind.DEPARTMENT, "tinh"),
        _authority("xa-b", COMMUNE, AuthorityKind.PEOPLE_COMMITTEE, "tinh"),
        _authority("xa-b.one_stop", COMMUNE, AuthorityKind.ONE_STOP, "xa-b"),
        _authority("xa-b.police", COMMUNE, AuthorityKind.SECTOR, "xa-b"),
        _authority("xa-a", COMMUNE, AuthorityKind.PEOPLE_COMMITTEE, "tinh"),
        _authority("xa-a.one_stop", COMMUNE, AuthorityKind.ONE_STOP, "xa-a"),
    )
}


def _stage(kind: str, authority: str | None = None) -> Step:
    return Step(stage=StageKind(kind), authority=AuthorityId(authority) if authority else None)


def _procedure(authority: str, *route: Step) -> Procedure:
    return Procedure(id=ProcedureCode("P1"), authority=AuthorityId(authority), route=route)


POLICE = LinkSpec(
    "L1", LinkKind.SECTOR, AuthorityId("commune.police"), (_stage("receive"), _stage("return", "commune"))
)
SYMBOLIC = _procedure(
    "commune",
    _stage("receive", "commune.one_stop"),
    _stage("appraise"),
    Step(link=POLICE),
    Step(parallel=(Step(link=POLICE), Step(link=LinkSpec("L2", LinkKind.HORIZONTAL, AuthorityId("so"), ())))),
    _stage("return", "commune.one_stop"),
)


def test_a_procedure_without_symbolic_authorities_passes_through() -> None:
    """The very same procedure, whoever receives it."""
    concrete = _procedure("so", _stage("receive"), _stage("return", "tinh"))
    assert not needs_commune(concrete)
    assert bind(concrete, AuthorityId("xa-a"), AUTHORITIES) is concrete


@pytest.mark.parametrize("receiving", ["xa-b", "xa-b.one_stop", "xa-b.police"])
def test_every_authority_becomes_that_of_the_receiving_commune(receiving: str) -> None:
    """Whichever of the commune's own authorities receives; stages, links and their routes alike."""
    bound = bind(SYMBOLIC, AuthorityId(receiving), AUTHORITIES)
    assert not needs_commune(bound)
    assert bound.authority == "xa-b"
    assert receiving_desk(bound) == "xa-b.one_stop"
    assert bound.route[2].link is not None
    assert bound.route[2].link.to == "xa-b.police"
    assert bound.route[2].link.route[1].authority == "xa-b"
    assert [link.to for link in bound.route[3].links()] == ["xa-b.police", "so"]


def test_a_unit_that_a_commune_lacks_is_worked_by_the_commune() -> None:
    """xa-a has no police of its own in the catalogue."""
    bound = bind(SYMBOLIC, AuthorityId("xa-a.one_stop"), AUTHORITIES)
    assert bound.route[2].link is not None
    assert bound.route[2].link.to == "xa-a"


def test_received_elsewhere_it_goes_to_the_named_commune_or_to_the_seat() -> None:
    """The seat is the first commune by id."""
    assert bind(SYMBOLIC, AuthorityId("tinh"), AUTHORITIES).authority == "xa-a"
    assert bind(SYMBOLIC, AuthorityId("tinh"), AUTHORITIES, AuthorityId("xa-b.one_stop")).authority == "xa-b"


def test_a_commune_that_is_none_is_refused() -> None:
    """A named commune must be one; without any commune nobody can work the procedure."""
    with pytest.raises(CannotBind) as refused:
        bind(SYMBOLIC, AuthorityId("tinh"), AUTHORITIES, AuthorityId("so"))
    assert refused.value.code == "cannot_bind"
    with pytest.raises(CannotBind):
        bind(SYMBOLIC, AuthorityId("tinh"), {AuthorityId("tinh"): AUTHORITIES[AuthorityId("tinh")]})


def test_binding_is_the_same_again() -> None:
    """A bound procedure is bound for good, so its content address is."""
    bound = bind(SYMBOLIC, AuthorityId("xa-b"), AUTHORITIES)
    assert bind(bound, AuthorityId("xa-a"), AUTHORITIES) is bound
    assert bind(SYMBOLIC, AuthorityId("xa-b.one_stop"), AUTHORITIES) == bound


def test_an_authoritys_margin_becomes_that_of_the_parts_it_is_handed() -> None:
    """Unless the link has one of its own; links within links alike."""
    half_a_day, hour = Period(4, Unit.WORKING_HOUR), Period(1, Unit.WORKING_HOUR)
    known = {**AUTHORITIES, AuthorityId("so"): replace(AUTHORITIES[AuthorityId("so")], handover_margin=half_a_day)}
    bound = bind(SYMBOLIC, AuthorityId("xa-b"), known)
    assert [link.margin for link in bound.route[3].links()] == [None, half_a_day]
    own = tuple(replace(step, parallel=_with_margin(step.parallel, hour)) for step in bound.route)
    again = bind(replace(bound, route=own), AuthorityId("xa-b"), known)
    assert [link.margin for link in again.route[3].links()] == [hour, hour]


def _with_margin(steps: tuple[Step, ...] | None, margin: Period) -> tuple[Step, ...] | None:
    if steps is None:
        return None
    return tuple(replace(step, link=replace(step.link, margin=margin)) for step in steps if step.link is not None)
