"""A calendar's new version tried on everything open, before it is published."""

from collections.abc import Callable
from datetime import date, datetime

import msgspec

from domain.calendar import CalendarSpec, calendar_version
from domain.calendar_changes import Changes, changes
from domain.calendar_revision import Preview
from domain.ids import Version
from domain.zone import zone_of
from store.database import Database
from store.references import Kind, References
from store.revision import RevisedDossiers, preview

Progress = Callable[[int], None]
"""Told how many more deadlines were counted anew."""


class Trial(msgspec.Struct, frozen=True):
    """A version tried on everything open.

    ``concerned`` are the versions that open dossiers have pinned instead, each with their number; ``unjudged`` are all
    open dossiers and parts, whatever they count by.
    """

    today: date
    effective_from: date | None
    in_force: Version
    changes: Changes
    unjudged: int
    concerned: dict[Version, int]
    preview: Preview

    @property
    def applies_to_open(self) -> bool:
        """Whether open dossiers follow it: a version for a later day is for dossiers received from then on."""
        return self.effective_from is None or self.effective_from <= self.today

    @property
    def day(self) -> date:
        """The day from which it would be in force."""
        return max(self.today, self.effective_from or self.today)


async def try_on(
    database: Database, spec: CalendarSpec, now: datetime, begun: Callable[[int], None], progress: Progress
) -> Trial:
    """Try the version; ``begun`` is told how many deadlines will be counted.

    Raises UnknownReference where no calendar of this id is in force, StoreUnavailable.
    """
    today = now.astimezone(zone_of(spec.timezone)).date()
    current = await References(database).current(Kind.CALENDAR, spec.id, today, CalendarSpec)
    dossiers = RevisedDossiers(database, spec.id, calendar_version(spec))
    versions = await dossiers.versions()
    begun(sum(versions.values()))
    found = await preview(database, spec, now, progress)
    return Trial(
        today=today,
        effective_from=spec.effective_from,
        in_force=current.version,
        changes=changes(current.value, spec),
        unjudged=await dossiers.unjudged(),
        concerned=versions,
        preview=found,
    )
