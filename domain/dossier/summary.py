"""A dossier seen from outside: its read-model row, its judgement, whose time it was. Pure functions of its state."""

from datetime import datetime

import msgspec

from domain.authority import Role
from domain.deadline import judge, judge_open, minutes_by_holder
from domain.dossier import clocks, handovers, parcels
from domain.dossier.agenda import next_moment
from domain.dossier.events import Ending
from domain.dossier.evolve import AWAITS_CITIZEN
from domain.dossier.rules import Rules
from domain.dossier.state import CITIZEN, POST, Dossier
from domain.dossier.view import DossierView, Status, TaskView, Timeliness, Waiting
from domain.ids import Stream
from domain.procedure import StageKind, SuspensionReason

PORTAL_STATE_OF_ENDING = {
    Ending.REFUSED: 3,
    Ending.WITHDRAWN: 7,
    Ending.STOPPED: 8,
    Ending.RETURNED: 10,
    Ending.ANSWERED: 9,
    Ending.RECALLED: 8,
    Ending.HANDED_BACK: 8,
}


def portal_state(state: Dossier) -> int:  # noqa: PLR0911  # one return a portal state
    """The national portal's number for where the dossier is, 1 to 10; 0 where there is none yet."""
    if state.ending is not None:
        return PORTAL_STATE_OF_ENDING[state.ending]
    match state.status:
        case None:
            return 0
        case Status.REFUSED:
            return 3
        case Status.READY:
            return 9
        case _:
            pass
    if state.supplement is not None:
        return 5
    if state.stay(SuspensionReason.PAYMENT) is not None:
        return 6
    if state.status is Status.SUBMITTED:
        return 1
    return 4 if state.task is not None or state.links else 2


def judged_at(state: Dossier) -> datetime | None:
    """The moment that is judged: the result is ready, or the dossier ended without one (none: still open)."""
    return state.ready_at or state.closed_at


def timeliness(rules: Rules, state: Dossier) -> Timeliness | None:
    """Early, on time or late in the world (none: never received, or still open)."""
    return _judged(rules, state, judged_at(state))


def timeliness_as_recorded(rules: Rules, state: Dossier) -> Timeliness | None:
    """The same by when the system learnt of the result."""
    return _judged(rules, state, state.ready_recorded_at or state.closed_recorded_at)


def timeliness_now(rules: Rules, state: Dossier, now: datetime) -> Timeliness | None:
    """The judgement, or open within or overdue as of ``now`` (none: never received)."""
    judged = timeliness(rules, state)
    if judged is not None or state.received_at is None:
        return judged
    return judge_open(clocks.committed_due(rules, state), now)


def _judged(rules: Rules, state: Dossier, at: datetime | None) -> Timeliness | None:
    if at is None or state.received_at is None:
        return None
    due = clocks.committed_due(rules, state)
    return judge(due, at, rules.calendar().zone) if due is not None else Timeliness.ON_TIME


def waiting(rules: Rules, state: Dossier) -> Waiting:
    """Whom the dossier waits for."""
    if state.status in {None, Status.CLOSED, Status.REFUSED}:
        return Waiting.NOBODY
    if any(stay.end is None and stay.reason in AWAITS_CITIZEN for stay in state.stays) or state.supplement:
        return Waiting.CITIZEN
    if any(link.open for link in state.links):
        return Waiting.AUTHORITY
    if parcels.on_their_way(rules, state):
        return Waiting.POST
    return Waiting.OFFICER


def working_minutes(rules: Rules, state: Dossier, now: datetime) -> dict[str, int]:
    """Working minutes by holder from receipt to the moment judged, or to ``now``; they add up to the whole.

    The citizen and the post are always named, with 0 where they held nothing.
    """
    totals = {CITIZEN: 0, POST: 0}
    end = judged_at(state) or now
    starts = [*(min(span.since, end) for span in state.spans), end]
    spans = [(span.holder, starts[i], starts[i + 1]) for i, span in enumerate(state.spans)]
    for holder, minutes in minutes_by_holder(rules.calendar(), spans).items():
        totals[holder] = totals.get(holder, 0) + minutes
    return totals


def summarise(rules: Rules, state: Dossier, stream: Stream) -> DossierView:
    """The stream's row of the read models with its open tasks."""
    root = Stream(state.origin.root) if state.origin else stream
    return DossierView(
        stream=stream,
        root=root,
        version=state.version,
        status=state.status or Status.SUBMITTED,
        portal_state=portal_state(state),
        waiting=waiting(rules, state),
        procedure=state.procedure,
        procedure_version=state.procedure_version,
        calendar_version=state.calendars.get(rules.calendar().spec.id, ""),
        field=state.field,
        authority=state.authority,
        received_by=state.received_by,
        return_to=state.return_to,
        channel=state.channel.value,
        submitted_at=state.submitted_at,
        received_at=state.received_at,
        statutory_due=clocks.statutory_due(rules, state),
        committed_due=clocks.committed_due(rules, state),
        ready_at=state.ready_at,
        closed_at=state.closed_at,
        timeliness=timeliness(rules, state),
        timeliness_as_recorded=timeliness_as_recorded(rules, state),
        extensions=len(state.extensions),
        supplements=len(state.supplements),
        next_moment=next_moment(rules, state),
        applicant=state.applicant,
        tasks=_tasks(rules, state),
        calendar=rules.calendar().spec.id,
        calendars=state.calendars,
        clock=clocks.committed_clock(rules, state) if judged_at(state) is None else None,
    )


def _tasks(rules: Rules, state: Dossier) -> tuple[TaskView, ...]:
    task = state.task
    troubles = (
        *(_parcel_trouble(rules, trouble) for trouble in parcels.troubles(rules, state)),
        *(_link_trouble(rules, state, trouble) for trouble in handovers.troubles(state)),
    )
    if task is None:
        return troubles
    return (
        TaskView(
            task=task.id,
            stage=task.stage.value,
            title=task.title,
            role=task.role,
            authority=task.authority,
            opened_at=task.opened_at,
            due=clocks.stage_due(rules, state, task),
            overdue=task.overdue,
            officer=task.officer,
            calendar=rules.calendar(task.authority).spec.id,
            clock=clocks.stage_clock(rules, state, task),
        ),
        *troubles,
    )


def _parcel_trouble(rules: Rules, trouble: parcels.Trouble) -> TaskView:
    """A parcel that an officer must see to, as a task beside the route's; it goes when the parcel's trouble does."""
    return TaskView(
        task=trouble.parcel.id,
        stage=StageKind.OTHER.value,
        title=trouble.title,
        role=Role.CLERK.value,
        authority=trouble.authority,
        opened_at=trouble.parcel.news_at,
        due=None,
        overdue=False,
        officer=None,
        calendar=rules.calendar(trouble.authority).spec.id,
    )


def _link_trouble(rules: Rules, state: Dossier, trouble: handovers.Trouble) -> TaskView:
    """A hand-over that an officer must see to, likewise; it goes when the hand-over moves on."""
    return TaskView(
        task=f"{trouble.link.id}.{trouble.link.sequence}",
        stage=StageKind.OTHER.value,
        title=trouble.title,
        role="",
        authority=state.authority,
        opened_at=trouble.since,
        due=None,
        overdue=False,
        officer=None,
        calendar=rules.calendar().spec.id,
    )


class Summary(msgspec.Struct, frozen=True):
    """A scenario's closing line for one dossier (interface section 4)."""

    dossier: str
    portal_state: int
    received_at: datetime | None
    statutory_due: datetime | None
    committed_due: datetime | None
    ready_at: datetime | None
    lateness: Timeliness | None
    lateness_as_recorded: Timeliness | None
    overdue_stages: tuple[str, ...]
    working_minutes: dict[str, int]
    extensions: int
    supplements: int


def scenario_summary(rules: Rules, state: Dossier, name: str, now: datetime) -> Summary:
    """The closing line as of ``now``, all times in the calendar's zone."""
    zone = rules.calendar().zone
    lateness = timeliness_now(rules, state, now)
    return Summary(
        dossier=name,
        portal_state=portal_state(state),
        received_at=_local(state.received_at, zone),
        statutory_due=_local(clocks.statutory_due(rules, state), zone),
        committed_due=_local(clocks.committed_due(rules, state), zone),
        ready_at=_local(state.ready_at, zone),
        lateness=lateness,
        lateness_as_recorded=timeliness_as_recorded(rules, state) or lateness,
        overdue_stages=state.overdue_stages,
        working_minutes=working_minutes(rules, state, now) if state.received_at else {},
        extensions=len(state.extensions),
        supplements=len(state.supplements),
    )


def _local(moment: datetime | None, zone: object) -> datetime | None:
    return moment.astimezone(zone) if moment else None  # type: ignore[arg-type]
