"""Store and workflows compared again and again, without anybody having to think of it: ``reconcile`` on a schedule.

Not by a workflow of Temporal's: what watches over Temporal must not stand still with it. Any number of relays may run;
the note of when it was done last lets one of them do it at a time.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Final

from runtime import logging
from runtime.settings import Settings
from runtime.stopping import ending
from store.database import Database
from store.errors import StoreUnavailable
from store.journal import Journal
from store.open_streams import OpenStreams
from store.upkeep import Task, UpkeepNotes
from workers.inbound import STORE_AWAY
from workers.recovery import Kind, Recovery
from workflows.client import Dossiers, DossiersUnavailable

LOG = logging.logger(__name__)
RECONCILED: Final = "dossiers.reconciled"
FOUND: Final = "dossiers.not_right"
NOBODY: Final = "dossiers.not_compared"
LOOK_SECONDS: Final = 60.0
"""How often one looks whether it is due."""


class Watchman:
    """Compares, notes what was found, and mends where the settings say so."""

    def __init__(self, database: Database, journal: Journal, dossiers: Dossiers, settings: Settings) -> None:
        """Compare what this store and these dossiers say."""
        streams = OpenStreams(database)
        self._streams = streams
        self._recovery = Recovery(journal, streams, dossiers)
        self._notes = UpkeepNotes(database)
        self._every = timedelta(minutes=settings.reconcile_minutes)
        self._fix = settings.reconcile_fix

    async def run(self) -> None:
        """Whenever it is due, until the process ends; outlasts the loss of either server."""
        while not ending():
            try:
                if await self._notes.claim(Task.RECONCILE, self._every):
                    await self._compare_or_leave()
            except StoreUnavailable as error:
                LOG.warning(STORE_AWAY, problem=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _compare_or_leave(self) -> None:
        """Compare; where nobody can, it stays due."""
        try:
            await self.compare()
        except DossiersUnavailable as error:
            LOG.warning(NOBODY, problem=str(error))
            await self._notes.release(Task.RECONCILE)

    async def compare(self) -> dict[Kind, int]:
        """Compare once; how many faults of each kind there were. Raises StoreUnavailable, DossiersUnavailable.

        Without a worker nothing is noted: everybody would seem silent.
        """
        found: Counter[Kind] = Counter()
        if not await self._recovery.manned():
            raise DossiersUnavailable("no worker polls")
        mended = 0
        async for finding in self._recovery.findings(_nobody):
            found[finding.kind] += 1
            LOG.warning(FOUND, dossier=finding.stream, kind=finding.kind, problem=finding.message)
            mended += self._fix and await self._recovery.mend(finding)
        await self._notes.note(Task.RECONCILE, await self._streams.count(), {kind: found[kind] for kind in Kind})
        LOG.info(RECONCILED, found=found.total(), mended=mended)
        return dict(found)


def _nobody(_: int) -> None:
    """Nobody looks on."""
