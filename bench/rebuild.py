"""How fast the read models come out of events alone, on a million of them.

The events are those of real dossiers: some hundred lives with reminders, pauses and lateness, lived by the domain at
different times under the state calendar, each then copied under many codes with a hash chain of its own. Every event
is decoded and folded, every deadline counted anew, every row written and indexed, and the finished tables are swapped
in. What else goes through all events is measured beside it: the sequencer, an asynchronous projection, verification.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import psycopg

from bench.server import Server, benchmark_server
from catalogue.loading_calendars import own_calendars
from domain.dossier import commands as c
from domain.dossier.rules import Rules
from domain.ids import CalendarId, Stream
from domain.record import NO_HASH, Record
from store.database import Database
from store.event_ids import new_event_id
from store.folding import PinnedFold
from store.hashing import chain, content_of
from store.memory import MemoryJournal
from store.projections.activity import Activity
from store.projections.rebuild import rebuild
from store.readmodels import rebuild_read_models
from store.rows import RECORD_FIELDS
from store.rules_source import PinnedRules
from store.sequencer import Sequencer
from store.verify import verify
from tests.domain.dossier.samples import rules
from tests.support.lives import Lives
from tests.support.references import keep

EVENTS: Final = 1_000_000
TEMPLATES: Final = 200
FIRST: Final = datetime.fromisoformat("2026-03-02T08:00:00+07:00")
LATER: Final = datetime.fromisoformat("2026-09-01T08:00:00+07:00")
COPIED: Final = (*RECORD_FIELDS, "command_digest")


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the number of events."""
    with benchmark_server() as server:
        return asyncio.run(_measure(server, max(10_000, int(EVENTS * scale))))


async def _measure(server: Server, wanted: int) -> dict[str, Any]:
    """Generate, then time everything that goes through all events."""
    known = state_rules()
    lives = await _lives(known)
    async with Database(server.app_url, size=4) as database:
        await keep(database, known)
        began = time.perf_counter()
        events, streams = generate(server, lives, wanted)
        generated = time.perf_counter() - began
        fold = PinnedFold(PinnedRules(database))
        rates = {
            "read_models": await _rate(events, lambda: rebuild_read_models(server.owner_url, fold)),
            "sequencer": await _rate(events, lambda: _place(Sequencer(database), events)),
            "activity_projection": await _rate(events, lambda: rebuild(server.owner_url, Activity())),
            "verify": await _rate(events, lambda: _sound(server, fold)),
        }
    row = {
        "name": f"rebuild of the read models from {events} events",
        "value": rates["read_models"],
        "unit": "events/s",
        "required": "stated",
        "passed": True,
    }
    details = {f"{name}_events_per_second": rate for name, rate in rates.items()}
    return {"row": row, "details": {"streams": streams, "seconds_to_generate": round(generated, 1), **details}}


async def _rate(events: int, work: Callable[[], Awaitable[object]]) -> int:
    """Events a second."""
    began = time.perf_counter()
    await work()
    return round(events / (time.perf_counter() - began))


async def _place(sequencer: Sequencer, events: int) -> None:
    """Give every event its position."""
    placed = 0
    while placed < events:
        placed += await sequencer.step()


async def _sound(server: Server, fold: PinnedFold) -> None:
    """Verify everything; a finding would mean that something else was measured."""
    findings = [finding async for finding in verify(server.app_url, fold, projections=[Activity()])]
    assert not findings, findings[:3]


def state_rules() -> Rules:
    """A procedure of four stages on the state calendar."""
    spec = own_calendars()[CalendarId("vn-state")]
    return rules(calendar=spec)


async def _lives(known: Rules) -> list[list[Record]]:
    """Lives at random moments over some months: most end in time, some wait for the citizen, some are late or open."""
    chance = random.Random(1)  # noqa: S311  # the same load each time
    journal = MemoryJournal()
    lives = Lives(journal, known)
    acts: list[tuple[datetime, str, c.Command]] = []
    for number in range(TEMPLATES):
        acts.extend(_acts(chance, f"H29.12-260302-{number:04d}"))
    for moment, stream, command in sorted(acts, key=lambda act: act[0]):
        await lives.attempt(stream, moment.isoformat(), command)
    await lives.wait(LATER.isoformat())
    return [await journal.read(head.stream) for head in await journal.heads()]


def _acts(chance: random.Random, stream: str) -> Iterator[tuple[datetime, str, c.Command]]:
    """One dossier's commands, each some working time after the one before."""
    moment = FIRST + timedelta(minutes=chance.randrange(90 * 24 * 60))
    steps: list[c.Command] = [c.Receive(components=("don",)), c.CompleteTask("appraise"), c.CompleteTask("approve")]
    if chance.random() < 1 / 4:
        steps[1:1] = [c.RequestSupplement("thiếu bản sao", ("bansao",)), c.ProvideSupplement(("bansao",))]
    if chance.random() < 5 / 6:
        steps += [c.IssueResult(), c.ReturnResult()]
    for command in steps:
        yield moment, stream, command
        moment += timedelta(minutes=chance.randrange(4 * 24 * 60))


def generate(server: Server, lives: list[list[Record]], wanted: int) -> tuple[int, int]:
    """Copy lives under new codes until there are so many events; return how many events and streams there are."""
    events = streams = 0
    with psycopg.connect(server.owner_url) as owner:
        with owner.cursor().copy(f"COPY events ({', '.join(COPIED)}) FROM STDIN".encode()) as copy:
            for life in itertools.cycle(lives):
                streams += 1
                for row in _copied(life, Stream(f"H29.{streams % 100:02d}-260302-{streams:06d}")):
                    copy.write_row(row)
                    events += 1
                if events >= wanted:
                    break
        owner.execute(
            "INSERT INTO streams SELECT DISTINCT ON (stream) stream, stream, version, hash FROM events "
            "ORDER BY stream, version DESC"
        )
        owner.commit()
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE")
    return events, streams


def _copied(life: list[Record], stream: Stream) -> Iterator[list[Any]]:
    """A life's rows under another code, chained anew."""
    prev_hash = NO_HASH
    for record in life:
        content = msgspec.structs.replace(content_of(record), stream=stream, event_id=new_event_id())
        values = msgspec.structs.asdict(content) | {"prev_hash": prev_hash, "command_digest": b"digest"}
        prev_hash = values["hash"] = chain(prev_hash, content)
        values["data"] = bytes(content.data).decode()
        yield [values[name] for name in COPIED]
