"""The catalogue that comes with the program: sound, staffed, and every procedure of it can be run to its end."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from catalogue.checking import check_catalogue
from catalogue.faults import Severity
from catalogue.loading import Catalogue, load_catalogue
from catalogue.rendering import render
from catalogue.shipped import SHIPPED
from domain.authority import AuthorityKind, Level, Role
from domain.binding import bind, is_symbolic, needs_commune, receiving_desk
from domain.code import is_agency
from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.evolve import evolve
from domain.dossier.rules import Rules, make_rules
from domain.dossier.state import NEW, Dossier
from domain.ids import AuthorityId, CommandId, ProcedureCode, Stream
from domain.period import Period, Unit
from domain.procedure import LinkKind, Procedure, StageKind, Step, all_links
from domain.simulation import PureEngine, Send, Turned

RECEIVED_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
COMMUNES = 12
ROOT = Stream("H99-260302-0001")


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
            for step, holder in stages_of(bound):
                assert (step.authority or holder, step.role) in staffed, (bound.id, step.id)


def test_no_step_of_a_source_is_lost(shipped: Catalogue) -> None:
    """The 1,344 printed steps are stages or are noted: the applicants' own, and what follows a return."""
    stages = [step for procedure in shipped.procedures.values() for step, _ in stages_of(procedure)]
    supplied = [step for step in stages if "supplied" in step.flags]
    noted = [
        note
        for procedure in shipped.procedures.values()
        for note in procedure.notes
        if "the applicant's own step" in note or "printed after the return, outside" in note
    ]
    assert len(stages) - len(supplied) + len(noted) == 1344


def test_2_002755_is_kept_whole(shipped: Catalogue) -> None:
    """Commune 40 hours, province 56 hours in a link of its own, return not timed."""
    procedure = shipped.procedures[ProcedureCode("2.002755-P099")]
    own = [step.budget.amount for step in procedure.route if step.budget is not None]
    province, office = all_links(procedure.route)
    assert sum(own) == 40
    assert (province.kind, province.budget) == (LinkKind.INTER_LEVEL, Period(56, Unit.WORKING_HOUR))
    assert (office.kind, office.budget) == (LinkKind.HORIZONTAL, Period(16, Unit.WORKING_HOUR))


def test_routes_cross_authorities_as_they_were_published(shipped: Catalogue) -> None:
    """By links of every kind, in sequence, at once and within each other."""
    links = {name: list(all_links(procedure.route)) for name, procedure in shipped.procedures.items()}
    assert sum(bool(found) for found in links.values()) == 131
    assert {link.kind for found in links.values() for link in found} == set(LinkKind)
    assert all(link.route for found in links.values() for link in found)


def stages_of(procedure: Procedure) -> Iterator[tuple[Step, AuthorityId]]:
    """Every stage, of the linked parts too, with the authority that holds it where it names none."""
    yield from _stages(procedure.route, procedure.authority)


def _stages(route: tuple[Step, ...], holder: AuthorityId) -> Iterator[tuple[Step, AuthorityId]]:
    for step in route:
        if step.stage is not None:
            yield step, holder
        for link in step.links():
            yield from _stages(link.route, link.to)


class Life:
    """A dossier and its linked parts in the pure engine: every open task forwarded, every part answered."""

    def __init__(self, procedure: Procedure, shipped: Catalogue) -> None:
        calendar_of = {name: authority.calendar for name, authority in shipped.authorities.items()}
        self._rules = make_rules(
            shipped.law, procedure, shipped.calendars, calendar_of[procedure.authority], calendar_of
        )
        self._engine = PureEngine()
        self._at = RECEIVED_AT
        self.states: dict[Stream, Dossier] = {}

    def live(self) -> None:
        """From the receipt until nothing is open any more."""
        components = tuple(part.id for part in self._rules.procedure.components)
        self._do(ROOT, c.Receive(procedure=self._rules.procedure.id, components=components), self._rules)
        while (todo := next((one for one in self.states.items() if one[1].task is not None), None)) is not None:
            self._work(*todo)

    def _work(self, stream: Stream, state: Dossier) -> None:
        task = state.task
        assert task is not None
        assert not is_symbolic(task.authority)
        if stream != ROOT and task.stage is StageKind.RECEIVE:
            self._do(stream, c.AcknowledgeLink())
        elif stream != ROOT and task.stage is StageKind.RETURN:
            self._do(stream, c.AnswerLink())
        elif task.stage is StageKind.RETURN:
            self._do(stream, c.IssueResult())
            self._do(stream, c.ReturnResult())
        else:
            self._do(stream, c.CompleteTask(stage=task.stage_id))

    def _do(self, stream: Stream, command: c.Command, rules: Rules | None = None) -> None:
        self._at += timedelta(minutes=1)
        order = c.Order(CommandId(f"c{self._at.isoformat()}"), command, self._at, actor="lan")
        answer = self._engine.answer(Send(stream, order, rules))
        assert not isinstance(answer, Turned), (self._rules.procedure.id, stream, command, answer)
        for happened in answer:
            before = self.states.get(happened.stream, NEW)
            self.states[happened.stream] = evolve(before, happened.fact)


def test_every_procedure_runs_from_receipt_to_return(shipped: Catalogue) -> None:
    """By the engine itself, its links included; it approves on the way and ends returned."""
    for procedure in shipped.procedures.values():
        life = Life(bind(procedure, AuthorityId("xa-ba-sao.one_stop"), shipped.authorities), shipped)
        life.live()
        root = life.states[ROOT]
        assert root.ending is e.Ending.RETURNED, procedure.id
        assert len(life.states) == 1 + len(list(all_links(procedure.route))), procedure.id
        assert all(state.ending is not None for state in life.states.values()), procedure.id


def test_every_procedure_is_received_at_a_desk_of_its_own(shipped: Catalogue) -> None:
    """A desk, an agency that receives itself, or a unit that does."""
    for procedure in shipped.procedures.values():
        bound = bind(procedure, AuthorityId("xa-ba-sao"), shipped.authorities)
        assert receiving_desk(bound) in shipped.authorities
