"""PostgreSQL or Temporal gone in the middle: 503 with Retry-After, and the same request succeeds once afterwards."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from api.probes import PROBE_SECONDS
from runtime.embedded import ports
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from store.database import Database as Pool
from tests.support import databases, http
from tests.support.http import PLAIN, System, keyed, received

RECEIPT = {"procedure": PLAIN, "components": ["don"], "applicant": http.APPLICANT}
APPRAISE = {"stage": "appraise"}


class Whole(NamedTuple):
    """A system with servers of its own, which a test may kill."""

    system: System
    postgres: EmbeddedPostgres
    temporal: EmbeddedTemporal


@pytest.fixture(scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    """Durable servers, a worker and an API."""
    directory = tmp_path_factory.mktemp("whole")
    postgres = EmbeddedPostgres(directory / "postgres", port=ports.free_port())
    temporal = EmbeddedTemporal(directory / "temporal", port=ports.free_port())
    await asyncio.gather(asyncio.to_thread(postgres.start), asyncio.to_thread(temporal.start))
    try:
        await asyncio.to_thread(databases.build_template, postgres)
        database = databases.clone(postgres)
        settings = http.settings_of(database.app_url, temporal.address, directory)
        async with Pool(settings.database_url, size=2) as pool:
            await http.publish(pool)
        async with http.working(settings), http.serving(settings) as system:
            yield Whole(system, postgres, temporal)
    finally:
        await asyncio.gather(asyncio.to_thread(temporal.stop), asyncio.to_thread(postgres.stop))


@pytest.fixture
async def clerk(whole: Whole) -> AsyncIterator[httpx.AsyncClient]:
    """The desk's clerk."""
    async with whole.system.client("clerk") as client:
        yield client


@pytest.fixture
async def lan(whole: Whole) -> AsyncIterator[httpx.AsyncClient]:
    """A specialist of the deciding office."""
    async with whole.system.client("lan") as client:
        yield client


def _is_away(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "unavailable"
    assert int(answer.headers["retry-after"]) > 0


async def _until_answered(send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """What a patient client gets: it repeats the same request as long as it is told to."""
    async with asyncio.timeout(60):
        while True:
            answer = await send()
            if answer.status_code != 503:
                return answer
            await asyncio.sleep(0.2)


async def _readiness(whole: Whole) -> tuple[int, dict[str, bool]]:
    async with whole.system.client() as nobody:
        answer = await nobody.get("/readyz")
        alive = await nobody.get("/healthz")
    assert alive.status_code == 200
    return answer.status_code, {name: part["ready"] for name, part in answer.json()["parts"].items()}


@pytest.mark.parametrize("part", ["postgresql", "temporal"])
async def test_gone_and_back(whole: Whole, clerk: httpx.AsyncClient, lan: httpx.AsyncClient, part: str) -> None:
    """Writes and reads are told to come again; when all is back, the same writes take effect once."""
    server = whole.postgres if part == "postgresql" else whole.temporal
    code = await received(clerk)
    receipt, command = keyed(), keyed()

    async def receive() -> httpx.Response:
        return await clerk.post("/api/v1/dossiers", json=RECEIPT, headers=receipt)

    async def appraise() -> httpx.Response:
        return await lan.post(f"/api/v1/dossiers/{code}/complete-task", json=APPRAISE, headers=command)

    await asyncio.to_thread(server.kill)
    try:
        status, parts = await _readiness(whole)
        assert status == 503
        assert parts == {"postgresql": part != "postgresql", "temporal": part != "temporal"}
        for answer in await asyncio.gather(receive(), appraise()):
            _is_away(answer)
        if part == "postgresql":
            for path in (f"dossiers/{code}", "tasks", "dossiers"):
                _is_away(await lan.get(f"/api/v1/{path}"))
        else:
            assert (await lan.get(f"/api/v1/dossiers/{code}")).status_code == 200, "reading needs no Temporal"
    finally:
        await asyncio.to_thread(server.start)
    taken, done = await asyncio.gather(_until_answered(receive), _until_answered(appraise))
    assert (taken.status_code, done.status_code) == (201, 200), (taken.text, done.text)
    assert (await receive()).content == taken.content
    assert (await appraise()).content == done.content
    assert (await _readiness(whole))[0] == 200
    for dossier, event in ((taken.json()["code"], "dossier.received"), (code, "task.completed")):
        history = (await clerk.get(f"/api/v1/dossiers/{dossier}/events")).json()["items"]
        assert [item["type"] for item in history].count(event) == 1


async def test_killed_under_load(whole: Whole, clerk: httpx.AsyncClient) -> None:
    """PostgreSQL killed while receipts pour in: every one ends with one dossier, and none with a defect."""
    keys = [keyed() for _ in range(40)]

    async def receive(headers: dict[str, str]) -> httpx.Response:
        return await _until_answered(lambda: clerk.post("/api/v1/dossiers", json=RECEIPT, headers=headers))

    async def crash() -> None:
        await asyncio.sleep(0.15)
        await asyncio.to_thread(whole.postgres.kill)
        await asyncio.to_thread(whole.postgres.start)

    *answers, _ = await asyncio.gather(*(receive(headers) for headers in keys), crash())
    assert {answer.status_code for answer in answers if answer} == {201}
    codes = {answer.json()["code"] for answer in answers if answer}
    assert len(codes) == len(keys)
    for code in codes:
        history = (await clerk.get(f"/api/v1/dossiers/{code}/events")).json()["items"]
        assert [item["type"] for item in history].count("dossier.received") == 1


async def test_both_are_away_at_the_start(tmp_path: Path) -> None:
    """A process that starts before its servers serves, and says what is missing."""
    database = f"postgresql://motcua:x@127.0.0.1:{ports.free_port()}/motcua"
    settings = http.settings_of(database, f"127.0.0.1:{ports.free_port()}", tmp_path)
    async with http.serving(settings) as system, system.client("lan") as lan:
        answer = await lan.get("/readyz")
        assert answer.status_code == 503
        assert {name: part["ready"] for name, part in answer.json()["parts"].items()} == {
            "postgresql": False,
            "temporal": False,
        }
        _is_away(await lan.get("/api/v1/tasks"))


async def test_silence_is_no_answer(tmp_path: Path) -> None:
    """Servers that take connections and say nothing: /readyz says so within its two seconds each, asked at once."""
    with socket.create_server(("127.0.0.1", 0)) as database, socket.create_server(("127.0.0.1", 0)) as temporal:
        url = f"postgresql://motcua:x@127.0.0.1:{database.getsockname()[1]}/motcua"
        settings = http.settings_of(url, f"127.0.0.1:{temporal.getsockname()[1]}", tmp_path)
        async with http.serving(settings) as system, system.client() as nobody:
            began = asyncio.get_running_loop().time()
            answer = await nobody.get("/readyz")
            elapsed = asyncio.get_running_loop().time() - began
    assert answer.status_code == 503
    assert [part["ready"] for part in answer.json()["parts"].values()] == [False, False]
    assert elapsed < 2 * PROBE_SECONDS
