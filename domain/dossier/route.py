"""Walking the route: which step comes next, and what opens there."""

from collections.abc import Iterator

from domain.dossier import clocks
from domain.dossier.draft import Draft
from domain.dossier.events import LinkOpened, TaskOpened
from domain.dossier.state import Task
from domain.period import Period
from domain.procedure import LinkSpec, Procedure, StageKind, Step


def stage_id(route: tuple[Step, ...], index: int) -> str:
    """The name that tells a stage from others of its kind: its own id, or its kind, numbered from the second on."""
    step = route[index]
    if step.id:
        return step.id
    kind = str(step.stage.value if step.stage else "link")
    before = sum(1 for other in route[:index] if other.stage is step.stage and not other.id)
    return kind if before == 0 else f"{kind}-{before + 1}"


def first_after_receipt(procedure: Procedure) -> int:
    """Index of the step that opens once the dossier is received."""
    return 1 if procedure.route and procedure.route[0].stage is StageKind.RECEIVE else 0


def final_approval(procedure: Procedure) -> int | None:
    """Index of the last approve stage (none: the route has none)."""
    found = [i for i, step in enumerate(procedure.route) if step.stage is StageKind.APPROVE]
    return found[-1] if found else None


def earlier_stages(procedure: Procedure, before: int) -> Iterator[tuple[int, str]]:
    """Index and id of each stage before a step that work can go back to, nearest first."""
    for index in range(before - 1, -1, -1):
        step = procedure.route[index]
        if step.stage is not None and step.stage is not StageKind.RECEIVE:
            yield index, stage_id(procedure.route, index)


def open_step(draft: Draft, index: int) -> None:
    """Open the step at this index: a task, or its links; nothing past the route's end.

    Links that have already been answered stay answered when work comes by again.
    """
    route = draft.rules.procedure.route
    while index < len(route):
        step = route[index]
        if step.stage is not None:
            open_stage(draft, index)
            return
        pending = [link for link in step.links() if draft.state.link(link.id) is None]
        for link in pending:
            open_link(draft, link)
        if pending:
            return
        index += 1


def open_stage(draft: Draft, index: int, budget: Period | None = None) -> None:
    """Open the stage's task in its authority's worklist; ``budget`` overrides the route's."""
    step = draft.rules.procedure.route[index]
    if step.stage is None:
        return
    task = Task(
        id=f"T{draft.state.tasks_opened + 1}",
        step=index,
        stage=step.stage,
        stage_id=stage_id(draft.rules.procedure.route, index),
        authority=step.authority or draft.rules.procedure.authority,
        opened_at=draft.at,
        role=step.role,
        title=step.title,
        budget=budget or step.budget,
    )
    draft.add(
        TaskOpened(
            task=task.id,
            step=index,
            stage=task.stage,
            stage_id=task.stage_id,
            authority=task.authority,
            role=task.role,
            title=task.title,
            budget=task.budget,
            due=clocks.stage_due(draft.rules, draft.state, task),
        )
    )


def open_link(draft: Draft, link: LinkSpec, attempt: int = 1, reason: str = "") -> None:
    """Hand a part over; ``attempt`` counts how often this link was by now, ``reason`` is why again."""
    draft.add(
        LinkOpened(
            link=link.id,
            kind=link.kind,
            to=link.to,
            sequence=len(draft.state.links) + 1,
            silence=link.silence or draft.rules.procedure.silence,
            budget=link.budget,
            attempt=attempt,
            reason=reason,
        )
    )


def step_of_link(procedure: Procedure, link: str) -> int:
    """Index of the step that a link belongs to."""
    return next(i for i, step in enumerate(procedure.route) if any(spec.id == link for spec in step.links()))
