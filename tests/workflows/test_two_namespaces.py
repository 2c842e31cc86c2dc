"""Linked parts in a namespace of their own: the same events as at home, whoever is away in between."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from domain.dossier import commands as c
from domain.ids import CommandId, OfficerId, Stream
from domain.record import Record
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.temporal import DATA_CONVERTER
from store.journal import Journal
from store.memory import MemoryJournal
from tests.domain.dossier.samples import S1, link, rules, stage
from tests.workflows.desk import START, TIMEOUT, FixedRules
from workers.dossier import build_worker
from workers.endpoints import Doors, ensure_endpoint
from workflows.client import Dossiers, Fixed, Refused
from workflows.dossier import DossierWorkflow
from workflows.messages import Places, Start
from workflows.nexus import endpoint_of

HOME, PROVINCE = "default", "province"
LATE = "late-province"
RULES = rules(stage("receive"), stage("appraise", "40 working_hour"), link("L1"), stage("approve"), stage("return"))
COURSE: Sequence[tuple[str, c.Command]] = (
    ("", c.Receive(components=("don",))),
    ("", c.CompleteTask("appraise")),
    ("/L1", c.AcknowledgeLink()),
    ("/L1", c.RequestSupplement("a map is missing")),
    ("/L1", c.ProvideSupplement()),
    ("/L1", c.CompleteTask("appraise")),
    ("/L1", c.AnswerLink(c.LinkOutcome.AGREED)),
    ("", c.CompleteTask("approve")),
    ("", c.IssueResult()),
    ("", c.ReturnResult()),
)
_names = itertools.count(1)


class Provinces:
    """Two namespaces over one journal, each with workers that come and go."""

    def __init__(self, home: Client, province: Client, queue: str, places: Places, journal: Journal) -> None:
        """``places`` says whether S1 has its own namespace."""
        self.journal = journal
        self.clients = {HOME: home, PROVINCE: province}
        self.queue = queue
        self.places = places
        self.offset = START - datetime.now(tz=START.tzinfo)
        around = Fixed(places, {PROVINCE: province, LATE: province})
        self.dossiers = Dossiers(
            home,
            self.journal,
            queue,
            exact=True,
            offset=self.offset,
            around=around,
        )
        self.code = f"N{next(_names)}-{queue}"
        self._minutes = itertools.count()

    def worker(self, namespace: str) -> Worker:
        """A worker of one namespace."""
        return build_worker(
            self.clients[namespace],
            self.journal,
            FixedRules(RULES),
            self.queue,
            exact=True,
            offset=self.offset,
            around=Fixed(self.places),
        )

    def start(self) -> Start:
        """What the dossier's first run begins with."""
        return Start(Stream(self.code), RULES.slim(), exact=True, offset=self.offset, places=self.places)

    def order(self, command: c.Command) -> c.Order:
        """The next order, ten minutes after the last."""
        minutes = next(self._minutes)
        return c.Order(CommandId(f"c{minutes}"), command, START + timedelta(minutes=minutes), actor="lan")

    def let_days_pass(self, days: int) -> None:
        """The next order comes so many days later by the scenario's clock."""
        self._minutes = itertools.count(next(self._minutes) + days * 1440)

    async def send(self, part: str, command: c.Command) -> None:
        """Carry one order out, and let the other side learn of it."""
        order = self.order(command)
        if isinstance(command, c.Receive):
            await self.dossiers.begin(Stream(self.code), RULES, order, TIMEOUT)
        else:
            await self.dossiers.execute(Stream(self.code + part), order, TIMEOUT)

    async def settle(self) -> None:
        """Wait until nothing is on its way."""
        await self.dossiers.settle(Stream(self.code))
        if await self.journal.read(Stream(f"{self.code}/L1")):
            await self.dossiers.settle(Stream(f"{self.code}/L1"))

    async def history(self) -> list[tuple[str, str, str, str]]:
        """Every event of both streams without names that differ from run to run."""
        streams = [await self.journal.read(Stream(self.code + part)) for part in ("", "/L1")]
        return [self._plain(record) for records in streams for record in records]

    def _plain(self, record: Record) -> tuple[str, str, str, str]:
        data = bytes(record.data).decode().replace(self.code, "CODE")
        return record.stream.replace(self.code, "CODE"), record.type, record.recorded_at.isoformat(), data


async def _client(server: EmbeddedTemporal, namespace: str) -> Client:
    return await Client.connect(server.address, namespace=namespace, data_converter=DATA_CONVERTER)


@pytest.fixture
async def abroad(temporal_dev: EmbeddedTemporal) -> Provinces:
    """S1 lives in its own namespace."""
    return await _provinces(temporal_dev, Places(HOME, {S1: PROVINCE}), MemoryJournal())


async def _provinces(server: EmbeddedTemporal, places: Places, journal: Journal) -> Provinces:
    home, province = await _client(server, HOME), await _client(server, PROVINCE)
    queue = "dossiers-of-provinces"
    for client in (home, province):
        await ensure_endpoint(client, endpoint_of(client.namespace), queue)
    return Provinces(home, province, queue, places, journal)


async def _live(provinces: Provinces, course: Sequence[tuple[str, c.Command]] = COURSE) -> None:
    for part, command in course:
        await provinces.send(part, command)
        await provinces.settle()


async def test_the_same_events_whichever_way_they_crossed(temporal_dev: EmbeddedTemporal, abroad: Provinces) -> None:
    """A part in its own namespace, reached by Nexus, and one at home, opened as a child, leave the same events."""
    here = await _provinces(temporal_dev, Places(), abroad.journal)
    async with abroad.worker(HOME), abroad.worker(PROVINCE):
        await _live(abroad)
        await _live(here)
        assert await abroad.history() == await here.history()


async def test_a_part_suspends_the_root_once(abroad: Provinces) -> None:
    """The peer's request for supplement stops the root's clock once and lets it go on once."""
    async with abroad.worker(HOME), abroad.worker(PROVINCE):
        await _live(abroad)
    root = [record.type for record in await abroad.journal.read(Stream(abroad.code))]
    assert (root.count("clock.suspended"), root.count("clock.resumed")) == (1, 1)


async def test_a_hand_over_waits_for_a_province_that_is_away(abroad: Provinces) -> None:
    """Nobody works in the province when the dossier is handed over; when somebody does, it is there once."""
    async with abroad.worker(HOME):
        await abroad.send(*COURSE[0])
        await abroad.send(*COURSE[1])
        assert await abroad.journal.read(Stream(f"{abroad.code}/L1")) == []
        async with abroad.worker(PROVINCE):
            await abroad.settle()
            await _live(abroad, COURSE[2:])
    assert (await abroad.history())[-1][1] == "dossier.closed"
    assert [event for _, event, _, _ in await abroad.history()].count("link.received") == 1


async def test_an_answer_waits_for_a_parent_that_is_away(abroad: Provinces) -> None:
    """The answer is given while nobody works at home; the parent goes on with it when somebody does."""
    async with abroad.worker(PROVINCE):
        async with abroad.worker(HOME):
            await _live(abroad, COURSE[:6])
        await abroad.send(*COURSE[6])
        async with abroad.worker(HOME):
            await abroad.dossiers.settle(Stream(f"{abroad.code}/L1"))
            await _live(abroad, COURSE[7:])
    root = [record.type for record in await abroad.journal.read(Stream(abroad.code))]
    assert root.count("link.answered") == 1
    assert root[-1] == "dossier.closed"


async def test_workers_of_the_province_are_away_for_days(abroad: Provinces) -> None:
    """The dossier is extended at home meanwhile, and is told overdue there; the part begins, and ends, once."""
    async with abroad.worker(HOME):
        for part, command in COURSE[:2]:
            await abroad.send(part, command)
        abroad.let_days_pass(5)
        await abroad.send("", c.Extend(START + timedelta(days=60), "the department is not reached"))
        root = [record.type for record in await abroad.journal.read(Stream(abroad.code))]
        assert root.count("link.overdue") == 2
        assert await abroad.journal.read(Stream(f"{abroad.code}/L1")) == []
        async with abroad.worker(PROVINCE):
            await abroad.settle()
            await _live(abroad, COURSE[2:])
    kinds = [event for _, event, _, _ in await abroad.history()]
    assert kinds[-1] == "dossier.closed"
    assert [kinds.count(kind) for kind in ("link.opened", "link.received", "link.answered")] == [1, 1, 2]


async def test_workers_at_home_are_away_for_days(abroad: Provinces) -> None:
    """The part is answered, and lies there; what was due at home in these days comes true before the answer does."""
    async with abroad.worker(PROVINCE):
        async with abroad.worker(HOME):
            await _live(abroad, COURSE[:6])
        abroad.let_days_pass(30)
        await abroad.send(*COURSE[6])
        async with abroad.worker(HOME):
            await abroad.dossiers.settle(Stream(f"{abroad.code}/L1"))
            await _live(abroad, COURSE[7:])
    root = [record.type for record in await abroad.journal.read(Stream(abroad.code))]
    assert root.count("link.answered") == 1
    assert root.index("dossier.overdue") < root.index("link.answered")
    assert root[-1] == "dossier.closed"


async def test_a_message_delivered_many_times_at_once_takes_effect_once(abroad: Provinces) -> None:
    """Nexus may call again after a lost answer; the part is opened once and answers to none of the repeats."""
    async with abroad.worker(HOME), abroad.worker(PROVINCE):
        await _live(abroad, COURSE[:3])
        before = await abroad.history()
        again = Start(Stream(f"{abroad.code}/L1"), RULES.for_link("L1"), exact=True)
        first = abroad.order(c.ReceiveLink(abroad.code, abroad.code, "L1", 1, RULES.procedure.id))
        province = Dossiers(abroad.clients[PROVINCE], abroad.journal, abroad.queue, exact=True)
        await asyncio.gather(*(province.open(again, first, TIMEOUT) for _ in range(5)))
        assert await abroad.history() == before


async def test_an_answer_that_contradicts_the_first_is_refused(abroad: Provinces) -> None:
    """The ledger keeps the first answer."""
    async with abroad.worker(HOME), abroad.worker(PROVINCE):
        await _live(abroad, COURSE[:7])
        with pytest.raises(Refused) as caught:
            await abroad.dossiers.execute(
                Stream(abroad.code), abroad.order(c.NoteLinkAnswered("L1", 1, c.LinkOutcome.DISAGREED)), TIMEOUT
            )
    assert caught.value.code == "link_answered_differently"


async def test_a_hand_over_waits_for_a_door_from_run_to_run(temporal_dev: EmbeddedTemporal) -> None:
    """The province has no endpoint yet: officers at home go on, run follows run, and the part begins once, later."""
    provinces = await _provinces(temporal_dev, Places(HOME, {S1: LATE}), MemoryJournal())
    home, province, places = provinces.clients[HOME], provinces.clients[PROVINCE], provinces.places
    start = Start(
        Stream(provinces.code), RULES.slim(), exact=True, offset=provinces.offset, events_per_run=25, places=places
    )
    async with provinces.worker(HOME), provinces.worker(PROVINCE):
        handle = await home.start_workflow(DossierWorkflow.run, start, id=start.stream, task_queue=provinces.queue)
        for part, command in COURSE[:2]:
            await provinces.send(part, command)
        for number in range(6):
            await provinces.send("", c.Correct("dossier.received", "channel", "post", f"{number}", OfficerId("chi")))
        assert (await home.get_workflow_handle(start.stream).describe()).run_id != handle.first_execution_run_id
        assert await provinces.journal.read(Stream(f"{provinces.code}/L1")) == []
        await ensure_endpoint(province, endpoint_of(LATE), provinces.queue)
        await provinces.settle()
        await _live(provinces, COURSE[2:])
    assert (await provinces.history())[-1][1] == "dossier.closed"
    assert [event for _, event, _, _ in await provinces.history()].count("link.received") == 1


async def test_an_endpoint_leads_where_it_is_told_to(temporal_dev: EmbeddedTemporal) -> None:
    """Created, found as it is, and turned to another task queue."""
    home = await _client(temporal_dev, HOME)
    doors = Doors(home)
    assert not await doors.open("dossiers-nowhere")
    assert [await ensure_endpoint(home, "dossiers-nowhere", queue) for queue in ("a", "a", "b")] == [True, False, True]
    assert await doors.open("dossiers-nowhere")
