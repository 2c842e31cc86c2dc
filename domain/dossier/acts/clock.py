"""What moves the clocks by decision: suspension, extension, a new version of the calendar."""

from domain.calendar import calendar_version
from domain.dossier import clocks
from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.acts.supplement import end_stay
from domain.dossier.draft import Draft
from domain.dossier.view import Status
from domain.procedure import Effect, SuspensionReason

RESERVED = {
    SuspensionReason.SUPPLEMENT: "request_supplement and provide_supplement",
    SuspensionReason.PAYMENT: "require_payment and confirm_payment",
}


def suspend(draft: Draft, command: c.Suspend) -> None:
    """Suspend the clocks for a reason of the law."""
    if draft.state.status is Status.READY:
        raise r.ResultAlreadyIssued(draft.order.name)
    if command.reason in RESERVED:
        raise r.ReservedReason(command.reason, RESERVED[command.reason])
    if draft.state.stay(command.reason) is not None:
        raise r.AlreadySuspended(command.reason)
    effect = command.effect or draft.rules.procedure.on_suspend.get(command.reason, Effect.PAUSE)
    draft.add(e.ClockSuspended(command.reason, effect, command.note))


def resume(draft: Draft, command: c.Resume) -> None:
    """End a suspension."""
    if command.reason in RESERVED:
        raise r.ReservedReason(command.reason, RESERVED[command.reason])
    ordinary = [s for s in draft.state.stays if s.end is None and s.reason not in RESERVED and not s.link]
    stay = draft.state.stay(command.reason) if command.reason else (ordinary[-1] if ordinary else None)
    if stay is None:
        raise r.NotSuspended(command.reason)
    end_stay(draft, stay.reason, command.note)


def extend(draft: Draft, command: c.Extend) -> None:
    """Form 04: before the due moment, once, with a reason, to a later moment; the procedure may say otherwise."""
    if draft.state.status is Status.READY:
        raise r.ResultAlreadyIssued(draft.order.name)
    if draft.state.origin is not None:
        raise r.LinkedPart(draft.order.name)
    if not command.reason.strip():
        raise r.ReasonMissing(draft.order.name)
    policy = draft.rules.procedure.extension
    old = clocks.committed_due(draft.rules, draft.state) or draft.state.promise(e.ClockName.COMMITTED)
    if old is None:
        raise r.NoDeadline
    if len(draft.state.extensions) >= policy.limit:
        raise r.ExtensionUsed(policy.limit)
    if draft.at > old and not policy.after_due:
        raise r.ExtensionTooLate(old)
    draft.calendar.minute(command.new_due)  # refuses what cannot even be converted to local time
    new_due = command.new_due.astimezone(draft.calendar.zone)
    if new_due <= max(old, draft.at):
        raise r.ExtensionNotLater(new_due, draft.local(max(old, draft.at)))
    draft.add(e.DossierExtended(old, new_due, command.reason))


def revise_calendar(draft: Draft, command: c.ReviseCalendar) -> None:
    """Count by a new version of a calendar from now on. A judged dossier is not judged again, so nothing happens to it.

    The draft goes on under the new version, so that the moved due moments are told in the same decision.
    """
    known = draft.state.calendars.get(command.calendar.id)
    new = calendar_version(command.calendar)
    if known is None or known == new or draft.state.status in {Status.READY, Status.CLOSED, Status.REFUSED}:
        return
    draft.add(e.CalendarRevised(command.calendar.id, known, new, command.reason))
    draft.rules = draft.rules.with_calendar(command.calendar)
