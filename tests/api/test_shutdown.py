"""Told to stop, the process ends what it has begun and takes nothing more."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from runtime import settings as names
from runtime.embedded import ports
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Database as Pool
from tests.support import http
from tests.support.databases import Database
from tests.support.http import keyed, token

LOG = "api.log"


@contextlib.contextmanager
def _process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """``motcua api`` in a process of its own, its log beside its state."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(names.PREFIX)}
    with (settings.state_dir / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "api"],
            env={**environment, **names.environment(settings)},
            stdout=log,
            stderr=subprocess.PIPE,
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_running_requests_end_well(database: Database, temporal_dev: EmbeddedTemporal, tmp_path: Path) -> None:
    """SIGTERM during a command: it is answered, new connections are not taken, streams end, the status is 0."""
    base = http.settings_of(database.app_url, temporal_dev.address, tmp_path)
    ready = tmp_path / "ready"
    settings = replace(base, api_port=ports.free_port(), ready_file=ready)
    async with Pool(settings.database_url, size=2) as pool:
        await http.publish(pool)
    url = f"http://127.0.0.1:{settings.api_port}"
    headers = {"Authorization": f"Bearer {token('clerk')}"}
    with _process(settings) as process:
        await _until(ready.exists)
        async with (
            http.working(settings),
            httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client,
            await psycopg.AsyncConnection.connect(database.url) as blocker,
        ):
            code = await http.received(client)
            await blocker.execute("LOCK TABLE streams IN ACCESS EXCLUSIVE MODE")
            stream = asyncio.create_task(client.get("/api/v1/events/stream"))
            running = asyncio.create_task(client.post(f"/api/v1/dossiers/{code}/withdraw", json={}, headers=keyed()))
            await _blocked(database)
            process.send_signal(signal.SIGTERM)
            await _until(lambda: not ports.accepts(settings.api_port))
            assert not running.done()
            await blocker.rollback()
            assert (await running).status_code == 200
            assert (await stream).status_code == 200
            assert await asyncio.to_thread(process.wait, 20) == 0
    _check_log(tmp_path / LOG, code)


def _check_log(path: Path, code: str) -> None:
    """One line for each request: which route, which dossier, how it ended, and nobody's name or number."""
    text = path.read_text()
    lines = [msgspec.json.decode(line) for line in text.splitlines()]
    answered = {(line["method"], line["route"], line["code"], line["status"]) for line in lines if "route" in line}
    assert ("POST", "/api/v1/dossiers", "", 201) in answered
    assert ("POST", "/api/v1/dossiers/{code}/withdraw", code, 200) in answered
    assert not [line for line in lines if line["level"] == "error"]
    assert not any(value in text for value in http.APPLICANT.values())
    assert "Bearer" not in text


async def _blocked(database: Database) -> None:
    """Return once somebody waits for a lock."""
    async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as connection, asyncio.timeout(20):
        while True:
            cursor = await connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            row = await cursor.fetchone()
            if row and row[0]:
                return
            await asyncio.sleep(0.02)


async def _until(seen: Callable[[], bool]) -> None:
    """Return once another process is seen to be so far."""
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(seen):  # noqa: ASYNC110  # no event crosses from process to process
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("missing", ["secret_file", "wrapping_key_file"])
def test_a_missing_key_is_named(tmp_path: Path, missing: str) -> None:
    """A process without its keys does not start, and says which setting is missing."""
    base = http.settings_of("postgresql://x@127.0.0.1:1/x", "127.0.0.1:1", tmp_path)
    settings = replace(base, api_port=ports.free_port(), **{missing: None})
    with _process(settings) as process:
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"MOTCUA_{missing.upper()}" in complaint.decode()
    assert "Traceback" not in complaint.decode()
