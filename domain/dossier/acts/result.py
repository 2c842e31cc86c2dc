"""The ends of a dossier: result issued and returned, withdrawn, stopped."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.acts.link import recall_links
from domain.dossier.draft import Draft
from domain.dossier.route import final_approval, open_step
from domain.dossier.view import Status
from domain.procedure import StageKind, SuspensionReason


def issue(draft: Draft, command: c.IssueResult) -> None:
    """Make the result ready; completes the final issue stage where that is the open one."""
    state = draft.state
    _check_root(draft)
    if state.ready_at is not None:
        raise r.ResultAlreadyIssued(draft.order.name)
    last_approval = final_approval(draft.rules.procedure)
    if state.approved is None and (last_approval is not None or not _at_the_end(draft)):
        raise r.NotApproved(draft.order.name)
    task = state.task
    finishes = task is not None and task.stage is StageKind.ISSUE
    if task is not None and finishes:
        draft.add(e.TaskCompleted(task.id, task.stage, task.stage_id, c.TaskOutcome.FORWARD))
    draft.add(e.ResultIssued(command.number, command.note))
    if task is not None and finishes:
        open_step(draft, task.step + 1)


def hand_over(draft: Draft, command: c.ReturnResult) -> None:
    """Hand the result to the citizen and close the dossier."""
    state = draft.state
    _check_root(draft)
    if state.ready_at is None:
        raise r.ResultNotIssued
    if state.stay(SuspensionReason.PAYMENT) is not None:
        raise r.PaymentOutstanding(draft.order.name)
    if state.task is not None:
        if state.task.stage is not StageKind.RETURN:
            raise r.StageNotOpen(StageKind.RETURN, state.task.stage_id)
        draft.add(e.TaskCompleted(state.task.id, state.task.stage, state.task.stage_id, c.TaskOutcome.FORWARD))
    draft.add(e.ResultReturned(command.method))
    draft.add(e.DossierClosed(e.Ending.RETURNED))


def withdraw(draft: Draft, command: c.Withdraw) -> None:
    """The citizen takes it back, as long as no result is ready."""
    _check_root(draft)
    if draft.state.status is Status.READY:
        raise r.ResultAlreadyIssued(draft.order.name)
    recall_links(draft, "withdrawn")
    draft.add(e.DossierWithdrawn(command.reason))
    draft.add(e.DossierClosed(e.Ending.WITHDRAWN))


def stop(draft: Draft, command: c.Stop) -> None:
    """The authority stops processing (form 05), as long as no result is ready."""
    _check_root(draft)
    if draft.state.status is Status.READY:
        raise r.ResultAlreadyIssued(draft.order.name)
    recall_links(draft, "stopped")
    draft.add(e.DossierStopped(command.reason))
    draft.add(e.DossierClosed(e.Ending.STOPPED))


def _check_root(draft: Draft) -> None:
    if draft.state.origin is not None:
        raise r.LinkedPart(draft.order.name)


def _at_the_end(draft: Draft) -> bool:
    """Whether only issuing and returning are left, which is when a route without an approve stage yields its result."""
    task = draft.state.task
    if task is None:
        return not draft.state.links_awaited
    return task.stage in {StageKind.ISSUE, StageKind.RETURN}
