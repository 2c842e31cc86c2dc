"""Every trouble that has a runbook is made, seen where the runbook says, and ended by what it says."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from domain.authority import Officer, Role
from domain.dossier import commands as c
from domain.dossier.rules import Rules
from domain.ids import CommandId, OfficerId, Stream
from domain.period import Period, Unit
from runtime import temporal
from runtime.tokens import issue_token, read_secret
from store.database import Database as Pool
from store.inbox import Inbox
from store.postgres import PostgresJournal
from tests.chaos.house import CARRIER, SECRET, House, house
from tests.domain.dossier.samples import LAW, X1, link, rules, stage
from tests.post.receiver import Receiver, receiving
from tests.support.references import keep
from tests.support.runbooks import following
from workers.neighbours import dossiers_of
from workflows.client import Dossiers

AT_ONCE = Period(0.02, Unit.MINUTE)
"""What one side tells must be known on the other: the drill has no ten minutes."""
SOON = replace(LAW, link_synchronisation=replace(LAW.link_synchronisation, period=AT_ONCE))
LINKED = replace(rules(stage("receive"), link("L1"), stage("approve", "8 working_hour"), stage("return")), law=SOON)
SHORT = replace(rules(id="P2", committed=Period(4, Unit.WORKING_HOUR)), law=SOON)
LONG = replace(rules(id="P3"), law=SOON)
TIMEOUT = timedelta(seconds=30)
PATIENCE_SECONDS = 60.0
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A whole deployment over two namespaces, in which nobody has ever worked."""
    directory = tmp_path_factory.mktemp("runbooks")
    with house(directory, LINKED, separate=True, whole=True, absent=("worker", "of_province")) as built:
        yield built


class Clerks:
    """Those who work at the deployment while the operators look after it."""

    def __init__(self, opened: House, pool: Pool, dossiers: Dossiers) -> None:
        self.opened = opened
        self.pool = pool
        self.dossiers = dossiers

    async def receive(self, known: Rules, days_ago: int = 0) -> Stream:
        """A new dossier, whose papers came so many days ago."""
        return await self._begin(known, c.Receive(components=("don",)), days_ago)

    async def submit(self, tracking: str) -> Stream:
        """A new dossier, whose papers the post is to fetch under this number."""
        stream = await self._begin(LONG, c.Submit(LONG.procedure.id, c.Channel.POST, ("don",)), 0)
        await self.do(stream, c.OrderCollection(CARRIER, tracking))
        return stream

    async def _begin(self, known: Rules, command: c.Command, days_ago: int) -> Stream:
        await keep(self.pool, known)
        stream = Stream(f"R{next(_numbers):03}")
        await self.dossiers.begin(stream, known, _order(command, days_ago), TIMEOUT)
        return stream

    async def do(self, stream: Stream, *commands: c.Command, days_ago: int = 0) -> None:
        """Work on it."""
        for command in commands:
            await self.dossiers.execute(stream, _order(command, days_ago), TIMEOUT)

    async def finish(self, stream: Stream, days_ago: int = 0) -> None:
        """Appraise, approve and issue."""
        await self.do(stream, c.CompleteTask("appraise"), c.CompleteTask("approve"), c.IssueResult(), days_ago=days_ago)

    async def scanned(self, tracking: str) -> None:
        """The carrier calls back."""
        body = {"order_number": tracking, "status": "10", "time": datetime.now(UTC).isoformat(), "location": "An Phú"}
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{self.opened.api_url}/post/{CARRIER}/callbacks/{SECRET}", data=body)
            assert answer.status_code == HTTPStatus.OK, answer.text

    async def figure(self, name: str, **labels: str) -> float | None:
        """What Prometheus would be told: the sum over what else the figure is told by (none: nothing)."""
        async with httpx.AsyncClient(timeout=30) as client:
            text = (await client.get(self.opened.metrics_url)).text
        found = [
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(found) if found else None

    async def until(self, wanted: Callable[[float | None], bool], name: str, **labels: str) -> None:
        """Wait until the figure is so."""
        await self.wait(lambda: self._figure_is(wanted, name, labels), f"{name} {labels}")

    async def wait(self, ready: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for what other processes do."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await ready():  # noqa: ASYNC110  # other processes do it
                    await asyncio.sleep(0.2)
        except TimeoutError:
            pytest.fail(f"in vain waited for {what}")

    async def _figure_is(self, wanted: Callable[[float | None], bool], name: str, labels: dict[str, str]) -> bool:
        return wanted(await self.figure(name, **labels))

    async def types(self, stream: str) -> list[str]:
        """What happened to it."""
        return [record.type for record in await PostgresJournal(self.pool).read(Stream(stream))]

    def healthy(self, subject: str) -> bool:
        """Whether the doctor finds this sound."""
        (found,) = [one for one in self.opened.command("doctor")["findings"] if one["subject"] == subject]
        return bool(found["verdict"] == "sound")


def _order(command: c.Command, days_ago: int) -> c.Order:
    now = datetime.now(UTC)
    happened = now - timedelta(days=days_ago) if days_ago else None
    return c.Order(CommandId(f"r{next(_numbers)}"), command, now, occurred_at=happened, actor="lan", authority=X1)


def nothing(value: float | None) -> bool:
    """No trouble."""
    return not value


def something(value: float | None) -> bool:
    """Trouble."""
    return bool(value)


@asynccontextmanager
async def at_work(opened: House) -> AsyncIterator[Clerks]:
    """Everybody works who should."""
    for process in opened.processes.values():
        if not process.alive:
            await asyncio.to_thread(process.start)
    async with clerks_of(opened) as found:
        yield found


@asynccontextmanager
async def clerks_of(opened: House) -> AsyncIterator[Clerks]:
    """The clerks alone."""
    client = await temporal.connect(opened.settings)
    async with Pool(opened.database.app_url, size=4) as pool:
        yield Clerks(opened, pool, dossiers_of(opened.settings, pool, client))


async def test_nobody_works(opened: House) -> None:
    """Neither at home nor in the province; the doctor says where, and the workers are started."""
    async with clerks_of(opened) as clerks:
        with following("nobody-works", opened) as follow:
            assert await clerks.figure(follow.book.metric) == 0
            said = await asyncio.to_thread(follow.run, "motcua doctor", status=1)
            assert "nobody has polled" in said
            await asyncio.to_thread(follow.start, "motcua worker", "worker", "of_province")
            follow.leaves("motcua upgrade BUILD", "tests/drill/test_upgrade.py")
            await asyncio.to_thread(follow.run, "motcua revive")
            await clerks.until(lambda value: value == 1, follow.book.metric)


async def test_hand_over_not_known_there(opened: House) -> None:
    """The province's workers are away when the dossier is handed over; it arrives when they are there."""
    if not opened.processes["worker"].alive:
        opened.processes["worker"].start()
    if opened.processes["of_province"].alive:
        opened.processes["of_province"].kill()
    async with clerks_of(opened) as clerks:
        stream = await clerks.receive(LINKED)
        with following("hand-over-not-known-there", opened) as follow:
            await clerks.until(something, follow.book.metric, authority="S1", missing="arrival")
            assert "not known on the other side" in await asyncio.to_thread(follow.run, "motcua doctor", status=1)
            await clerks.wait(lambda: _happened(clerks, stream, "link.overdue"), "the event")
            assert stream in await asyncio.to_thread(follow.run, "motcua reconcile", status=1)
            await asyncio.to_thread(opened.processes["of_province"].start)
            await asyncio.to_thread(follow.run, "motcua reconcile --fix")
            await clerks.until(nothing, follow.book.metric)
            await clerks.wait(lambda: _happened(clerks, stream, "link.delivered"), "link.delivered")


async def _happened(clerks: Clerks, stream: str, kind: str) -> bool:
    return kind in await clerks.types(stream)


async def test_hand_over_unacknowledged(opened: House) -> None:
    """Keyed in days after it was handed over: its two hours are long over; somebody there confirms it."""
    async with at_work(opened) as clerks:
        stream = await clerks.receive(LINKED, days_ago=7)
        with following("hand-over-unacknowledged", opened) as follow:
            await clerks.until(something, follow.book.metric, authority="S1")
            said = await asyncio.to_thread(follow.run, "motcua reconcile", status=1)
            assert stream in said
            assert not await asyncio.to_thread(clerks.healthy, "hand-overs")
            await clerks.do(Stream(f"{stream}/L1"), c.AcknowledgeLink())
            await clerks.until(nothing, follow.book.metric)


async def test_callbacks_parked(opened: House) -> None:
    """About parcels that nobody has ordered for longer than one waits: one is ordered then, one is nobody's."""
    async with at_work(opened) as clerks:
        for tracking in ("N1", "N2"):
            await _said_long_ago(clerks, tracking)
        with following("callbacks-parked", opened) as follow:
            await clerks.until(lambda value: value == 2, follow.book.metric)
            said = await asyncio.to_thread(follow.run, "motcua post parked")
            assert "N1" in said
            assert "tracking_unknown" in said
            numbers = {row["tracking"]: row["id"] for row in _parked(opened)}
            await asyncio.to_thread(follow.run, "motcua post replay NUMBER", NUMBER=numbers["N2"])
            await clerks.until(lambda value: value == 2, follow.book.metric)
            stream = await clerks.submit("N1")
            await clerks.until(lambda value: value == 1, follow.book.metric)
            await clerks.wait(lambda: _happened(clerks, stream, "postal.scanned"), "the scan")
            command = "motcua post refuse NUMBER --why TEXT"
            await asyncio.to_thread(follow.run, command, NUMBER=numbers["N2"], TEXT="another province's")
            await clerks.until(nothing, follow.book.metric)


def _parked(opened: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = opened.command("post", "parked")["callbacks"]
    return found


async def _said_long_ago(clerks: Clerks, tracking: str) -> None:
    """A callback that has waited for its order longer than one waits."""
    at = datetime.now(UTC) - timedelta(minutes=6)
    body = httpx.Request("POST", "http://x", data={"order_number": tracking, "status": "10", "time": at.isoformat()})
    await Inbox(clerks.pool).keep(CARRIER, at, "127.0.0.1", {}, body.read())


async def test_callbacks_not_worked_off(opened: House) -> None:
    """The relay is dead; callbacks are taken all the same, and worked off when it runs again."""
    async with at_work(opened) as clerks:
        stream = await clerks.submit("W1")
        opened.processes["relay"].kill()
        with following("callbacks-not-worked-off", opened) as follow:
            await clerks.scanned("W1")
            await clerks.until(something, follow.book.metric)
            said = await asyncio.to_thread(follow.run, "motcua doctor", status=1)  # for want of a catalogue
            assert "nobody has polled" not in said
            await asyncio.to_thread(follow.start, "motcua relay", "relay")
            await clerks.until(nothing, follow.book.metric)
            await clerks.wait(lambda: _happened(clerks, stream, "postal.scanned"), "the scan")


async def test_messages_given_up(opened: House) -> None:
    """A receiver at an address that may not be sent to: it gets a public one; another receiver is gone for good."""
    async with at_work(opened) as clerks, receiving() as receiver:
        for name in ("archive", "gone"):
            opened.command("webhook", "subscribe", name, "http://10.0.0.1/hook", "--type", "dossier.received")
        await clerks.receive(LONG)
        with following("messages-given-up", opened) as follow:
            await clerks.until(lambda value: value == 2, follow.book.metric)
            said = await asyncio.to_thread(follow.run, "motcua webhook dead")
            assert said.count("the receiver's address is not public") == 2
            letters = {letter["key"].partition("/")[0]: letter["id"] for letter in _dead(opened)}
            command = "motcua webhook subscribe NAME URL"
            await asyncio.to_thread(follow.run, command, NAME="archive", URL=f"{receiver.url}/hook")
            await asyncio.to_thread(follow.run, "motcua webhook replay NUMBER", NUMBER=letters["archive"])
            await clerks.until(lambda value: value == 1, follow.book.metric)
            await clerks.wait(lambda: _told(receiver), "the message")
            assert [json.loads(body)["type"] for _, body in receiver.heard] == ["vn.motcua.dossier.received"]
            await asyncio.to_thread(follow.run, "motcua webhook unsubscribe NAME", NAME="gone")
            await asyncio.to_thread(follow.run, "motcua webhook discard NUMBER", NUMBER=letters["gone"])
            await clerks.until(nothing, follow.book.metric)
        opened.say("webhook", "unsubscribe", "archive")


async def _told(receiver: Receiver) -> bool:
    return bool(receiver.heard)


def _dead(opened: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = opened.command("webhook", "dead")["letters"]
    return found


async def test_sequencer_lags(opened: House) -> None:
    """Somebody left a transaction open that has written: the order waits for it until it is ended."""
    async with at_work(opened) as clerks:
        with psycopg.connect(opened.database.url) as forgotten:
            forgotten.execute("CREATE TEMPORARY TABLE of_somebody (number int)")
            await clerks.receive(LONG)
            with following("sequencer-lags", opened) as follow:
                await clerks.until(something, follow.book.metric)
                look, end = follow.book.queries
                found = await asyncio.to_thread(follow.ask, look)
                pid = forgotten.info.backend_pid
                assert found.splitlines()[0].startswith(f"{pid}|idle in transaction|")
                await asyncio.to_thread(follow.ask, end, PID=pid)
                await clerks.until(nothing, follow.book.metric)
            forgotten.close()


async def test_projection_lags(opened: House) -> None:
    """A read model is of another version than the program: it waits until it is built anew."""
    async with at_work(opened) as clerks:
        opened.postgres.execute(
            "UPDATE projections SET version = 0 WHERE name = 'activity'", database=opened.database.name
        )
        await clerks.receive(LONG)
        with following("projection-lags", opened) as follow:
            await clerks.until(something, follow.book.metric)
            await asyncio.to_thread(follow.run, "motcua verify", status=1)
            await asyncio.to_thread(follow.run, "motcua rebuild PROJECTION", PROJECTION="activity")
            await clerks.until(nothing, follow.book.metric)


async def test_backup_too_old(opened: House, tmp_path: Path) -> None:
    """There never was one."""
    async with at_work(opened) as clerks:
        with following("backup-too-old", opened) as follow:
            assert await clerks.figure(follow.book.metric) is None
            assert not await asyncio.to_thread(clerks.healthy, "backup")
            await asyncio.to_thread(follow.run, "motcua backup FILE", FILE=tmp_path / "kept")
            age = await clerks.figure(follow.book.metric)
            assert age is not None
            assert age < PATIENCE_SECONDS
            assert await asyncio.to_thread(clerks.healthy, "backup")


async def test_dossiers_about_to_be_late(opened: House) -> None:
    """The leader sees them on the worklist, understands why, and gives one a new date in time."""
    async with at_work(opened) as clerks:
        streams = [await clerks.receive(SHORT) for _ in range(5)]
        with following("dossiers-about-to-be-late", opened) as follow:
            name = "motcua_dossiers_due_within_8_working_hours"
            await clerks.until(lambda value: value == len(streams), name, authority=X1)
            soon = datetime.now(UTC) + timedelta(days=14)
            listed = await _tasks(clerks, {"authority": X1, "due_before": soon.isoformat()})
            assert {task["code"] for task in listed} >= set(streams)
            said = await asyncio.to_thread(follow.run, "motcua dossier explain CODE", CODE=streams[0])
            assert "4" in said
            await clerks.do(streams[0], c.Extend(datetime.now(UTC) + timedelta(days=30), "chờ đo đạc"))
            await clerks.do(streams[1], c.DelegateTask(OfficerId("hoa")))
            await clerks.until(lambda value: value == len(streams) - 1, name, authority=X1)


async def _tasks(clerks: Clerks, query: dict[str, str]) -> list[dict[str, Any]]:
    leader = Officer(OfficerId("truong"), "Trưởng", X1, (Role.LEADER,))
    token = issue_token(read_secret(clerks.opened.settings.secret_file), leader, datetime.now(UTC))
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        answer = await client.get(f"{clerks.opened.api_url}/api/v1/tasks", params=query)
        assert answer.status_code == HTTPStatus.OK, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


async def test_on_time_rate_below_target(opened: House) -> None:
    """A dossier is judged late; its stages and its events say why."""
    async with at_work(opened) as clerks:
        stream = await clerks.receive(LONG, days_ago=40)
        await clerks.finish(stream)
        with following("on-time-rate-below-target", opened) as follow:
            await clerks.until(something, "motcua_dossiers_resolved_total", authority=X1, timeliness="late")
            assert await clerks.figure("motcua_stage_overdue_total", stage="appraise")
            assert await clerks.figure("motcua_dossiers_late_without_apology_total", authority=X1)
            said = await asyncio.to_thread(follow.run, "motcua dossier events CODE", CODE=stream)
            assert "task.overdue" in said


async def test_keying_lags_behind_the_work(opened: House) -> None:
    """Ready in time, keyed in after it: both times stand in its history."""
    async with at_work(opened) as clerks:
        stream = await clerks.receive(LONG, days_ago=40)
        await clerks.finish(stream, days_ago=38)
        with following("keying-lags-behind-the-work", opened) as follow:
            await clerks.until(something, "motcua_keyed_late_total", authority=X1)
            said = await asyncio.to_thread(follow.run, "motcua dossier events CODE", CODE=stream)
            assert said.count("occurred") > said.count("result.issued") == 1
