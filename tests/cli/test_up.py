"""``motcua up``: the whole system, as a user starts, maltreats and stops it."""

import json
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
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime.embedded import binaries, ports
from runtime.embedded.child import as_owner
from runtime.embedded.state import StateDirectory

SECONDS_TO_READINESS = 40
"""It takes about five alone on two cores; here other tests run beside it."""
MODULE = ["-P", "-m", "cli"]
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the embedded system is tested on Linux only"),
    pytest.mark.timeout(180),
]


class Running:
    """A system that was started as ``motcua up --json``; ``lines`` is what it printed until it was ready."""

    def __init__(self, process: "subprocess.Popen[str]", directory: Path) -> None:
        began = time.monotonic()
        self.process = process
        self.directory = directory
        self.lines = list(self._until("ready"))
        self.seconds = time.monotonic() - began

    @property
    def urls(self) -> dict[str, str]:
        """What it says where to look."""
        urls: dict[str, str] = self.lines[-1]["urls"]
        return urls

    def part(self, name: str) -> dict[str, Any]:
        """A part's line of ``motcua status``."""
        _, answer = _status(self.directory)
        return next(part for part in answer["parts"] if part["name"] == name)

    def end(self, signum: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(signum)
        return self.process.wait(60)

    def await_part(self, name: str) -> dict[str, Any]:
        """Read on until a part is told of, and return its line."""
        return next(line for line in self._until("part", name) if line.get("part") == name)

    def _until(self, key: str, value: object = True) -> Iterator[dict[str, Any]]:  # noqa: FBT002  # JSON's true
        assert self.process.stdout is not None
        for text in self.process.stdout:
            line: dict[str, Any] = json.loads(text)
            yield line
            if line.get(key) == value:
                return
        pytest.fail(f"motcua up ended with {self.process.wait()}: {self.process.stderr and self.process.stderr.read()}")


@contextmanager
def _up(
    directory: Path,
    *options: str,
    python: str = sys.executable,
    env: dict[str, str] | None = None,
    owner: tuple[int, int] | None = None,
) -> Iterator[Running]:
    command = [python, *MODULE, "up", "--json", "--dir", str(directory), *options]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=directory.parent,
        env=env,
        **as_owner(owner),
    ) as process:
        try:
            yield Running(process, directory)
        finally:
            process.terminate()
            process.wait(60)
    _await_nothing_left(directory)


def _motcua(*arguments: str, directory: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *MODULE, *arguments, "--dir", str(directory)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def _status(directory: Path) -> tuple[int, dict[str, Any]]:
    answer = _motcua("status", "--json", directory=directory)
    status: dict[str, Any] = json.loads(answer.stdout)
    return answer.returncode, status


def _left(directory: Path) -> list[str]:
    """Processes that work in the state directory or were told of it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if int(process.name) != os.getpid() and (str(directory) in command or place.startswith(str(directory))):
            found.append(f"{process.name}: {command}")
    return found


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


def _await_nothing_left(directory: Path) -> None:
    deadline = time.monotonic() + 30
    while left := _left(directory):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An empty system that runs; its tests leave it running."""
    with _up(tmp_path_factory.mktemp("up") / "state", "--empty") as running:
        yield running


def test_it_is_ready_in_time_and_all_of_it_is_there(system: Running) -> None:
    """Every part is healthy, every URL that is printed answers."""
    assert system.seconds < SECONDS_TO_READINESS
    assert _status(system.directory)[0] == 0
    assert {"API docs", "Temporal UI", "metrics"} <= set(system.urls)
    for url in system.urls.values():
        assert httpx.get(url, follow_redirects=True).is_success


def test_a_second_start_in_its_directory_is_refused(system: Running) -> None:
    """The sentence says that it runs already."""
    second = _motcua("up", directory=system.directory)
    assert second.returncode == 1
    assert "already runs" in second.stderr


def test_tokens_are_issued_for_it(system: Running) -> None:
    """``motcua token`` finds the system's secret; the API knows the officer by it."""
    token = _motcua("token", "--officer", "bao.bui", directory=system.directory)
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
    while not (system.part(victim)["restarts"] == 1 and _status(system.directory)[0] == 0):
        assert time.monotonic() < deadline, _status(system.directory)


def test_another_system_beside_it_finds_free_ports(system: Running, tmp_path: Path) -> None:
    """It gets other ports and says so; ``--fresh`` starts it from nothing."""
    directory = tmp_path / "state"
    with StateDirectory(directory).claim():
        secret = StateDirectory(directory).secret("token-secret").read_text()
    with _up(directory, "--fresh", "--empty") as other:
        assert set(system.urls.values()).isdisjoint(other.urls.values())
        assert sum("is taken" in line.get("note", "") for line in other.lines) >= 4
        assert (directory / "token-secret").read_text() != secret


def test_a_new_system_is_filled_and_dies_as_a_whole(tmp_path: Path) -> None:
    """Sample dossiers of a quarter, the open ones alive, the store sound; ``kill -9`` leaves no child behind."""
    with _up(tmp_path / "state") as system:
        system.await_part("workflows")
        environment = {**os.environ, "MOTCUA_STATE_DIR": str(system.directory)}
        for check in ("verify", "reconcile"):
            subprocess.run([sys.executable, *MODULE, check], env=environment, check=True, capture_output=True)
        assert "motcua_dossiers_received_total{" in httpx.get(system.urls["metrics"]).text
        assert len(_left(system.directory)) > len(system.lines) // 2
        assert system.end(signal.SIGKILL) == -signal.SIGKILL


def test_a_stop_in_the_middle_leaves_no_process_and_state_survives(tmp_path: Path) -> None:
    """Ctrl-C while the sample is entered ends the servers that this needs too; the next start goes on from there."""
    directory = tmp_path / "state"
    with _up(directory) as system:
        deadline = time.monotonic() + 60
        while "temporal-test-server" not in (started := _descendants(system.process.pid)).values():
            assert time.monotonic() < deadline, started
        system.process.send_signal(signal.SIGINT)  # twice, as make and terminals do
        assert system.end(signal.SIGINT) == 0
    assert [pid for pid in started if _name(pid)] == []
    secret = (directory / "token-secret").read_text()
    with _up(directory) as system:
        assert any(line.get("part") == "migrations" and line["detail"] == "up to date" for line in system.lines)
        assert (directory / "token-secret").read_text() == secret
        system.await_part("workflows")
        assert _motcua("down", directory=directory).returncode == 0
        assert system.process.wait(60) == 0
    assert _status(directory)[0] == 1
    assert _motcua("down", directory=directory).returncode == 0


def test_a_port_of_ones_own_choice_that_is_taken_is_an_error(tmp_path: Path) -> None:
    """The sentence names the port; nothing was started."""
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = _motcua("up", "--port", str(port), directory=tmp_path / "state")
    assert answer.returncode == 1
    assert f"port {port} for the API is taken" in answer.stderr
    assert _left(tmp_path / "state") == []


def test_fresh_never_empties_a_foreign_directory(tmp_path: Path) -> None:
    """A typing error must not cost a home directory."""
    (tmp_path / "thesis.txt").touch()
    answer = _motcua("up", "--fresh", directory=tmp_path)
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
        with _up(place / "state", "--empty", python=python, env=environment, owner=(user.pw_uid, user.pw_gid)):
            assert (place / "state").stat().st_uid == user.pw_uid
            assert _status(place / "state")[0] == 0
    finally:
        shutil.rmtree(place)
