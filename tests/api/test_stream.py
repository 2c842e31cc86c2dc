"""What happens, as it happens: server-sent events of what an officer may see."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from store.database import Database as Pool
from store.sequencer import Sequencer
from tests.support.http import System, keyed, received

STREAM = "/api/v1/events/stream"


@pytest.fixture(autouse=True)
async def _sequencing(system: System) -> AsyncIterator[None]:
    """Events get their places in the global order, as the projector's process sees to."""
    async with Pool(system.settings.database_url, size=2) as pool:
        task = asyncio.create_task(Sequencer(pool).run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _events(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The events of a stream, each checked against its own id and type."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif "data" in fields:
            event: dict[str, Any] = msgspec.json.decode(fields["data"])
            assert (str(event["position"]), event["type"]) == (fields["id"], fields["event"])
            yield event
            fields = {}


async def _next(events: AsyncIterator[dict[str, Any]], code: str, kind: str) -> dict[str, Any]:
    """The next event of this kind of this dossier."""
    async with asyncio.timeout(10):
        async for event in events:
            if (event["code"], event["type"]) == (code, kind):
                return event
    raise AssertionError(kind)


async def test_what_happens_now(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """Whoever follows hears of it at once, whoever acts."""
    async with lan.stream("GET", STREAM) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = _events(answer)
        code = await received(clerk)
        first = await _next(events, code, "dossier.received")
        assert (first["version"], first["actor"], first["authority"]) == (1, "clerk", "desk")
        await lan.post(f"/api/v1/dossiers/{code}/claim-task", json={}, headers=keyed())
        assert (await _next(events, code, "task.claimed"))["version"] == 5


async def test_taken_up_again(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """After a break nothing is missed and nothing is told twice."""
    async with lan.stream("GET", STREAM) as answer:
        code = await received(clerk)
        seen = await _next(_events(answer), code, "dossier.received")
    await lan.post(f"/api/v1/dossiers/{code}/claim-task", json={}, headers=keyed())
    async with lan.stream("GET", STREAM, headers={"Last-Event-ID": str(seen["position"])}) as answer:
        events = _events(answer)
        async with asyncio.timeout(10):
            versions = [(await anext(events))["version"] for _ in range(4)]
    assert versions == [2, 3, 4, 5]


async def test_only_what_one_may_see(system: System, clerk: httpx.AsyncClient) -> None:
    """Another commune's officer hears of his own dossiers and not of these; an auditor hears of all."""
    async with (
        system.client("other") as other,
        system.client("auditor") as auditor,
        other.stream("GET", STREAM) as theirs,
        auditor.stream("GET", STREAM) as all_of_it,
    ):
        foreign = await received(clerk)
        await _next(_events(all_of_it), foreign, "dossier.received")
        own = await received(other, received_by="stranger")
        async with asyncio.timeout(10):
            assert (await anext(_events(theirs)))["code"] == own


@pytest.mark.parametrize("given", ["x", "-1", "1e3", "9" * 16])
async def test_no_position(lan: httpx.AsyncClient, given: str) -> None:
    """400 for what is no id of this stream."""
    answer = await lan.get(STREAM, headers={"Last-Event-ID": given})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_last_event_id")
