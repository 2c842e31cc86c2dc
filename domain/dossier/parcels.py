"""A dossier's parcels: which are awaited, when silence is too long, and what an officer must see to."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from domain.deadline import due_moment
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.view import Status
from domain.ids import AuthorityId
from domain.postal import Parcel, Problem, Purpose, problem_of
from domain.procedure import CountPolicy

AWAITED: Final = {Status.SUBMITTED: Purpose.COLLECTION, Status.READY: Purpose.DELIVERY}
"""What parcel a dossier waits for, if any, by where it stands."""
TITLES: Final = {
    Problem.LOST: "Bưu gửi thất lạc",
    Problem.CANCELLED: "Yêu cầu bưu chính bị hủy",
    Problem.RETURNED: "Bưu gửi đã chuyển hoàn",
    Problem.EXCEPTION: "Bưu gửi có sự cố",
    Problem.UNDELIVERABLE: "Không phát được kết quả, chuyển hoàn cơ quan",
}
"""What stands in the worklist."""


class Trouble(msgspec.Struct, frozen=True):
    """A parcel that an officer of ``authority`` must see to."""

    parcel: Parcel
    problem: Problem
    authority: AuthorityId

    @property
    def title(self) -> str:
        """The words of the worklist."""
        return TITLES[self.problem]


def awaited(state: Dossier) -> Parcel | None:
    """The parcel that the dossier's course depends on (none: none was ordered, or its time is over)."""
    purpose = AWAITED.get(state.status) if state.status is not None else None
    return state.parcel(purpose) if purpose is not None else None


def under_way(state: Dossier) -> Iterator[Parcel]:
    """The parcel of which the carrier owes word, if any."""
    parcel = awaited(state)
    if parcel is not None and not parcel.ended:
        yield parcel


def on_their_way(rules: Rules, state: Dossier) -> bool:
    """Whether a parcel is with the carrier and nobody else need do anything."""
    return any(True for _ in under_way(state)) and not any(True for _ in troubles(rules, state))


def silent_from(rules: Rules, parcel: Parcel) -> datetime | None:
    """When the carrier's silence becomes too long (none: no such time is known)."""
    limit = parcel.service or (rules.law.postal_silence.period if rules.law.postal_silence else None)
    if limit is None:
        return None
    return due_moment(rules.calendar(), limit, parcel.news_at, CountPolicy.DAY_END, None)


def problem(rules: Rules, parcel: Parcel) -> Problem | None:
    """What an officer must see to, by the law's rule of invitations (none: all goes as it should)."""
    apart = rules.law.postal_invitations_apart
    return problem_of(rules.calendar(), apart.period if apart else None, parcel)


def troubles(rules: Rules, state: Dossier) -> Iterator[Trouble]:
    """The awaited parcel, if an officer must see to it; a new order or a hand-over at the desk ends that."""
    parcel = awaited(state)
    found = problem(rules, parcel) if parcel is not None else None
    if parcel is not None and found is not None:
        yield Trouble(parcel, found, responsible(state, parcel))


def responsible(state: Dossier, parcel: Parcel) -> AuthorityId:
    """The desk that a parcel comes to or from."""
    return state.received_by if parcel.purpose is Purpose.COLLECTION else state.return_to
