"""``motcua migrate``, ``verify``, ``rebuild``: the schema, and what must always hold in the store."""

import asyncio
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output
from cli.output import EXIT_FAILED, BadInput, Failed, Json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from store.maintenance import Progress
    from store.verify import Finding

SHOWN = 100
"""Findings printed for people; ``--json`` prints all."""


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.command("migrate")(migrate)
    app.command("verify")(verify)
    app.command("rebuild")(rebuild)


def migrate(json: Json = False) -> None:
    """Bring the database to this program's schema. Safe to run from any number of processes at once."""
    from runtime import settings
    from store import migrate as schema

    applied = schema.upgrade(settings.load(os.environ).require_migration())
    if json:
        output.print_json({"applied": applied, "revision": schema.head()})
        return
    for revision in applied:
        sys.stdout.write(f"applied {revision}\n")
    sys.stdout.write(f"the schema is at {schema.head()}\n")


def verify(
    code: Annotated[str | None, typer.Argument(metavar="[CODE]", help="One dossier with its parts only.")] = None,
    json: Json = False,
) -> None:
    """Check hash chains, gaps, and that read models and projections equal their rebuild; status 1 for any fault."""
    from runtime import settings

    url = settings.load(os.environ).require_database()
    _require_schema(url)
    events, findings = asyncio.run(_verify(url, code, quiet=json))
    if json:
        output.print_json({"events": events, "sound": not findings, "findings": findings})
    else:
        _tell(events, findings)
    if findings:
        raise typer.Exit(EXIT_FAILED)


def rebuild(
    projection: Annotated[
        str | None, typer.Argument(metavar="[PROJECTION]", help="One of them only; 'dossiers' are the read models.")
    ] = None,
    json: Json = False,
) -> None:
    """Make read models and projections from events alone, beside the live ones, and put them in their place."""
    from runtime import settings
    from store.projections.registry import names_of

    url = settings.load(os.environ).require_migration()
    _require_schema(url)
    names = names_of(projection)
    done = {name: asyncio.run(_rebuild(url, name, quiet=json)) for name in names}
    if json:
        output.print_json({"rebuilt": done})
        return
    for name, number in done.items():
        sys.stdout.write(f"rebuilt {name} from {_counted(number, 'event')}\n")


def _require_schema(url: str) -> None:
    """Raise Failed where the database is not at this program's schema."""
    from store import migrate as schema

    if missing := schema.pending(url):
        message = f"the database lacks {_counted(len(missing), 'migration')}; run 'motcua migrate' first"
        raise Failed(message, code="schema_outdated")


async def _verify(url: str, code: str | None, *, quiet: bool) -> "tuple[int, list[Finding]]":
    from store.database import Database
    from store.folding import PinnedFold
    from store.rules_source import PinnedRules
    from store.verify import total
    from store.verify import verify as faults

    events = await total(url, code)
    if code is not None and events == 0:
        message = f'there is no dossier "{code}"'
        raise BadInput(message, code="unknown_dossier")
    async with Database(url, size=2, name="motcua-verify") as database:
        fold = PinnedFold(PinnedRules(database))
        with _bar("verifying", events, quiet=quiet) as progress:
            return events, [finding async for finding in faults(url, fold, code=code, progress=progress)]


async def _rebuild(url: str, name: str, *, quiet: bool) -> int:
    """Rebuild one; return how many events it follows from."""
    from store.database import Database
    from store.folding import PinnedFold
    from store.projections.rebuild import rebuild as rebuild_projection
    from store.projections.registry import READ_MODELS, named
    from store.readmodels import FoldFailed, rebuild_read_models
    from store.rules_source import PinnedRules
    from store.verify import total

    events = await total(url)
    with _bar(f"rebuilding {name}", events, quiet=quiet) as progress:
        if name != READ_MODELS:
            return await rebuild_projection(url, named(name), progress)
        async with Database(url, size=2, name="motcua-rebuild") as database:
            try:
                await rebuild_read_models(url, PinnedFold(PinnedRules(database)), progress)
            except FoldFailed as error:
                raise Failed(str(error), code="fold_failed") from error
    return events


def _tell(events: int, findings: "Sequence[Finding]") -> None:
    for finding in findings[:SHOWN]:
        at = f" version {finding.version}" if finding.version is not None else ""
        sys.stdout.write(f"{finding.stream or 'the store'}{at}: {finding.reason}: {finding.message}\n")
    if len(findings) > SHOWN:
        sys.stdout.write(f"and {len(findings) - SHOWN} more; --json prints all\n")
    sys.stdout.write(f"{_counted(events, 'event')}, {_counted(len(findings), 'fault')}\n")


@contextmanager
def _bar(what: str, whole: int, *, quiet: bool) -> "Iterator[Progress]":
    """Show on a terminal's stderr how many events are done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=whole)
        yield lambda done: bar.advance(task, done)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
