"""The agenda: every moment at which something will be due if nobody acts.

The workflow's one timer is its first entry.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from domain.deadline import apology_moment, due_moment, reminder_moment
from domain.dossier import clocks, parcels
from domain.dossier import events as e
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier, LinkState, Task
from domain.dossier.view import Status
from domain.procedure import CountPolicy, Step


class Entry(msgspec.Struct, frozen=True):
    """At ``at``, ``event`` comes true."""

    at: datetime
    event: e.Event


def agenda(rules: Rules, state: Dossier) -> tuple[Entry, ...]:
    """All entries that have not come true yet, earliest first; equal moments in the order of the sources below."""
    return tuple(sorted(_entries(rules, state), key=lambda entry: entry.at))


def next_moment(rules: Rules, state: Dossier) -> datetime | None:
    """The earliest entry's moment (none: nothing is due)."""
    return min((entry.at for entry in _entries(rules, state)), default=None)


def _entries(rules: Rules, state: Dossier) -> Iterator[Entry]:
    if state.status in {None, Status.CLOSED, Status.REFUSED}:
        return
    if state.supplement is not None:
        yield Entry(state.supplement.expires_at, e.SupplementExpired(state.supplement.expires_at))
    if state.task is not None:
        yield from _stage_entries(rules, state, state.task)
    yield from _postal_entries(rules, state)
    if state.status is Status.OPEN:
        yield from _dossier_entries(rules, state)
        yield from _link_entries(rules, state)


def _dossier_entries(rules: Rules, state: Dossier) -> Iterator[Entry]:
    due = clocks.committed_due(rules, state)
    if due is None or state.has_fired("overdue", "", due):
        return
    since = _effective_since(state)
    calendar = rules.calendar()
    for reminder in rules.procedure.reminders:
        at = reminder_moment(calendar, due, reminder.before)
        if at > since and not state.has_fired("reminder", str(reminder.before), due):
            yield Entry(at, e.DossierReminded(due, reminder.before))
    notice = apology_moment(calendar, due, rules.law.apology_notice.period)
    if (
        state.origin is None
        and notice > since
        and len(state.extensions) < rules.procedure.extension.limit
        and not state.has_fired("apology", "", due)
    ):
        yield Entry(notice, e.ApologyDue(due))
    yield Entry(due, e.DossierOverdue(due))


def _stage_entries(rules: Rules, state: Dossier, task: Task) -> Iterator[Entry]:
    due = clocks.stage_due(rules, state, task)
    if due is None or state.has_fired("task_overdue", task.id, due):
        return
    since = max(task.opened_at, _effective_since(state))
    for reminder in step_of(rules, task).reminders:
        at = reminder_moment(rules.calendar(task.authority), due, reminder.before)
        if at > since and not state.has_fired("task_reminder", f"{task.id} {reminder.before}", due):
            yield Entry(at, e.TaskReminded(task.id, task.stage, due, reminder.before))
    yield Entry(due, e.TaskOverdue(task.id, task.stage, task.stage_id, task.authority, due))


def _link_entries(rules: Rules, state: Dossier) -> Iterator[Entry]:
    for link in state.links:
        if not link.open:
            continue
        calendar = rules.calendar(link.to)
        if link.state is LinkState.OPENED:
            limit = rules.law.link_acknowledgement.period
            due = due_moment(calendar, limit, link.opened_at, CountPolicy.HOURS, None)
            if not state.has_fired(f"link_{e.ACKNOWLEDGEMENT}", link.id, due):
                yield Entry(due, e.LinkOverdue(link.id, due, e.ACKNOWLEDGEMENT))
        answer_due = clocks.link_due(rules, state, link)
        if answer_due is not None and not state.has_fired(f"link_{e.ANSWER}", link.id, answer_due):
            yield Entry(answer_due, e.LinkOverdue(link.id, answer_due, e.ANSWER))


def _postal_entries(rules: Rules, state: Dossier) -> Iterator[Entry]:
    for parcel in parcels.under_way(state):
        due = parcels.silent_from(rules, parcel)
        if due is not None and not state.has_fired("postal", parcel.id, due):
            yield Entry(due, e.PostalOverdue(parcel.id, due, parcel.tracking))


def _effective_since(state: Dossier) -> datetime:
    """Since when the present due moment holds: a warning whose moment lies before that is not sent after the fact."""
    moments = [stay.end for stay in state.stays if stay.end is not None]
    moments += [extension.at for extension in state.extensions]
    if state.received_at is not None:
        moments.append(state.received_at)
    return max(moments) if moments else _BEGINNING


_BEGINNING = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def step_of(rules: Rules, task: Task) -> Step:
    """The route's step that a task belongs to."""
    return rules.procedure.route[task.step]
