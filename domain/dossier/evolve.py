"""The fold: how each event changes the state. It never raises and never judges; what is stored has happened."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

from msgspec.structs import replace

from domain.dossier import events as e
from domain.dossier.amendment import amend
from domain.dossier.state import (
    CITIZEN,
    NEW,
    Dossier,
    Extension,
    Fired,
    Link,
    LinkState,
    Origin,
    Promise,
    SecondAppointment,
    Span,
    Stay,
    Supplement,
    Task,
)
from domain.dossier.view import Status
from domain.ids import OfficerId
from domain.postal import Parcel, ScanState, scanned
from domain.procedure import SuspensionReason

AWAITS_CITIZEN = frozenset({SuspensionReason.SUPPLEMENT, SuspensionReason.PAYMENT})


def fold(facts: Iterable[e.Fact], state: Dossier = NEW) -> Dossier:
    """Apply facts in order."""
    for fact in facts:
        state = evolve(state, fact)
    return state


def evolve(state: Dossier, fact: e.Fact) -> Dossier:
    """The state after one fact."""
    changed = _apply(state, fact)
    changed = replace(changed, version=fact.version, entries=(*state.entries, fact.event.type))
    return _hold(changed, fact.occurred_at)


def holder(state: Dossier) -> str | None:
    """Whose time it is now: an authority, the citizen, or nobody's once the result is ready or the stream is closed.

    While links run in parallel the time is that of the one opened first, so that minutes are counted once.
    """
    if state.received_at is None or state.status in {Status.READY, Status.CLOSED}:
        return None
    if state.supplement is not None or any(s.end is None and s.reason in AWAITS_CITIZEN for s in state.stays):
        return CITIZEN
    awaited = next((link.to for link in state.links if link.open), None)
    if awaited is not None:
        return awaited
    return state.task.authority if state.task else state.authority


def _hold(state: Dossier, at: datetime) -> Dossier:
    """Write a change of holder down; entries keyed late never make a span end before it began."""
    now = holder(state)
    if now is None or (state.spans and state.spans[-1].holder == now):
        return state
    since = max(at, state.spans[-1].since) if state.spans else at
    return replace(state, spans=(*state.spans, Span(now, since)))


def _apply(state: Dossier, fact: e.Fact) -> Dossier:  # noqa: C901, PLR0911, PLR0912  # one arm an event: a table
    event, at = fact.event, fact.occurred_at
    match event:
        case e.DossierSubmitted():
            return replace(_entered(state, event), status=Status.SUBMITTED, submitted_at=at)
        case e.DossierReceived():
            return replace(_entered(state, event), status=Status.OPEN, received_at=at)
        case e.DossierRefused():
            return _refused(state, event)
        case e.LinkReceived():
            return _part_received(state, event, at)
        case e.DossierReminded():
            return _fired(state, "reminder", str(event.before), event.due)
        case e.DossierOverdue():
            return _fired(state, "overdue", "", event.due)
        case e.ApologyDue():
            return _fired(state, "apology", "", event.due)
        case e.TaskReminded():
            return _fired(state, "task_reminder", f"{event.task} {event.before}", event.due)
        case e.LinkOverdue():
            return _link_overdue(_fired(state, f"link_{event.what}", event.link, event.due), event)
        case e.TaskOverdue():
            return _task_overdue(state, event)
        case e.DossierExtended():
            return replace(state, extensions=(*state.extensions, Extension(at, event.new_due, event.reason)))
        case e.DossierWithdrawn() | e.DossierStopped() | e.PaymentRequired() | e.PaymentConfirmed():
            return state
        case e.DossierClosed():
            return _closed(state, event, fact)
        case e.TaskOpened():
            return _task_opened(state, event, at)
        case e.TaskClaimed() | e.TaskDelegated():
            return _held_by(state, event.officer)
        case e.TaskReleased():
            return _held_by(state, None)
        case e.TaskCompleted():
            return replace(state, task=None, approved=None if event.revokes_approval else state.approved)
        case e.SupplementRequested():
            awaited = Supplement(event.stage_id, at, event.expires_at, event.components)
            return replace(
                state, supplement=awaited, supplements=(*state.supplements, (event.stage_id, event.legal_basis))
            )
        case e.SupplementProvided():
            given = (*state.components, *(c for c in event.components if c not in state.components))
            return replace(state, supplement=None, components=given)
        case e.SupplementExpired():
            return replace(state, supplement=None)
        case e.ClockSuspended():
            return replace(state, stays=(*state.stays, _stay(event, fact)))
        case e.ClockResumed() | e.ClockRestarted():
            return _resumed(state, event, fact)
        case e.DeadlineSet():
            return replace(state, promises=(*state.promises, Promise(event.clock, event.due)))
        case e.DeadlineRevised():
            return _promised(state, Promise(event.clock, event.new, event.task or ""))
        case e.CalendarRevised():
            return replace(state, calendars={**state.calendars, event.calendar: event.new})
        case e.LinkOpened():
            return replace(state, links=(*state.links, _link(event, at)))
        case e.LinkDelivered():
            return _told(state, event.link, event.sequence, undelivered=None)
        case (
            e.LinkAcknowledged()
            | e.LinkAnswered()
            | e.LinkConsented()
            | e.LinkRecalled()
            | e.LinkHandedBack()
            | e.LinkSkipped()
        ):
            return _link_moved(state, event, at)
        case e.ResultApproved():
            return replace(state, approved=True)
        case e.ResultRejected():
            return replace(state, approved=False)
        case e.ResultIssued():
            return replace(state, status=Status.READY, ready_at=at, ready_recorded_at=fact.recorded_at)
        case e.ResultReturned():
            return replace(state, returned_by=event.method)
        case e.PostalOrdered():
            return replace(state, parcels=(*state.parcels, _ordered(event, at)))
        case e.PostalPlaced() | e.PostalCancelled() | e.PostalScanned() | e.PostalTroubled():
            return _parcel_moved(state, event, at)
        case e.PostalOverdue():
            return _fired(state, "postal", event.parcel, event.due)
        case e.EntryCorrected():
            return amend(state, event)
        case e.FeedbackRecorded():
            return replace(state, feedback=event.score)
        case _:
            assert_never(event)


def _entered(state: Dossier, event: e.DossierSubmitted | e.DossierReceived) -> Dossier:
    return replace(
        state,
        procedure=event.procedure,
        procedure_version=event.procedure_version,
        calendars=event.calendars,
        calendar_of=event.calendar_of,
        law=event.law,
        field=event.field,
        channel=event.channel,
        applicant=event.applicant or state.applicant,
        authority=event.authority,
        received_by=event.received_by,
        return_to=event.return_to,
        components=event.components,
    )


def _refused(state: Dossier, event: e.DossierRefused) -> Dossier:
    refused = replace(state, status=Status.REFUSED, applicant=event.applicant or state.applicant)
    if state.status is not None:
        return refused
    desk = event.received_by or event.authority
    return replace(
        refused,
        procedure=event.procedure,
        procedure_version=event.procedure_version,
        calendars=event.calendars,
        calendar_of=event.calendar_of,
        law=event.law,
        channel=event.channel or state.channel,
        field=event.field,
        authority=event.authority,
        received_by=desk,
        return_to=desk,
    )


def _part_received(state: Dossier, event: e.LinkReceived, at: datetime) -> Dossier:
    return replace(
        state,
        status=Status.OPEN,
        received_at=at,
        procedure=event.procedure,
        procedure_version=event.procedure_version,
        calendars=event.calendars,
        calendar_of=event.calendar_of,
        law=event.law,
        field=event.field,
        applicant=event.applicant,
        authority=event.authority,
        received_by=event.authority,
        return_to=event.authority,
        origin=Origin(event.root, event.parent, event.link, event.sequence, event.from_authority),
    )


def _fired(state: Dossier, kind: str, key: str, due: datetime) -> Dossier:
    return replace(state, fired=(*state.fired, Fired(kind, key, due)))


def _task_overdue(state: Dossier, event: e.TaskOverdue) -> Dossier:
    state = _fired(state, "task_overdue", event.task, event.due)
    seen = state.overdue_stages
    stages = seen if event.stage.value in seen else (*seen, event.stage.value)
    if state.task is None or state.task.id != event.task:
        return replace(state, overdue_stages=stages)
    return replace(state, overdue_stages=stages, task=replace(state.task, overdue=True))


def _task_opened(state: Dossier, event: e.TaskOpened, at: datetime) -> Dossier:
    opened = Task(
        id=event.task,
        step=event.step,
        stage=event.stage,
        stage_id=event.stage_id,
        authority=event.authority,
        opened_at=at,
        role=event.role,
        title=event.title,
        budget=event.budget,
    )
    kept = tuple(p for p in state.promises if not p.task)
    told = (Promise(e.ClockName.STAGE, event.due, event.task),) if event.due else ()
    return replace(state, task=opened, tasks_opened=state.tasks_opened + 1, step=event.step, promises=(*kept, *told))


def _held_by(state: Dossier, officer: OfficerId | None) -> Dossier:
    return replace(state, task=replace(state.task, officer=officer)) if state.task else state


def _stay(event: e.ClockSuspended, fact: e.Fact) -> Stay:
    return Stay(event.reason, event.effect, fact.occurred_at, fact.version, link=event.link)


def _resumed(state: Dossier, event: e.ClockResumed | e.ClockRestarted, fact: e.Fact) -> Dossier:
    open_stay = state.stay(event.reason, getattr(event, "link", ""))
    stays = tuple(
        replace(stay, end=max(stay.start, fact.occurred_at), ended=fact.version) if stay is open_stay else stay
        for stay in state.stays
    )
    if isinstance(event, e.ClockRestarted) and event.budget is not None:
        return replace(state, stays=stays, second=SecondAppointment(fact.occurred_at, event.budget))
    return replace(state, stays=stays)


def _promised(state: Dossier, promise: Promise) -> Dossier:
    """A due moment that moved is not missed yet: if it is past too, the agenda tells so anew."""
    kept = tuple(p for p in state.promises if (p.clock, p.task) != (promise.clock, promise.task))
    task = state.task
    if task is not None and task.overdue and task.id == promise.task:
        task = replace(task, overdue=False)
    return replace(state, promises=(*kept, promise), task=task)


def _ordered(event: e.PostalOrdered, at: datetime) -> Parcel:
    return Parcel(
        id=event.parcel,
        purpose=event.purpose,
        carrier=event.carrier,
        ordered_at=at,
        news_at=at,
        tracking=event.tracking,
        service=event.service,
    )


def _parcel_moved(
    state: Dossier, event: e.PostalPlaced | e.PostalCancelled | e.PostalScanned | e.PostalTroubled, at: datetime
) -> Dossier:
    def moved(parcel: Parcel) -> Parcel:
        match event:
            case e.PostalPlaced():
                return replace(parcel, tracking=event.tracking, news_at=max(parcel.news_at, at))
            case e.PostalCancelled():
                return scanned(parcel, ScanState.CANCELLED, at)
            case e.PostalScanned():
                return scanned(parcel, event.state, at, signed=event.signed)
            case e.PostalTroubled():
                return replace(parcel, problems=(*parcel.problems, event.problem))
            case _:
                assert_never(event)

    parcels = tuple(moved(parcel) if parcel.id == event.parcel else parcel for parcel in state.parcels)
    return replace(state, parcels=parcels)


_LinkMoved = e.LinkAcknowledged | e.LinkAnswered | e.LinkConsented | e.LinkRecalled | e.LinkHandedBack | e.LinkSkipped


def _link(event: e.LinkOpened, at: datetime) -> Link:
    return Link(
        id=event.link,
        kind=event.kind,
        to=event.to,
        sequence=event.sequence,
        silence=event.silence,
        opened_at=at,
        budget=event.budget,
        attempt=event.attempt,
    )


def _link_moved(state: Dossier, event: _LinkMoved, at: datetime) -> Dossier:
    if state.origin is not None and state.origin.link == event.link and not state.link(event.link):
        return replace(state, origin=_origin_moved(state.origin, event))
    match event:
        case e.LinkAcknowledged():
            changes: dict[str, Any] = {"state": LinkState.ACKNOWLEDGED}
        case e.LinkAnswered():
            changes = {"state": LinkState.ANSWERED, "outcome": event.outcome, "ended_at": at}
        case e.LinkConsented():
            changes = {"state": LinkState.CONSENTED, "ended_at": at}
        case e.LinkRecalled():
            changes = {"state": LinkState.RECALLED, "ended_at": at}
        case e.LinkHandedBack():
            changes = {"state": LinkState.HANDED_BACK, "ended_at": at}
        case e.LinkSkipped():
            changes = {"state": LinkState.SKIPPED}
        case _:
            assert_never(event)
    links = tuple(
        replace(link, **changes) if link.id == event.link and link.sequence == event.sequence else link
        for link in state.links
    )
    return replace(state, links=links)


def _link_overdue(state: Dossier, event: e.LinkOverdue) -> Dossier:
    """What has not arrived is remembered until it has; of a hand-over made anew the latest is meant."""
    if event.what != e.SYNCHRONISATION:
        return state
    link = state.link(event.link)
    return _told(state, event.link, link.sequence if link else 0, undelivered=event.due)


def _told(state: Dossier, link: str, sequence: int, undelivered: datetime | None) -> Dossier:
    """Whether what this side told the other has not arrived there."""
    if state.link(link) is None and state.origin is not None:
        return replace(state, origin=replace(state.origin, undelivered=undelivered))
    links = tuple(
        replace(known, undelivered=undelivered) if (known.id, known.sequence) == (link, sequence) else known
        for known in state.links
    )
    return replace(state, links=links)


def _origin_moved(origin: Origin, event: _LinkMoved) -> Origin:
    """The linked part's own side; whatever its authority says of the hand-over acknowledges it."""
    match event:
        case e.LinkAnswered():
            return replace(origin, acknowledged=True, answer=event.outcome, note=event.note)
        case e.LinkHandedBack():
            return replace(origin, handed_back=True, note=event.reason)
        case _:
            return replace(origin, acknowledged=True)


def _closed(state: Dossier, event: e.DossierClosed, fact: e.Fact) -> Dossier:
    """Closing ends what was open: the task, a supplement awaited, suspensions."""
    stays = tuple(
        replace(s, end=max(s.start, fact.occurred_at), ended=fact.version) if s.end is None else s for s in state.stays
    )
    return replace(
        state,
        status=Status.REFUSED if event.ending is e.Ending.REFUSED else Status.CLOSED,
        ending=event.ending,
        closed_at=fact.occurred_at,
        closed_recorded_at=fact.recorded_at,
        task=None,
        supplement=None,
        stays=stays,
    )
