"""A dossier's parcels: what the carrier said of each, by its own time, for officers and in plain words for citizens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from activities.carriers.loading import Known
from api.parts import Parts
from domain.dossier.codec import decode_event
from domain.dossier.events import PostalScanned
from domain.dossier.parcels import problem
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.postal import Parcel, Problem, Purpose, ScanState
from domain.record import Record
from domain.vietnamese import text_key


class Scan(msgspec.Struct, frozen=True):
    """One word of the carrier: ``at`` is the carrier's own time, ``heard`` when it reached us."""

    at: datetime
    heard: datetime
    state: ScanState
    place: str
    reason: str
    signed: bool


class Shown(msgspec.Struct, frozen=True):
    """A parcel, its scans latest first, and what an officer must see to (none: nothing)."""

    purpose: Purpose
    carrier: str
    tracking: str
    ordered_at: datetime
    state: ScanState
    problem: Problem | None
    scans: tuple[Scan, ...]


def parcels_of(
    records: Sequence[Record], rules: Rules, state: Dossier, carriers: Mapping[str, Known]
) -> tuple[Shown, ...]:
    """All parcels, the latest first."""
    scans = [
        (event.parcel, Scan(one.occurred_at, one.recorded_at, event.state, event.place, event.reason, event.signed))
        for one in records
        if one.type == PostalScanned.type and isinstance(event := decode_event(one.type, one.data), PostalScanned)
    ]
    scans.sort(key=lambda one: one[1].at, reverse=True)
    return tuple(
        Shown(
            parcel.purpose,
            carrier_name(carriers, parcel.carrier),
            parcel.tracking,
            parcel.ordered_at,
            parcel.state,
            problem(rules, parcel),
            tuple(scan for name, scan in scans if name == parcel.id),
        )
        for parcel in reversed(state.parcels)
    )


def carrier_name(carriers: Mapping[str, Known], carrier: str) -> str:
    """The carrier's name, or its id."""
    return carriers[carrier].carrier.name if carrier in carriers else carrier


def carriers_of(parts: Parts) -> tuple[tuple[str, str], ...]:
    """The carriers to choose from, by id and name, sorted the Vietnamese way."""
    named = ((name, known.carrier.name) for name, known in parts.carriers.items())
    return tuple(sorted(named, key=lambda one: text_key(one[1])))


STAGES: Final[Mapping[ScanState, str]] = {
    ScanState.UNKNOWN: "ordered",
    ScanState.REGISTERED: "ordered",
    ScanState.ACCEPTED: "moving",
    ScanState.IN_TRANSIT: "moving",
    ScanState.AT_DELIVERY_OFFICE: "moving",
    ScanState.OUT_FOR_DELIVERY: "out",
    ScanState.AVAILABLE_FOR_PICKUP: "pickup",
    ScanState.ATTEMPT_FAILED: "missed",
    ScanState.EXCEPTION: "trouble",
    ScanState.LOST: "trouble",
    ScanState.CANCELLED: "cancelled",
    ScanState.RETURNING: "back",
    ScanState.RETURNED: "back",
    ScanState.DELIVERED: "delivered",
}
"""What the carriers' states come to for a citizen."""


class Told(msgspec.Struct, frozen=True):
    """A parcel as the citizen is told of it: the words' key, when that began, and how to ask the carrier."""

    key: str
    at: datetime | None
    carrier: str
    tracking: str


def told_of(state: Dossier, carriers: Mapping[str, Known]) -> tuple[Told, ...]:
    """The latest parcel of each purpose, that with the result first."""
    latest = (state.parcel(purpose) for purpose in (Purpose.DELIVERY, Purpose.COLLECTION))
    return tuple(_told(parcel, carriers) for parcel in latest if parcel is not None)


def _told(parcel: Parcel, carriers: Mapping[str, Known]) -> Told:
    key = f"track.post.{parcel.purpose.value}.{STAGES[parcel.state]}"
    return Told(key, parcel.state_at, carrier_name(carriers, parcel.carrier), parcel.tracking)
