"""The frame of a process: it ends in order when asked, at once when asked twice, and its logs are JSON."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from runtime import stopping

COMMAND = [sys.executable, "-m", "tests.support.idle_process"]


@contextmanager
def _started(behaviour: str, directory: Path) -> Iterator["subprocess.Popen[str]"]:
    environment = {"MOTCUA_STATE_DIR": str(directory), "MOTCUA_READY_FILE": str(directory / "ready")}
    with subprocess.Popen([*COMMAND, behaviour], stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield process
        process.kill()


def _until(process: "subprocess.Popen[str]", event: str) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        entry: dict[str, Any] = json.loads(line)
        if entry["event"] == event:
            return entry
    pytest.fail(f"ended without {event}")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path: Path, signum: signal.Signals) -> None:
    """What ``main`` does in ``finally`` is done; the status is 0."""
    with _started("idle", tmp_path) as process:
        _until(process, "process.ready")
        assert (tmp_path / "ready").exists()
        process.send_signal(signum)
        assert _until(process, "process.stopping")["signal"] == signum.name
        _until(process, "idle.cleaned_up")
        _until(process, "process.stopped")
        assert process.wait(20) == 0


def test_an_impatient_signal_ends_it_at_once(tmp_path: Path) -> None:
    """An orderly end that hangs does not hold up the operator; the same request delivered twice is not impatience."""
    with _started("stubborn", tmp_path) as process:
        _until(process, "process.ready")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        _until(process, "stubborn.stays")
        began = time.monotonic()
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
        assert process.returncode == 128 + signal.SIGTERM
        assert time.monotonic() - began > stopping.SAME_REQUEST_SECONDS / 2


def test_a_defect_is_logged_and_ends_it(tmp_path: Path) -> None:
    """The log names the exception and its place; the status says failure."""
    with _started("failing", tmp_path) as process:
        entry = _until(process, "process.failed")
        assert "ZeroDivisionError: a defect" in entry["exception"]
        assert process.wait(20) == 1


def test_logs_are_json_with_their_context(tmp_path: Path) -> None:
    """Ours and the libraries' alike: level, time, process, and the dossier where one was bound."""
    with _started("talking", tmp_path) as process:
        ours = _until(process, "talking.ours")
        library = _until(process, "said something")
        names = _until(process, "talking.names")
    assert (ours["dossier"], ours["count"], ours["level"], ours["process"]) == ("H29.12-260302-0001", 1, "info", "test")
    assert (library["dossier"], library["level"], library["logger"]) == ("H29.12-260302-0001", "warning", "a.library")
    assert "dossier" not in names
    assert names["text"] == "một cửa"
    assert ours["timestamp"].endswith("Z")
