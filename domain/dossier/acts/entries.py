"""Entries about entries: corrections, and the citizen's feedback."""

from datetime import datetime

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.amendment import OCCURRED_AT, correctable, moment_of, stay_begun_by, stay_ended_by
from domain.dossier.draft import Draft
from domain.dossier.state import Dossier
from domain.dossier.view import Status

LOWEST, HIGHEST = 1, 5
"""Marks of the feedback form."""


def correct(draft: Draft, command: c.Correct) -> None:
    """Amend an earlier entry, with a reason and another officer's approval; the entry itself stays."""
    if not command.reason.strip():
        raise r.ReasonMissing(draft.order.name)
    if not command.approved_by:
        raise r.OfficerMissing(draft.order.name)
    if command.approved_by in {draft.order.actor, draft.order.on_behalf_of}:
        raise r.SelfApproved
    version = _find(draft.state, command.event)
    entry = draft.state.entries[version - 1]
    if not correctable(entry, command.field):
        raise r.NotCorrectable(entry, command.field)
    old, new = _values(draft, version, entry, command)
    draft.add(e.EntryCorrected(version, entry, command.field, old, new, command.reason, command.approved_by))


def record_feedback(draft: Draft, command: c.RecordFeedback) -> None:
    """Take the citizen's mark once there is something to mark."""
    if not LOWEST <= command.score <= HIGHEST:
        raise r.InvalidScore(command.score)
    if draft.state.status not in {Status.READY, Status.CLOSED, Status.REFUSED}:
        raise r.FeedbackTooEarly
    draft.add(e.FeedbackRecorded(command.score, command.words))


def _find(state: Dossier, event: int | str) -> int:
    if isinstance(event, int):
        if not 1 <= event <= state.version:
            raise r.EntryUnknown(event, state.version)
        return event
    found = [version for version, name in enumerate(state.entries, start=1) if name == event]
    if not found:
        raise r.EntryUnknown(event, state.version)
    return found[-1]


def _values(draft: Draft, version: int, entry: str, command: c.Correct) -> tuple[str, str]:
    """The old and the new value as text; refuses a value that does not fit the field."""
    state = draft.state
    if command.field == "channel":
        if command.value not in set(c.Channel):
            raise r.InvalidValue(command.field, command.value, f"one of {', '.join(c.Channel)}")
        return state.channel.value, command.value
    if command.field != OCCURRED_AT:
        return str(getattr(state, command.field)), command.value
    old = moment_of(state, version, entry)
    if old is None:
        raise r.NotCorrectable(entry, command.field)
    new = _moment(command)
    if new > draft.order.recorded_at:
        raise r.InTheFuture(new, draft.local(draft.order.recorded_at))
    if state.received_at is not None and entry not in _RECEIPTS and new < state.received_at:
        raise r.BeforeReceipt(new, draft.local(state.received_at))
    if entry in _RECEIPTS and state.ready_at is not None and new > state.ready_at:
        raise r.EndsBeforeStart(new, draft.local(state.ready_at))
    _check_stay(draft, version, entry, new)
    draft.calendar.minute(new)  # refuses what cannot even be converted to local time
    return draft.local(old).isoformat(), draft.local(new).isoformat()


def _check_stay(draft: Draft, version: int, entry: str, new: datetime) -> None:
    """Refuse to turn a suspension round."""
    began, ended = stay_begun_by(draft.state, version, entry), stay_ended_by(draft.state, version, entry)
    if began is not None and began.end is not None and began.end < new:
        raise r.EndsBeforeStart(new, draft.local(began.end))
    if ended is not None and new < ended.start:
        raise r.EndsBeforeStart(draft.local(ended.start), new)


_RECEIPTS = frozenset({"dossier.received", "dossier.submitted", "link.received"})


def _moment(command: c.Correct) -> datetime:
    expected = "a moment with its offset, e.g. 2026-03-02T08:10+07:00"
    try:
        moment = datetime.fromisoformat(command.value)
    except ValueError:
        raise r.InvalidValue(command.field, command.value, expected) from None
    if moment.tzinfo is None:
        raise r.InvalidValue(command.field, command.value, expected)
    return moment
