"""``motcua simulate``: a scenario file lived through in virtual time, one JSON object a line."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import Json, print_json_lines

if TYPE_CHECKING:
    from domain.scenario import Scenario


class Engine(StrEnum):
    """What carries the scenario out."""

    PURE = "pure"
    TEMPORAL = "temporal"


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command(name="simulate")(simulate)


def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A scenario file (YAML).")],
    engine: Annotated[
        Engine,
        typer.Option(help="pure: in this process; temporal: workflows and timers on Temporal's time-skipping server."),
    ] = Engine.PURE,
    catalogue: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where procedures are that the file does not define.")
    ] = None,
    json: Json = False,
) -> None:
    """Live through a scenario and print every event, every refused command and a summary of each dossier as JSON lines.

    Both engines print the same bytes. Commands are carried out in order of "at", those of one instant in the order of
    the file; a refused command is printed and the scenario goes on.
    """
    from catalogue.loading_scenarios import load_scenario
    from catalogue.shipped import SHIPPED
    from domain.simulation import lines

    del json  # the output is JSON anyway; the option makes errors JSON, as everywhere
    scenario = load_scenario(file, catalogue or SHIPPED)
    if engine is Engine.PURE:
        print_json_lines(lines(scenario))
        return
    from workers.simulation import run_in_virtual_time

    run_in_virtual_time(_by_temporal(scenario))


async def _by_temporal(scenario: "Scenario") -> None:
    import structlog

    from workers.simulation import lines_by_temporal, time_skipping_server

    # Standard output is the scenario's alone.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    async with time_skipping_server() as environment:
        async for line in lines_by_temporal(scenario, environment):
            print_json_lines([line])
