"""What leaves us arrives: orders to carriers, webhooks, the portal's states, however often it fails."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
import yaml
from standardwebhooks.webhooks import Webhook

from activities.outside import Never
from activities.portal import Portal
from activities.webhooks import public_address
from api.carrier_sim import CarrierSim, Manners, running
from domain.postal import ScanState
from runtime import temporal
from runtime.embedded.temporal import EmbeddedTemporal
from store.database import Database as Pool
from store.outbox import Message, Outbox
from store.postgres import PostgresJournal
from store.subscriptions import Subscription
from tests.post.callbacks import SECRET, relaying, state, with_post
from tests.post.receiver import Receiver, receiving
from tests.support import http
from tests.support.databases import Database
from tests.support.http import APPLICANT, DESK, OFFICE, PLAIN, STRANGER, System, keyed
from workers.outbound import Announcer, Courier, reconcile_portal
from workers.relay import senders
from workflows.client import Dossiers

QUICK = (timedelta(milliseconds=50),) * 30


@pytest.fixture(scope="module")
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver of webhooks, which is the portal too."""
    async with receiving() as opened:
        yield opened


@pytest.fixture(scope="module")
async def sim() -> AsyncIterator[tuple[CarrierSim, str]]:
    """A carrier that fails half of all orders at first."""
    async with running(Manners(carrier="simcar", fails=0.5, slow=0.05)) as opened:
        yield opened


@pytest.fixture(scope="module")
async def system(
    module_database: Database,
    temporal_dev: EmbeddedTemporal,
    tmp_path_factory: pytest.TempPathFactory,
    sim: tuple[CarrierSim, str],
    receiver: Receiver,
) -> AsyncIterator[System]:
    """A system whose carrier takes orders, and which tells the portal."""
    directory: Path = tmp_path_factory.mktemp("post-out")
    carriers = directory / "carriers"
    carriers.mkdir()
    data = {"id": "simcar", "adapter": "ems", "statuses": {"EMA": "accepted"}, "orders": sim[1]}
    (carriers / "simcar.yaml").write_text(yaml.safe_dump(data))
    settings = with_post(http.settings_of(module_database.app_url, temporal_dev.address, directory), directory)
    (directory / "carrier-keys.yaml").write_text(yaml.safe_dump({"simcar": {"allow": ["127.0.0.0/8"]}}))
    settings = msgspec.structs.replace(
        settings, carriers_dir=carriers, portal_url=receiver.url, webhook_allow="127.0.0.0/8"
    )
    async with Pool(settings.database_url, size=2) as pool:
        await http.publish(pool)
    async with http.working(settings), http.serving(settings) as running_system, _announcing(running_system):
        yield running_system


@contextlib.asynccontextmanager
async def _announcing(system: System) -> AsyncIterator[None]:
    """A relay whose schedule is short."""
    database, outbox = system.parts.database, Outbox(system.parts.database)
    journal = PostgresJournal(database)
    client = await temporal.connect(system.settings, lazy=True)
    async with httpx.AsyncClient() as over, relaying(system.settings):
        dossiers = Dossiers(client, journal, system.settings.task_queue)
        found = senders(system.settings, over, system.parts.subscriptions, dossiers, system.parts.carriers)
        announcer = Announcer(database, journal, outbox, system.parts.subscriptions, tells_portal=True)
        courier = Courier(outbox, found, schedule=QUICK, chance=lambda low, _: low)
        tasks = [asyncio.create_task(announcer.run()), asyncio.create_task(courier.run())]
        yield
        while still := [task for task in tasks if not task.done()]:
            for task in still:
                task.cancel()
            await asyncio.wait(still, timeout=1)


async def _until(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what changes is elsewhere
            await asyncio.sleep(0.02)


async def _submitted(system: System, commands: Sequence[tuple[str, dict[str, object]]] = ()) -> str:
    async with system.client("clerk") as clerk:
        body = {"procedure": PLAIN, "do": "submit", "channel": "post", "components": ["don"], "applicant": APPLICANT}
        code: str = (await clerk.post("/api/v1/dossiers", json=body, headers=keyed())).json()["code"]
        for command, fields in commands:
            answer = await clerk.post(f"/api/v1/dossiers/{code}/{command}", json=fields, headers=keyed())
            assert answer.status_code == 200, answer.text
    return code


async def test_an_order_is_placed_once_and_its_number_noted(system: System, sim: tuple[CarrierSim, str]) -> None:
    """However often the carrier fails to answer."""
    codes = [await _submitted(system, [("order-collection", {"carrier": "simcar"})]) for _ in range(4)]
    for code in codes:
        async with asyncio.timeout(30):
            while not (await state(system, code)).parcels[0].tracking:  # noqa: ASYNC110  # what changes is elsewhere
                await asyncio.sleep(0.05)
    numbers = {(await state(system, code)).parcels[0].tracking for code in codes}
    assert numbers == set(sim[0].placed.values())
    assert len(sim[0].asked) > len(sim[0].placed) == 4


async def test_an_order_taken_back_is_cancelled(system: System, sim: tuple[CarrierSim, str]) -> None:
    """At the carrier too."""
    code = await _submitted(
        system, [("order-collection", {"carrier": "simcar"}), ("cancel-parcel", {"parcel": "B1", "reason": "no"})]
    )
    await _until(lambda: f"{code}-B1" in sim[0].cancelled)
    assert (await state(system, code)).parcels[0].state is ScanState.CANCELLED


async def test_a_carrier_that_takes_no_orders_is_an_officers_task(system: System) -> None:
    """The order is given up, and the dossier says so."""
    code = await _submitted(system, [("order-collection", {"carrier": "nobody"})])
    async with asyncio.timeout(30):
        while (await state(system, code)).parcels[0].state is not ScanState.CANCELLED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert "postal.troubled" in (await state(system, code)).entries


async def test_webhooks_are_signed_thin_and_in_order(system: System, receiver: Receiver) -> None:
    """Failures and redirects are sent again; who subscribed to another authority is told nothing."""
    subscriptions = system.parts.subscriptions
    await subscriptions.subscribe(Subscription("all", "", (), f"{receiver.url}/hook", (SECRET,)))
    await subscriptions.subscribe(Subscription("other", STRANGER, (), f"{receiver.url}/hook?other", (SECRET,)))
    receiver.answers = [500, 302, 429]
    code = await _submitted(system)
    async with system.client("clerk") as clerk:
        await clerk.post(f"/api/v1/dossiers/{code}/receive", json={}, headers=keyed())
    count = len((await state(system, code)).entries)
    await _until(lambda: sum(1 for _, body in receiver.heard if code.encode() in body) == count)
    mine = [(headers, body) for headers, body in receiver.heard if code.encode() in body]
    events = [msgspec.json.decode(body) for _, body in mine]
    assert tuple(event["type"].removeprefix("vn.motcua.") for event in events) == (await state(system, code)).entries
    for headers, body in mine:
        event = Webhook(SECRET).verify(body.decode(), headers)
        assert event["specversion"] == "1.0"
        assert headers["webhook-id"] == event["id"]
        assert headers["content-type"] == "application/cloudevents+json"
        assert event["data"] == {"dossier": code, "part": "", "authority": OFFICE}
        assert APPLICANT["name"].encode() not in body
    await subscriptions.unsubscribe("other")
    await subscriptions.unsubscribe("all")


async def test_gone_ends_a_subscription(system: System, receiver: Receiver) -> None:
    """410 and nothing more is sent; what was not delivered is a dead letter, and can be replayed."""
    outbox, subscriptions = Outbox(system.parts.database), system.parts.subscriptions
    await subscriptions.subscribe(Subscription("gone", DESK, ("dossier.submitted",), f"{receiver.url}/hook", (SECRET,)))
    receiver.answers = [410]
    await _submitted(system)
    async with asyncio.timeout(30):
        while not any(letter.kind == "webhook" for letter in await outbox.letters()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    found = {one.id: one for one in await subscriptions.all()}["gone"]
    assert (found.enabled, found.reason) == (False, "the receiver answered 410")
    dead = [letter for letter in await outbox.letters() if letter.kind == "webhook"]
    heard = len(receiver.heard)
    await subscriptions.subscribe(Subscription("gone", DESK, ("dossier.submitted",), f"{receiver.url}/hook", (SECRET,)))
    assert await outbox.replay([dead[-1].id]) == 1
    await _until(lambda: len(receiver.heard) > heard)
    await subscriptions.unsubscribe("gone")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "localhost", "::1", "::ffff:10.0.0.1", "0.0.0.0", "100.64.0.1"],  # noqa: S104
)
async def test_nobody_inside_is_sent_to(host: str) -> None:
    """Addresses of our own networks are refused, however they are written."""
    with pytest.raises(Never, match="not public"):
        await public_address(host, 80, ())


async def test_the_portal_is_told_the_last_state(system: System, receiver: Receiver) -> None:
    """And told again where it has forgotten."""
    code = await _submitted(system)
    await _until(lambda: receiver.states.get(code, {}).get("state") == 1)
    async with system.client("clerk") as clerk:
        await clerk.post(f"/api/v1/dossiers/{code}/receive", json={}, headers=keyed())
        await _until(lambda: receiver.states[code]["state"] == 4)
        await clerk.post(f"/api/v1/dossiers/{code}/withdraw", json={}, headers=keyed())
    await _until(lambda: receiver.states[code]["state"] == 7)
    del receiver.states[code]
    outbox = Outbox(system.parts.database)
    async with httpx.AsyncClient() as client:
        told = await reconcile_portal(system.parts.journal, outbox, Portal(client, receiver.url))
    assert told >= 1
    await _until(lambda: receiver.states.get(code, {}).get("state") == 7)


async def test_a_lane_keeps_its_order(pool: Pool) -> None:
    """The second of a lane is not taken before the first has arrived or is given up; other lanes go on."""
    outbox = Outbox(pool)
    await outbox.add([Message("x", "1", "a", {}), Message("x", "2", "a", {}), Message("x", "3", "b", {})])
    await outbox.add([Message("x", "1", "a", {})])
    taken = await outbox.take(10, timedelta(minutes=1))
    assert sorted(one.key for one in taken) == ["1", "3"]
    assert await outbox.take(10, timedelta(minutes=1)) == []
    await outbox.dead(next(one.id for one in taken if one.key == "1"), "no")
    assert [one.key for one in await outbox.take(10, timedelta(minutes=1))] == ["2"]


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """A fresh database."""
    async with Pool(database.app_url, size=4) as opened:
        yield opened
