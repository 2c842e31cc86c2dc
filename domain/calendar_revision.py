"""A new version of a calendar tried on open deadlines: which move, which become late, which are late no more.

Pure: the deadlines come with their clocks, so nothing else of a dossier is looked at.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from domain.calendar import Calendar
from domain.clock import Clock
from domain.counting import follow
from domain.errors import Refusal
from domain.ids import AuthorityId, CalendarId, Stream, Version

LISTED_REFUSALS = 100
"""Refusals named in a preview; all are counted."""


class OpenDeadline(msgspec.Struct, frozen=True, array_like=True):
    """One open clock under the calendar in question: an appointment, or a stage's where ``stage`` is not empty.

    ``authority`` answers for it. ``due`` is its due moment now, in whole minutes since 1970 in UTC (none: suspended).
    """

    stream: Stream
    authority: AuthorityId
    stage: str
    due: int | None
    clock: Clock


class Concerned(msgspec.Struct, frozen=True):
    """An unjudged stream that has another version of the calendar pinned, and how many events it has."""

    stream: Stream
    version: int


class Move(msgspec.Struct, frozen=True):
    """A due moment that moves."""

    dossier: Stream
    authority: AuthorityId
    old: datetime
    new: datetime


class Tally(msgspec.Struct):
    """What becomes of a number of deadlines.

    ``counted`` are all under the calendar, ``suspended`` those without a due moment now: they move when they resume.
    ``become_late`` and ``un_lated`` are judged as of the preview's moment.
    """

    counted: int = 0
    suspended: int = 0
    moved: int = 0
    earlier: int = 0
    later: int = 0
    become_late: int = 0
    un_lated: int = 0


class AuthorityTally(Tally):
    """The same of one authority; ``stages`` are the deadlines of its own tasks, the rest its appointments."""

    authority: AuthorityId = AuthorityId("")
    stages: Tally = msgspec.field(default_factory=Tally)


class Refused(msgspec.Struct, frozen=True):
    """A deadline that cannot be counted by the new version, under the refusal's stable code."""

    dossier: Stream
    stage: str
    code: str
    message: str


class Preview(msgspec.Struct, frozen=True):
    """What publishing would do, as of ``at``.

    ``dossiers`` are the appointments, ``stages`` the deadlines of open tasks. Of the appointments that move,
    ``earliest`` and ``latest`` are those with the first and the last new due moment, ``furthest_back`` and
    ``furthest_on`` those that move furthest to an earlier and to a later one. ``become_late`` and ``un_lated`` name all
    appointments concerned.
    """

    calendar: CalendarId
    version: Version
    at: datetime
    dossiers: Tally
    stages: Tally
    authorities: tuple[AuthorityTally, ...]
    earliest: Move | None
    latest: Move | None
    furthest_back: Move | None
    furthest_on: Move | None
    become_late: tuple[Move, ...]
    un_lated: tuple[Move, ...]
    refused: int
    refusals: tuple[Refused, ...]


class Revision:
    """Collects the effects of one calendar on any number of open deadlines."""

    def __init__(self, calendar: Calendar, now: datetime) -> None:
        """Count by ``calendar``, the new version; ``now`` decides what is late."""
        self._calendar = calendar
        self._now = now
        self._seconds = now.timestamp()
        self._dossiers = Tally()
        self._stages = Tally()
        self._authorities: dict[AuthorityId, AuthorityTally] = {}
        self._moves: dict[str, tuple[int, int, OpenDeadline]] = {}
        self._become_late: list[Move] = []
        self._un_lated: list[Move] = []
        self._refused = 0
        self._refusals: list[Refused] = []

    def add(self, deadlines: Iterable[OpenDeadline]) -> None:
        """Count each deadline anew."""
        for deadline in deadlines:
            self._add(deadline)

    def preview(self) -> Preview:
        """What all deadlines so far come to."""
        return Preview(
            calendar=self._calendar.spec.id,
            version=self._calendar.version,
            at=self._now.astimezone(self._calendar.zone),
            dossiers=self._dossiers,
            stages=self._stages,
            authorities=tuple(self._authorities[name] for name in sorted(self._authorities)),
            earliest=self._extreme("earliest"),
            latest=self._extreme("latest"),
            furthest_back=self._extreme("furthest_back"),
            furthest_on=self._extreme("furthest_on"),
            become_late=tuple(self._become_late),
            un_lated=tuple(self._un_lated),
            refused=self._refused,
            refusals=tuple(self._refusals),
        )

    def _add(self, deadline: OpenDeadline) -> None:
        tallies = self._tallies(deadline)
        for tally in tallies:
            tally.counted += 1
        try:
            new = follow(self._calendar, deadline.clock).due
        except Refusal as refusal:
            self._refuse(deadline, refusal)
            return
        old = deadline.due
        if old is None or new is None:
            for tally in tallies:
                tally.suspended += 1
        elif old != new:
            self._move(deadline, tallies, old, new)

    def _tallies(self, deadline: OpenDeadline) -> tuple[Tally, Tally]:
        authority = self._authorities.get(deadline.authority)
        if authority is None:
            authority = self._authorities[deadline.authority] = AuthorityTally(authority=deadline.authority)
        return (self._stages, authority.stages) if deadline.stage else (self._dossiers, authority)

    def _move(self, deadline: OpenDeadline, tallies: tuple[Tally, Tally], old: int, new: int) -> None:
        was_late, is_late = self._seconds > old * 60, self._seconds > new * 60
        for tally in tallies:
            tally.moved += 1
            tally.earlier += new < old
            tally.later += new > old
            tally.become_late += is_late and not was_late
            tally.un_lated += was_late and not is_late
        if deadline.stage:
            return
        self._note("earliest", -new, new, deadline)
        self._note("latest", new, new, deadline)
        self._note("furthest_back" if new < old else "furthest_on", abs(new - old), new, deadline)
        if is_late != was_late:
            (self._become_late if is_late else self._un_lated).append(self._told(deadline, new))

    def _note(self, kind: str, rank: int, new: int, deadline: OpenDeadline) -> None:
        """Keep the move of the highest rank; of equal ones the first."""
        known = self._moves.get(kind)
        if known is None or rank > known[0]:
            self._moves[kind] = (rank, new, deadline)

    def _extreme(self, kind: str) -> Move | None:
        known = self._moves.get(kind)
        return None if known is None else self._told(known[2], known[1])

    def _told(self, deadline: OpenDeadline, new: int) -> Move:
        old = deadline.due if deadline.due is not None else new
        moment = self._calendar.moment
        return Move(deadline.stream, deadline.authority, moment(old), moment(new))

    def _refuse(self, deadline: OpenDeadline, refusal: Refusal) -> None:
        self._refused += 1
        if len(self._refusals) < LISTED_REFUSALS:
            self._refusals.append(Refused(deadline.stream, deadline.stage, refusal.code, refusal.message))
