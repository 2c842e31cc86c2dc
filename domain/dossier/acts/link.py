"""Hand-overs between authorities, on both sides: the parent's ledger and the linked part's life."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.draft import Draft
from domain.dossier.route import first_after_receipt, open_stage, open_step, step_of_link
from domain.dossier.state import Link, LinkState, Origin
from domain.dossier.view import Status
from domain.procedure import Effect, StageKind


def receive(draft: Draft, command: c.ReceiveLink) -> None:
    """The linked authority's side: the part begins, its receive stage is open until acknowledged."""
    if draft.state.status is not None:
        return
    procedure = draft.rules.procedure
    draft.add(
        e.LinkReceived(
            link=command.link,
            root=command.root,
            parent=command.parent,
            sequence=command.sequence,
            procedure=procedure.id,
            procedure_version=draft.rules.procedure_version,
            calendars=draft.rules.calendar_versions,
            calendar_of=draft.rules.pinned_calendars(),
            law=draft.rules.law_version(),
            authority=procedure.authority,
            field=procedure.field,
            applicant=command.applicant,
            from_authority=command.from_authority,
        )
    )
    if procedure.route[0].stage is StageKind.RECEIVE:
        open_stage(draft, 0)
    else:
        open_step(draft, 0)


def acknowledge(draft: Draft, _: c.AcknowledgeLink) -> None:
    """Confirm the hand-over; completes the part's receive stage where its route has one."""
    origin = origin_of(draft)
    if origin.acknowledged:
        raise r.AlreadyAcknowledged
    draft.add(e.LinkAcknowledged(origin.link, origin.sequence))
    task = draft.state.task
    if task is not None and task.stage is StageKind.RECEIVE:
        draft.add(e.TaskCompleted(task.id, task.stage, task.stage_id, c.TaskOutcome.FORWARD))
        open_step(draft, first_after_receipt(draft.rules.procedure))


def answer(draft: Draft, command: c.AnswerLink) -> None:
    """End the part and hand its outcome to the parent; completes the return stage where that is the open one."""
    origin = origin_of(draft)
    task = draft.state.task
    if task is not None and task.stage is not StageKind.RETURN:
        raise r.PartNotFinished(task.stage_id)
    if draft.state.links_awaited:
        raise r.NoTaskOpen(draft.order.name, (link.id for link in draft.state.links_awaited))
    if not origin.acknowledged:
        draft.add(e.LinkAcknowledged(origin.link, origin.sequence))
    if task is not None:
        draft.add(e.TaskCompleted(task.id, task.stage, task.stage_id, c.TaskOutcome.FORWARD))
    draft.add(e.LinkAnswered(origin.link, origin.sequence, command.outcome, command.note))
    draft.add(e.ResultIssued())
    draft.add(e.DossierClosed(e.Ending.ANSWERED))


def note_acknowledged(draft: Draft, command: c.NoteLinkAcknowledged) -> None:
    """The parent's side of an acknowledgement; a repeated or late one changes nothing."""
    link = hand_over(draft, command.link, command.sequence)
    if link.state is LinkState.OPENED:
        draft.add(e.LinkAcknowledged(link.id, link.sequence))


def note_answered(draft: Draft, command: c.NoteLinkAnswered) -> None:
    """The parent's side of an answer; the route goes on once all links of the step are answered or consented.

    The same answer again changes nothing; another one is refused; one that comes after the dossier ended is refused
    too. A route may hand something over when the result is issued already: that answer is waited for as any other.
    """
    link = hand_over(draft, command.link, command.sequence)
    if link.state is LinkState.ANSWERED:
        if link.outcome is not command.outcome:
            raise r.LinkAnsweredDifferently(link.id, str(link.outcome), command.outcome)
        return
    if not link.open or draft.state.status not in {Status.OPEN, Status.READY}:
        raise r.LinkClosed(link.id, link.state)
    if link.state is LinkState.OPENED:
        draft.add(e.LinkAcknowledged(link.id, link.sequence))
    end_stays_of(draft, link.id)
    draft.add(e.LinkAnswered(link.id, link.sequence, command.outcome, command.note))
    go_on(draft, link.id)


def note_suspended(draft: Draft, command: c.NoteLinkSuspended) -> None:
    """A part waits: this clock stands still with it, once, however many parts wait."""
    link = hand_over(draft, command.link, command.sequence)
    if link.open and draft.state.status is Status.OPEN and draft.state.stay(command.reason, link.id) is None:
        draft.add(e.ClockSuspended(command.reason, Effect.PAUSE, link=link.id))


def note_resumed(draft: Draft, command: c.NoteLinkResumed) -> None:
    """The part goes on, and so does this clock unless something else holds it."""
    link = hand_over(draft, command.link, command.sequence)
    if draft.state.stay(command.reason, link.id) is not None:
        draft.add(e.ClockResumed(command.reason, link=link.id))


def recall(draft: Draft, command: c.RecallLink) -> None:
    """The parent ended or took the part back: it ends, with the parts that it opened itself."""
    origin = origin_of(draft)
    if draft.state.status is not Status.OPEN:
        return
    recall_links(draft, command.reason)
    draft.add(e.LinkRecalled(origin.link, origin.sequence, command.reason))
    draft.add(e.DossierClosed(e.Ending.RECALLED))


def recall_links(draft: Draft, reason: str) -> None:
    """End every open hand-over of this stream."""
    for link in draft.state.links:
        if link.open:
            draft.add(e.LinkRecalled(link.id, link.sequence, reason))


def end_stays_of(draft: Draft, link: str) -> None:
    """A hand-over that has ended holds no clock any more, whatever word of it is missing or late."""
    for stay in draft.state.stays:
        if stay.end is None and stay.link == link:
            draft.add(e.ClockResumed(stay.reason, link=link))


def go_on(draft: Draft, link: str) -> None:
    """Open the next step unless the route waits for another link of the same step."""
    index = step_of_link(draft.rules.procedure, link)
    siblings = {spec.id for spec in draft.rules.procedure.route[index].links()}
    if not any(known.id in siblings for known in draft.state.links_awaited):
        open_step(draft, index + 1)


def origin_of(draft: Draft) -> Origin:
    """Where this part came from. Raises NotALinkedPart for a root dossier."""
    if draft.state.origin is None:
        raise r.NotALinkedPart(draft.order.name)
    return draft.state.origin


def hand_over(draft: Draft, link: str, sequence: int) -> Link:
    """The hand-over that a message is about. Raises LinkUnknown."""
    found = next((known for known in draft.state.links if known.id == link and known.sequence == sequence), None)
    if found is None:
        raise r.LinkUnknown(link)
    return found
