"""What a correction changes: an earlier entry's moment, or one of its plain fields.

The entry itself stays as it was.
"""

from datetime import datetime

from msgspec.structs import replace

from domain.dossier.commands import Channel
from domain.dossier.events import EntryCorrected
from domain.dossier.state import Dossier, Stay, Task
from domain.procedure import SuspensionReason

OCCURRED_AT = "occurred_at"

MOMENTS = frozenset(
    {
        "dossier.submitted",
        "dossier.received",
        "link.received",
        "clock.suspended",
        "clock.resumed",
        "clock.restarted",
        "supplement.requested",
        "supplement.provided",
        "payment.required",
        "payment.confirmed",
        "result.issued",
    }
)
"""Entries whose moment can be corrected: those that a clock depends on."""

FIELDS = {
    "dossier.received": frozenset({"channel", "applicant"}),
    "dossier.submitted": frozenset({"channel", "applicant"}),
}
"""Entries' other fields that can be corrected."""

REASON_OF = {
    "supplement.requested": SuspensionReason.SUPPLEMENT,
    "payment.required": SuspensionReason.PAYMENT,
    "supplement.provided": SuspensionReason.SUPPLEMENT,
    "payment.confirmed": SuspensionReason.PAYMENT,
}
"""Entries whose clock entry, for this reason, is the one that follows them: correcting the act corrects the clock."""


def correctable(event: str, field: str) -> bool:
    """Whether this field of this kind of entry can be corrected."""
    return (field == OCCURRED_AT and event in MOMENTS) or field in FIELDS.get(event, frozenset())


def amend(state: Dossier, correction: EntryCorrected) -> Dossier:
    """The state as if the entry had been right."""
    if correction.field == "channel":
        return replace(state, channel=Channel(correction.new))
    if correction.field == "applicant":
        return replace(state, applicant=correction.new)
    return _moved(state, correction.version, correction.event, datetime.fromisoformat(correction.new))


def moment_of(state: Dossier, version: int, event: str) -> datetime | None:
    """When the entry is now taken to have occurred (none: no clock depends on it)."""
    match event:
        case "dossier.submitted":
            return state.submitted_at
        case "dossier.received" | "link.received":
            return state.received_at
        case "result.issued":
            return state.ready_at
        case _:
            began, ended = stay_begun_by(state, version, event), stay_ended_by(state, version, event)
            if began is not None:
                return began.start
            return ended.end if ended is not None else None


def stay_begun_by(state: Dossier, version: int, event: str) -> Stay | None:
    """The suspension that the entry began (none: it began none)."""
    return next((stay for stay in state.stays if _concerns(stay, stay.began, version, event)), None)


def stay_ended_by(state: Dossier, version: int, event: str) -> Stay | None:
    """The suspension that the entry ended (none: it ended none)."""
    return next((stay for stay in state.stays if _concerns(stay, stay.ended, version, event)), None)


def _concerns(stay: Stay, clock_entry: int, version: int, event: str) -> bool:
    """Whether the stay's entry of that version is this entry, or the one that this act was followed by."""
    reason = REASON_OF.get(event)
    return clock_entry == version if reason is None else clock_entry == version + 1 and stay.reason is reason


def _moved(state: Dossier, version: int, event: str, moment: datetime) -> Dossier:
    match event:
        case "dossier.submitted":
            return replace(state, submitted_at=moment)
        case "dossier.received" | "link.received":
            spans = _restarted_spans(state, moment)
            return replace(state, received_at=moment, spans=spans, task=_opened_by_receipt(state, moment))
        case "result.issued":
            return replace(state, ready_at=moment)
        case _:
            began, ended = stay_begun_by(state, version, event), stay_ended_by(state, version, event)
            stays = tuple(
                replace(s, start=moment) if s is began else replace(s, end=moment) if s is ended else s
                for s in state.stays
            )
            return replace(state, stays=stays)


def _opened_by_receipt(state: Dossier, moment: datetime) -> Task | None:
    """The open task; one that the receipt itself opened has run since the receipt."""
    task = state.task
    return replace(task, opened_at=moment) if task and task.opened_at == state.received_at else task


def _restarted_spans(state: Dossier, start: datetime) -> tuple:  # type: ignore[type-arg]
    if not state.spans:
        return ()
    later = tuple(replace(span, since=max(span.since, start)) for span in state.spans[1:])
    return (replace(state.spans[0], since=start), *later)
