"""Child processes that never outlive their parent, however it ends.

Each child leads a session of its own, so that Ctrl-C at a terminal reaches only the parent, which then stops the
children in its own order. On Linux the kernel signals a child when its parent dies, ``kill -9`` included; spawn from a
thread that lives as long as the child is wanted, because the kernel watches the thread.
"""

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypedDict

import msgspec

from runtime.embedded import ports
from runtime.errors import StartFailed

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 8 * 1024 * 1024
"""Bytes after which a child's log is set aside as ``.1`` at its next start."""
QUOTED_LINES = 6
POLL_SECONDS = 0.02


class Program(msgspec.Struct, frozen=True):
    """What to run and how to end it.

    ``env`` is the whole environment of the child. ``owner`` is the unprivileged (uid, gid) to run as, none for one's
    own. Output goes to the file ``log``. ``stop`` asks for an orderly end within ``grace`` seconds; after that the
    whole process group is killed. ``port`` is where it listens, if it does.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str]
    port: int | None = None
    cwd: Path | None = None
    owner: tuple[int, int] | None = None
    stop: signal.Signals = signal.SIGTERM
    grace: float = 20.0


class Credentials(TypedDict, total=False):
    """The arguments with which ``subprocess`` drops privileges."""

    user: int
    group: int
    extra_groups: list[int]


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start the program and return at once; raise StartFailed where it cannot be executed."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    _set_aside(program.log)
    with program.log.open("ab") as log:
        try:
            return subprocess.Popen(
                program.argv,
                cwd=program.cwd,
                env=dict(program.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent(program.stop),  # noqa: PLW1509  # one system call, resolved beforehand
                **as_owner(program.owner),
            )
        except OSError as error:
            message = f"{program.name} cannot be started: {error}"
            raise StartFailed(message) from error


def as_owner(owner: tuple[int, int] | None) -> Credentials:
    """Return the arguments with which ``subprocess`` drops to ``owner``, supplementary groups included."""
    if owner is None:
        return {}
    uid, gid = owner
    return {"user": uid, "group": gid, "extra_groups": []}


def is_ready(program: Program, process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    """Say whether the process listens on its port and is ``ready``."""
    # Another program on the port would answer in the place of ours, until ours has found the port taken and ended.
    return (program.port is None or ports.held_by(process.pid, program.port)) and ready()


def await_ready(program: Program, process: subprocess.Popen[bytes], ready: Callable[[], bool], timeout: float) -> None:
    """Block until ``ready()``; raise StartFailed when the process ends first or ``timeout`` seconds pass."""
    deadline = time.monotonic() + timeout
    while not is_ready(program, process, ready):
        if process.poll() is not None:
            raise StartFailed(failure(program, f"ended with status {process.returncode}"))
        if time.monotonic() > deadline:
            raise StartFailed(failure(program, f"is not ready after {timeout:g} seconds"))
        time.sleep(POLL_SECONDS)


def terminate(program: Program, process: subprocess.Popen[bytes]) -> int:
    """End the program, kindly first and by force after its grace, and return its exit status."""
    if process.poll() is None:
        process.send_signal(program.stop)
    try:
        process.wait(program.grace)
    except subprocess.TimeoutExpired:
        kill_group(process)
    return process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the child and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def failure(program: Program, what: str) -> str:
    """Return a sentence about a failed program with the last lines of its log."""
    tail = log_tail(program.log)
    said = f"; its last words:\n{tail}" if tail else ""
    return f"{program.name} {what} (log: {program.log}){said}"


def log_tail(log: Path) -> str:
    """Return the last lines of a log file, the empty string where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-QUOTED_LINES:])


def _set_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_name(log.name + ".1"))


def _die_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """Return the function that the child runs before exec, none where the system has no such service."""
    if sys.platform != "linux":
        return None
    prctl = _prctl()
    parent = os.getpid()

    def arrange() -> None:
        # After the uid was dropped (that would clear it), before exec (which keeps it).
        prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


@functools.cache
def _prctl() -> Callable[..., int]:
    # Looked up in the parent: between fork and exec a child must not load libraries.
    function: Callable[..., int] = ctypes.CDLL(None, use_errno=True).prctl
    return function
