"""The catalogue that comes with the program: sound, staffed, and every procedure of it can be run to its end."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from catalogue.checking import check_catalogue
from catalogue.faults import Severity
from catalogue.links import derive_links
from catalogue.loading import Catalogue, load_catalogue
from catalogue.rendering import render
from catalogue.shipped import SHIPPED
from domain.authority import AuthorityKind, Level, Role
from domain.binding import COMMUNE, bind, is_symbolic, needs_commune, receiving_desk
from domain.code import is_agency
from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.decider import decide
from domain.dossier.evolve import fold
from domain.dossier.rules import Rules, make_rules
from domain.dossier.state import Dossier
from domain.ids import AuthorityId, CommandId, ProcedureCode
from domain.procedure import Procedure, StageKind, all_links
from tests.catalogue.samples import NAMES

RECEIVED_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
COMMUNES = 12


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """Loaded once."""
    return load_catalogue()


def test_it_has_no_faults_and_admits_its_sources_own() -> None:
    """What is left are warnings: figures that the sources themselves print."""
    found = check_catalogue(SHIPPED)
    assert [str(fault) for fault in found if fault.severity is Severity.FAULT] == []
    assert {fault.code for fault in found} <= {"budgets_exceed_period", "duplicate_code", "no_period"}


def test_all_published_procedures_are_there_with_their_sources(shipped: Catalogue) -> None:
    """182 records of 35 decisions, each under an id of its own."""
    assert len(shipped.procedures) == 182
    assert len({procedure.published.record for procedure in shipped.procedures.values() if procedure.published}) == 182
    assert all(procedure.source and procedure.name for procedure in shipped.procedures.values())
    assert len({procedure.source for procedure in shipped.procedures.values()}) == 35


def test_files_are_as_the_importer_writes_them(shipped: Catalogue) -> None:
    """So a new import shows only what has really changed."""
    for name, procedure in shipped.procedures.items():
        (path,) = (SHIPPED / "procedures").rglob(f"{name}.yaml")
        assert path.read_text(encoding="utf-8") == render(procedure)


def test_the_province_has_two_tiers(shipped: Catalogue) -> None:
    """Since 1 July 2025 there are no districts; every commune has a committee, a desk, police and military command."""
    levels = Counter(authority.level for authority in shipped.authorities.values())
    assert Level.DISTRICT not in levels
    communes = [
        authority.id
        for authority in shipped.authorities.values()
        if authority.level is Level.COMMUNE and authority.kind is AuthorityKind.PEOPLE_COMMITTEE
    ]
    assert len(communes) == COMMUNES
    for commune in communes:
        assert {f"{commune}.one_stop", f"{commune}.police", f"{commune}.military"} <= set(shipped.authorities)


def test_every_authority_can_give_out_codes_of_its_own(shipped: Catalogue) -> None:
    """Prefixes are well formed and nobody shares one; each has a calendar."""
    prefixes = [authority.code_prefix for authority in shipped.authorities.values()]
    assert all(is_agency(prefix) for prefix in prefixes)
    assert len(set(prefixes)) == len(prefixes)
    assert all(authority.calendar in shipped.calendars for authority in shipped.authorities.values())


def test_officers_have_names_and_roles(shipped: Catalogue) -> None:
    """Invented ones, no two alike; somebody administers and somebody audits."""
    names = [officer.name for officer in shipped.officers.values()]
    assert len(set(names)) == len(names) >= 60
    roles = {role for officer in shipped.officers.values() for role in officer.roles}
    assert roles == set(Role)


def test_every_stage_has_somebody_to_work_it_in_every_commune(shipped: Catalogue) -> None:
    """Whichever commune receives."""
    staffed = {(officer.authority, role.value) for officer in shipped.officers.values() for role in officer.roles}
    desks = [name for name in shipped.authorities if name.endswith(".one_stop") and shipped.authorities[name].parent]
    communes = [desk for desk in desks if shipped.authorities[desk].level is Level.COMMUNE]
    for procedure in shipped.procedures.values():
        for desk in communes if needs_commune(procedure) else communes[:1]:
            bound = bind(procedure, desk, shipped.authorities)
            for step in bound.route:
                assert (step.authority or bound.authority, step.role) in staffed


def test_no_step_of_a_source_is_lost(shipped: Catalogue) -> None:
    """The 1,344 printed steps are stages or are noted: the applicants' own, and what follows a return."""
    stages = [step for procedure in shipped.procedures.values() for step in procedure.route]
    supplied = [step for step in stages if "supplied" in step.flags]
    noted = [
        note
        for procedure in shipped.procedures.values()
        for note in procedure.notes
        if "the applicant's own step" in note or "printed after the return, outside" in note
    ]
    assert len(stages) - len(supplied) + len(noted) == 1344


def test_2_002755_is_kept_whole(shipped: Catalogue) -> None:
    """Commune 40 hours, province 56 hours, return not timed; and as a link when links are read."""
    procedure = shipped.procedures[ProcedureCode("2.002755-P099")]
    hours = Counter[bool]()
    for step in procedure.route:
        if step.budget is not None:
            hours[step.level == COMMUNE] += int(step.budget.amount)
    assert hours == {True: 40, False: 56}
    (link, _) = all_links(derive_links(procedure, NAMES).route)
    assert link.budget is not None
    assert link.budget.amount == 56


class _Run:
    """One dossier's life by the decider alone."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.state: Dossier = fold(())
        self._at = RECEIVED_AT

    def do(self, command: c.Command) -> None:
        self._at += timedelta(minutes=1)
        order = c.Order(CommandId(f"c{self.state.version}"), command, self._at, actor="lan")
        version = self.state.version
        for event in decide(self.rules, self.state, order):
            version += 1
            fact = e.Fact(event, version, self._at, self._at, actor="lan")
            self.state = fold((fact,), self.state)


def _live(procedure: Procedure, shipped: Catalogue) -> Dossier:
    """Receive, work every stage forward, issue as soon as it may be, return."""
    bound = bind(procedure, AuthorityId("xa-ba-sao.one_stop"), shipped.authorities)
    calendar_of = {name: authority.calendar for name, authority in shipped.authorities.items()}
    run = _Run(make_rules(shipped.law, bound, shipped.calendars, calendar_of[bound.authority], calendar_of))
    run.do(c.Receive(procedure=bound.id, components=tuple(part.id for part in bound.components)))
    while run.state.task is not None:
        task = run.state.task
        assert not is_symbolic(task.authority)
        if task.stage is StageKind.RETURN:
            run.do(c.IssueResult())
            run.do(c.ReturnResult())
            break
        run.do(c.CompleteTask(stage=task.stage_id))
    return run.state


def test_every_procedure_runs_from_receipt_to_return(shipped: Catalogue) -> None:
    """By the engine itself; it approves on the way and ends returned."""
    for procedure in shipped.procedures.values():
        state = _live(procedure, shipped)
        assert state.ending is e.Ending.RETURNED, procedure.id
        assert state.approved is not None, procedure.id
        assert state.tasks_opened == len(procedure.route) - 1, procedure.id


def test_every_procedure_is_received_at_a_desk_of_its_own(shipped: Catalogue) -> None:
    """A desk, an agency that receives itself, or a unit that does."""
    for procedure in shipped.procedures.values():
        bound = bind(procedure, AuthorityId("xa-ba-sao"), shipped.authorities)
        assert receiving_desk(bound) in shipped.authorities
