"""``motcua calendar preview`` and ``publish``: a calendar's new version, tried on all that is open, then applied."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from cli import output
from cli.output import EXIT_FAILED, BadInput, Json

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from activities.revision_messages import Publication
    from domain.calendar import CalendarSpec
    from runtime.settings import Settings
    from store.database import Database
    from workers.calendar_trial import Trial
    from workflows.revision_messages import Progress
    from workflows.revisions import Revisions

File = Annotated[Path, typer.Argument(metavar="FILE", help="The calendar's new version, as a file of the catalogue.")]
RATE = 50.0
POLL_SECONDS = 0.5
SILENT_POLLS = 4
"""Questions in vain before the user is told what to look at."""


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="A calendar's new version: try it on every open dossier, apply it.", no_args_is_help=True)
    group.command("preview")(preview)
    group.command("publish")(publish)
    app.add_typer(group, name="calendar")


def preview(file: File, json: Json = False) -> None:
    """Tell how many open deadlines a new version moves, who becomes late by it and who is late no more."""
    from catalogue.loading_calendars import load_calendar_file
    from cli import calendar_report
    from runtime import settings

    spec = load_calendar_file(file)
    trial = asyncio.run(_preview(settings.load(os.environ), spec, quiet=json))
    if json:
        output.print_json(calendar_report.plain(trial))
    else:
        calendar_report.show(trial)


def publish(
    file: File,
    rate: Annotated[float, typer.Option(min=0.1, max=10_000, help="Dossiers a second, at most.")] = RATE,
    reason: Annotated[
        str, typer.Option(help="Why, as every dossier is told [default: what the new version changes].")
    ] = "",
    by: Annotated[str, typer.Option(help="The officer who publishes it.")] = "administrator",
    force: Annotated[
        bool, typer.Option("--force", help="Even where the new version cannot count some open deadlines.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Stay and show the progress; it goes on without.")] = True,
    json: Json = False,
) -> None:
    """Put a new version in force and revise every open dossier by it; status 1 where some could not follow.

    Safe to repeat: what is done already is not done again.
    """
    from catalogue.loading_calendars import load_calendar_file
    from runtime import settings

    spec = load_calendar_file(file)
    work = _publish(settings.load(os.environ), spec, Wish(rate, reason.strip(), by, force, wait), quiet=json)
    try:
        done = asyncio.run(work)
    except KeyboardInterrupt:
        sys.stderr.write("\nthe revision goes on; the same command shows it again\n")
        raise typer.Exit(EXIT_FAILED) from None
    _tell(done, json=json)
    if done.progress is not None and done.progress.failed:
        raise typer.Exit(EXIT_FAILED)


class Wish(msgspec.Struct, frozen=True):
    """How the user wants it published."""

    rate: float
    reason: str
    by: str
    force: bool
    wait: bool


class Published(msgspec.Struct, frozen=True):
    """What came of publishing. ``progress`` none: nobody waited, or it takes effect on a later day."""

    calendar: str
    version: str
    effective_from: "date"
    trial: "Trial"
    progress: "Progress | None"


async def _preview(settings: "Settings", spec: "CalendarSpec", *, quiet: bool) -> "Trial":
    from store.database import Database

    async with Database(settings.require_database(), size=1, name="motcua-calendar") as database:
        return await _trial(database, spec, quiet=quiet)


async def _publish(settings: "Settings", spec: "CalendarSpec", wish: Wish, *, quiet: bool) -> Published:
    from activities.revision_messages import Publication
    from runtime import temporal
    from store.database import Database
    from store.references import Kind, References
    from workflows.revisions import Revisions

    async with Database(settings.require_database(), size=2, name="motcua-calendar") as database:
        trial = await _trial(database, spec, quiet=quiet)
        if trial.preview.refused and not wish.force:
            raise BadInput(
                f"the new version cannot count {trial.preview.refused} open deadlines, e.g. that of "
                f"{trial.preview.refusals[0].dossier}: {trial.preview.refusals[0].message}; "
                "--force publishes it all the same, and those keep their version",
                code="deadlines_refused",
            )
        # Asked before anything is changed: without Temporal nothing would follow.
        revisions = Revisions(await temporal.connect(settings), settings.task_queue)
        day = trial.day
        version, _ = await References(database).publish(Kind.CALENDAR, spec.id, spec, day)
        progress = None
        if day == trial.today:
            why = wish.reason or trial.changes.in_words() or f"calendar {spec.id}, version {version}"
            publication = Publication(spec.id, version, why, wish.by)
            await revisions.begin(publication, wish.rate)
            progress = await _watch(revisions, publication, quiet=quiet) if wish.wait else None
        return Published(spec.id, version, day, trial, progress)


async def _trial(database: "Database", spec: "CalendarSpec", *, quiet: bool) -> "Trial":
    """Try the version. Raises BadInput where no calendar of this id is in force."""
    from domain.calendar import CalendarSpec
    from store.errors import UnknownReference
    from store.references import Kind, References
    from workers.calendar_trial import try_on

    now = datetime.now(UTC)
    with _bar("counting anew", 0, quiet=quiet) as advance:
        try:
            return await try_on(database, spec, now, lambda whole: advance(0, whole), advance)
        except UnknownReference:
            references = References(database)
            known = [item.id for item in await references.all_current(Kind.CALENDAR, now.date(), CalendarSpec)]
            raise BadInput(
                f'no calendar "{spec.id}" is in force, so no dossier counts by it; there are '
                f"{', '.join(known) or 'none'}. A new calendar comes with 'motcua catalogue load'",
                code="unknown_calendar",
            ) from None


async def _watch(revisions: "Revisions", publication: "Publication", *, quiet: bool) -> "Progress":
    """Show the progress until nothing more will be tried; servers may come and go meanwhile."""
    from workflows.revisions import RevisionsUnavailable

    silent = 0
    with _bar("revising", 0, quiet=quiet) as advance:
        shown = 0
        while True:
            try:
                progress = await revisions.progress(publication)
            except RevisionsUnavailable:
                silent += 1
                if silent == SILENT_POLLS:
                    sys.stderr.write("no answer yet; are Temporal and a worker running? see 'motcua status'\n")
            else:
                silent = 0
                advance(progress.done - shown, progress.total)
                shown = progress.done
                if progress.finished:
                    return progress
            await asyncio.sleep(POLL_SECONDS)


def _tell(done: Published, *, json: bool) -> None:
    from cli import calendar_report

    if json:
        output.print_json(
            {
                "calendar": done.calendar,
                "version": done.version,
                "effective_from": done.effective_from,
                "preview": calendar_report.plain(done.trial),
                "revision": done.progress,
            }
        )
    else:
        calendar_report.show_published(done.trial, done.version, done.effective_from, done.progress)


@contextmanager
def _bar(what: str, whole: int, *, quiet: bool) -> "Iterator[Callable[..., None]]":
    """Show on a terminal's stderr how many dossiers are done: told how many more, and the whole where it changes."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task(what, total=whole)

        def advance(more: int, total: int | None = None) -> None:
            progress.update(task, advance=more, total=total)

        yield advance
