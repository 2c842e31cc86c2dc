"""Callbacks by the thousand while everything dies in turn: every parcel ends where its scans say.

``MOTCUA_CHAOS_CALLBACKS`` says how many (``make chaos-post``: 10,000 for 500 parcels); here there are few.
"""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.carrier_sim import CarrierSim, Manners, Word
from domain.dossier import commands as c
from domain.dossier.history import state_of
from domain.dossier.view import Status
from domain.ids import CommandId, Stream
from domain.postal import Parcel, Purpose, ScanState, scanned
from runtime import temporal
from store.database import Database
from store.inbox import Inbox
from store.postgres import PostgresJournal
from tests.chaos.house import CARRIER, SECRET, House, house
from tests.domain.dossier.samples import rules
from tests.post.callbacks import total
from workflows.client import Dossiers

CALLBACKS = int(os.environ.get("MOTCUA_CHAOS_CALLBACKS", "600"))
SCANS = 10
PARCELS = CALLBACKS // (2 * SCANS)
SECONDS = 180 + CALLBACKS // 10
UNDER_WAY = [
    "accepted",
    "in_transit",
    "at_delivery_office",
    "out_for_delivery",
    "attempt_failed",
    "available_for_pickup",
]
ENDS = ["delivered"] * 8 + ["lost", "returned"]
AT_ONCE = 16
TIMEOUT = timedelta(seconds=60)
STEP = timedelta(hours=3)


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A deployment of the test's own."""
    with house(tmp_path_factory.mktemp("chaos"), rules(), whole=True) as built:
        yield built


def _expected(words: list[Word], ordered_at: datetime) -> Parcel:
    """Where a parcel ends by its scans."""
    parcel = Parcel("B1", Purpose.COLLECTION, CARRIER, ordered_at, ordered_at)
    for word in words:
        parcel = scanned(parcel, ScanState(word.state), word.at, signed=word.state == "delivered")
    return parcel


def _courses(chance: random.Random, sim: CarrierSim) -> list[list[Word]]:
    """What is said of each parcel, the last word of which comes days after the first."""
    began = datetime.now(UTC) - SCANS * STEP - timedelta(hours=1)
    courses = []
    for number in range(PARCELS):
        middle = [chance.choice(UNDER_WAY) for _ in range(SCANS - 2)]
        courses.append(sim.words(f"C{number:06d}VN", began, ["accepted", *middle, chance.choice(ENDS)]))
    return courses


@contextlib.asynccontextmanager
async def _dossiers(opened: House) -> AsyncIterator[tuple[Dossiers, Inbox, PostgresJournal]]:
    async with Database(opened.settings.database_url, size=8) as database:
        client = await temporal.connect(opened.settings)
        journal = PostgresJournal(database)
        yield Dossiers(client, journal, opened.settings.task_queue), Inbox(database), journal


async def _order(dossiers: Dossiers, number: int) -> None:
    """A dossier whose papers are to be fetched."""
    stream, now = Stream(f"D{number}"), datetime.now(UTC)
    submit = c.Submit(rules().procedure.id, c.Channel.POST, ("don",))
    await dossiers.begin(stream, rules(), c.Order(CommandId("submit"), submit, now, actor="lan"), TIMEOUT)
    order = c.OrderCollection(CARRIER, f"C{number:06d}VN")
    await dossiers.execute(stream, c.Order(CommandId("order"), order, now, actor="lan"), TIMEOUT)


async def _order_all(dossiers: Dossiers, numbers: range) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            await _order(dossiers, number)

    await asyncio.gather(*map(one, numbers))


@pytest.mark.timeout(SECONDS + 120)
async def test_every_parcel_ends_where_its_scans_say(running: House) -> None:
    """Shuffled, everything twice, some days late, some before the order; API, relay, Temporal, PostgreSQL killed."""
    chance = random.Random(20260302)  # noqa: S311  # the same course each time
    manners = Manners(carrier=CARRIER, target=running.api_url, secret=SECRET, repeats=2, step=STEP, seed=7)
    async with httpx.AsyncClient(timeout=10) as client, _dossiers(running) as (dossiers, inbox, journal):
        sim = CarrierSim(manners, client)
        courses = _courses(chance, sim)
        words = [word for course in courses for word in course]
        chance.shuffle(words)
        late, early = words[: len(words) // 20], words[len(words) // 20 :]
        unordered = max(1, PARCELS // 50)
        await _order_all(dossiers, range(unordered, PARCELS))
        saying = asyncio.create_task(sim.call(early))
        for victim in ("api", "relay", "temporal", "postgres", "worker"):
            await asyncio.to_thread(running.strike, victim)
            await asyncio.sleep(1)  # how long it is left alone before the next one is killed
        sent = await saying
        await _order_all(dossiers, range(unordered))
        sent += await sim.call(late)
        counts = await _ended(inbox)
        assert all(process.alive for process in running.processes.values())
        assert sent == len(words) * 2
        assert sum(counts.values()) >= sent
        assert counts == {"applied": sum(counts.values())}
        for number, course in enumerate(courses):
            state = state_of(await journal.read(Stream(f"D{number}")))
            expected = _expected(course, state.parcels[0].ordered_at)
            found = state.parcels[0]
            assert (found.state, found.attempts) == (expected.state, expected.attempts)
            assert state.entries.count("postal.scanned") == SCANS
            assert state.received_at == expected.signed_at
            assert state.status is (Status.OPEN if expected.signed_at else Status.SUBMITTED)


async def _ended(inbox: Inbox) -> dict[str, int]:
    """The counts once every callback has ended."""
    async with asyncio.timeout(SECONDS):
        while True:
            counts = total(await inbox.counts())
            if not counts.get("new") and not counts.get("waiting"):
                return counts
            await asyncio.sleep(0.5)
