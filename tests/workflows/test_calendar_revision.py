"""A calendar's new version reaches every open dossier, once, whatever happens on the way."""

import time
from collections.abc import AsyncIterator
from datetime import date, datetime

import msgspec
import pytest
from msgspec.structs import replace
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from activities.revision_messages import Publication
from domain.calendar import CalendarSpec, calendar_version
from domain.dossier import commands as c
from domain.ids import Stream, Version
from domain.record import Record
from runtime.temporal import DATA_CONVERTER, workflow_runner
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.references import Kind, References
from store.revision import preview
from tests.domain.dossier.samples import OFFICE, rules
from tests.support.databases import Database
from tests.workflows.desk import QUEUE, START, Desk, desk
from workers.batch import build_batch_worker
from workflows.calendar_revision import CalendarRevisionWorkflow
from workflows.options import REVISION_LATECOMERS
from workflows.revision_messages import Progress, RevisionStart
from workflows.revisions import Revisions, batch_queue, revision_id

NEW = replace(OFFICE, off=(*OFFICE.off, date(2026, 3, 9)))
"""The Monday a week after START is off as well."""
RATE = 500.0


class Office:
    """A desk over PostgreSQL with a worker of batch work."""

    def __init__(self, desk: Desk, pool: Pool) -> None:
        """Use the ``office`` fixture."""
        self.desk = desk
        self.pool = pool
        self.revisions = Revisions(desk.env.client, QUEUE)

    async def publication(self, spec: CalendarSpec = NEW, reason: str = "Nghỉ bù 09/3") -> Publication:
        """Publish the version; what a revision of it begins with."""
        version, _ = await References(self.pool).publish(Kind.CALENDAR, spec.id, spec, date(2026, 3, 2))
        return Publication(spec.id, version, reason, "chi")

    async def revise(self, publication: Publication, rate: float = RATE) -> Progress:
        """Revise all that is concerned now."""
        await self.revisions.begin(publication, rate)
        return await self.finished(publication)

    async def finished(self, publication: Publication) -> Progress:
        """The progress when all were asked."""
        while not (progress := await self.revisions.progress(publication)).finished:
            pass
        return progress

    async def ended(self, publication: Publication) -> Progress:
        """What came of it in the end, latecomers included."""
        await self.finished(publication)
        await self.desk.env.sleep(REVISION_LATECOMERS)
        handle = self.desk.env.client.get_workflow_handle(revision_id(publication), result_type=Progress)
        done: Progress = await handle.result()
        return done

    async def events(self, stream: str, *types: str) -> list[Record]:
        """The stored events of these types."""
        return [record for record in await self.desk.records(stream) if record.type in types]


@pytest.fixture
async def office(env: WorkflowEnvironment, database: Database) -> AsyncIterator[Office]:
    """An office with both workers."""
    async with (
        Pool(database.app_url, size=8) as pool,
        desk(env, PostgresJournal(pool), rules()) as opened,
        build_batch_worker(env.client, pool, opened.dossiers, QUEUE),
    ):
        yield Office(opened, pool)


def _data(record: Record) -> dict[str, object]:
    return msgspec.json.decode(record.data, type=dict[str, object])


async def test_moves_every_open_dossier_and_tells_why(office: Office) -> None:
    """Each open dossier gets the revision and its moved deadlines, naming old, new and why; its rows follow."""
    for stream in ("A", "B", "C"):
        await office.desk.receive(stream)
    await office.desk.finish("C")
    publication = await office.publication()
    promised = await preview(office.pool, NEW, START)
    done = await office.revise(publication)
    assert (done.total, done.revised, done.failed, done.finished) == (2, 2, 0, True)
    assert promised.dossiers.moved == 2
    for stream in ("A", "B"):
        (revised,) = await office.events(stream, "calendar.revised")
        assert _data(revised) == {
            "calendar": "office",
            "old": calendar_version(OFFICE),
            "new": publication.version,
            "reason": "Nghỉ bù 09/3",
        }
        assert (revised.actor, revised.command_id) == ("chi", f"calendar/office/{publication.version}/4")
        moved = {
            str(_data(record)["clock"]): _data(record) for record in await office.events(stream, "deadline.revised")
        }
        assert moved["committed"] == {
            "clock": "committed",
            "old": "2026-03-12T17:00:00+07:00",
            "new": "2026-03-13T17:00:00+07:00",
            "why": "revise_calendar: Nghỉ bù 09/3",
        }
        view = await office.desk.journal.view(Stream(stream))
        assert view is not None
        assert view.committed_due == datetime.fromisoformat("2026-03-13T17:00:00+07:00")
        assert view.calendars == {OFFICE.id: publication.version}
    assert await office.events("C", "calendar.revised") == []


async def test_ends_well_with_nothing_to_do(office: Office) -> None:
    """No open dossier at all, or none that counts by an older version: finished at once, and ended soon."""
    publication = await office.publication()
    assert await office.revise(publication) == Progress(0, 0, 0, 0, (), 1, finished=True)
    assert (await office.ended(publication)).total == 0
    await office.desk.receive()
    assert (await office.revise(publication)).revised == 1
    assert (await office.ended(publication)).total == 1
    assert (await office.revise(publication)).total == 0


async def test_takes_along_who_comes_late(office: Office) -> None:
    """A dossier that was received under the old version after the walk had passed it is revised before the end."""
    await office.desk.receive("B")
    publication = await office.publication()
    assert (await office.revise(publication)).revised == 1
    await office.desk.receive("A")
    assert await office.events("A", "calendar.revised") == []
    done = await office.ended(publication)
    assert (done.revised, done.finished) == (2, True)
    assert len(await office.events("A", "calendar.revised")) == 1


async def test_publishing_again_tries_again_without_waiting(office: Office) -> None:
    """While it waits for latecomers, whoever publishes the same once more is not kept waiting."""
    publication = await office.publication()
    assert (await office.revise(publication)).total == 0
    await office.desk.receive()
    done = await office.revise(publication)
    assert (done.total, done.revised, done.failed) == (1, 1, 0)


async def test_an_earlier_version_can_be_published_again(office: Office) -> None:
    """There and back and there again: each time the dossier follows."""
    await office.desk.receive()
    there, back = await office.publication(), await office.publication(OFFICE, "thôi nghỉ bù")
    for publication, times in ((there, 1), (back, 1), (there, 2)):
        assert (await office.revise(publication)).revised == times
    versions = [_data(record)["new"] for record in await office.events("A", "calendar.revised")]
    assert versions == [there.version, back.version, there.version]


async def test_a_dossier_that_cannot_follow_is_reported_and_the_others_go_on(office: Office) -> None:
    """A deadline past the new version's years fails by itself, under its code, in the preview as in the walk."""
    for stream in ("A", "B"):
        await office.desk.receive(stream)
    await office.desk.do(c.Extend(datetime.fromisoformat("2027-01-15T17:00+07:00"), "chờ quy hoạch"), "B")
    short = replace(NEW, years=(2026, 2026))
    assert [refused.dossier for refused in (await preview(office.pool, short, START)).refusals] == ["B"]
    publication = await office.publication(short)
    done = await office.revise(publication)
    assert (done.total, done.revised, done.failed, done.passes) == (2, 1, 1, 2)
    assert [(failure.stream, failure.code) for failure in done.failures] == [("B", "outside_calendar")]
    assert await office.events("B", "calendar.revised") == []
    again = await office.revise(publication)
    assert (again.failed, again.total) == (1, 3)


async def test_keeps_its_rate(office: Office) -> None:
    """No more dossiers a second than it was told."""
    for number in range(5):
        await office.desk.receive(f"A{number}")
    publication = await office.publication()
    began = time.monotonic()
    assert (await office.revise(publication, rate=5)).revised == 5
    assert time.monotonic() - began >= 4 / 5


async def test_joins_the_revision_that_runs(office: Office) -> None:
    """Publishing twice at once is one walk."""
    for number in range(4):
        await office.desk.receive(f"A{number}")
    publication = await office.publication()
    await office.revisions.begin(publication, rate=5)
    assert (await office.revise(publication, rate=500)).revised == 4
    assert (await office.revisions.progress(publication)).finished
    for number in range(4):
        assert len(await office.events(f"A{number}", "calendar.revised")) == 1


async def test_progress_of_what_was_never_begun(office: Office) -> None:
    """There is none."""
    with pytest.raises(LookupError):
        await office.revisions.progress(Publication(OFFICE.id, Version("0" * 16), "", ""))


async def test_goes_on_in_a_new_run(office: Office) -> None:
    """What was done, and where the walk is, survives continue-as-new; nothing is done twice."""
    for number in range(7):
        await office.desk.receive(f"A{number}")
    publication = await office.publication()
    handle = await office.desk.env.client.start_workflow(
        "calendar_revision",
        RevisionStart(publication, RATE, page=2, pages_per_run=2),
        id=revision_id(publication),
        task_queue=batch_queue(QUEUE),
        result_type=Progress,
    )
    first = handle.first_execution_run_id
    done: Progress = await handle.result()  # and not asked meanwhile: the test server loses queries between runs
    assert (done.total, done.revised, done.passes) == (7, 7, 3)
    assert (await handle.describe()).run_id != first
    for number in range(7):
        assert len(await office.events(f"A{number}", "calendar.revised")) == 1
    for run_id in (first, None):
        run = office.desk.env.client.get_workflow_handle(revision_id(publication), run_id=run_id)
        replayer = Replayer(
            workflows=[CalendarRevisionWorkflow], data_converter=DATA_CONVERTER, workflow_runner=workflow_runner()
        )
        await replayer.replay_workflow(await run.fetch_history())
