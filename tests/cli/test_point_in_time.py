"""PostgreSQL's own means: a base copy and its log, restored to a moment between two orders of a day's work."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime.embedded import binaries, ports
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from store.database import Database as Pool
from tests.cli.test_recovery import LINKED, TIMEOUT, mortal, office
from tests.support import databases
from tests.support.databases import APPLICATION_PASSWORD, Database
from tests.support.references import keep

__all__ = ["mortal"]
NO_SYNC = {"fsync": "off"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server of the test's own, which another one is to replace."""
    server = EmbeddedPostgres(tmp_path / "first", port=ports.free_port(), options=NO_SYNC)
    server.start()
    databases.build_template(server)
    yield server
    server.stop()


def _client(server: EmbeddedPostgres, tool: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """A client program's command and environment."""
    address = ["--host=127.0.0.1", f"--port={server.port}", "--username=postgres"]
    environment = {"PATH": os.defpath, "LC_ALL": "C", "PGPASSWORD": server.password}
    return [str(binaries.postgres() / tool), *address, *arguments], environment


@contextmanager
def _archiving(server: EmbeddedPostgres, log: Path) -> Iterator[None]:
    """The write-ahead log is received as it is written, until the block ends."""
    log.mkdir()
    command, environment = _client(server, "pg_receivewal", f"--directory={log}", "--no-loop", "--synchronous")
    with subprocess.Popen(command, env=environment) as receiver:
        try:
            yield
        finally:
            receiver.send_signal(signal.SIGINT)


def _copy(server: EmbeddedPostgres, directory: Path) -> None:
    """The base copy: the whole cluster as it is, while officers work."""
    command, environment = _client(
        server, "pg_basebackup", f"--pgdata={directory}", "--wal-method=none", "--checkpoint=fast", "--no-sync"
    )
    subprocess.run(command, env=environment, check=True, capture_output=True)


def _restored(copy: Path, log: Path, password: str, moment: str) -> EmbeddedPostgres:
    """A cluster of the copy and of the log up to a moment."""
    for segment in log.iterdir():
        shutil.copy(segment, copy / "pg_wal" / segment.name.removesuffix(".partial"))
    (copy / "recovery.signal").touch()
    owner = binaries.database_owner()
    for path in (copy, *copy.rglob("*")):
        if owner:
            os.chown(path, *owner)
    (copy.parent / "password").write_text(password)
    target = {"recovery_target_time": moment, "recovery_target_action": "promote", "restore_command": "false"}
    return EmbeddedPostgres(copy.parent, port=ports.free_port(), options=NO_SYNC | target)


def _now(server: EmbeddedPostgres) -> str:
    return server.execute("SELECT clock_timestamp()")


async def test_back_to_a_moment_between_two_orders(
    mortal: EmbeddedTemporal, cluster: EmbeddedPostgres, tmp_path: Path
) -> None:
    """What came before it is there, what came after is not; Temporal knows more and is put right; work goes on."""
    database = await asyncio.to_thread(databases.clone, cluster)
    second, log = tmp_path / "second", tmp_path / "log"
    second.mkdir()
    async with Pool(database.app_url, size=2) as pool:
        await keep(pool, LINKED)
    with _archiving(cluster, log):
        async with office(mortal, database, LINKED) as opened:
            await opened.receive("A")
            await opened.dossiers.settle(Stream("A"))
            await asyncio.to_thread(_copy, cluster, second / "data")
            await opened.do("A/L1", c.AcknowledgeLink())
            await opened.receive("B")
            for stream in ("A", "B", "B/L1", "A/L1"):
                await opened.dossiers.settle(Stream(stream))
            before = {name: await opened.types(name) for name in ("A", "A/L1", "B", "B/L1")}
            moment = await asyncio.to_thread(_now, cluster)
            await opened.do("A/L1", c.CompleteTask("appraise"))
            await opened.receive("C")
            await opened.dossiers.settle(Stream("C"))
        await asyncio.to_thread(cluster.execute, "SELECT pg_switch_wal()")
    cluster.kill()

    restored = await asyncio.to_thread(_restored, second / "data", log, cluster.password, moment)
    await asyncio.to_thread(restored.start)
    try:
        app_url = restored.url(database.name, user="motcua_app", password=APPLICATION_PASSWORD)
        found = Database(database.name, restored.url(database.name), app_url)
        await asyncio.to_thread(_writable, restored)
        async with office(mortal, found, LINKED) as opened:
            opened.env |= {"MOTCUA_MIGRATION_URL": found.url}
            assert {name: await opened.types(name) for name in before} == before
            assert await opened.types("C") == []
            assert (await opened.command("skip-codes"))[0] == 0
            status, faults = await opened.reconcile("--fix")
            assert status == 0
            assert {(stream, kind) for stream, kind, _ in faults} >= {("A/L1", "other_history"), ("C", "beyond_store")}
            assert await opened.reconcile() == (0, [])
            status, verified = await opened.command("verify")
            assert (status, verified["findings"]) == (0, [])
            again = msgspec.structs.replace(opened.order(c.CompleteTask("appraise")), id=CommandId("again"))
            await opened.dossiers.execute(Stream("A/L1"), again, TIMEOUT)
            assert (await opened.types("A/L1"))[-2:] == ["task.completed", "task.opened"]
    finally:
        restored.stop()


def _writable(server: EmbeddedPostgres) -> None:
    """Wait until the server has left its recovery: it answers before that, but takes nothing."""
    while server.execute("SELECT pg_is_in_recovery()") != "f":
        pass
