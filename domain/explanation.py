"""A due moment explained: what was counted, what was not and why, line by line.

The counted segments add up to the budget exactly: in minutes for working hours and for days counted as hours, in days
for budgets that end with a day. ``domain.narration`` writes them.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from domain.labels import Label
from domain.procedure import CountPolicy


class Kind(StrEnum):
    """What a segment's time did to the clock."""

    COUNTED = "counted"
    PAUSED = "paused"
    OFF = "off"


class Segment(msgspec.Struct, frozen=True):
    """One line of an explanation, from ``start`` to ``end`` (none while a stop is open).

    ``minutes``: counted ones use up the budget, paused ones are the pause's working minutes, off ones are 0.
    ``days``: a counted segment's share of the budget's days, the working days that a pause's minutes are, or how many
    days are off. A counted segment may hold nights and lunch breaks, of which nothing is counted.
    """

    start: datetime
    end: datetime | None
    minutes: int
    days: int | float
    kind: Kind
    name: Label
    source: str = ""

    def plain(self, language: str = "vi") -> dict[str, str | int | float | None]:
        """Return the segment as the interface prints it."""
        return {
            "from": self.start.isoformat(),
            "to": None if self.end is None else self.end.isoformat(),
            "minutes": self.minutes,
            "days": self.days,
            "kind": self.kind.value,
            "name": self.name.text(language),
            "source": self.source,
        }


class Total(NamedTuple):
    """A sum over segments."""

    minutes: int
    days: int | float


class Explanation(msgspec.Struct, frozen=True):
    """A due moment (none while an open stop holds the clock) and its segments in order of time."""

    due: datetime | None
    start: datetime
    policy: CountPolicy
    segments: tuple[Segment, ...]

    def counted(self) -> Total:
        """Return the sum of the counted segments: the budget, unless an open stop or a new date cut it short."""
        used = [segment for segment in self.segments if segment.kind is Kind.COUNTED]
        return Total(sum(segment.minutes for segment in used), tidy(sum(segment.days for segment in used)))

    def plain(self, language: str = "vi") -> dict[str, object]:
        """Return the explanation as the interface prints it."""
        return {
            "due": None if self.due is None else self.due.isoformat(),
            "start": self.start.isoformat(),
            "policy": self.policy.value,
            "segments": [segment.plain(language) for segment in self.segments],
        }


def tidy(days: float) -> int | float:
    """Return a number of days: whole where it is, else with four digits."""
    rounded = round(days, 4)
    return int(rounded) if rounded == int(rounded) else rounded
