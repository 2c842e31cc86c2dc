"""Pairs of requests sent at once: one effect for one key, one winner for one task; never a 500, never a step backwards.

MOTCUA_RACE_PAIRS says how many pairs of each kind (default: enough for every run; thousands for a long one).
"""

import asyncio
import itertools
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

import httpx
import pytest

from domain.dossier.history import state_of
from domain.dossier.view import Status
from domain.ids import Stream
from tests.support.http import PLAIN, System, keyed, received

PAIRS = int(os.environ.get("MOTCUA_RACE_PAIRS", "100"))
AT_ONCE = 8
"""Pairs in flight at once: more would only queue up for the two cores of a small machine."""
T = TypeVar("T")


@pytest.fixture
async def mai(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """Another specialist of the deciding office."""
    async with system.client("mai") as client:
        yield client


async def _send(who: httpx.AsyncClient, path: str, body: object, headers: dict[str, str]) -> httpx.Response:
    """Send a write; one that is told to come again (503) does, as it is."""
    while True:
        answer = await who.post(f"/api/v1/dossiers{path}", json=body, headers=headers)
        if answer.status_code != 503:
            return answer
        await asyncio.sleep(float(answer.headers["retry-after"]))


async def _each(items: Iterable[T], work: Callable[[T], Awaitable[None]]) -> None:
    """Work on all items, AT_ONCE of them at a time."""
    waiting = iter(items)

    async def some() -> None:
        for item in waiting:
            await work(item)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def _verify(system: System, code: str) -> list[str]:
    """Check that versions have no gap and that one command left one stretch of them; return the events' types."""
    records = await system.parts.journal.read(Stream(code))
    assert [record.version for record in records] == list(range(1, len(records) + 1))
    stretches = [command for command, _ in itertools.groupby(record.command_id for record in records)]
    assert len(stretches) == len(set(stretches))
    ranks = [state_of(records[: upto + 1]).status for upto in range(len(records))]
    order = [Status.SUBMITTED, Status.OPEN, Status.READY, Status.CLOSED]
    places = [order.index(status) for status in ranks if status in order]
    assert places == sorted(places), "no step backwards, no closed dossier reopened"
    return [record.type for record in records]


@pytest.mark.timeout(60 + PAIRS)
async def test_equal_receipts(system: System, clerk: httpx.AsyncClient) -> None:
    """Two equal receipts under one key: one dossier, and the same answer twice."""
    body = {"procedure": PLAIN, "components": ["don"], "applicant": {"name": "Nguyễn Thị An"}}

    async def race(_: int) -> None:
        headers = keyed()
        pair = await asyncio.gather(*(_send(clerk, "", body, headers) for _ in range(2)))
        assert [answer.status_code for answer in pair] == [201, 201], [answer.text for answer in pair]
        assert pair[0].content == pair[1].content
        assert (await _verify(system, pair[0].json()["code"])).count("dossier.received") == 1

    await _each(range(PAIRS), race)


@pytest.mark.timeout(60 + PAIRS)
async def test_equal_commands(system: System, clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """Two equal commands under one key: one effect, and the same answer twice."""

    async def race(number: int) -> None:
        code = await received(clerk)
        headers = keyed(version=4 if number % 2 else None)
        path = f"/{code}/complete-task"
        pair = await asyncio.gather(*(_send(lan, path, {"stage": "appraise"}, headers) for _ in range(2)))
        assert [answer.status_code for answer in pair] == [200, 200], [answer.text for answer in pair]
        assert pair[0].content == pair[1].content
        assert (await _verify(system, code)).count("task.completed") == 1

    await _each(range(PAIRS), race)


RIVALS = [
    ("claim-task", {}),
    ("complete-task", {"stage": "appraise"}),
    ("complete-task", {"stage": "appraise", "outcome": "reject"}),
    ("stop", {"reason": "Thử"}),
    ("request-supplement", {"reason": "Thiếu"}),
    ("suspend", {"reason": "verification"}),
]


@pytest.mark.timeout(60 + PAIRS)
async def test_different_commands_on_one_task(
    system: System, clerk: httpx.AsyncClient, lan: httpx.AsyncClient, mai: httpx.AsyncClient
) -> None:
    """Two officers act on what they both see: one wins, the other is told 412."""
    chance = random.Random(7)  # noqa: S311  # which commands meet, the same in every run

    async def race(_: int) -> None:
        code = await received(clerk)
        acts = [chance.choice(RIVALS) for _ in range(2)]
        pair = await asyncio.gather(
            *(
                _send(who, f"/{code}/{name}", body, keyed(version=4))
                for who, (name, body) in zip((lan, mai), acts, strict=True)
            )
        )
        told = sorted(answer.status_code for answer in pair)
        assert told == [200, 412], [answer.text for answer in pair]
        winner = next(answer for answer in pair if answer.status_code == 200).json()
        types = await _verify(system, code)
        assert types[4 : winner["version"]] == winner["events"]
        assert len(types) == winner["version"]

    await _each(range(PAIRS), race)


@pytest.mark.timeout(60 + PAIRS)
async def test_one_task_without_a_version(
    system: System, clerk: httpx.AsyncClient, lan: httpx.AsyncClient, mai: httpx.AsyncClient
) -> None:
    """Who names no version is judged by what there is when his turn comes: one completes, the other gets 403 or 409."""

    async def race(_: int) -> None:
        code = await received(clerk)
        pair = await asyncio.gather(
            *(_send(who, f"/{code}/complete-task", {"stage": "appraise"}, keyed()) for who in (lan, mai))
        )
        won = [answer for answer in pair if answer.status_code == 200]
        lost = [answer for answer in pair if answer.status_code in {403, 409}]
        assert (len(won), len(lost)) == (1, 1), [answer.text for answer in pair]
        assert (await _verify(system, code)).count("task.completed") == 1

    await _each(range(PAIRS), race)


@pytest.mark.timeout(60 + PAIRS)
async def test_the_end_and_what_comes_too_late(
    system: System, clerk: httpx.AsyncClient, lan: httpx.AsyncClient
) -> None:
    """The citizen withdraws while an officer works: whichever is first, the dossier is closed and stays so."""

    async def race(_: int) -> None:
        code = await received(clerk)
        withdrawn, worked = await asyncio.gather(
            _send(clerk, f"/{code}/withdraw", {"reason": "Rút"}, keyed()),
            _send(lan, f"/{code}/complete-task", {"stage": "appraise"}, keyed()),
        )
        assert withdrawn.status_code == 200, withdrawn.text
        assert worked.status_code in {200, 409}, worked.text
        types = await _verify(system, code)
        assert (await clerk.get(f"/api/v1/dossiers/{code}")).json()["status"] == "closed"
        after = types[types.index("dossier.closed") + 1 :]
        assert after == []

    await _each(range(PAIRS), race)
