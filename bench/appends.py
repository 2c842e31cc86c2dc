"""How much the append contract costs: the journal against a bare INSERT loop.

Both write the same bytes, one commit for each command, over the same driver and pool to the same durable server (fsync
on), in turns within one run. The bare loop has everything ready beforehand and inserts it into one table with one
index: the events' rows, and the read models' rows as JSON beside the last event. The journal chains and hashes, checks
the stream's head and the command id, and keeps the read models as tables with their indexes. A second bare loop, which
writes the events only, shows what the read models cost.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, Final

import psycopg

from bench.server import Server, benchmark_server
from bench.workload import Command, commands_of_a_life
from domain.record import NO_HASH, Outcome
from store.database import Connection, Database
from store.postgres import PostgresJournal
from store.rows import RECORD_FIELDS

REQUIRED: Final = 0.60
ROUNDS: Final = 15
LIVES: Final = 40
"""Dossiers in one round, of four commands each."""
WRITERS: Final = (1, 8)

Life = list[Command]
Write = Callable[[Life], Awaitable[None]]


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the number of dossiers. The ratio that counts is that of one writer in a loop."""
    with benchmark_server() as server:
        results = {writers: asyncio.run(_compare(server, writers, max(2, int(LIVES * scale)))) for writers in WRITERS}
    ratio = results[1]["ratio"]
    row = {
        "name": "appends against a bare INSERT loop",
        "value": ratio,
        "unit": "ratio",
        "required": f">= {REQUIRED}",
        "passed": ratio >= REQUIRED,
    }
    return {"row": row, "details": {f"{writers} writers": figures for writers, figures in results.items()}}


def _describe(rates: dict[str, list[float]]) -> dict[str, float]:
    """Median rates, and the median of the ratios within each turn: a slow moment of the machine hits all ways alike."""
    turns = list(zip(*rates.values(), strict=True))
    return {
        "appends_per_second": round(statistics.median(rates["ours"])),
        "inserts_per_second": round(statistics.median(rates["bare"])),
        "inserts_of_events_only_per_second": round(statistics.median(rates["events"])),
        "ratio": round(statistics.median(ours / bare for ours, bare, _ in turns), 3),
        "ratio_to_events_only": round(statistics.median(ours / events for ours, _, events in turns), 3),
    }


async def _compare(server: Server, writers: int, lives: int) -> dict[str, float]:
    """Commands a second of the journal and of the bare loops, which take turns."""
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        owner.execute(_BARE_TABLE)
    rates: dict[str, list[float]] = {"ours": [], "bare": [], "events": []}
    async with Database(server.app_url, size=writers + 1) as database:
        ways = {
            "ours": _journal(PostgresJournal(database)),
            "bare": _loop(database, views=True),
            "events": _loop(database, views=False),
        }
        for _ in range(ROUNDS + 1):
            for name, write in ways.items():
                rates[name].append(await _timed(write, writers, lives))
    return _describe({name: found[1:] for name, found in rates.items()})  # the first turn warms up


async def _timed(write: Write, writers: int, lives: int) -> float:
    """Commands a second when ``writers`` write ``lives`` dossiers each, their commands made beforehand."""
    work = [[commands_of_a_life() for _ in range(lives)] for _ in range(writers)]

    async def writer(mine: list[Life]) -> None:
        for life in mine:
            await write(life)

    start = time.perf_counter()
    await asyncio.gather(*(writer(mine) for mine in work))
    return sum(len(life) for mine in work for life in mine) / (time.perf_counter() - start)


def _journal(journal: PostgresJournal) -> Write:
    """Write a life through the journal."""

    async def write(life: Life) -> None:
        prev_hash = NO_HASH
        for command in life:
            answer = await journal.append(command.append(prev_hash))
            if answer.outcome is not Outcome.APPENDED:
                message = f"the benchmark's append was answered {answer.outcome}"
                raise AssertionError(message)
            prev_hash = answer.records[-1].hash

    return write


def _loop(database: Database, *, views: bool) -> Write:
    """Write a life by plain INSERTs of rows that are ready, with or without the read models' bytes."""

    async def write(life: Life) -> None:
        for command in life:
            await _insert(database, command.rows, command.view if views else None)

    return write


async def _insert(database: Database, rows: list[list[Any]], view: str | None) -> None:
    """Insert one command's rows and commit."""
    values = [value for row in rows for value in (*row, None)]
    values[-1] = view

    async def work(connection: Connection) -> None:
        await connection.execute(_statement(len(rows)), values, prepare=True)

    await database.run(work)


@cache
def _statement(rows: int) -> bytes:
    """An INSERT of this many rows."""
    one = f"({', '.join(['%s'] * (len(RECORD_FIELDS) + 1))})"
    return f"INSERT INTO bare_events VALUES {', '.join([one] * rows)}".encode()


_BARE_TABLE: Final = """
    DROP TABLE IF EXISTS bare_events;
    CREATE TABLE bare_events (LIKE events INCLUDING STORAGE);
    ALTER TABLE bare_events DROP COLUMN command_digest, DROP COLUMN stored_at, DROP COLUMN xid,
        ADD COLUMN view jsonb, ADD PRIMARY KEY (stream, version);
    GRANT INSERT ON bare_events TO motcua_app
"""
