"""``motcua catalogue check``, ``import``, ``load``: procedures, authorities and calendars as files."""

import asyncio
import os
import sys
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cli import output
from cli.output import EXIT_BAD_INPUT, EXIT_FAILED, Failed, Json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalogue.faults import Fault
    from catalogue.importing import Imported
    from catalogue.loading import Catalogue
    from cli.catalogue_load import Loaded

PLACE = "Asia/Ho_Chi_Minh"
"""Whose day it is when changes are put in force today."""
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The catalogue's directory.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(
        help="Procedures, authorities and calendars: check, import and load them.", no_args_is_help=True
    )
    group.command("check")(check)
    group.command("import")(import_)
    group.command("load")(load)
    app.add_typer(group, name="catalogue")


def check(directory: Folder, json: Json = False) -> None:
    """Name file, line and reason of every fault; status 2 where there is one. Warnings alone are status 0."""
    from catalogue.checking import check_catalogue
    from catalogue.faults import Severity

    found = check_catalogue(directory)
    faults = [fault for fault in found if fault.severity is Severity.FAULT]
    if json:
        warnings = [fault for fault in found if fault.severity is Severity.WARNING]
        output.print_json({"directory": str(directory), "faults": faults, "warnings": warnings})
    else:
        _tell_faults(directory, found, len(faults))
    if faults:
        raise typer.Exit(EXIT_BAD_INPUT)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Published routes, one JSON object a line.")],
    directory: Folder,
    links: Annotated[bool, typer.Option("--links", help="Read changes of authority as links of the route.")] = False,
    json: Json = False,
) -> None:
    """Turn published routes into files of DIR/procedures. Each record that cannot be mapped is named; status 1 then."""
    from catalogue.importing import import_records

    with _bar(f"reading {file.name}", quiet=json) as tell:
        done = import_records(file, directory, links=links, progress=lambda line: tell(line, None))
    if json:
        output.print_json(done)
    else:
        _tell_import(directory, done)
    if done.unmapped:
        raise typer.Exit(EXIT_FAILED)


def load(
    directory: Folder,
    effective_from: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day from which changes are in force [default: today]."),
    ] = None,
    json: Json = False,
) -> None:
    """Put a sound catalogue into the database. Equal things stay as they are; new ones are in force from the start."""
    from catalogue.checking import check_catalogue
    from catalogue.faults import InvalidCatalogue, Severity
    from catalogue.loading import load_catalogue
    from runtime import settings

    faults = [fault for fault in check_catalogue(directory) if fault.severity is Severity.FAULT]
    if faults:
        raise InvalidCatalogue(directory, faults)
    day = effective_from.date() if effective_from else datetime.now(ZoneInfo(PLACE)).date()
    url = settings.load(os.environ).require_database()
    loaded = asyncio.run(_load(url, load_catalogue(directory), day, quiet=json))
    if json:
        output.print_json({"directory": str(directory), "effective_from": day, "loaded": loaded})
    else:
        _tell_loaded(directory, loaded)


async def _load(url: str, catalogue: "Catalogue", day: date, *, quiet: bool) -> "Loaded":
    from cli.catalogue_load import load_into
    from store.database import Database
    from store.errors import StoreUnavailable
    from store.references import References

    with _bar("loading", quiet=quiet) as tell:
        try:
            async with Database(url, size=2, name="motcua-catalogue") as database:
                return await load_into(References(database), catalogue, day, tell)
        except StoreUnavailable as error:
            raise Failed(f"the database does not answer: {error}", code="database_unavailable") from None


def _tell_loaded(directory: Path, loaded: "Loaded") -> None:
    for kind, counts in loaded.items():
        gone = f", {counts.gone} no longer in {directory} and still in force" if counts.gone else ""
        sys.stdout.write(f"{kind}: {counts.new} new, {counts.changed} changed, {counts.unchanged} unchanged{gone}\n")


def _tell_faults(directory: Path, found: "list[Fault]", faults: int) -> None:
    for fault in found:
        sys.stderr.write(f"{fault}\n")
    warnings = len(found) - faults
    sys.stdout.write(f"{directory}: {_counted(faults, 'fault')}, {_counted(warnings, 'warning')}\n")


def _tell_import(directory: Path, done: "Imported") -> None:
    for item in done.unmapped:
        named = f", id {item.id}" if item.id else ""
        sys.stderr.write(f"line {item.line}{named}: {item.reason}\n")
    changed = sum(item.changed for item in done.written)
    noted = sum(bool(item.notes) for item in done.written)
    sys.stdout.write(
        f"{_counted(done.records, 'record')}: {len(done.written)} in {directory}/procedures ({changed} new or changed, "
        f"{noted} with notes of the import), {len(done.unmapped)} not mapped\n"
    )


@contextmanager
def _bar(what: str, *, quiet: bool) -> "Iterator[Callable[[int, int | None], None]]":
    """Show how many (of how many) are done on a terminal's stderr."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
