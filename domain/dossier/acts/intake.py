"""Coming in: submission, receipt, refusal."""

from domain.binding import receiving_desk
from domain.checklist import check
from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.draft import Draft
from domain.dossier.route import first_after_receipt, open_stage, open_step
from domain.dossier.view import Status
from domain.ids import ProcedureCode
from domain.procedure import StageKind


def submit(draft: Draft, command: c.Submit) -> None:
    """Note the submission and open the desk's task to answer it within the law's time."""
    if draft.state.status is not None:
        raise r.DossierExists
    procedure = draft.rules.procedure
    _check_procedure(draft, command.procedure)
    draft.add(
        e.DossierSubmitted(
            procedure=procedure.id,
            procedure_version=draft.rules.procedure_version,
            calendars=draft.rules.calendar_versions,
            calendar_of=draft.rules.pinned_calendars(),
            law=draft.rules.law_version(),
            channel=command.channel,
            authority=procedure.authority,
            received_by=command.received_by or receiving_desk(procedure),
            return_to=command.return_to or command.received_by or receiving_desk(procedure),
            field=procedure.field,
            components=command.components,
            applicant=command.applicant,
        )
    )
    if procedure.route[0].stage is StageKind.RECEIVE:
        open_stage(draft, 0, draft.rules.law.intake_answer.period)


def receive(draft: Draft, command: c.Receive) -> None:
    """Accept a full and valid dossier; the clocks start and the next stage opens at once."""
    state, procedure = draft.state, draft.rules.procedure
    if state.status not in {None, Status.SUBMITTED}:
        raise r.DossierExists
    _check_procedure(draft, command.procedure)
    components = command.components if command.components is not None else state.components
    checked = check(components, procedure)
    if state.task is not None:
        done = state.task
        draft.add(e.TaskCompleted(done.id, done.stage, done.stage_id, c.TaskOutcome.FORWARD))
    submitted = state.status is Status.SUBMITTED
    received_by = command.received_by or (state.received_by if submitted else receiving_desk(procedure))
    draft.add(
        e.DossierReceived(
            procedure=procedure.id,
            procedure_version=draft.rules.procedure_version,
            calendars=draft.rules.calendar_versions,
            calendar_of=draft.rules.pinned_calendars(),
            law=draft.rules.law_version(),
            channel=command.channel or (state.channel if submitted else c.Channel.DIRECT),
            authority=procedure.authority,
            received_by=received_by,
            return_to=command.return_to or (state.return_to if submitted else received_by),
            field=procedure.field,
            components=components,
            missing=checked.missing,
            excess=checked.excess,
            applicant=command.applicant or state.applicant,
        )
    )
    open_step(draft, first_after_receipt(procedure))


def refuse(draft: Draft, command: c.Refuse) -> None:
    """Do not accept it (form 03); what was never received starts no clock."""
    if draft.state.status not in {None, Status.SUBMITTED}:
        raise r.DossierExists
    _check_procedure(draft, command.procedure)
    if not command.reason.strip():
        raise r.ReasonMissing(draft.order.name)
    state, procedure = draft.state, draft.rules.procedure
    submitted = state.status is Status.SUBMITTED
    draft.add(
        e.DossierRefused(
            reason=command.reason,
            procedure=procedure.id,
            authority=procedure.authority,
            field=procedure.field,
            applicant=command.applicant,
            procedure_version=draft.rules.procedure_version,
            calendars=draft.rules.calendar_versions,
            calendar_of=draft.rules.pinned_calendars(),
            law=draft.rules.law_version(),
            channel=state.channel if submitted else command.channel or c.Channel.DIRECT,
            received_by=state.received_by if submitted else command.received_by or receiving_desk(procedure),
        )
    )
    draft.add(e.DossierClosed(e.Ending.REFUSED))


def _check_procedure(draft: Draft, given: ProcedureCode | None) -> None:
    expected = draft.rules.procedure.id
    if given is not None and given != expected:
        raise r.WrongProcedure(given, expected)
