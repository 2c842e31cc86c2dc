"""``motcua backup`` and ``restore``: the database as one file, by PostgreSQL's own tools. It is all that must be kept.

A backup is one moment of the store, whatever is written meanwhile. Temporal is left out: ``motcua revive`` starts every
open dossier from the store. The key files are left out too: whoever holds both could read the personal data.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import typer

from cli import output
from cli.output import BadInput, Failed, Json

SUFFIX: Final = ".dump"
UNFINISHED: Final = ".unfinished"
QUERY: Final = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}
"""Parameters of a URL's query that the tools are told; what else may stand there is for the running program."""

Target = Annotated[Path, typer.Argument(metavar="DIR|FILE", help="A directory gets a file named by the time.")]
Source = Annotated[Path, typer.Argument(metavar="FILE", help="What 'motcua backup' wrote.")]


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("skip-codes")(skip_codes)


def backup(target: Target, json: Json = False) -> None:
    """Write the whole database, as of one moment, to a new file. Officers may go on working."""
    from runtime import settings
    from store import upkeep

    url = settings.load(os.environ).require_migration()
    file = target / f"motcua-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}" if target.is_dir() else target
    if file.exists():
        message = f"{file} exists; a backup is never overwritten"
        raise BadInput(message, code="exists")
    _require_current(url)
    began = time.monotonic()
    unfinished = file.with_name(file.name + UNFINISHED)
    # Renamed only when it is whole and on the disk: what bears the name of a backup is one.
    unfinished.touch(mode=0o600)
    try:
        _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={unfinished}")
        _flush(unfinished)
        unfinished.rename(file)
        upkeep.note_backup(url, file.stat().st_size)
    finally:
        unfinished.unlink(missing_ok=True)
    seconds = round(time.monotonic() - began, 1)
    if json:
        output.print_json({"file": str(file), "bytes": file.stat().st_size, "seconds": seconds})
        return
    sys.stdout.write(f"{file}: {file.stat().st_size} bytes in {seconds} s\n")
    sys.stdout.write(
        "the files of MOTCUA_WRAPPING_KEY_FILE and MOTCUA_SECRET_FILE are not in it; keep them elsewhere\n"
    )


def restore(source: Source, json: Json = False) -> None:
    """Fill an empty database from a backup, all of it or nothing. Then: 'motcua migrate', 'verify', 'revive'."""
    from runtime import settings
    from store import checkup, roles

    chosen = settings.load(os.environ)
    url = chosen.require_migration()
    with source.open("rb"):  # raises what becomes a sentence, where it is missing or no file
        pass
    if checkup.tables(url):
        message = "the database is not empty; restore into a new one, for what is there is never overwritten"
        raise Failed(message, code="not_empty")
    application = urlsplit(chosen.database_url)
    own = application.username == roles.APPLICATION and chosen.migration_url and application.password
    roles.ensure_roles(url, unquote(application.password or "") if own else None)
    began = time.monotonic()
    _run(
        "pg_restore",
        url,
        "--no-owner",
        "--exit-on-error",
        "--single-transaction",
        f"--dbname={_database(url)}",
        str(source),
    )
    seconds = round(time.monotonic() - began, 1)
    number = _skip(url)
    if json:
        output.print_json({"file": str(source), "seconds": seconds, "codes_after": number})
        return
    sys.stdout.write(
        f"restored in {seconds} s; codes of dossiers go on after {number}, for some may stand on receipts that this "
        "store does not know\nnow 'motcua migrate', 'motcua verify', start workers, 'motcua revive'\n"
    )


def skip_codes(json: Json = False) -> None:
    """Never give out again a code that a store before this one may have given out. For point-in-time restores.

    'motcua restore' does it by itself.
    """
    from runtime import settings

    number = _skip(settings.load(os.environ).require_migration())
    if json:
        output.print_json({"codes_after": number})
        return
    sys.stdout.write(f"codes of dossiers go on after {number}, of every agency and every day until tomorrow\n")


def _skip(url: str) -> int:
    from store.codes import skip_codes as skip
    from store.database import Database

    async def work() -> int:
        async with Database(url, size=1, name="motcua-skip-codes") as database:
            return await skip(database, datetime.now(UTC))

    return asyncio.run(work())


def _require_current(url: str) -> None:
    """Raise Failed where there is nothing of ours to back up."""
    from store import checkup

    if not checkup.tables(url):
        message = "the database is empty; there is nothing to back up"
        raise Failed(message, code="empty")


def _run(tool: str, url: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools to its end; raise Failed with its last words where it fails."""
    from runtime.embedded import binaries

    argv = [str(binaries.postgres() / tool), "--no-password", *arguments]
    result = subprocess.run(argv, env={**os.environ, **_connection(url)}, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        said = " ".join(result.stderr.split())
        message = f"{tool} failed: {said[-500:]}"
        raise Failed(message, code=f"{tool}_failed")


def _database(url: str) -> str:
    return unquote(urlsplit(url).path.lstrip("/"))


def _connection(url: str) -> Mapping[str, str]:
    """How the tools find the database: in their environment, for everybody may read a program's arguments."""
    parts = urlsplit(url)
    given = {
        "PGHOST": parts.hostname,
        "PGPORT": parts.port and str(parts.port),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": _database(url),
        **{QUERY[name]: value for name, value in parse_qsl(parts.query) if name in QUERY},
    }
    return {name: value for name, value in given.items() if value}


def _flush(file: Path) -> None:
    """Wait until the file is on the disk."""
    with file.open("rb") as written:
        os.fsync(written)
