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
        self.process = process
        self.directory = directory
        self.lines = list(self._until_ready())

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

    def _until_ready(self) -> Iterator[dict[str, Any]]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield json.loads(line)
            if "ready" in line:
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


def _await_nothing_left(directory: Path) -> None:
    deadline = time.monotonic() + 30
    while left := _left(directory):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_the_system_starts_survives_and_stops(tmp_path: Path) -> None:
    """Ready in time, every part healthy, every URL there; what dies comes back; ``down`` stops it; state survives."""
    directory = tmp_path / "state"
    began = time.monotonic()
    with _up(directory) as system:
        assert time.monotonic() - began < SECONDS_TO_READINESS
        assert _status(directory)[0] == 0
        assert {"API docs", "Temporal UI", "metrics"} <= set(system.urls)
        for url in system.urls.values():
            assert httpx.get(url, follow_redirects=True).is_success

        second = _motcua("up", directory=directory)
        assert second.returncode == 1
        assert "already runs" in second.stderr

        for victim in ("worker", "PostgreSQL", "Temporal"):
            os.kill(system.part(victim)["pid"], signal.SIGKILL)
            deadline = time.monotonic() + 30
            while not (system.part(victim)["restarts"] == 1 and _status(directory)[0] == 0):
                assert time.monotonic() < deadline, _status(directory)

        token = _motcua("token", "--officer", "bao.bui", directory=directory)
        assert token.returncode == 0, token.stderr
        secret = (directory / "token-secret").read_text()
        assert _motcua("down", directory=directory).returncode == 0
        assert system.process.wait(60) == 0
        assert _left(directory) == []
    with _up(directory) as system:
        assert {"part": "migrations", "detail": "up to date"}.items() <= system.lines[2].items()
        assert (directory / "token-secret").read_text() == secret
    assert _status(directory)[0] == 1
    assert _motcua("down", directory=directory).returncode == 0


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_no_child_outlives_the_system(tmp_path: Path, signum: signal.Signals, status: int) -> None:
    """Neither after Ctrl-C nor after ``kill -9``; SIGTERM is what ``down`` and every other test here send."""
    with _up(tmp_path / "state") as system:
        assert len(_left(tmp_path / "state")) > len(system.lines) // 2
        assert system.end(signum) == status


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


def test_fresh_forgets_and_a_second_system_finds_free_ports(tmp_path: Path) -> None:
    """Beside a running system another one gets other ports and says so; ``--fresh`` starts it from nothing."""
    first, second = tmp_path / "first", tmp_path / "second"
    with StateDirectory(second).claim():
        secret = StateDirectory(second).secret("token-secret").read_text()
    with _up(first) as one, _up(second, "--fresh") as other:
        assert set(one.urls.values()).isdisjoint(other.urls.values())
        assert sum("is taken" in line.get("note", "") for line in other.lines) >= 4
        assert (second / "token-secret").read_text() != secret


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
        with _up(place / "state", python=python, env=environment, owner=(user.pw_uid, user.pw_gid)):
            assert (place / "state").stat().st_uid == user.pw_uid
            assert _status(place / "state")[0] == 0
    finally:
        shutil.rmtree(place)
