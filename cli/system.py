"""``motcua up``, ``down`` and ``status``: the whole system on one machine."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.output import Failed, Json
from runtime.stopping import on_stop

if TYPE_CHECKING:
    from cli.embedded import EmbeddedSystem
    from runtime.embedded.state import StateDirectory

Directory = Annotated[Path | None, typer.Option("--dir", help="Where its state lives [default: ./.motcua].")]
STOP_SECONDS = 120.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(
    directory: Directory = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the API and desk.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget everything first.")] = False,
    empty: Annotated[bool, typer.Option("--empty", help="Without sample dossiers.")] = False,
    separate: Annotated[
        bool,
        typer.Option("--separate-provinces", help="Province and centre in Temporal namespaces of their own, by Nexus."),
    ] = False,
    json: Json = False,
) -> None:
    """Start the whole system here: PostgreSQL, Temporal, workers, API and desk. Ctrl-C stops it."""
    from cli import embedded

    state = embedded.state_directory(directory, os.environ)
    reporter = _JsonReporter() if json else _LineReporter()
    with state.claim(fresh=fresh):
        reporter.begin(str(state.path))
        system = embedded.EmbeddedSystem(state, os.environ, port, reporter, separate=separate)
        asyncio.run(_run(system, reporter, sample=not empty))


def down(directory: Directory = None, json: Json = False) -> None:
    """Stop the system that runs in this directory."""
    from cli import embedded

    state = embedded.state_directory(directory, os.environ)
    pid = state.runner()
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        _await_end(state)
    if json:
        output.print_json({"stopped": pid is not None, "directory": str(state.path)})
    else:
        sys.stdout.write(f"{'stopped' if pid else 'nothing runs in'} {state.path}\n")


def status(directory: Directory = None, json: Json = False) -> None:
    """Show how every part of the system in this directory fares; ends with 1 unless all are well."""
    from cli import embedded, health

    state = embedded.state_directory(directory, os.environ)
    report = health.examine(state)
    if json:
        output.print_json(report)
    else:
        sys.stdout.write(health.as_text(report) + "\n")
    if not report.healthy:
        raise typer.Exit(output.EXIT_FAILED)


class _LineReporter:
    """For people: a line for each part."""

    def begin(self, directory: str) -> None:
        self._say(f"motcua in {directory}")

    def part(self, name: str, seconds: float, detail: str) -> None:
        self._say(f"  ok  {name:<12} {seconds:5.1f} s  {detail}".rstrip())

    def note(self, sentence: str) -> None:
        self._say(f"  !   {sentence}")

    def ready(self, urls: dict[str, str]) -> None:
        self._say("\nready:")
        for name, url in urls.items():
            self._say(f"  {name:<14} {url}")
        self._say("\nCtrl-C stops everything; what was stored stays.")

    def stopping(self) -> None:
        self._say("stopping ...")

    def stopped(self) -> None:
        self._say("stopped")

    def _say(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


class _JsonReporter:
    """For programs: a JSON object for each part."""

    def begin(self, directory: str) -> None:
        output.print_json_lines([{"directory": directory}])

    def part(self, name: str, seconds: float, detail: str) -> None:
        output.print_json_lines([{"part": name, "seconds": round(seconds, 3), "detail": detail}])

    def note(self, sentence: str) -> None:
        output.print_json_lines([{"note": sentence}])

    def ready(self, urls: dict[str, str]) -> None:
        output.print_json_lines([{"ready": True, "urls": urls}])

    def stopping(self) -> None:
        output.print_json_lines([{"stopping": True}])

    def stopped(self) -> None:
        output.print_json_lines([{"stopped": True}])


async def _run(system: "EmbeddedSystem", reporter: _LineReporter | _JsonReporter, *, sample: bool) -> None:
    """Run until a signal; a later one ends everything at once."""
    stop, task = asyncio.Event(), asyncio.current_task()
    on_stop(
        (signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
        lambda _: stop.set(),
        lambda _: task.cancel() if task is not None else None,
    )
    starting = asyncio.ensure_future(_start(system, reporter, sample=sample))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await stopping
    finally:
        starting.cancel()
        stopping.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await starting  # its failure, if any, is on its way already
        reporter.stopping()
        await _stop(system)
    reporter.stopped()


async def _stop(system: "EmbeddedSystem") -> None:
    try:
        await system.stop()
    except asyncio.CancelledError:
        raise Failed("stopped at once, as asked: what had not ended in order was killed", code="killed") from None


async def _start(system: "EmbeddedSystem", reporter: _LineReporter | _JsonReporter, *, sample: bool) -> None:
    reporter.ready(await system.start(sample=sample))
    await system.fill()


def _await_end(state: "StateDirectory") -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while (pid := state.runner()) is not None:
        if time.monotonic() > deadline:
            raise Failed(f"process {pid} in {state.path} has not stopped within {STOP_SECONDS:g} seconds")
        time.sleep(0.1)
