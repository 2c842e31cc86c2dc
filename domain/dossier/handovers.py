"""Hand-overs that an officer of the authority that handed over must see to."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from domain.dossier.events import ACKNOWLEDGEMENT, ANSWER
from domain.dossier.state import Dossier, Link, LinkState
from domain.dossier.view import Status


class Problem(StrEnum):
    """What is wrong with a hand-over."""

    UNDELIVERED = "undelivered"
    UNACKNOWLEDGED = "unacknowledged"
    UNANSWERED = "unanswered"
    HANDED_BACK = "handed_back"
    TAKEN_BACK = "taken_back"


TITLES: Final = {
    Problem.UNDELIVERED: "Phần chuyển đi chưa đến nơi, chưa đồng bộ",
    Problem.UNACKNOWLEDGED: "Phần chuyển đi chưa được xác nhận tiếp nhận",
    Problem.UNANSWERED: "Phần chuyển đi quá hạn trả lời",
    Problem.HANDED_BACK: "Phần chuyển đi bị trả lại",
    Problem.TAKEN_BACK: "Phần chuyển đi đã thu hồi, chưa xử lý tiếp",
}
"""What stands in the worklist."""


class Trouble(msgspec.Struct, frozen=True):
    """A hand-over that somebody must see to, and since when."""

    link: Link
    problem: Problem
    since: datetime

    @property
    def title(self) -> str:
        """The words of the worklist."""
        return TITLES[self.problem]


def troubles(state: Dossier) -> Iterator[Trouble]:
    """Each hand-over that came back, or of which nothing was heard in time, with the gravest problem it has."""
    if state.status not in {Status.OPEN, Status.READY}:
        return
    for link in state.links_awaited:
        found = _problem(state, link)
        if found is not None:
            yield Trouble(link, *found)


def _problem(state: Dossier, link: Link) -> tuple[Problem, datetime] | None:
    if link.back:
        taken = link.state is LinkState.RECALLED
        return Problem.TAKEN_BACK if taken else Problem.HANDED_BACK, link.ended_at or link.opened_at
    unanswered = _fired(state, ANSWER, link)
    if unanswered is not None:
        return Problem.UNANSWERED, unanswered
    if link.state is not LinkState.OPENED:
        return None
    if link.undelivered is not None:
        return Problem.UNDELIVERED, link.undelivered
    unacknowledged = _fired(state, ACKNOWLEDGEMENT, link)
    return (Problem.UNACKNOWLEDGED, unacknowledged) if unacknowledged is not None else None


def _fired(state: Dossier, what: str, link: Link) -> datetime | None:
    """When this hand-over's silence became too long (none: it is not); an earlier hand-over's does not count."""
    due = [fired.due for fired in state.fired if (fired.kind, fired.key) == (f"link_{what}", link.id)]
    return next((moment for moment in reversed(due) if moment >= link.opened_at), None)
