"""The citizen is asked once for what is missing, and answers or lets the limit pass."""

from domain.deadline import due_moment
from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.acts.work import open_task
from domain.dossier.draft import Draft
from domain.dossier.view import Status
from domain.procedure import CountPolicy, Effect, SuspensionReason

REASON = SuspensionReason.SUPPLEMENT


def request(draft: Draft, command: c.RequestSupplement) -> None:
    """Ask (form 02); the clocks pause, will restart, or run on, as the procedure says."""
    if draft.state.status is Status.READY:
        raise r.ResultAlreadyIssued(draft.order.name)
    procedure = draft.rules.procedure
    task = open_task(draft, command.stage)
    asked = draft.state.supplements.count((task.stage_id, command.legal_basis))
    if asked >= procedure.supplements_per_stage:
        raise r.SupplementAlreadyRequested(task.stage_id, command.legal_basis, procedure.supplements_per_stage)
    limit = procedure.supplement_limit or draft.rules.law.supplement_limit.period
    draft.add(
        e.SupplementRequested(
            stage=task.stage,
            stage_id=task.stage_id,
            effect=procedure.on_supplement,
            expires_at=due_moment(draft.calendar, limit, draft.at, CountPolicy.DAY_END, None),
            reason=command.reason,
            components=command.components,
            legal_basis=command.legal_basis,
        )
    )
    if procedure.on_supplement is not Effect.RUN_ON:
        draft.add(e.ClockSuspended(REASON, procedure.on_supplement))


def provide(draft: Draft, command: c.ProvideSupplement) -> None:
    """Note the citizen's answer and let the clocks run again."""
    awaited = draft.state.supplement
    if awaited is None:
        raise r.NoSupplementAwaited
    if draft.at < awaited.requested_at:
        raise r.EndsBeforeStart(draft.local(awaited.requested_at), draft.at)
    draft.add(e.SupplementProvided(command.components, command.note))
    end_stay(draft, REASON)


def end_stay(draft: Draft, reason: SuspensionReason, note: str = "") -> None:
    """End the open suspension for this reason (no-op where the clocks ran on)."""
    stay = draft.state.stay(reason)
    if stay is None:
        return
    if draft.at < stay.start:
        raise r.EndsBeforeStart(draft.local(stay.start), draft.at)
    if stay.effect is Effect.RESTART:
        draft.add(e.ClockRestarted(reason, note=note))
    else:
        draft.add(e.ClockResumed(reason, note))
