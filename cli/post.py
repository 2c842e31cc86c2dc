"""``motcua post``: what became of carriers' callbacks, and those that wait for an operator."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cli import output
from cli.output import BadInput, Json

if TYPE_CHECKING:
    from store.inbox import Inbox, Row

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The post: callbacks that are parked, and what becomes of them.")
    group.command("parked")(parked)
    group.command("refused")(refused)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("refuse")(refuse)
    group.command("counts")(counts)
    app.add_typer(group, name="post")


def parked(
    after: Annotated[int, typer.Option(min=0, help="Only those with a higher number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    json: Json = False,
) -> None:
    """List callbacks that wait for an operator, oldest first: about parcels that no dossier has, for the most part."""
    from store.inbox import Status

    _tell(_run(lambda inbox: inbox.listed(Status.PARKED, after, limit)), json=json)


def refused(
    after: Annotated[int, typer.Option(min=0, help="Only those with a higher number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    json: Json = False,
) -> None:
    """List callbacks that could not be used, each with the reason."""
    from store.inbox import Status

    _tell(_run(lambda inbox: inbox.listed(Status.REFUSED, after, limit)), json=json)


def show(number: Annotated[int, typer.Argument(help="The callback's number.")], json: Json = False) -> None:
    """Print a callback as it came, and what became of it."""

    async def both(inbox: "Inbox") -> "tuple[Row, dict[str, object]]":
        row, raw = await inbox.row(number), await inbox.raw(number)
        if row is None or raw is None:
            message = f"there is no callback {number}"
            raise BadInput(message, code="unknown_callback")
        return row, {"remote": raw.remote, "headers": raw.headers, "body": raw.body.decode("utf-8", "backslashreplace")}

    row, came = _run(both)
    if json:
        output.print_json({"callback": row, **came})
        return
    sys.stdout.write(f"{_line(row)}\nfrom {came['remote']}\n{came['headers']}\n\n{came['body']}\n")


def replay(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers of parked or refused callbacks.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are parked.")] = False,
    dossier: Annotated[str | None, typer.Option(help="Bring them to this dossier: they are about its parcel.")] = None,
    json: Json = False,
) -> None:
    """Have callbacks looked at anew: after a mapping was mended, or as words of a dossier that is named."""
    if bool(numbers) == every or (every and dossier):
        raise BadInput("name the callbacks by their numbers, or say --all (which goes to no single dossier)")

    async def again(inbox: "Inbox") -> int:
        from store.inbox import Status

        chosen = numbers or [row.id for row in await inbox.listed(Status.PARKED, limit=1_000_000)]
        return await inbox.replay(chosen, dossier)

    done = _run(again)
    if json:
        output.print_json({"replayed": done})
    else:
        sys.stdout.write(f"{done} will be looked at anew\n")


def refuse(
    numbers: Annotated[list[int], typer.Argument(help="Numbers of parked callbacks.")],
    why: Annotated[str, typer.Option(help="What was found out about them.")],
    json: Json = False,
) -> None:
    """Refuse parked callbacks for good: they are about nothing that any dossier here has."""
    if not why.strip():
        raise BadInput("say why these callbacks are refused: --why 'sent to us by mistake'", code="reason_missing")
    done = _run(lambda inbox: inbox.refuse(numbers, why))
    if json:
        output.print_json({"refused": done})
    else:
        sys.stdout.write(f"{done} are refused\n")


def counts(json: Json = False) -> None:
    """Print how many callbacks of each carrier are new, waiting, applied, refused, parked."""
    found = _run(lambda inbox: inbox.counts())
    if json:
        output.print_json({"carriers": found})
        return
    for carrier, by_status in found.items():
        sys.stdout.write(f"{carrier}: {', '.join(f'{number} {status}' for status, number in by_status.items())}\n")


def _run(work: "Callable[[Inbox], Awaitable[T]]") -> T:
    from runtime import settings
    from store.database import Database
    from store.inbox import Inbox

    url = settings.load(os.environ).require_database()

    async def opened() -> T:
        async with Database(url, size=2, name="motcua-post") as database:
            return await work(Inbox(database))

    return asyncio.run(opened())


def _tell(rows: "list[Row]", *, json: bool) -> None:
    if json:
        output.print_json({"callbacks": rows})
        return
    for row in rows:
        sys.stdout.write(_line(row) + "\n")
    if not rows:
        sys.stdout.write("there are none\n")


def _line(row: "Row") -> str:
    parts = [str(row.id), row.received_at.isoformat(timespec="seconds"), row.carrier, row.status.value]
    named = [row.tracking or "-", row.reason or "-", row.detail]
    return "  ".join([*parts, *named]).rstrip()
