"""Every journal that must keep the contract."""

from collections.abc import AsyncIterator

import pytest

from store.database import Database as Pool
from store.journal import Journal
from store.memory import MemoryJournal
from store.postgres import PostgresJournal
from store.sequencer import Sequencer
from tests.store.placing import place_all
from tests.support.databases import Database


class Subject:
    """A journal under test, and how its global order is brought up to date."""

    def __init__(self, journal: Journal, sequencer: Sequencer | None = None) -> None:
        """Wrap a journal; one without a sequencer positions events by itself."""
        self.journal = journal
        self._sequencer = sequencer

    async def settle(self) -> None:
        """Return when every stored event has its global position."""
        if self._sequencer is not None:
            await place_all(self._sequencer)


@pytest.fixture(params=["memory", "postgres"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    """Each journal in turn, empty."""
    if request.param == "memory":
        yield Subject(MemoryJournal())
        return
    database: Database = request.getfixturevalue("database")
    async with Pool(database.app_url, size=8) as pool:
        yield Subject(PostgresJournal(pool), Sequencer(pool))


@pytest.fixture
def journal(subject: Subject) -> Journal:
    """The journal alone."""
    return subject.journal
