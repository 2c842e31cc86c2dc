"""How many of carriers' callbacks are stored a second, and how fast a backlog of them reaches the dossiers.

Storing: the whole application takes form callbacks (authenticated, stored as they came, answered) in turns with a bare
route on the same kind of server that inserts the body as one row, over the same driver and pool to the same durable
PostgreSQL (fsync on). Server and client are processes of their own; the client keeps its connections.

Draining: callbacks for parcels of real dossiers, each sent twice, are in the inbox before the relay starts; worker,
relay and Temporal share the machine.
"""

import asyncio
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import psycopg
import yaml
from litestar import Litestar, Request, Response, post

from activities.carriers.loading import load_carriers
from api.app import create_app
from api.main import listen, opened
from api.server import serve
from bench.server import Server, benchmark_server
from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime import temporal
from runtime.embedded import ports
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Connection, Database
from store.inbox import Inbox
from store.postgres import PostgresJournal
from store.projections.projector import Projector
from store.rules_source import PinnedRules
from store.sequencer import Sequencer
from tests.domain.dossier.samples import rules
from tests.support.references import keep
from workers.dossier import build_worker
from workers.inbound import Inbound
from workflows.client import Dossiers

REQUIRED: Final = 0.70
ROUNDS: Final = 7
CALLBACKS: Final = 1500
"""Callbacks in one round."""
CONNECTIONS: Final = 16
SECRET: Final = "of-the-benchmark"  # noqa: S105  # of a server that lives as long as the benchmark
BACKLOG: Final = "MOTCUA_BENCH_BACKLOG"
"""Callbacks in the backlog; its default is small enough for every day, 50,000 is the figure to plan with."""
EVERY_DAY: Final = 2000
SCANS: Final = 5
"""Scans of one parcel; each is sent twice."""
AT_ONCE: Final = 100
"""Of the backlog, so many are stored together."""
QUEUE: Final = "bench-callbacks"
STATUSES: Final = ("10", "20", "30", "40", "50")
_BARE: Final = "CREATE TABLE bare_callbacks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)"
_INSERT: Final = b"INSERT INTO bare_callbacks (body) VALUES (%s) RETURNING id"


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the numbers of callbacks."""
    with benchmark_server() as server, tempfile.TemporaryDirectory(prefix="motcua-bench-") as directory:
        with psycopg.connect(server.owner_url, autocommit=True) as owner:
            owner.execute(_BARE)
            owner.execute("GRANT SELECT, INSERT ON bare_callbacks TO motcua_app")
        settings = _settings(server, Path(directory))
        accepted = _accepting(settings, max(50, int(CALLBACKS * scale)))
        backlog = int(os.environ.get(BACKLOG, max(100, int(EVERY_DAY * scale))))
        drained = asyncio.run(_drain(settings, Path(directory), backlog))
    ratio = accepted["ratio"]
    row = {
        "name": "callbacks stored against a bare INSERT over HTTP",
        "value": ratio,
        "unit": "ratio",
        "required": f">= {REQUIRED}",
        "passed": ratio >= REQUIRED,
    }
    return {"row": row, "details": {"accepted": accepted, "drained": drained}}


def _settings(server: Server, directory: Path) -> Settings:
    keys, secret, wrapping = directory / "keys.yaml", directory / "secret", directory / "wrapping"
    keys.write_text(yaml.safe_dump({"bccp": {"path_secrets": [SECRET]}}))
    secret.write_text(SECRET * 4)
    wrapping.write_text(bytes(range(32)).hex())
    return Settings(
        database_url=server.app_url,
        temporal_address=f"127.0.0.1:{ports.free_port()}",
        task_queue=QUEUE,
        secret_file=secret,
        wrapping_key_file=wrapping,
        carrier_keys_file=keys,
        log_level="error",
    )


# -- storing -----------------------------------------------------------------------------------------------------------


def _accepting(settings: Settings, number: int) -> dict[str, float]:
    """Rates of both routes, each the median of rounds that take turns, and our 99th percentile."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(settings, theirs), daemon=True)
    process.start()
    try:
        whole, bare = ours.recv()
        return asyncio.run(_compare(whole, bare, number))
    finally:
        process.terminate()
        process.join()


def _serve(settings: Settings, pipe: Pipe) -> None:
    """Serve both applications in this process until it is ended."""
    asyncio.run(_serving(settings, pipe))


async def _serving(settings: Settings, pipe: Pipe) -> None:
    from runtime import logging  # noqa: PLC0415  # the serving process only

    logging.configure("error", "bench")
    whole, bare = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
    ready = [asyncio.Event(), asyncio.Event()]
    async with opened(settings) as parts:

        @post("/bare")
        async def insert(request: Request[Any, Any, Any]) -> Response[bytes]:
            body = await request.body()

            async def work(connection: Connection) -> None:
                await (await connection.execute(_INSERT, (body,), prepare=True)).fetchone()

            await parts.database.run(work)
            return Response(b"OK", media_type="text/plain")

        simple = Litestar([insert], openapi_config=None, logging_config=None)
        applications = ((create_app(parts), whole, ready[0]), (simple, bare, ready[1]))
        async with asyncio.TaskGroup() as group:
            for application, listener, event in applications:
                group.create_task(serve(application, listener, on_ready=event.set, on_stop=parts.feed.close))
            for event in ready:
                await event.wait()
            pipe.send((whole.getsockname()[1], bare.getsockname()[1]))


async def _compare(whole: int, bare: int, number: int) -> dict[str, float]:
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    waits: list[float] = []
    for _ in range(ROUNDS + 1):
        for name, port, path in (("ours", whole, f"/post/bccp/callbacks/{SECRET}"), ("bare", bare, "/bare")):
            seconds, taken = await _send(port, path, number)
            rates[name].append(number / seconds)
            if name == "ours":
                waits = waits + taken if len(rates[name]) > 1 else []
    ours, inserts = (statistics.median(rates[name][1:]) for name in ("ours", "bare"))  # the first round warms up
    return {
        "callbacks_per_second": round(ours),
        "bare_inserts_per_second": round(inserts),
        "ratio": round(ours / inserts, 3),
        "p99_milliseconds": round(statistics.quantiles(waits, n=100)[98] * 1000, 2),
    }


async def _send(port: int, path: str, number: int) -> tuple[float, list[float]]:
    """Send so many over a few connections; the seconds that took, and those of each."""
    taken: list[float] = []
    left = iter(range(number))

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for one in left:
            began = time.perf_counter()
            writer.write(_request(path, f"B{one:09d}VN", STATUSES[one % len(STATUSES)]))
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
                message = f"the benchmark's callback was answered {head!r}"
                raise AssertionError(message)
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            taken.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began, taken


def _request(path: str, tracking: str, status: str) -> bytes:
    body = urlencode(_form(tracking, status, datetime.now(UTC))).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _form(tracking: str, status: str, at: datetime) -> dict[str, str]:
    return {"order_number": tracking, "status": status, "time": at.isoformat(), "location": "Cần Giuộc", "weight": "80"}


# -- draining ----------------------------------------------------------------------------------------------------------


async def _drain(settings: Settings, directory: Path, backlog: int) -> dict[str, float]:
    """Seconds until a backlog has reached the dossiers."""
    host, _, port = settings.temporal_address.rpartition(":")
    del host
    server = EmbeddedTemporal(directory / "temporal", port=int(port))
    server.start()
    try:
        async with _working(settings) as (database, dossiers):
            parcels = max(1, backlog // (2 * SCANS))
            await _order_parcels(dossiers, parcels)
            inbox = Inbox(database)
            await _fill(database, inbox, parcels)
            wanted = [("bccp", _tracking(one)) for one in range(parcels)]
            while len(await inbox.streams_of(wanted)) < parcels:  # noqa: ASYNC110  # another task's doing
                await asyncio.sleep(0.1)
            inbound = Inbound(inbox, dossiers, load_carriers(None, settings.carrier_keys_file))
            began = time.perf_counter()
            hands = [asyncio.create_task(inbound.run()) for _ in range(2)]
            while await inbox.next_due() is not None:  # noqa: ASYNC110  # another task's doing
                await asyncio.sleep(0.05)
            seconds = time.perf_counter() - began
            for hand in hands:
                hand.cancel()
            await asyncio.gather(*hands, return_exceptions=True)
            counts = (await inbox.counts())["bccp"]
    finally:
        server.stop()
    sent = parcels * SCANS * 2
    if counts.get("applied", 0) < sent:
        message = f"of {sent} callbacks {counts} is what became"
        raise AssertionError(message)
    return {"callbacks": sent, "parcels": parcels, "seconds": round(seconds, 1), "per_second": round(sent / seconds)}


@asynccontextmanager
async def _working(settings: Settings) -> AsyncIterator[tuple[Database, Dossiers]]:
    """A worker and a projector."""
    async with Database(settings.database_url, size=20) as database:
        client = await temporal.connect(settings)
        journal = PostgresJournal(database)
        await keep(database, rules())
        following = [asyncio.create_task(work) for work in (Sequencer(database).run(), Projector(database).run())]
        try:
            async with build_worker(client, journal, PinnedRules(database), QUEUE):
                yield database, Dossiers(client, journal, QUEUE)
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)


async def _order_parcels(dossiers: Dossiers, number: int) -> None:
    slots = asyncio.Semaphore(16)

    async def one(index: int) -> None:
        stream, now = Stream(f"D{index}"), datetime.now(UTC)
        submit = c.Order(CommandId("submit"), c.Submit(rules().procedure.id, c.Channel.POST, ()), now, actor="bench")
        order = c.Order(CommandId("order"), c.OrderCollection("bccp", _tracking(index)), now, actor="bench")
        async with slots:
            await dossiers.begin(stream, rules(), submit, timedelta(seconds=30))
            await dossiers.execute(stream, order, timedelta(seconds=30))

    await asyncio.gather(*(one(index) for index in range(number)))


async def _fill(database: Database, inbox: Inbox, parcels: int) -> None:
    """The backlog, every callback twice, parcels mixed; what the first half left is not looked at."""

    async def forget(connection: Connection) -> None:
        await connection.execute(b"UPDATE postal_inbox SET status = 'refused', reason = 'bench' WHERE status = 'new'")

    await database.run(forget)
    began = datetime.now(UTC) - timedelta(hours=1)
    for _ in range(2):
        for scan in range(SCANS):
            bodies = [
                urlencode(_form(_tracking(one), STATUSES[scan], began + timedelta(minutes=scan))).encode()
                for one in range(parcels)
            ]
            for first in range(0, len(bodies), AT_ONCE):
                some = bodies[first : first + AT_ONCE]
                await asyncio.gather(*(inbox.keep("bccp", datetime.now(UTC), "127.0.0.1", {}, body) for body in some))


def _tracking(index: int) -> str:
    return f"P{index:09d}VN"


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(run())).decode())
