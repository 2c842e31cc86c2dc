"""What happens, as it happens: events by their global position, for any number of listeners of one process.

One connection listens for new positions. Listeners read on from where they are; those at the same place share one read.
"""

import asyncio
from collections import OrderedDict
from typing import Final

from domain.access import Facts, facts_of_view
from domain.ids import Stream
from store.database import Database
from store.journal import Journal, Positioned
from store.positions import last_position
from store.wake import POSITIONS, Wake

PAGE: Final = 200
CACHED_FACTS: Final = 4096


class Feed:
    """Reads on; ``run`` must run beside it."""

    def __init__(self, database: Database, journal: Journal) -> None:
        """Read from ``journal`` and listen to the ``database``."""
        self._database = database
        self._journal = journal
        self._news = asyncio.Event()
        self._pages: dict[int, asyncio.Task[list[Positioned]]] = {}
        self._facts: OrderedDict[tuple[Stream, int], Facts | None] = OrderedDict()
        self.closed = False

    async def run(self) -> None:
        """Tell listeners of new positions until cancelled; outlasts the loss of the database."""
        async with Wake(self._database.url, POSITIONS) as wake:
            while True:
                await wake.wait()
                self._announce()

    def close(self) -> None:
        """End all listeners' streams: the process is about to stop."""
        self.closed = True
        self._announce()

    def news(self) -> asyncio.Event:
        """What is set at the next news. Take it before reading, so that nothing is missed in between."""
        return self._news

    async def last(self) -> int:
        """The last position; raises StoreUnavailable."""
        return await last_position(self._database)

    async def page(self, after: int) -> list[Positioned]:
        """At most PAGE events after a position; raises StoreUnavailable."""
        task = self._pages.get(after)
        if task is None:
            task = asyncio.ensure_future(self._journal.read_all(after, PAGE))
            self._pages[after] = task
            task.add_done_callback(lambda done: self._forget_failure(after, done))
        return await asyncio.shield(task)

    async def facts(self, stream: Stream, version: int) -> Facts | None:
        """What decides who may see an event of this version, about as of then; raises StoreUnavailable."""
        key = (stream, version)
        if key not in self._facts:
            view = await self._journal.view(stream)
            self._facts[key] = facts_of_view(view) if view else None
            if len(self._facts) > CACHED_FACTS:
                self._facts.popitem(last=False)
        return self._facts[key]

    def _announce(self) -> None:
        self._pages.clear()
        self._news.set()
        self._news = asyncio.Event()

    def _forget_failure(self, after: int, done: "asyncio.Task[list[Positioned]]") -> None:
        if done.cancelled() or done.exception() is not None:
            self._pages.pop(after, None)
