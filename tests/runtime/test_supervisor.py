"""The supervisor: in order up, in reverse down, what dies comes back, nothing is left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.embedded.child import Program
from runtime.embedded.state import PartState
from runtime.embedded.supervisor import Part, Supervisor
from runtime.errors import StartFailed

SERVES = "import pathlib, signal, sys; pathlib.Path(sys.argv[1]).touch(); signal.pause()"
DIES = "print('no such luck'); raise SystemExit(3)"
NEVER_READY = "import signal; signal.pause()"
STUBBORN = (
    "import pathlib, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "pathlib.Path(sys.argv[1]).touch(); [signal.pause() for _ in range(9)]"
)


class Witness:
    """A supervisor under observation: what it reported, and every state its parts were in."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.states: list[tuple[PartState, ...]] = []
        self.changed = asyncio.Event()
        self.supervisor = Supervisor(self.said.append, self._note)

    def _note(self, states: tuple[PartState, ...]) -> None:
        self.states.append(states)
        self.changed.set()

    def now(self, name: str) -> PartState:
        """The present state of a part."""
        return next(state for state in self.states[-1] if state.name == name)

    async def until(self, name: str, state: str, restarts: int) -> PartState:
        """Wait until a part is in this state after so many restarts."""
        while (now := self.now(name)).state != state or now.restarts != restarts:
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 20)
        return now


@pytest.fixture
async def witness() -> AsyncIterator[Witness]:
    """A supervisor that is stopped at the end of the test."""
    watched = Witness()
    yield watched
    await watched.supervisor.stop()


def _part(directory: Path, name: str, code: str = SERVES, grace: float = 10.0) -> Part:
    sign = directory / f"{name}.ready"
    program = Program(
        name=name,
        argv=(sys.executable, "-c", code, str(sign)),
        log=directory / f"{name}.log",
        env=dict(os.environ),
        grace=grace,
    )
    return Part(program, sign.exists, lambda: sign.unlink(missing_ok=True))


def _gone(pid: int | None) -> bool:
    return pid is not None and not Path(f"/proc/{pid}").exists()


async def test_parts_stop_in_reverse_and_none_is_left(tmp_path: Path, witness: Witness) -> None:
    """The last started stops first; afterwards no process is left."""
    for name in ("first", "second", "third"):
        await witness.supervisor.start(_part(tmp_path, name))
    pids = [state.pid for state in witness.states[-1]]
    await witness.supervisor.stop()
    order = [[state.name for state in states if state.state == "stopped"] for states in witness.states]
    assert [names for names in order if names] == [["third"], ["second", "third"], ["first", "second", "third"]]
    assert all(_gone(pid) for pid in pids)


async def test_what_dies_comes_back_and_is_reported(tmp_path: Path, witness: Witness) -> None:
    """A killed child runs again under another process id, and the report names it and its log."""
    await witness.supervisor.start(_part(tmp_path, "worker"))
    pid = witness.now("worker").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    again = await witness.until("worker", "running", 1)
    assert again.pid not in {None, pid}
    assert "worker ended with status -9" in witness.said[0]
    assert "worker.log" in witness.said[0]
    assert "worker runs again" in witness.said[1]


async def test_a_part_that_ends_at_its_start_is_refused_with_its_last_words(tmp_path: Path, witness: Witness) -> None:
    """Whoever starts the system learns why it does not."""
    with pytest.raises(StartFailed, match=r"(?s)bad ended with status 3.*no such luck"):
        await witness.supervisor.start(_part(tmp_path, "bad", DIES))


async def test_a_part_that_cannot_be_executed_is_refused(tmp_path: Path, witness: Witness) -> None:
    """A missing program is a sentence."""
    part = Part(Program("none", (str(tmp_path / "missing"),), tmp_path / "log", {}), lambda: True)
    with pytest.raises(StartFailed, match="none cannot be started"):
        await witness.supervisor.start(part)


async def test_stopping_while_a_part_is_starting_leaves_nothing(tmp_path: Path, witness: Witness) -> None:
    """Ctrl-C during the start."""
    starting = asyncio.create_task(witness.supervisor.start(_part(tmp_path, "slow", NEVER_READY)))
    await asyncio.wait_for(witness.changed.wait(), 20)
    pid = witness.now("slow").pid
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await witness.supervisor.stop()
    assert _gone(pid)


async def test_a_part_that_ignores_the_request_is_killed_after_its_grace(tmp_path: Path, witness: Witness) -> None:
    """Nothing holds up a stop for ever."""
    await witness.supervisor.start(_part(tmp_path, "stubborn", STUBBORN, grace=0.2))
    pid = witness.now("stubborn").pid
    await witness.supervisor.stop()
    assert _gone(pid)


async def test_an_impatient_second_request_kills_at_once(tmp_path: Path, witness: Witness) -> None:
    """A second Ctrl-C cancels the orderly stop; what still runs is killed."""
    await witness.supervisor.start(_part(tmp_path, "stubborn", STUBBORN, grace=3600.0))
    pid = witness.now("stubborn").pid
    stopping = asyncio.create_task(witness.supervisor.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    assert _gone(pid)
