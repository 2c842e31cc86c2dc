"""``motcua replay`` and ``upgrade``: a new version of the program, tried on running dossiers and then made current."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.output import EXIT_FAILED, BadInput, Failed, Json
from cli.recovery import bar

if TYPE_CHECKING:
    from runtime.settings import Settings
    from workers.upgrade import Differs, Upgrade

SHOWN = 100
"""Differences printed for people; ``--json`` prints all."""
AGAIN_SECONDS = 1.0
"""How long dossiers that were at work get before they are asked again."""


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.command("replay")(replay)
    app.command("upgrade")(upgrade)


def replay(
    limit: Annotated[int, typer.Option(min=0, help="Dossiers to try at most; 0: all that are open.")] = 0,
    json: Json = False,
) -> None:
    """Before a new version is deployed: repeat what running dossiers did with this program, and name what differs."""
    number, found = asyncio.run(_replay(_settings(), limit, quiet=json))
    if json:
        output.print_json({"replayed": number, "sound": not found, "differences": found})
    else:
        for difference in found[:SHOWN]:
            sys.stdout.write(f"{difference.stream}: {difference.message}\n")
        sys.stdout.write(f"{number} replayed, {len(found)} differ\n")
        if found:
            sys.stdout.write("give the workers of this version another MOTCUA_WORKER_BUILD than those that run\n")
    if found:
        raise typer.Exit(EXIT_FAILED)


def upgrade(
    build: Annotated[str, typer.Argument(help="MOTCUA_WORKER_BUILD of the workers that take over.")],
    patience: Annotated[float, typer.Option(min=0, help="Seconds to wait for dossiers that are at work.")] = 60.0,
    json: Json = False,
) -> None:
    """Make a version of the workers current and move every open dossier to it; then the old workers may be stopped."""
    left = asyncio.run(_upgrade(_settings(), build, patience, quiet=json))
    if json:
        output.print_json({"build": build, "left": left})
    elif left:
        sys.stdout.write(f"{left} dossiers are not on {build} yet; keep the old workers and run this again\n")
    else:
        sys.stdout.write(f"every open dossier is on {build}; the old workers may be stopped\n")
    if left:
        raise typer.Exit(EXIT_FAILED)


def _settings() -> "Settings":
    from runtime import settings

    return settings.load(os.environ)


async def _replay(settings: "Settings", limit: int, *, quiet: bool) -> tuple[int, "list[Differs]"]:
    done = 0
    async with _upgrading(settings) as (work, number):
        with bar("replaying", min(number, limit) if limit else number, quiet=quiet) as progress:

            def count(more: int) -> None:
                nonlocal done
                done += more
                progress(more)

            found = [difference async for difference in work.differences(count, limit=limit)]
    return done, found


async def _upgrade(settings: "Settings", build: str, patience: float, *, quiet: bool) -> int:
    from workers.upgrade import VersionUnknown, version_of

    clock = asyncio.get_running_loop().time
    async with _upgrading(settings) as (work, number):
        until = clock() + patience
        try:
            await work.make_current(version_of(settings.worker_deployment, build))
        except VersionUnknown as error:
            message = f"no worker of version {build} polls; start one with MOTCUA_WORKER_BUILD={build} first ({error})"
            raise BadInput(message, code="version_unknown") from error
        while True:
            with bar("moving", number, quiet=quiet) as progress:
                left = await work.move(build, progress)
            if not left or clock() > until:
                return left
            await asyncio.sleep(AGAIN_SECONDS)


@asynccontextmanager
async def _upgrading(settings: "Settings") -> "AsyncIterator[tuple[Upgrade, int]]":
    """The work over both servers, and how many streams are open; says in a sentence which of them is away."""
    from runtime import temporal
    from store.database import Database
    from store.errors import StoreUnavailable
    from store.open_streams import OpenStreams
    from workers.neighbours import dossiers_of
    from workers.upgrade import Upgrade
    from workflows.client import DossiersUnavailable

    url, client = settings.require_database(), await temporal.connect(settings)
    try:
        async with Database(url, size=4, name="motcua-upgrade") as database:
            streams = OpenStreams(database)
            yield Upgrade(streams, dossiers_of(settings, database, client)), await streams.count()
    except StoreUnavailable as error:
        raise Failed(str(error), code="database_unavailable") from error
    except DossiersUnavailable as error:
        message = f"Temporal at {settings.temporal_address} does not answer"
        raise Failed(message, code="temporal_unavailable") from error
