"""A steady load for long, with a part killed now and then: nothing is lost, nothing grows, nothing stays behind.

``MOTCUA_SOAK_SECONDS`` is how long (``make soak``: 20 minutes, a blow a minute, the plot goes to docs/); otherwise a
short form runs.
"""

import asyncio
import os
import random
import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import httpx
import msgspec
import psutil
import pytest

from api.carrier_sim import CarrierSim, Manners
from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime import temporal
from store.database import Connection
from store.database import Database as Pool
from store.inbox import Inbox
from store.postgres import PostgresJournal
from tests.chaos.house import CARRIER, SECRET, House, house
from tests.domain.dossier.samples import rules
from tests.post.callbacks import worked_off
from tests.soak.plot import Line, Row, svg
from workflows.client import Dossiers, DossiersUnavailable
from workflows.messages import Reply

SECONDS: Final = int(os.environ.get("MOTCUA_SOAK_SECONDS", "16"))
FULL: Final = SECONDS >= 300
EVERY_SECONDS: Final = 60 if FULL else 5
LIVES_A_SECOND: Final = 1.0
SAMPLE_SECONDS: Final = 5 if FULL else 1
PROCESSES: Final = ("worker", "projector", "relay", "api")
PARTS: Final = (*PROCESSES, "postgres", "temporal")
PATIENCE: Final = timedelta(seconds=8)
AGAIN_SECONDS: Final = 0.3
MEGABYTE: Final = 1024 * 1024
MORE_AT_MOST: Final = 1.25
"""By how much a process may be larger in the last third than in the one before."""
PLOT: Final = Path(__file__).parents[2] / "docs" / "soak.svg"
KNOWN: Final = rules()
COMMANDS: Final[tuple[c.Command, ...]] = (
    c.Receive(components=("don",)),
    c.ClaimTask(),
    c.CompleteTask("appraise"),
    c.CompleteTask("approve"),
    c.IssueResult("12/QD"),
)
"""Then the post brings the result, which ends the dossier."""
SCANS: Final = ("accepted", "delivered")
LEFT_OPEN: Final = 10
"""Every so manieth dossier is left open after its second order."""


class Sample(msgspec.Struct, frozen=True):
    """How things stood: after so many seconds, orders answered a second since the sample before, how long they took."""

    second: float
    answered: float
    median: float
    slowest: float
    lag: float
    megabytes: dict[str, float]


class Load:
    """Dossiers at a steady rate, each order repeated with its id until it is answered, each scan until it is taken."""

    def __init__(self, dossiers: Dossiers, carrier: CarrierSim) -> None:
        """Nothing has been asked."""
        self._dossiers = dossiers
        self._carrier = carrier
        self.replies: dict[CommandId, Reply] = {}
        self.taken: list[float] = []
        self.lives: dict[str, int] = {}

    async def live(self, number: int) -> None:
        """One dossier's life."""
        stream = f"S{number:05}"
        tracking = f"T{number:06d}VN"
        whole = (*COMMANDS, c.DispatchResult(CARRIER, tracking))
        commands = COMMANDS[:2] if number % LEFT_OPEN == 0 else whole
        self.lives[stream] = len(commands)
        for index, command in enumerate(commands):
            order = c.Order(CommandId(f"{stream}-{index}"), command, datetime.now(UTC), actor="lan")
            began = asyncio.get_running_loop().time()
            self.replies[order.id] = await self._insist(Stream(stream), order)
            self.taken.append(asyncio.get_running_loop().time() - began)
        if commands is whole:
            soon = datetime.now(UTC) + timedelta(seconds=1)
            await self._carrier.call(self._carrier.words(tracking, soon, SCANS))

    @property
    def ended(self) -> list[str]:
        """The dossiers that the post ends."""
        return [stream for stream, orders in self.lives.items() if orders > len(COMMANDS)]

    async def _insist(self, stream: Stream, order: c.Order) -> Reply:
        while True:
            try:
                if isinstance(order.command, c.Receive):
                    return await self._dossiers.begin(stream, KNOWN, order, PATIENCE)
                return await self._dossiers.execute(stream, order, PATIENCE)
            except DossiersUnavailable:
                await asyncio.sleep(AGAIN_SECONDS)


class Watch:
    """Samples of the load and of the processes, and the blows that fell."""

    def __init__(self, opened: House, load: Load) -> None:
        """Begin now."""
        self._opened = opened
        self._load = load
        self._clock: Callable[[], float] = asyncio.get_running_loop().time
        self._began = self._clock()
        self.samples: list[Sample] = []
        self.strikes: list[tuple[float, str]] = []

    @property
    def second(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    async def sample(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            taken = self._load.taken
            self._load.taken = []
            lag = await asyncio.to_thread(self._lag)
            self.samples.append(
                Sample(
                    self.second,
                    len(taken) / SAMPLE_SECONDS,
                    statistics.median(taken) if taken else 0.0,
                    max(taken, default=0.0),
                    lag,
                    {name: self._megabytes(name) for name in PROCESSES},
                )
            )

    async def strike(self, chance: random.Random) -> None:
        """Kill a part now and then, until cancelled: each once before any a second time."""
        while True:
            for name in chance.sample(PARTS, len(PARTS)):
                await asyncio.sleep(EVERY_SECONDS)
                self.strikes.append((self.second, name))
                await asyncio.to_thread(self._opened.strike, name)

    def _lag(self) -> float:
        """Events not yet projected; what the sample before said while PostgreSQL is away."""
        try:
            return float(self._opened.unplaced())
        except Exception:  # noqa: BLE001  # it was just killed
            return self.samples[-1].lag if self.samples else 0.0

    def _megabytes(self, name: str) -> float:
        process = self._opened.processes[name].pid
        try:
            return float(psutil.Process(process).memory_info().rss / MEGABYTE)
        except psutil.Error:
            return 0.0

    def picture(self) -> str:
        """All of it as SVG."""

        def line(name: str, value: Callable[[Sample], float]) -> Line:
            return Line(name, [(sample.second, value(sample)) for sample in self.samples])

        rows = [
            Row("orders answered a second", [line("answered", lambda sample: sample.answered)]),
            Row(
                "seconds until the answer",
                [line("median", lambda sample: sample.median), line("slowest", lambda sample: sample.slowest)],
            ),
            Row("events not yet projected", [line("lag", lambda sample: sample.lag)]),
            Row("resident memory, MB", [line(name, lambda s, name=name: s.megabytes[name]) for name in PROCESSES]),  # type: ignore[misc]
        ]
        title = f"{len(self._load.lives)} dossiers, {len(self._load.replies)} orders, {len(self.strikes)} blows"
        return svg(title, rows, self.strikes, self.samples[-1].second)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[House]:
    """A house of real processes."""
    with house(tmp_path, KNOWN, whole=True) as built:
        yield built


@pytest.mark.timeout(SECONDS * 3 + 600)
async def test_a_steady_load_survives_blows(opened: House, tmp_path: Path) -> None:
    """Every order is answered and stored once, memory is flat, and what was behind catches up."""
    client = await temporal.connect(opened.settings)
    manners = Manners(carrier=CARRIER, target=opened.api_url, secret=SECRET, step=timedelta(seconds=1), repeats=2)
    async with httpx.AsyncClient(timeout=10) as http, Pool(opened.database.app_url, size=8) as pool:
        journal = PostgresJournal(pool)
        load = Load(Dossiers(client, journal, opened.settings.task_queue), CarrierSim(manners, http))
        watch = Watch(opened, load)
        async with asyncio.TaskGroup() as group:
            sampling = group.create_task(watch.sample())
            striking = group.create_task(watch.strike(random.Random(1)))  # noqa: S311  # repeatable
            lives = []
            for number in range(int(SECONDS * LIVES_A_SECOND)):
                lives.append(group.create_task(load.live(number)))
                await asyncio.sleep(max(0.0, (number + 1) / LIVES_A_SECOND - watch.second))
            await asyncio.wait(lives)
            striking.cancel()
            await asyncio.wait([striking])
            async with asyncio.timeout(120):
                # A result may be delivered before the relay hears that it was accepted, which ends the dossier earlier.
                heard = await worked_off(Inbox(pool), 120)
                while watch.samples[-1].lag or await _open(pool, load.ended):  # noqa: ASYNC110  # other processes do it
                    await asyncio.sleep(SAMPLE_SECONDS)
            sampling.cancel()

        for command, reply in load.replies.items():
            stored = await journal.read_command(reply.stream, command)
            assert (reply.first, reply.last) == (stored[0].version, stored[-1].version)
        for stream, orders in load.lives.items():
            kinds = [record.type for record in await journal.read(Stream(stream))]
            commands = {record.command_id for record in await journal.read(Stream(stream))}
            assert len([command for command in commands if command.startswith(f"{stream}-")]) == orders, stream
            assert kinds.count("postal.scanned") == (len(SCANS) if stream in load.ended else 0)
        assert heard == {"applied": 2 * len(SCANS) * len(load.ended)}

    picture = watch.picture()
    (PLOT if FULL else tmp_path / "soak.svg").write_text(picture)
    assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314  # our own
    assert await asyncio.to_thread(opened.command, "reconcile") == {
        "open": len(load.lives) - len(load.ended),
        "sound": True,
        "findings": [],
    }
    assert (await asyncio.to_thread(opened.command, "verify"))["findings"] == []
    assert {name for _, name in watch.strikes} >= set(PARTS[: len(watch.strikes)] if FULL else ())
    assert len(watch.strikes) >= SECONDS // EVERY_SECONDS - 1
    for name in PROCESSES:
        thirds = _peaks([sample.megabytes[name] for sample in watch.samples])
        assert thirds[2] <= thirds[1] * MORE_AT_MOST, (name, thirds)


async def _open(pool: Pool, streams: list[str]) -> int:
    """How many of them have not ended."""

    async def work(connection: Connection) -> int:
        query = "SELECT count(*) FROM dossiers WHERE stream = ANY (%s) AND status <> 'closed'"
        [(number,)] = await (await connection.execute(query, (streams,))).fetchall()
        return int(number)

    return await pool.run(work)


def _peaks(values: list[float]) -> list[float]:
    """The highest value of each third."""
    size = len(values) // 3
    return [max(values[size * part : size * (part + 1)]) for part in range(3)]
