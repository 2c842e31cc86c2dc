"""Every asynchronous projection of the product."""

from collections.abc import Sequence
from typing import Final

from store.errors import UnknownProjection
from store.projections.activity import Activity
from store.projections.completions import Completions
from store.projections.hand_overs import HandOvers
from store.projections.lateness import Lateness
from store.projections.postal_items import PostalItems
from store.projections.protocol import Projection

READ_MODELS: Final = "dossiers"
"""The name under which the read models written with the events (dossiers, tasks) are rebuilt."""

PROJECTIONS: Final[Sequence[Projection]] = (Activity(), Lateness(), HandOvers(), PostalItems(), Completions())


def named(name: str, projections: Sequence[Projection] = PROJECTIONS) -> Projection:
    """The projection of this name; raises UnknownProjection, which lists the names there are."""
    for projection in projections:
        if projection.name == name:
            return projection
    known = [READ_MODELS, *(projection.name for projection in projections)]
    message = f'there is no projection "{name}"; there are: {", ".join(known)}'
    raise UnknownProjection(message, known=known)


def names_of(wanted: str | None) -> list[str]:
    """What is rebuilt when ``wanted`` is asked for: that one, or (none) all, the read models first."""
    if wanted is None:
        return [READ_MODELS, *(projection.name for projection in PROJECTIONS)]
    return [READ_MODELS if wanted == READ_MODELS else named(wanted).name]
