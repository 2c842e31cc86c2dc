"""``motcua up``: the whole system, as a user starts, maltreats and stops it."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from runtime.embedded import binaries, ports
from runtime.embedded.child import as_owner
from runtime.embedded.state import StateDirectory
from tests.support.running import MODULE, Running, left, motcua, status, up

SECONDS_TO_READINESS = 40
"""It takes about five alone on two cores; here other tests run beside it."""
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the embedded system is tested on Linux only"),
    pytest.mark.timeout(180),
]


def _descendants(pid: int) -> dict[int, str]:
    """Names of all processes below this one, by number."""
    children = [int(task) for path in Path(f"/proc/{pid}/task").glob("*/children") for task in path.read_text().split()]
    below = {number: name for child in children for number, name in _descendants(child).items()}
    return below | {child: name for child in children if (name := _name(child))}


def _name(pid: int) -> str:
    """The name of a process's program, the empty string where it has ended."""
    try:
        fields = (Path("/proc") / str(pid) / "status").read_text()
        return "" if "State:\tZ" in fields else Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An empty system that runs; its tests leave it running."""
    with up(tmp_path_factory.mktemp("up") / "state", "--empty") as running:
        yield running


def test_it_is_ready_in_time_and_all_of_it_is_there(system: Running) -> None:
    """Every part is healthy, every URL that is printed answers."""
    assert system.seconds < SECONDS_TO_READINESS
    assert status(system.directory)[0] == 0
    assert {"API docs", "Temporal UI", "metrics"} <= set(system.urls)
    for url in system.urls.values():
        assert httpx.get(url, follow_redirects=True).is_success


def test_a_second_start_in_its_directory_is_refused(system: Running) -> None:
    """The sentence says that it runs already."""
    second = motcua("up", directory=system.directory)
    assert second.returncode == 1
    assert "already runs" in second.stderr


def test_tokens_are_issued_for_it(system: Running) -> None:
    """``motcua token`` finds the system's secret; the API knows the officer by it."""
    token = motcua("token", "--officer", "bao.bui", directory=system.directory)
    assert token.returncode == 0, token.stderr
    worklist = system.urls["API docs"].replace("/schema", "/api/v1/tasks")
    assert httpx.get(worklist).status_code == HTTPStatus.UNAUTHORIZED
    bearer = {"Authorization": f"Bearer {token.stdout.strip()}"}
    assert httpx.get(worklist, headers=bearer).status_code == HTTPStatus.OK


@pytest.mark.parametrize("victim", ["worker", "PostgreSQL", "Temporal"])
def test_a_part_that_is_killed_comes_back(system: Running, victim: str) -> None:
    """It runs again, the others find it again, and ``status`` tells of the restart."""
    os.kill(system.part(victim)["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not (system.part(victim)["restarts"] == 1 and status(system.directory)[0] == 0):
        assert time.monotonic() < deadline, status(system.directory)


def test_another_system_beside_it_finds_free_ports(system: Running, tmp_path: Path) -> None:
    """It gets other ports and says so; ``--fresh`` starts it from nothing."""
    directory = tmp_path / "state"
    with StateDirectory(directory).claim():
        secret = StateDirectory(directory).secret("token-secret").read_text()
    with up(directory, "--fresh", "--empty") as other:
        assert set(system.urls.values()).isdisjoint(other.urls.values())
        assert sum("is taken" in line.get("note", "") for line in other.lines) >= 4
        assert (directory / "token-secret").read_text() != secret


def test_a_new_system_is_filled_and_dies_as_a_whole(tmp_path: Path) -> None:
    """Sample dossiers of a quarter, the open ones alive, the store sound; ``kill -9`` leaves no child behind."""
    with up(tmp_path / "state") as system:
        system.await_part("workflows")
        environment = {**os.environ, "MOTCUA_STATE_DIR": str(system.directory)}
        for check in ("verify", "reconcile"):
            subprocess.run([sys.executable, *MODULE, check], env=environment, check=True, capture_output=True)
        assert "motcua_dossiers_received_total{" in httpx.get(system.urls["metrics"]).text
        assert len(left(system.directory)) > len(system.lines) // 2
        assert system.end(signal.SIGKILL) == -signal.SIGKILL


def test_a_stop_in_the_middle_leaves_no_process_and_state_survives(tmp_path: Path) -> None:
    """Ctrl-C while the sample is entered ends the servers that this needs too; the next start goes on from there."""
    directory = tmp_path / "state"
    with up(directory) as system:
        deadline = time.monotonic() + 60
        while "temporal-test-server" not in (started := _descendants(system.process.pid)).values():
            assert time.monotonic() < deadline, started
        system.process.send_signal(signal.SIGINT)  # twice, as make and terminals do
        assert system.end(signal.SIGINT) == 0
    assert [pid for pid in started if _name(pid)] == []
    secret = (directory / "token-secret").read_text()
    with up(directory) as system:
        assert any(line.get("part") == "migrations" and line["detail"] == "up to date" for line in system.lines)
        assert (directory / "token-secret").read_text() == secret
        system.await_part("workflows")
        assert motcua("down", directory=directory).returncode == 0
        assert system.process.wait(60) == 0
    assert status(directory)[0] == 1
    assert motcua("down", directory=directory).returncode == 0


def test_a_port_of_ones_own_choice_that_is_taken_is_an_error(tmp_path: Path) -> None:
    """The sentence names the port; nothing was started."""
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = motcua("up", "--port", str(port), directory=tmp_path / "state")
    assert answer.returncode == 1
    assert f"port {port} for the API is taken" in answer.stderr
    assert left(tmp_path / "state") == []


def test_fresh_never_empties_a_foreign_directory(tmp_path: Path) -> None:
    """A typing error must not cost a home directory."""
    (tmp_path / "thesis.txt").touch()
    answer = motcua("up", "--fresh", directory=tmp_path)
    assert answer.returncode == 1
    assert "not a state directory" in answer.stderr
    assert (tmp_path / "thesis.txt").exists()


def _interpreter_for(user: pwd.struct_passwd) -> tuple[str, dict[str, str]]:
    """An interpreter that this user can reach, and the environment in which it finds our packages."""
    environment = {"HOME": "/nonexistent", "PATH": os.defpath, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    owner = as_owner((user.pw_uid, user.pw_gid))
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        try:
            subprocess.run([python, "-c", "import cli.main"], env=environment, cwd="/", check=True, **owner)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python, environment
    return pytest.skip(
        "an ordinary user cannot reach any interpreter here: they lie below directories closed to others"
    )


def test_an_ordinary_user_may_run_it() -> None:
    """Neither root nor a home directory is needed."""
    if os.geteuid() != 0:
        pytest.skip("the tests run as an ordinary user already")
    user = pwd.getpwnam(binaries.UNPRIVILEGED_USER)
    python, environment = _interpreter_for(user)
    # Not below tmp_path: pytest's own directories are closed to other users.
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        os.chown(place, user.pw_uid, user.pw_gid)
        with up(place / "state", "--empty", python=python, env=environment, owner=(user.pw_uid, user.pw_gid)):
            assert (place / "state").stat().st_uid == user.pw_uid
            assert status(place / "state")[0] == 0
    finally:
        shutil.rmtree(place)
