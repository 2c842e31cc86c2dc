"""A parcel's life with the public post: scans by a carrier, folded by the carrier's own time.

Scans arrive unordered, repeated and late. Where a parcel stands is a function of the *set* of its scans: whatever the
order in which they are heard, the same is known in the end, and what ended never goes on (``scanned``).
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from domain.calendar import Calendar
from domain.deadline import due_moment
from domain.period import Period
from domain.procedure import CountPolicy

INVITATIONS: Final = 2
"""Failed invitations after which a result goes back to the agency (Decision 45/2016/QD-TTg)."""


class ScanState(StrEnum):
    """The states that every carrier's own ones are mapped to."""

    UNKNOWN = "unknown"
    REGISTERED = "registered"
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    AT_DELIVERY_OFFICE = "at_delivery_office"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    RETURNING = "returning"
    CANCELLED = "cancelled"
    LOST = "lost"
    RETURNED = "returned"
    DELIVERED = "delivered"


TERMINAL: Final = (ScanState.CANCELLED, ScanState.LOST, ScanState.RETURNED, ScanState.DELIVERED)
"""States that end a parcel's way, each giving way to the next alone: what was lost may be found, and nothing undoes a
delivery."""
_RANK: Final = {state: number for number, state in enumerate(ScanState)}


class Purpose(StrEnum):
    """What a parcel is for: the citizen's papers to the agency, or the result to the citizen."""

    COLLECTION = "collection"
    DELIVERY = "delivery"


class Problem(StrEnum):
    """Why an officer must see to a parcel."""

    LOST = "lost"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    EXCEPTION = "exception"
    UNDELIVERABLE = "undeliverable"


class Parcel(msgspec.Struct, frozen=True, omit_defaults=True):
    """One parcel of a dossier, as far as its scans tell.

    ``state_at`` is when the state began by the carrier's time (none: not scanned yet), ``news_at`` the latest word of
    it. ``attempts`` are the moments of failed invitations, in order. ``delivered_at`` and ``signed_at`` are the
    earliest delivery, and the earliest that somebody signed for. ``service`` is the time within which word is owed
    (none: the law's).
    ``tracking`` is empty until the carrier has given the parcel a number.
    """

    id: str
    purpose: Purpose
    carrier: str
    ordered_at: datetime
    news_at: datetime
    tracking: str = ""
    service: Period | None = None
    state: ScanState = ScanState.REGISTERED
    state_at: datetime | None = None
    attempts: tuple[datetime, ...] = ()
    delivered_at: datetime | None = None
    signed_at: datetime | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more is expected of the carrier."""
        return self.state in TERMINAL


def scanned(parcel: Parcel, state: ScanState, at: datetime, *, signed: bool = False) -> Parcel:
    """The parcel after one more scan of this carrier's time.

    Applied in any order, and any number of times each, the same scans lead to the same parcel: an ended way goes on
    only to a state that is stronger (see TERMINAL); otherwise the latest scan counts, and of scans of one moment the
    one that is further on. A status that nobody knows is news, and changes nothing.
    """
    parcel = replace(parcel, news_at=max(parcel.news_at, at))
    if state is ScanState.ATTEMPT_FAILED:
        parcel = replace(parcel, attempts=tuple(sorted({*parcel.attempts, at})))
    if state is ScanState.DELIVERED:
        parcel = replace(parcel, delivered_at=_earliest(parcel.delivered_at, at))
        if signed:
            parcel = replace(parcel, signed_at=_earliest(parcel.signed_at, at))
    if prevails(state, at, over=parcel.state, since=parcel.state_at):
        return replace(parcel, state=state, state_at=at)
    return parcel


def prevails(state: ScanState, at: datetime, *, over: ScanState, since: datetime | None) -> bool:
    """Whether a scan decides where a parcel stands, against what is known (``since`` none: no scan yet)."""
    if state is ScanState.UNKNOWN:
        return False
    if since is None:
        return True
    if over in TERMINAL or state in TERMINAL:
        if state is over:
            return at < since
        return state in TERMINAL and (over not in TERMINAL or _RANK[state] > _RANK[over])
    return (at, _RANK[state]) > (since, _RANK[over])


def problem_of(calendar: Calendar, apart: Period | None, parcel: Parcel) -> Problem | None:
    """What an officer must see to (none: all goes as it should).

    ``apart`` is how far apart two failed invitations are at least (none: no matter how far).
    """
    match parcel.state:
        case ScanState.LOST:
            return Problem.LOST
        case ScanState.CANCELLED:
            return Problem.CANCELLED
        case ScanState.RETURNED:
            return Problem.RETURNED
        case ScanState.DELIVERED:
            return None
        case _:
            pass
    if parcel.purpose is Purpose.DELIVERY and invited_in_vain(calendar, apart, parcel.attempts):
        return Problem.UNDELIVERABLE
    return Problem.EXCEPTION if parcel.state is ScanState.EXCEPTION else None


def invited_in_vain(calendar: Calendar, apart: Period | None, attempts: tuple[datetime, ...]) -> bool:
    """Whether there were enough failed invitations, the last far enough after the first (``attempts`` in order)."""
    if len(attempts) < INVITATIONS:
        return False
    if apart is None:
        return True
    earliest = due_moment(calendar, apart, attempts[0], CountPolicy.DAY_END, None)
    return attempts[-1].astimezone(calendar.zone).date() >= earliest.astimezone(calendar.zone).date()


def _earliest(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else min(known, at)
