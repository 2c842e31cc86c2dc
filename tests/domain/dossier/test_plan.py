"""What is left of the route, laid over what is left of the time."""

from domain.dossier import commands as c
from domain.dossier.plan import Plan, plan
from domain.dossier.rules import Rules
from tests.domain.dossier.samples import S1, S2, X1, link, rules, stage
from tests.domain.dossier.spec import World, at, given, local, moment

# 8 + 16 + 8 working hours of ten working days: the office is open for 7.5 hours a day.
ROUTE = (stage("receive"), stage("appraise", "8 working_hour"), link("L1"), stage("approve", "8 working_hour"))
LINKED = rules(*ROUTE, stage("return"))
RECEIVED = at("03-02 08:00", c.Receive(components=("don",)))
APPRAISED = at("03-03 08:00", c.CompleteTask("appraise"))
REASON = "…"


def _plan(world: World, now: str) -> Plan:
    found = plan(world.rules, world.state, moment(now))
    assert found is not None
    return found


def _told(found: Plan) -> list[tuple[str, int, str]]:
    return [(one.name, one.minutes, local(one.until)) for one in found.steps]


def test_while_the_time_suffices_each_step_has_its_own() -> None:
    """One after another from now on; the last is done well before the appointment."""
    found = _plan(given(LINKED, RECEIVED).world, "03-02 08:00")
    assert found.short == 0
    assert _told(found) == [
        ("appraise", 480, "03-03 08:30"),
        ("L1", 960, "03-05 09:30"),
        ("approve", 480, "03-06 10:00"),
        ("return", 0, "03-06 10:00"),
    ]
    assert [one.authorities for one in found.steps] == [(X1,), (S1,), (X1,), (X1,)]


def test_what_is_done_is_planned_no_more() -> None:
    """And what is under way has left what its own budget leaves."""
    world = given(LINKED, RECEIVED, APPRAISED).world
    assert _told(_plan(world, "03-04 09:00"))[:2] == [("L1", 450, "03-05 09:00"), ("approve", 480, "03-06 09:30")]


def test_an_overrun_is_shared_out_among_the_rest() -> None:
    """The part used up nearly all; the approval must make do with what is left, and who looks is told so."""
    world = given(LINKED, RECEIVED, APPRAISED).until("03-12 13:30")
    assert world.due() == "03-12 17:00"
    found = _plan(world, "03-12 13:30")
    assert found.short == 480 - 210
    assert _told(found) == [("L1", 0, "03-12 13:30"), ("approve", 480, "03-12 17:00"), ("return", 0, "03-12 17:00")]


def test_when_nothing_is_left_everything_is_due_now() -> None:
    """Past the appointment."""
    found = _plan(given(LINKED, RECEIVED, APPRAISED).until("03-13 09:00"), "03-13 09:00")
    assert (found.short, {local(one.until) for one in found.steps}) == (480, {"03-13 09:00"})


def test_a_part_that_came_back_needs_its_time_again() -> None:
    """With the authority it went to last."""
    world = given(LINKED, RECEIVED, APPRAISED, at("03-04 08:00", c.NoteLinkHandedBack("L1", 1, REASON))).world
    assert _told(_plan(world, "03-04 08:00"))[0][:2] == ("L1", 960)
    world.carry_out(at("03-04 09:00", c.ReopenLink("L1", S2, REASON)))
    assert _plan(world, "03-04 09:00").steps[0].authorities == (S2,)


def test_there_is_no_plan_where_nothing_runs() -> None:
    """Nothing promised, the citizen waited for, or the result there."""
    unpromised: Rules = rules(*ROUTE, stage("return"), committed=None, statutory=None)
    assert plan(unpromised, given(unpromised, RECEIVED).world.state, moment("03-02 09:00")) is None
    waiting = given(LINKED, RECEIVED, at("03-02 09:00", c.RequestSupplement(REASON))).world
    assert plan(LINKED, waiting.state, moment("03-02 10:00")) is None
    assert plan(LINKED, given(LINKED).world.state, moment("03-02 10:00")) is None
