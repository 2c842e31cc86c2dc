"""``motcua reconcile`` and ``revive``: what should run, held against what runs, and begun again from the store."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from cli import output
from cli.output import EXIT_FAILED, Failed, Json

if TYPE_CHECKING:
    from runtime.settings import Settings
    from workers.recovery import Finding, Progress, Recovery

SHOWN = 100
"""Findings printed for people; ``--json`` prints all."""
PER_SECOND = 100.0


class Mended(msgspec.Struct, frozen=True):
    """One finding, and what was done about it."""

    stream: str
    kind: str
    message: str
    mended: bool


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.command("reconcile")(reconcile)
    app.command("revive")(revive)


def reconcile(
    fix: Annotated[bool, typer.Option("--fix", help="Begin every run that is not right anew from the store.")] = False,
    json: Json = False,
) -> None:
    """Find open dossiers that no workflow runs, timers that differ from the agenda, and lost or late hand-overs."""
    number, found = asyncio.run(_reconcile(_settings(), fix=fix, quiet=json))
    sound = all(finding.mended for finding in found)
    if json:
        output.print_json({"open": number, "sound": sound, "findings": found})
    else:
        _tell(number, found)
    if not sound:
        raise typer.Exit(EXIT_FAILED)


def revive(
    rate: Annotated[float, typer.Option(min=0.1, help="Workflows started a second, at most.")] = PER_SECOND,
    json: Json = False,
) -> None:
    """After the loss of Temporal: start the workflow of every open dossier from the store. Safe to run again."""
    number, started = asyncio.run(_revive(_settings(), rate, quiet=json))
    if json:
        output.print_json({"open": number, "started": started})
        return
    sys.stdout.write(f"{number} open, {started} started\n")


def _settings() -> "Settings":
    from runtime import settings

    return settings.load(os.environ)


async def _reconcile(settings: "Settings", *, fix: bool, quiet: bool) -> tuple[int, list[Mended]]:
    async with _recovery(settings) as (recovery, number):
        if not await recovery.manned():
            message = "no worker runs dossiers, so none can be looked at; start one with 'motcua worker'"
            raise Failed(message, code="no_worker")
        with bar("comparing", number, quiet=quiet) as progress:
            found = [
                _mended(finding, mended=fix and await recovery.mend(finding))
                async for finding in recovery.findings(progress)
            ]
            return number, found


async def _revive(settings: "Settings", rate: float, *, quiet: bool) -> tuple[int, int]:
    async with _recovery(settings) as (recovery, number):
        with bar("starting", number, quiet=quiet) as progress:
            return number, await recovery.revive(rate, progress)


@asynccontextmanager
async def _recovery(settings: "Settings") -> "AsyncIterator[tuple[Recovery, int]]":
    """The recovery over both servers, and how many streams are open; says in a sentence which of them is away."""
    from runtime import temporal
    from store.database import Database
    from store.errors import StoreUnavailable
    from store.open_streams import OpenStreams
    from store.postgres import PostgresJournal
    from workers.neighbours import dossiers_of
    from workers.recovery import Recovery
    from workflows.client import DossiersUnavailable

    url, client = settings.require_database(), await temporal.connect(settings)
    try:
        async with Database(url, size=4, name="motcua-recovery") as database:
            journal, streams = PostgresJournal(database), OpenStreams(database)
            dossiers = dossiers_of(settings, database, client)
            yield Recovery(journal, streams, dossiers), await streams.count()
    except StoreUnavailable as error:
        raise Failed(str(error), code="database_unavailable") from error
    except DossiersUnavailable as error:
        message = f"Temporal at {settings.temporal_address} does not answer"
        raise Failed(message, code="temporal_unavailable") from error


def _mended(finding: "Finding", *, mended: bool) -> Mended:
    return Mended(finding.stream, finding.kind, finding.message, mended)


def _tell(number: int, found: list[Mended]) -> None:
    for finding in found[:SHOWN]:
        what = ": begun anew" if finding.mended else ""
        sys.stdout.write(f"{finding.stream}: {finding.kind}: {finding.message}{what}\n")
    if len(found) > SHOWN:
        sys.stdout.write(f"and {len(found) - SHOWN} more; --json prints all\n")
    mended = sum(finding.mended for finding in found)
    sys.stdout.write(f"{number} open, {len(found)} not right, {mended} begun anew\n")


@contextmanager
def bar(what: str, whole: int, *, quiet: bool) -> "Iterator[Progress]":
    """Show on a terminal's stderr how many dossiers are done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=whole)
        yield lambda number: bar.advance(task, number)
