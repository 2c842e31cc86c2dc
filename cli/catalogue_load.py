"""Loading a catalogue into the database: what is new or has changed is published, what is equal is left alone."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final

import msgspec

from catalogue.loading import Catalogue
from domain.authority import Authority, Officer
from domain.calendar import CalendarSpec
from domain.ids import Version
from domain.law import Law
from domain.procedure import Procedure
from domain.supervision import Supervision
from domain.versioning import content_version
from store.references import SUPERVISION_ID, Kind, References
from store.rules_source import LAW_ID

FIRST_DAY: Final = date(2000, 1, 1)
"""What is loaded for the first time is in force from here on: dossiers may be entered that were received long ago."""

SHAPES: Final[Mapping[Kind, type[msgspec.Struct]]] = {
    Kind.LAW: Law,
    Kind.SUPERVISION: Supervision,
    Kind.CALENDAR: CalendarSpec,
    Kind.AUTHORITY: Authority,
    Kind.OFFICER: Officer,
    Kind.PROCEDURE: Procedure,
}
"""In the order of loading: what others name comes before those that name it."""


class Counts(msgspec.Struct, frozen=True):
    """What became of one kind; ``gone`` is in force and no longer in the catalogue: it stays in force."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0


Loaded = dict[Kind, Counts]


async def load_into(
    references: References, catalogue: Catalogue, day: date, told: Callable[[int, int], None] = lambda *_: None
) -> Loaded:
    """Publish what differs from what is in force on ``day``: changes from that day on, new things from FIRST_DAY on.

    A calendar in a version that has been in force before is left as it was superseded.

    ``told`` hears how many of how many are done. Safe to repeat and to break off: what is published already is then
    unchanged. Raises StoreUnavailable.
    """
    items = {kind: dict(_items(catalogue, kind)) for kind in SHAPES}
    whole, done = sum(len(values) for values in items.values()), 0
    loaded: Loaded = {}
    for kind, values in items.items():
        known = {item.id: item.version for item in await references.all_current(kind, day, SHAPES[kind])}
        versions = {name: content_version(value) for name, value in values.items()}
        if kind is Kind.CALENDAR:
            versions |= await _superseded(references, known, versions)
        for name, value in values.items():
            if known.get(name) != versions[name]:
                await references.publish(kind, name, value, day if name in known else FIRST_DAY)
            done += 1
            told(done, whole)
        loaded[kind] = _counts(known, versions)
    return loaded


async def _superseded(
    references: References, known: Mapping[str, Version], versions: Mapping[str, Version]
) -> dict[str, Version]:
    """What is in force instead of calendars that the catalogue has in a version of before.

    ``motcua calendar publish`` has superseded those; loading the same catalogue again, as every start of the embedded
    system does, must not take that back.
    """
    return {
        name: known[name]
        for name, version in versions.items()
        if known.get(name, version) != version and await references.published(Kind.CALENDAR, name, version)
    }


def _counts(known: Mapping[str, str], versions: Mapping[str, str]) -> Counts:
    return Counts(
        new=sum(name not in known for name in versions),
        changed=sum(name in known and known[name] != version for name, version in versions.items()),
        unchanged=sum(known.get(name) == version for name, version in versions.items()),
        gone=sum(name not in versions for name in known),
    )


def _items(catalogue: Catalogue, kind: Kind) -> Iterator[tuple[str, msgspec.Struct]]:
    match kind:
        case Kind.LAW:
            yield LAW_ID, catalogue.law
        case Kind.SUPERVISION:
            yield SUPERVISION_ID, catalogue.supervision
        case Kind.CALENDAR:
            yield from catalogue.calendars.items()
        case Kind.AUTHORITY:
            yield from catalogue.authorities.items()
        case Kind.OFFICER:
            yield from catalogue.officers.items()
        case Kind.PROCEDURE:
            yield from catalogue.procedures.items()
