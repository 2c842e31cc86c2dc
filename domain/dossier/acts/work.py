"""Officers' work on the open task: claim, release, delegate, complete."""

from typing import assert_never

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.draft import Draft
from domain.dossier.route import earlier_stages, final_approval, open_step
from domain.dossier.state import Task
from domain.ids import OfficerId
from domain.procedure import StageKind

OWN_COMMAND = {StageKind.RECEIVE: "receive", StageKind.RETURN: "return_result"}
OWN_COMMAND_OF_PART = {StageKind.RECEIVE: "acknowledge_link", StageKind.RETURN: "answer_link"}


def open_task(draft: Draft, stage: str | None) -> Task:
    """The open task; refuses when there is none, or when another stage than the named one is open."""
    task = draft.state.task
    if task is None:
        if stage is not None:
            raise r.StageNotOpen(stage, None)
        raise r.NoTaskOpen(draft.order.name, (link.id for link in draft.state.links_awaited))
    if stage is not None and stage not in {task.stage.value, task.stage_id, task.id}:
        raise r.StageNotOpen(stage, task.stage_id)
    return task


def claim(draft: Draft, command: c.ClaimTask) -> None:
    """Take the task."""
    task, officer = open_task(draft, command.stage), _officer(draft)
    if task.officer == officer:
        raise r.TaskAlreadyClaimed(task.stage_id, officer)
    if task.officer is not None:
        raise r.TaskClaimedByAnother(task.stage_id, task.officer)
    _acknowledge(draft)
    draft.add(e.TaskClaimed(task.id, task.stage, officer))


def release(draft: Draft, command: c.ReleaseTask) -> None:
    """Give the task back."""
    task = open_task(draft, command.stage)
    if task.officer is None:
        raise r.TaskNotClaimed(task.stage_id)
    _check_holder(draft, task)
    draft.add(e.TaskReleased(task.id, task.stage, task.officer))


def delegate(draft: Draft, command: c.DelegateTask) -> None:
    """Pass the task on."""
    task = open_task(draft, command.stage)
    _check_holder(draft, task)
    if task.officer == command.to:
        raise r.TaskAlreadyClaimed(task.stage_id, command.to)
    draft.add(e.TaskDelegated(task.id, task.stage, command.to, task.officer, command.reason))


def complete(draft: Draft, command: c.CompleteTask) -> None:
    """End the stage: forward along the route, back to an earlier stage, or towards a refusal."""
    task = open_task(draft, command.stage)
    own = (OWN_COMMAND if draft.state.origin is None else OWN_COMMAND_OF_PART).get(task.stage)
    if task.stage is StageKind.RECEIVE and task.step > 0:
        own = None  # a desk further along the route takes in what is already received
    if own is not None and command.outcome is c.TaskOutcome.FORWARD:
        raise r.WrongCommandForStage(task.stage_id, own)
    _check_holder(draft, task)
    match command.outcome:
        case c.TaskOutcome.FORWARD:
            _forward(draft, task, command)
        case c.TaskOutcome.REWORK:
            _rework(draft, task, command)
        case c.TaskOutcome.REJECT:
            _reject(draft, task, command)
        case _:
            assert_never(command.outcome)


def _forward(draft: Draft, task: Task, command: c.CompleteTask) -> None:
    _done(draft, task, command)
    if task.step == final_approval(draft.rules.procedure) and draft.state.approved is None:
        draft.add(e.ResultApproved(task.stage_id))
    open_step(draft, task.step + 1)


def _rework(draft: Draft, task: Task, command: c.CompleteTask) -> None:
    if draft.state.ready_at is not None:
        raise r.ResultAlreadyIssued(draft.order.name)
    earlier = list(earlier_stages(draft.rules.procedure, task.step))
    kinds = {index: draft.rules.procedure.route[index].stage for index, _ in earlier}
    target = next(
        (index for index, name in earlier if command.to_stage in {None, name, kinds[index]}),
        None,
    )
    if target is None:
        raise r.UnknownStage(command.to_stage or "an earlier one", (name for _, name in earlier))
    decided_at = final_approval(draft.rules.procedure)
    revokes = draft.state.approved is not None and (decided_at is None or target <= decided_at)
    _done(draft, task, command, revokes_approval=revokes)
    open_step(draft, target)


def _reject(draft: Draft, task: Task, command: c.CompleteTask) -> None:
    if draft.state.ready_at is not None:
        raise r.ResultAlreadyIssued(draft.order.name)
    _done(draft, task, command)
    draft.add(e.ResultRejected(task.stage_id, command.note))
    last = final_approval(draft.rules.procedure)
    open_step(draft, max(task.step, last if last is not None else task.step) + 1)


def _acknowledge(draft: Draft) -> None:
    """Work on a linked part whose hand-over nobody confirmed confirms it: who works on it has it."""
    origin = draft.state.origin
    if origin is not None and not origin.acknowledged:
        draft.add(e.LinkAcknowledged(origin.link, origin.sequence))


def _done(draft: Draft, task: Task, command: c.CompleteTask, *, revokes_approval: bool = False) -> None:
    _acknowledge(draft)
    draft.add(
        e.TaskCompleted(
            task=task.id,
            stage=task.stage,
            stage_id=task.stage_id,
            outcome=command.outcome,
            to_stage=command.to_stage,
            note=command.note,
            revokes_approval=revokes_approval,
        )
    )


def _officer(draft: Draft) -> OfficerId:
    """In whose hands the task is to be: the absent officer's, where somebody stands in for him."""
    if not draft.order.actor:
        raise r.OfficerMissing(draft.order.name)
    return OfficerId(draft.order.on_behalf_of or draft.order.actor)


def _check_holder(draft: Draft, task: Task) -> None:
    actors = {draft.order.actor, draft.order.on_behalf_of}
    if task.officer is not None and any(actors) and task.officer not in actors:
        raise r.TaskClaimedByAnother(task.stage_id, task.officer)
