"""A whole system, started as a user starts it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from runtime.embedded.child import as_owner

MODULE: Final = ["-P", "-m", "cli"]


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
        _, answer = status(self.directory)
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
def up(
    directory: Path,
    *options: str,
    python: str = sys.executable,
    env: dict[str, str] | None = None,
    owner: tuple[int, int] | None = None,
) -> Iterator[Running]:
    """A system in this directory; at the end nothing of it is left."""
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
    await_nothing_left(directory)


def motcua(*arguments: str, directory: Path) -> "subprocess.CompletedProcess[str]":
    """What a command about the system in this directory answers."""
    command = [sys.executable, *MODULE, *arguments, "--dir", str(directory)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def status(directory: Path) -> tuple[int, dict[str, Any]]:
    """The exit status and the answer of ``motcua status``."""
    answer = motcua("status", "--json", directory=directory)
    told: dict[str, Any] = json.loads(answer.stdout)
    return answer.returncode, told


def left(directory: Path) -> list[str]:
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


def await_nothing_left(directory: Path) -> None:
    """Return when no process of the system is there any more; fail where one stays."""
    deadline = time.monotonic() + 30
    while remaining := left(directory):
        assert time.monotonic() < deadline, remaining
        time.sleep(0.05)
