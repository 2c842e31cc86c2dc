"""What is counted of a dossier's lateness: each judgement once, when it is given, and its amendments by themselves.

Counts only ever rise. A correction does not take a judgement back; it is counted as from one and to another.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from domain.attribution import Cause, cause
from domain.deadline import due
from domain.dossier import clocks
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.summary import judged_at, timeliness, timeliness_as_recorded
from domain.dossier.view import Timeliness

BUCKETS: Final = (1, 2, 4, 8, 16, 24, 40, 80, 160, 400)
"""Upper bounds of the lateness histogram in working hours: an hour, half a day, a day, a week, a month, a quarter."""
BEYOND: Final = "inf"
HOUR: Final = 60


class Measure(StrEnum):
    """What is counted; those of linked parts begin with ``part_``. ``LATENESS_MINUTES`` sums working minutes."""

    RECEIVED = "received"
    RESOLVED = "resolved"
    OVERDUE = "overdue"
    STAGE_OVERDUE = "stage_overdue"
    KEYED_LATE = "keyed_late"
    LATE_WITH_APOLOGY = "late_with_apology"
    LATE_WITHOUT_APOLOGY = "late_without_apology"
    LATE_CAUSED = "late_caused"
    LATE_BY = "late_by"
    PAST_FIRST_APPOINTMENT = "past_first_appointment"
    REJUDGED_FROM = "rejudged_from"
    REJUDGED_TO = "rejudged_to"
    EXTENDED = "extended"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    LATENESS = "lateness"
    LATENESS_MINUTES = "lateness_minutes"
    UNJUDGEABLE = "unjudgeable"
    PART_RECEIVED = "part_received"
    PART_RESOLVED = "part_resolved"
    PART_OVERDUE = "part_overdue"
    PART_REJUDGED_FROM = "part_rejudged_from"
    PART_REJUDGED_TO = "part_rejudged_to"


class Judgement(msgspec.Struct, frozen=True):
    """A dossier judged; ``cause`` is who caused its lateness (none: it is not late).

    ``late_minutes`` are the working minutes from the due moment to the result, 0 unless it is late. ``apology``: form
    04 was sent. ``past_first``: it kept the date of form 04, but not the one that was promised first.
    """

    timeliness: Timeliness
    as_recorded: Timeliness
    late_minutes: int = 0
    apology: bool = False
    past_first: bool = False
    cause: Cause | None = None

    @property
    def keyed_late(self) -> bool:
        """Whether it was in time in the world and late in the record."""
        return self.timeliness is not Timeliness.LATE and self.as_recorded is Timeliness.LATE


Count = tuple[Measure, str, int]
"""What is counted, its detail (a timeliness, a bucket's bound, or nothing), and how many."""


def judgement(rules: Rules, state: Dossier) -> Judgement | None:
    """How a stream is judged as it stands (none: never received, or still open)."""
    world, recorded, at = timeliness(rules, state), timeliness_as_recorded(rules, state), judged_at(state)
    if world is None or recorded is None or at is None:
        return None
    late = world is Timeliness.LATE
    return Judgement(
        world,
        recorded,
        late_minutes=_late_minutes(rules, state, at) if late else 0,
        apology=bool(state.extensions),
        past_first=not late and _past_first(rules, state, at),
        cause=cause(rules, state) if late else None,
    )


def counts(before: Judgement | None, after: Judgement | None, *, part: bool) -> Iterator[Count]:
    """What a stream's event adds that led from one judgement to another; nothing where it led from none to none."""
    if after is None or after == before:
        return
    if before is None:
        yield from _judged(after, part=part)
    elif before.timeliness is not after.timeliness:
        yield Measure.PART_REJUDGED_FROM if part else Measure.REJUDGED_FROM, before.timeliness.value, 1
        yield Measure.PART_REJUDGED_TO if part else Measure.REJUDGED_TO, after.timeliness.value, 1
    if not part and after.keyed_late and not (before and before.keyed_late):
        yield Measure.KEYED_LATE, "", 1


def bucket_of(late_minutes: int) -> str:
    """The bound of the histogram's bucket that a lateness falls into."""
    return next((str(bound) for bound in BUCKETS if late_minutes <= bound * HOUR), BEYOND)


def _judged(judged: Judgement, *, part: bool) -> Iterator[Count]:
    """The first judgement."""
    if part:
        yield Measure.PART_RESOLVED, judged.timeliness.value, 1
        return
    yield Measure.RESOLVED, judged.timeliness.value, 1
    if judged.past_first:
        yield Measure.PAST_FIRST_APPOINTMENT, "", 1
    if judged.timeliness is Timeliness.LATE:
        yield Measure.LATE_WITH_APOLOGY if judged.apology else Measure.LATE_WITHOUT_APOLOGY, "", 1
        yield Measure.LATENESS, bucket_of(judged.late_minutes), 1
        yield Measure.LATENESS_MINUTES, "", judged.late_minutes
    if judged.cause is not None:
        yield Measure.LATE_CAUSED, judged.cause.where.value, 1
        yield Measure.LATE_BY, judged.cause.authority, 1


def _late_minutes(rules: Rules, state: Dossier, at: datetime) -> int:
    promised = clocks.committed_due(rules, state)
    return rules.calendar().between(promised, at) if promised is not None else 0


def _past_first(rules: Rules, state: Dossier, at: datetime) -> bool:
    clock = clocks.committed_clock(rules, state)
    if clock is None or clock.extension is None:
        return False
    first = due(rules.calendar(), replace(clock, extension=None))
    return first is not None and at > first
