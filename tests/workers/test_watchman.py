"""Store and workflows are compared again and again, by one process at a time, and what was found is told.

As ops/runbooks/store-and-workflows-differ.md says.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.dossier import commands as c
from domain.ids import Stream
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Database as Pool
from store.gauges import Gauges
from store.upkeep import Task, UpkeepNotes
from tests.cli.test_recovery import office
from tests.domain.dossier.samples import rules
from tests.support.databases import Database
from workers.recovery import Kind
from workers.watchman import Watchman
from workflows.client import Dossiers, DossiersUnavailable

HOUR = timedelta(hours=1)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """The test's database."""
    async with Pool(database.app_url, size=4) as opened:
        yield opened


async def noted(pool: Pool) -> dict[str, int]:
    """What Prometheus would be told of comparisons."""
    figures = await Gauges(pool).read(datetime.now(UTC))
    return {note.detail: note.number for note in figures.exchange.upkeep if note.task == Task.RECONCILE}


async def test_a_task_is_due_for_one_at_a_time(pool: Pool) -> None:
    """Whoever asks first does it; again when the time has passed, or when he gave it back undone."""
    notes = UpkeepNotes(pool)
    assert [await notes.claim(Task.RECONCILE, HOUR) for _ in range(3)] == [True, False, False]
    assert await notes.claim(Task.RECONCILE, timedelta(0))
    await notes.release(Task.RECONCILE)
    assert await notes.claim(Task.RECONCILE, HOUR)


async def test_what_is_found_is_noted_and_mended_on_demand(
    temporal_dev: EmbeddedTemporal, database: Database, pool: Pool
) -> None:
    """A run that was ended by mistake: reported every time, begun anew only where the settings say so."""
    async with office(temporal_dev, database, rules()) as opened:
        name = f"watched-{database.name}"
        await opened.receive(name)
        looking = Watchman(pool, opened.journal, opened.dossiers, Settings())
        assert await looking.compare() == {}
        await opened.end(name)
        assert await looking.compare() == {Kind.NOT_RUNNING: 1}
        found = await noted(pool)
        assert (found[""], found[Kind.NOT_RUNNING], found[Kind.TIMER_DIFFERS]) == (1, 1, 0)
        mending = Watchman(pool, opened.journal, opened.dossiers, Settings(reconcile_fix=True))
        assert await mending.compare() == {Kind.NOT_RUNNING: 1}
        assert await looking.compare() == {}
        assert (await noted(pool))[Kind.NOT_RUNNING] == 0
        await opened.dossiers.execute(Stream(name), opened.order(c.ClaimTask()), HOUR)
        nobody = Dossiers(opened.client, opened.journal, "nobody-works-here")
        with pytest.raises(DossiersUnavailable):
            await Watchman(pool, opened.journal, nobody, Settings()).compare()
