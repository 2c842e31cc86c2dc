"""What a linked part costs: opened as a child at home, and reached by Nexus in another namespace.

Dossiers are received, appraised, given to three authorities at once, and ended when all three have answered; each part
is acknowledged, appraised and answered. Three kinds are lived in turns on the same durable servers, so that a slow
moment of the machine hits all: without links, with parts at home, with parts in a namespace of the province. What a
part costs is a third of what its kind takes more than the one without links, of history and of the machine's CPU: ours
(workers and officers share a process), Temporal's and PostgreSQL's. At the end the store is verified: no hand-over of
any of them was lost or doubled.

``MOTCUA_BENCH_LINKED`` sets how many dossiers with links there are (both ways together; 1,000 unless told).
"""

import asyncio
import itertools
import os
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import psutil
import uvloop
from temporalio.client import Client

from bench.dossiers import History, history_of, temporal_server
from bench.server import Server, benchmark_server
from domain.dossier import commands as c
from domain.dossier.rules import Rules
from domain.ids import AuthorityId, CommandId, Stream
from domain.procedure import Step
from domain.record import Append, Appended, Outcome
from runtime import temporal
from runtime.settings import Settings
from store.database import Database
from store.folding import PinnedFold
from store.postgres import PostgresJournal
from store.rules_source import PinnedRules
from store.verify import verify
from tests.domain.dossier.samples import S1, S2, link, rules, stage
from tests.support.references import keep
from workers.dossier import build_worker
from workers.endpoints import ensure_endpoint
from workflows.client import Dossiers, Fixed
from workflows.messages import Places
from workflows.nexus import endpoint_of

LINKED: Final = 1000
VARIABLE: Final = "MOTCUA_BENCH_LINKED"
ROUNDS: Final = 10
AT_ONCE: Final = 5
"""Dossiers; three parts of each go on beside one another."""
TIMEOUT: Final = timedelta(seconds=60)
HOME, PROVINCE = "default", "province"
PARTS: Final = {"L1": S1, "L2": S2, "L3": AuthorityId("S3")}
ALONE, CHILD, NEXUS = "without links", "child", "nexus"
PLACES: Final = {ALONE: Places(), CHILD: Places(), NEXUS: Places(HOME, dict.fromkeys(PARTS.values(), PROVINCE))}
RULES: Final[dict[str, Rules]] = {
    ALONE: rules(stage("receive"), stage("appraise", "40 working_hour"), stage("approve"), stage("return")),
    **{
        kind: rules(
            stage("receive"),
            stage("appraise", "40 working_hour"),
            Step(parallel=tuple(link(name, to) for name, to in PARTS.items())),
            stage("approve"),
            stage("return"),
        )
        for kind in (CHILD, NEXUS)
    },
}
MAIN_COURSE: Final = ((c.Receive(components=("don",)), c.CompleteTask("appraise")), (c.CompleteTask("approve"),))
"""Before the links and after them; then the result is issued and returned."""
PART_COURSE: Final = (c.AcknowledgeLink(), c.CompleteTask("appraise"), c.AnswerLink(c.LinkOutcome.AGREED))
_numbers = itertools.count()


class Cost(msgspec.Struct, frozen=True):
    """What something took, or all until now: seconds by the clock, milliseconds of CPU of each program."""

    seconds: float
    ours: float
    temporal: float
    postgres: float

    @property
    def cpu(self) -> float:
        """Of all three together."""
        return self.ours + self.temporal + self.postgres

    def since(self, then: "Cost") -> "Cost":
        """What came on top."""
        return Cost(*(getattr(self, name) - getattr(then, name) for name in self.__struct_fields__))


class Watched(PostgresJournal):
    """A store that tells when an event is in it, so that officers need not ask again and again."""

    def __init__(self, database: Database) -> None:
        """Watch what this process stores."""
        super().__init__(database)
        self._stored: Counter[tuple[str, str]] = Counter()
        self._awaited: dict[tuple[str, str], tuple[int, asyncio.Future[None]]] = {}

    async def append(self, append: Append) -> Appended:
        """See Journal."""
        done = await super().append(append)
        for record in done.records if done.outcome is Outcome.APPENDED else ():
            key: tuple[str, str] = (record.stream, record.type)
            self._stored[key] += 1
            number, future = self._awaited.get(key, (0, None))
            if future is not None and self._stored[key] >= number and not future.done():
                future.set_result(None)
        return done

    async def stored(self, stream: str, kind: str, number: int = 1) -> None:
        """Return once the stream has so many events of a kind."""
        key = (stream, kind)
        if self._stored[key] < number:
            future = asyncio.get_running_loop().create_future()
            self._awaited[key] = (number, future)
            await asyncio.wait_for(future, TIMEOUT.total_seconds())
            del self._awaited[key]


class Bench:
    """Officers of all kinds of dossiers."""

    def __init__(self, journal: Watched, dossiers: dict[str, Dossiers]) -> None:
        """``dossiers`` by kind."""
        self._journal = journal
        self._dossiers = dossiers

    async def turn(self, kind: str, streams: list[str]) -> Cost:
        """Live so many of one kind, AT_ONCE at a time; what all of them took."""
        waiting = iter(streams)

        async def one_after_the_other() -> None:
            for stream in waiting:
                await self._live(kind, stream)

        before = _until_now()
        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
        return _until_now().since(before)

    async def _live(self, kind: str, stream: str) -> None:
        dossiers = self._dossiers[kind]
        before, after = MAIN_COURSE
        await dossiers.begin(Stream(stream), RULES[kind], _order(before[0]), TIMEOUT)
        await self._send(dossiers, stream, before[1:])
        if kind != ALONE:
            await asyncio.gather(*(self._live_part(dossiers, f"{stream}/{name}") for name in PARTS))
            await self._journal.stored(stream, "link.answered", len(PARTS))
        await self._send(dossiers, stream, (*after, c.IssueResult("12/QD-UBND"), c.ReturnResult()))

    async def _live_part(self, dossiers: Dossiers, part: str) -> None:
        await self._journal.stored(part, "link.received")
        await self._send(dossiers, part, PART_COURSE)

    async def _send(self, dossiers: Dossiers, stream: str, commands: tuple[c.Command, ...]) -> None:
        for command in commands:
            await dossiers.execute(Stream(stream), _order(command), TIMEOUT)


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the number of dossiers."""
    wanted = round(int(os.environ.get(VARIABLE, LINKED)) * scale)
    in_a_turn = max(AT_ONCE, wanted // (2 * ROUNDS))
    with benchmark_server() as server, temporal_server(PROVINCE) as address:
        return uvloop.run(_measure(server, address, in_a_turn))


async def _measure(server: Server, address: str, in_a_turn: int) -> dict[str, Any]:
    home, province = [
        await temporal.connect(Settings(temporal_address=address), namespace=name) for name in (HOME, PROVINCE)
    ]
    turns: dict[str, list[Cost]] = {kind: [] for kind in PLACES}
    async with Database(server.app_url) as database:
        for known in RULES.values():
            await keep(database, known)
        async with _bench(database, home, province) as bench:
            for number in range(ROUNDS + 1):
                for kind in PLACES:
                    streams = [f"{kind.replace(' ', '-')}-{number}-{each}" for each in range(in_a_turn)]
                    turns[kind].append(await bench.turn(kind, streams))
        histories = {kind: await _histories(home, province, kind) for kind in PLACES}
        findings = [found async for found in verify(server.app_url, PinnedFold(PinnedRules(database)))]
    assert findings == [], findings[:3]
    return _result({kind: found[1:] for kind, found in turns.items()}, histories, in_a_turn)  # the first warms up


@asynccontextmanager
async def _bench(database: Database, home: Client, province: Client) -> AsyncIterator[Bench]:
    """Workers for all kinds, each kind on a task queue of its own, and officers."""
    journal = Watched(database)
    source = PinnedRules(database)
    dossiers = {}
    async with AsyncExitStack() as running:
        for kind, places in PLACES.items():
            queue = kind.replace(" ", "-")
            around = Fixed(places, {PROVINCE: province})
            for client in (home, province) if places.namespaces else (home,):
                if places.namespaces:
                    await ensure_endpoint(client, endpoint_of(client.namespace), queue)
                await running.enter_async_context(build_worker(client, journal, source, queue, around=around))
            dossiers[kind] = Dossiers(home, journal, queue, around=around)
        yield Bench(journal, dossiers)


async def _histories(home: Client, province: Client, kind: str) -> History:
    """The histories of one dossier of this kind and of its parts, added up."""
    root = f"{kind.replace(' ', '-')}-0-0"
    found = [await history_of(home, root)]
    if kind != ALONE:
        where = province if PLACES[kind].namespaces else home
        found += [await history_of(where, f"{root}/{name}") for name in PARTS]
    return History(sum(one.events for one in found), sum(one.bytes for one in found))


def _result(turns: dict[str, list[Cost]], histories: dict[str, History], in_a_turn: int) -> dict[str, Any]:
    """The row and its details."""
    parts = in_a_turn * len(PARTS)
    more = {
        kind: [(linked.cpu - plain.cpu) / parts for linked, plain in zip(turns[kind], turns[ALONE], strict=True)]
        for kind in (CHILD, NEXUS)
    }
    ratio = statistics.median(nexus / child for nexus, child in zip(more[NEXUS], more[CHILD], strict=True))
    row = {
        "name": f"CPU of a linked part, Nexus against child ({in_a_turn * 2 * ROUNDS} dossiers of three)",
        "value": round(ratio, 2),
        "unit": "ratio",
        "required": "stated",
        "passed": True,
    }
    details: dict[str, Any] = {"linked_dossiers": in_a_turn * 2 * ROUNDS, "parts_each": len(PARTS), "at_once": AT_ONCE}
    for kind, found in turns.items():
        details[f"dossier_{kind.replace(' ', '_')}"] = {
            "dossiers_per_second": round(in_a_turn / statistics.median(one.seconds for one in found), 1),
            "cpu_ms": _median_by_program(found, in_a_turn),
            "history_events": histories[kind].events,
            "history_bytes": histories[kind].bytes,
        }
    for kind in (CHILD, NEXUS):
        details[f"part_by_{kind}"] = {
            "cpu_ms": round(statistics.median(more[kind]), 1),
            "history_events": round((histories[kind].events - histories[ALONE].events) / len(PARTS), 1),
            "history_bytes": round((histories[kind].bytes - histories[ALONE].bytes) / len(PARTS)),
        }
    return {"row": row, "details": details}


def _median_by_program(turns: list[Cost], dossiers: int) -> dict[str, float]:
    programs = ("ours", "temporal", "postgres")
    return {name: round(statistics.median(getattr(one, name) for one in turns) / dossiers, 1) for name in programs}


def _until_now() -> Cost:
    children = psutil.Process().children(recursive=True)
    ours = time.process_time() * 1000
    return Cost(time.perf_counter(), ours, sum(_of(children, "temporal")), sum(_of(children, "postgres")))


def _of(processes: list[psutil.Process], name: str) -> Iterator[float]:
    """What processes of a name have used, with those they have outlived, in milliseconds."""
    for process in processes:
        try:
            if process.name() == name:
                yield sum(process.cpu_times()[:4]) * 1000  # user and system, then those of children that have ended
        except psutil.NoSuchProcess:
            continue  # its parent has it


def _order(command: c.Command) -> c.Order:
    name = CommandId(f"order-{next(_numbers)}")
    return c.Order(name, command, datetime.now(UTC), actor="lan", authority="X1", correlation_id="bench")


def main() -> None:
    """Print the figures."""
    result = run()
    row = result["row"]
    print(f"{row['name']}: {row['value']} {row['unit']}")
    print(msgspec.json.format(msgspec.json.encode(result["details"])).decode())


if __name__ == "__main__":
    main()
