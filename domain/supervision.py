"""What a supervisor is pointed at: the choices of the house, which no law makes (catalogue/supervision.yaml)."""

from itertools import pairwise
from typing import Annotated

import msgspec

from domain.procedure import StageKind

Positive = Annotated[int, msgspec.Meta(gt=0)]


class Least(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Working minutes below which nobody can have done a stage: since it was opened, and since it was claimed."""

    since_opened: Annotated[int, msgspec.Meta(ge=0)]
    since_claimed: Annotated[int, msgspec.Meta(ge=0)]


class Burst(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many completions by one officer within so many minutes, of these stages, look like a pile keyed in at once."""

    more_than: Positive
    within_minutes: Positive
    stages: tuple[StageKind, ...]


class Supervision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the supervisor's view points at.

    ``days`` is how far back it looks, ``ages`` are the upper ends, in days, of the age groups of open work (the last
    group has none), ``least`` the shortest possible times by stage. ``source`` says whose choice all this is.
    """

    source: str
    days: Positive
    ages: tuple[Positive, ...]
    least: dict[StageKind, Least]
    burst: Burst

    def __post_init__(self) -> None:
        """Refuse age groups that are none."""
        if not self.ages or any(low >= high for low, high in pairwise(self.ages)):
            message = "ages must be numbers of days that rise"
            raise ValueError(message)
