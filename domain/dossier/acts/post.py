"""The public post: parcels ordered, and what a carrier's word of them does to the dossier.

Source: Decision 45/2016/QD-TTg and Circular 17/2017/TT-BTTTT. A dossier is lawfully filed when the hand-over record is
signed at the agency, not when the papers are fetched; a result that cannot be delivered after two invitations goes back
to the agency.
"""

from domain.checklist import ExcessComponents, MissingComponents, check
from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import parcels
from domain.dossier import refusals as r
from domain.dossier.acts import intake, result
from domain.dossier.amendment import OCCURRED_AT
from domain.dossier.draft import Draft
from domain.dossier.view import Status
from domain.ids import OfficerId
from domain.postal import Parcel, Purpose, ScanState
from domain.procedure import StageKind, SuspensionReason

NOT_YET_GONE = frozenset({ScanState.REGISTERED, ScanState.UNKNOWN})
RECEIVED = e.DossierReceived.type


def order_collection(draft: Draft, command: c.OrderCollection) -> None:
    """Have the papers of a submitted dossier fetched."""
    if draft.state.status is not Status.SUBMITTED:
        raise r.NotToBeCollected
    _order(draft, Purpose.COLLECTION, command)


def dispatch_result(draft: Draft, command: c.DispatchResult) -> None:
    """Have the result brought to the citizen; what keeps it from being handed over keeps it from being sent."""
    state = draft.state
    if state.origin is not None:
        raise r.LinkedPart(draft.order.name)
    if state.ready_at is None:
        raise r.ResultNotIssued
    if state.stay(SuspensionReason.PAYMENT) is not None:
        raise r.PaymentOutstanding(draft.order.name)
    if state.task is not None and state.task.stage is not StageKind.RETURN:
        raise r.StageNotOpen(StageKind.RETURN, state.task.stage_id)
    _order(draft, Purpose.DELIVERY, command)


def cancel(draft: Draft, command: c.CancelParcel) -> None:
    """Take an order back, as long as the carrier does not have the parcel."""
    parcel = _by_id(draft, command.parcel)
    if parcel.state not in NOT_YET_GONE:
        raise r.ParcelGone(parcel.id, parcel.state.value)
    _cancelled(draft, parcel, command.reason)


def note_placed(draft: Draft, command: c.NotePlaced) -> None:
    """Note the number that the carrier gave; nothing where it is known."""
    parcel = _by_id(draft, command.parcel)
    if parcel.tracking == command.tracking:
        return
    if parcel.tracking or any(other.tracking == command.tracking for other in draft.state.parcels):
        raise r.TrackingTaken(parcel.id, command.tracking)
    draft.add(e.PostalPlaced(parcel.id, parcel.carrier, command.tracking))


def note_not_placed(draft: Draft, command: c.NoteNotPlaced) -> None:
    """Note that the carrier will not do it; nothing where the parcel has ended otherwise."""
    parcel = _by_id(draft, command.parcel)
    if not parcel.ended:
        _cancelled(draft, parcel, command.reason)


def record_scan(draft: Draft, command: c.RecordScan) -> None:
    """Record a carrier's word, however late, and let follow what follows from where the parcel stands now."""
    draft.calendar.minute(draft.at)  # refuses a moment that no calendar can count from
    before = _find(draft, command)
    draft.add(
        e.PostalScanned(
            parcel=before.id,
            state=command.state,
            carrier=command.carrier or before.carrier,
            tracking=command.tracking or before.tracking,
            signed=command.signed,
            reason=command.reason,
            place=command.place,
            event=command.event_id,
        )
    )
    _follow(draft, before)


def _order(draft: Draft, purpose: Purpose, command: c.OrderCollection | c.DispatchResult) -> None:
    if not command.carrier.strip():
        raise r.CarrierMissing(draft.order.name)
    known = draft.state.parcel(purpose)
    if known is not None and not known.ended and parcels.problem(draft.rules, known) is None:
        raise r.ParcelUnderWay(known.id)
    number = f"B{len(draft.state.parcels) + 1}"
    if command.tracking and any(other.tracking == command.tracking for other in draft.state.parcels):
        raise r.TrackingTaken(number, command.tracking)
    draft.add(e.PostalOrdered(number, purpose, command.carrier, command.tracking, command.service))


def _cancelled(draft: Draft, parcel: Parcel, reason: str) -> None:
    draft.add(e.PostalCancelled(parcel.id, reason))
    _follow(draft, parcel)


def _follow(draft: Draft, before: Parcel) -> None:
    """What the parcel's new state does to the dossier; nothing where it is not the one that is awaited."""
    parcel = _by_id(draft, before.id)
    if parcel == parcels.awaited(draft.state):
        _tell_trouble(draft, parcel)
        if parcel.purpose is Purpose.COLLECTION:
            _file(draft, parcel)
        else:
            _return(draft, parcel)
    elif parcel.signed_at != before.signed_at:
        _file_earlier(draft, before, parcel)


def _tell_trouble(draft: Draft, parcel: Parcel) -> None:
    found = parcels.problem(draft.rules, parcel)
    if found is not None and found not in parcel.problems:
        authority = parcels.responsible(draft.state, parcel)
        draft.add(e.PostalTroubled(parcel.id, found, authority, parcel.tracking))


def _file(draft: Draft, parcel: Parcel) -> None:
    """The signed hand-over is the filing: the clocks start at that moment.

    Papers that are not what the checklist asks for are left to the desk, whose task to answer is open.
    """
    if parcel.signed_at != draft.at or draft.state.supplement is not None:
        return
    try:
        check(draft.state.components, draft.rules.procedure)
    except (MissingComponents, ExcessComponents):
        return
    intake.receive(draft, c.Receive())


def _file_earlier(draft: Draft, before: Parcel, parcel: Parcel) -> None:
    """The carrier corrects itself: a hand-over that was filed happened earlier than it first said."""
    state = draft.state
    filed = before.signed_at is not None and state.received_at == before.signed_at
    if state.status is not Status.OPEN or not filed or before.signed_at is None or parcel.signed_at is None:
        return
    draft.add(
        e.EntryCorrected(
            version=state.entries.index(RECEIVED) + 1,
            event=RECEIVED,
            field=OCCURRED_AT,
            old=before.signed_at.isoformat(),
            new=parcel.signed_at.astimezone(draft.calendar.zone).isoformat(),
            reason=f"the carrier {parcel.carrier} reports an earlier hand-over",
            approved_by=OfficerId(f"post/{parcel.carrier}"),
        )
    )


def _return(draft: Draft, parcel: Parcel) -> None:
    """A delivered result is returned, unless the desk must do something first (a payment that was asked for since)."""
    if parcel.delivered_at is None:
        return
    state = draft.state
    unpaid = state.stay(SuspensionReason.PAYMENT) is not None
    other_work = state.task is not None and state.task.stage is not StageKind.RETURN
    if not unpaid and not other_work:
        result.hand_over(draft, c.ReturnResult(c.ReturnMethod.POST))


def _find(draft: Draft, command: c.RecordScan) -> Parcel:
    """The parcel that a scan is about: by its number, or the only one."""
    known = draft.state.parcels
    if not command.tracking:
        if len(known) == 1:
            return known[0]
        raise r.ParcelAmbiguous(parcel.tracking or parcel.id for parcel in known) if known else r.ParcelUnknown("")
    for parcel in known:
        if parcel.tracking == command.tracking and command.carrier in {"", parcel.carrier}:
            return parcel
    raise r.ParcelUnknown(command.tracking)


def _by_id(draft: Draft, parcel: str) -> Parcel:
    for known in draft.state.parcels:
        if known.id == parcel:
            return known
    raise r.ParcelUnknown(parcel)
