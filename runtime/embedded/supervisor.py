"""Keeps a set of programs running: starts them in order, restarts those that die, stops them in reverse."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Callable

import msgspec

from runtime.embedded import child
from runtime.embedded.child import Program
from runtime.embedded.state import PartState
from runtime.errors import OperationalError, StartFailed

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds before a dead child is started again; doubled each time it dies soon."""
HEALTHY_SECONDS = 60.0
"""A child that ran this long has recovered; its next death counts as the first."""
READY_SECONDS = 60.0
POLL_SECONDS = 0.1


class Part(msgspec.Struct, frozen=True):
    """One program under supervision; ``prepare`` runs before each start. It and ``ready`` may block for a moment."""

    program: Program
    ready: Callable[[], bool]
    prepare: Callable[[], None] = lambda: None


async def end_of(process: "subprocess.Popen[bytes]") -> int:
    """Return the exit status of a child when it has ended."""
    # Polled: a thread that waits could not be cancelled, and a handful of polls costs nothing.
    while (status := process.poll()) is None:  # noqa: ASYNC110  # the kernel sets no asyncio.Event
        await asyncio.sleep(POLL_SECONDS)
    return status


class _Ward(msgspec.Struct):
    """A part with what became of it."""

    part: Part
    process: "subprocess.Popen[bytes]"
    started: float
    state: str = "starting"
    restarts: int = 0
    delay: float = FIRST_DELAY
    tending: "asyncio.Task[None] | None" = None


class Supervisor:
    """Runs parts until it is stopped.

    ``report`` is told in a sentence when something dies or comes back; ``changed`` is called with the state of all
    parts whenever it changes.
    """

    def __init__(self, report: Callable[[str], None], changed: Callable[[tuple[PartState, ...]], None]) -> None:
        self._report = report
        self._changed = changed
        self._wards: list[_Ward] = []

    async def start(self, part: Part) -> float:
        """Start a part, wait until it is ready and keep it running from then on; return the seconds it took.

        Raises StartFailed where it does not become ready; it then no longer runs.
        """
        began = time.monotonic()
        await asyncio.to_thread(part.prepare)
        ward = _Ward(part, child.spawn(part.program), began)
        self._wards.append(ward)
        try:
            await self._become_ready(ward)
        except StartFailed:
            await asyncio.to_thread(child.terminate, part.program, ward.process)
            self._wards.remove(ward)
            raise
        ward.tending = asyncio.create_task(self._tend(ward))
        return time.monotonic() - began

    async def stop(self) -> None:
        """Stop all parts, the last started first; when this returns or is cancelled, no process of theirs is left."""
        wards = self._wards[::-1]
        for ward in wards:
            if ward.tending is not None:
                ward.tending.cancel()
        try:
            for ward in wards:
                await asyncio.to_thread(child.terminate, ward.part.program, ward.process)
                self._set(ward, "stopped")
        finally:
            for ward in wards:
                if ward.process.poll() is None:
                    child.kill_group(ward.process)
                    ward.process.wait()

    async def _tend(self, ward: _Ward) -> None:
        while True:
            status = await end_of(ward.process)
            ward.delay = FIRST_DELAY if time.monotonic() - ward.started > HEALTHY_SECONDS else ward.delay
            log = ward.part.program.log
            self._report(
                f"{ward.part.program.name} ended with status {status}; next try in {ward.delay:g} s (log: {log})"
            )
            ward.restarts += 1
            self._set(ward, "restarting")
            await asyncio.sleep(ward.delay)
            ward.delay = min(2 * ward.delay, LONGEST_DELAY)
            with contextlib.suppress(OperationalError):
                await self._restart(ward)

    async def _restart(self, ward: _Ward) -> None:
        await asyncio.to_thread(ward.part.prepare)
        ward.started = time.monotonic()
        ward.process = child.spawn(ward.part.program)
        try:
            await self._become_ready(ward)
        except StartFailed:
            # Not ready in time: ended here, so that the loop above sees an end and tries again.
            await asyncio.to_thread(child.terminate, ward.part.program, ward.process)
            raise
        self._report(f"{ward.part.program.name} runs again")

    async def _become_ready(self, ward: _Ward) -> None:
        self._set(ward, "starting")
        program, deadline = ward.part.program, time.monotonic() + READY_SECONDS
        while not await asyncio.to_thread(child.is_ready, program, ward.process, ward.part.ready):
            if (status := ward.process.poll()) is not None:
                raise StartFailed(child.failure(program, f"ended with status {status}"))
            if time.monotonic() > deadline:
                raise StartFailed(child.failure(program, f"is not ready after {READY_SECONDS:g} seconds"))
            await asyncio.sleep(POLL_SECONDS)
        self._set(ward, "running")

    def notify(self) -> None:
        """Call ``changed`` with the state of all parts as it is now."""
        self._changed(tuple(_described(ward) for ward in self._wards))

    def _set(self, ward: _Ward, state: str) -> None:
        ward.state = state
        self.notify()


def _described(ward: _Ward) -> PartState:
    return PartState(
        name=ward.part.program.name,
        state=ward.state,
        pid=ward.process.pid if ward.process.poll() is None else None,
        restarts=ward.restarts,
        port=ward.part.program.port,
        log=str(ward.part.program.log),
    )
