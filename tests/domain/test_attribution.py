"""Whose fault a lateness is."""

from domain.attribution import Cause, Where, cause
from domain.dossier import commands as c
from domain.dossier.rules import Rules
from tests.domain.dossier.samples import S1, S2, X1, link, rules, stage
from tests.domain.dossier.spec import World, at, given

ROUTE = (stage("receive"), stage("appraise", "8 working_hour"), link("L1"), stage("approve", "8 working_hour"))
LINKED = rules(*ROUTE, stage("return"))
RECEIVED = at("03-02 08:00", c.Receive(components=("don",)))


def _lived(known: Rules, appraised: str, answered: str, issued: str, to: str = "") -> World:
    """Received on Monday 2 March; a part of 16 working hours comes between the authority's own 16."""
    world = given(known, RECEIVED, at(appraised, c.CompleteTask("appraise"))).until(appraised)
    if to:
        world.carry_out(at(appraised, c.TakeBackLink("L1", "…")))
        world.carry_out(at(appraised, c.ReopenLink("L1", S2, "…")))
    sequence = world.state.links[-1].sequence
    world.carry_out(at(answered, c.NoteLinkAnswered("L1", sequence, c.LinkOutcome.AGREED)))
    world.carry_out(at(issued, c.CompleteTask("approve")))
    world.carry_out(at(issued, c.IssueResult()))
    return world


def test_the_authority_itself_lost_the_time() -> None:
    """It held its own stages for four days, the other its part for one."""
    world = _lived(LINKED, "03-05 16:00", "03-06 16:00", "03-30 09:00")
    found = cause(world.rules, world.state)
    assert (found.authority, found.where) == (X1, Where.INSIDE)
    assert found.minutes > 0


def test_another_authority_lost_the_time() -> None:
    """It had 16 working hours and took weeks; what the authority itself overran is less."""
    world = _lived(LINKED, "03-03 16:00", "03-27 16:00", "03-30 09:00")
    assert cause(world.rules, world.state) == Cause(S1, Where.OUTSIDE, _over("03-03 16:00", "03-27 16:00", world, 16))


def test_the_second_addressee_is_meant_where_a_part_was_handed_over_anew() -> None:
    """The share is that of whom it went to in the end."""
    world = _lived(LINKED, "03-03 16:00", "03-27 16:00", "03-30 09:00", to="S2")
    assert (cause(world.rules, world.state).authority, cause(world.rules, world.state).where) == (S2, Where.OUTSIDE)


def test_where_nobody_overran_it_is_the_deciding_authority() -> None:
    """Nothing is put on another that kept to its share."""
    world = _lived(LINKED, "03-02 10:00", "03-03 10:00", "03-03 11:00")
    assert cause(world.rules, world.state) == Cause(X1, Where.INSIDE, 0)


def _over(start: str, end: str, world: World, hours: int) -> int:
    """Working minutes between two moments beyond so many hours."""
    calendar = world.rules.calendar()
    return calendar.between(at(start, c.Stop("…")).at, at(end, c.Stop("…")).at) - hours * 60
