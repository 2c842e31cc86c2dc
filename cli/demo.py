"""``motcua demo``: a quarter of a province's work in virtual time, and what the public box says of it."""

import logging
import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, RenderableType

from cli.output import BadInput, Failed, Json, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from domain.statistics import Box, Case
    from workers.demo import Result, Snapshot
    from workers.demo_store import Verdict

MOST = 20_000
"""Dossiers; a quarter of a mid-sized district's work, some half an hour of real time."""
SHOWN = 15
"""Late dossiers in the table for people; ``--json`` gives all."""


class Where(StrEnum):
    """Where the events are kept."""

    AUTO = "auto"
    POSTGRES = "postgres"
    MEMORY = "memory"


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command(name="demo")(demo)


def demo(
    dossiers: Annotated[int, typer.Option(metavar="N", help=f"How many, 1 to {MOST}.")] = 200,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed gives the same numbers.")] = 1,
    catalogue: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Whose procedures; those of the program if none is named.")
    ] = None,
    store: Annotated[
        Where,
        typer.Option(
            help="postgres: MOTCUA_DATABASE_URL, or a server of its own; auto: memory if that does not start."
        ),
    ] = Where.AUTO,
    json: Json = False,
) -> None:
    """Run real procedures through Temporal's time-skipping server over the first quarter of 2026.

    Invented officers are sometimes slow, ask for supplements, send back and reject; citizens answer late or never, and
    withdraw. Closes with the public statistics box, the late list and a check of the store.
    """
    from workers.simulation import run_in_virtual_time

    if not 1 <= dossiers <= MOST:
        message = f"--dossiers is 1 to {MOST}, not {dossiers}"
        raise BadInput(message)
    began = time.monotonic()
    screen = Screen(dossiers, drawn=not json and sys.stdout.isatty())
    result, verdict, kept = run_in_virtual_time(_run(dossiers, seed, catalogue, store, screen))
    seconds = time.monotonic() - began
    report = _report(dossiers, seed, result, verdict)
    if json:
        print_json(report | {"store": kept, "seconds": round(seconds, 1)})
    else:
        _print(report, kept, seconds)
    if verdict is not None and not verdict.sound:
        message = f"the store is not sound: {len(verdict.findings)} findings, first {verdict.findings[0].message}"
        raise Failed(message, code="not_sound")


async def _run(
    dossiers: int, seed: int, catalogue: Path | None, where: Where, screen: "Screen"
) -> "tuple[Result, Verdict | None, str]":
    import structlog

    from catalogue.loading import load_catalogue
    from catalogue.shipped import SHIPPED
    from workers.demo import Demo
    from workers.demo_plan import officers_of, plan
    from workers.demo_store import open_store
    from workers.simulation import time_skipping_server

    # Standard output is the demonstration's alone; that a database is away is told once, at the end.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    known = load_catalogue(catalogue or SHIPPED)
    if not known.procedures:
        message = f"the catalogue in {catalogue} holds no procedures"
        raise BadInput(message, code="no_procedures")
    arrivals = plan(known, dossiers, seed)
    screen.say("starting the store and Temporal")
    async with open_store(where.value, os.environ, screen.warn) as store, time_skipping_server() as environment:
        await store.prepare(arrivals)
        run = Demo(environment, store.journal, store.rules, officers_of(known), seed)
        with screen:
            result = await run.run(arrivals, screen.show)
        screen.say("verifying the store")
        return result, await store.verdict(), store.name


class Screen:
    """The live table; where nobody looks on, nothing is drawn."""

    def __init__(self, dossiers: int, *, drawn: bool) -> None:
        from rich.live import Live

        self._dossiers = dossiers
        self._console = Console(quiet=not drawn)
        self._live = Live(console=self._console, refresh_per_second=8, transient=True, auto_refresh=drawn)

    def __enter__(self) -> None:
        """Begin to draw."""
        self._live.start()

    def __exit__(self, *_: object) -> None:
        """Clear the table away."""
        self._live.stop()

    def say(self, what: str) -> None:
        """Tell what is being done."""
        self._console.print(f"[dim]{what} …[/dim]")

    def warn(self, sentence: str) -> None:
        """Tell on stderr what is not as it should be."""
        sys.stderr.write(f"motcua: {sentence}\n")

    def show(self, snapshot: "Snapshot") -> None:
        """Draw how far it is."""
        self._live.update(self._table(snapshot))

    def _table(self, now: "Snapshot") -> RenderableType:
        from rich.columns import Columns
        from rich.panel import Panel
        from rich.table import Table

        table = Table(title=f"{now.now:%a %d %b %Y %H:%M}", title_justify="left", show_header=False)
        table.add_column()
        table.add_column(justify="right")
        table.add_column(width=30)
        rows = (
            ("still to come", now.to_come, "dim"),
            ("submitted online, not yet received", now.submitted, "cyan"),
            ("in process", now.in_process, "blue"),
            ("  of these awaiting the citizen", now.awaiting_citizen, "yellow"),
            ("result ready", now.ready, "green"),
            ("closed", now.closed, "green"),
            ("overdue so far", now.overdue, "red"),
        )
        for name, number, style in rows:
            table.add_row(name, str(number), "█" * round(30 * number / self._dossiers), style=style)
        table.add_row("acts / events", f"{now.acts} / {now.events}", "")
        return Columns([table, Panel("\n".join(now.last), title="latest events", width=64)])


def _report(dossiers: int, seed: int, result: "Result", verdict: "Verdict | None") -> dict[str, Any]:
    """The numbers: the same for the same seed and catalogue."""
    from domain.statistics import box, figures, figures_by, late_list
    from workers.demo_plan import END, START

    return {
        "dossiers": dossiers,
        "seed": seed,
        "box": box(result.cases, result.as_of),
        "ii06": figures(result.cases, START, END).line(),
        "fields": {field: line.line() for field, line in sorted(figures_by(result.cases, _field, START, END).items())},
        "late": [_late(case) for case in late_list(result.cases, result.as_of)],
        "acts": result.acts,
        "refused": result.refused,
        "events": result.events,
        "verify": None if verdict is None else {"sound": verdict.sound, "findings": verdict.findings},
    }


def _field(case: "Case") -> str:
    return case.field


def _late(case: "Case") -> dict[str, Any]:
    from workers.demo_plan import START

    def local(moment: "datetime | None") -> str | None:
        return None if moment is None else moment.astimezone(START.tzinfo).isoformat()

    return {
        "code": case.dossier,
        "procedure": case.procedure,
        "due": local(case.due),
        "ready": local(case.ready_at),
        "late_working_hours": round(case.late_minutes / 60, 1),
        "overran": case.overran,
    }


def _print(report: dict[str, Any], kept: str, seconds: float) -> None:
    """The box and the late list for people."""
    from rich.table import Table

    box: Box = report["box"]
    console = Console(highlight=False)
    table = Table(title=f"Public statistics box, as of {box.as_of:%d/%m/%Y %H:%M}", title_justify="left")
    for name in ("processed", "early", "on time", "late", "late %", "open", "overdue", "oldest open"):
        table.add_column(name, justify="right")
    percent = "" if box.late_percent is None else f"{box.late_percent} %"
    oldest = "" if box.oldest_open_days is None else f"{box.oldest_open_days} days"
    numbers = (box.processed, box.early, box.on_time, box.late)
    table.add_row(*map(str, numbers), percent, str(box.open), str(box.overdue), oldest)
    console.print(table)
    late = report["late"]
    if late:
        console.print(_late_table(late))
        if len(late) > SHOWN:
            console.print(f"… and {len(late) - SHOWN} more; --json gives all")
    verify = report["verify"]
    said = "" if verify is None else f"; verify: {'clean' if verify['sound'] else 'NOT SOUND'}"
    console.print(f"{report['acts']} acts, {report['events']} events in {kept}, {seconds:.0f} s{said}")


def _late_table(late: list[dict[str, Any]]) -> RenderableType:
    from rich.table import Table

    table = Table(title=f"Late: {len(late)} (in working hours)", title_justify="left")
    for name in ("code", "procedure", "due", "ready"):
        table.add_column(name, no_wrap=True)
    table.add_column("hours", justify="right", no_wrap=True)
    table.add_column("stage that overran")
    for case in late[:SHOWN]:
        due, ready = _day_and_time(case["due"]), _day_and_time(case["ready"])
        hours = f"{case['late_working_hours']:g}"
        table.add_row(case["code"], case["procedure"], due, ready, hours, ", ".join(case["overran"]) or "–")
    return table


def _day_and_time(moment: str | None) -> str:
    return "not yet" if moment is None else f"{moment[8:10]}/{moment[5:7]} {moment[11:16]}"
