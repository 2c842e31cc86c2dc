"""Entry point of the ``motcua`` command: which module holds which command, and what becomes of errors.

Each module below exposes ``register(app)``, which adds its commands to a Typer application. Only the module of the
command that was asked for is imported; ``--help`` imports all, so modules import heavy libraries inside their commands.
"""

import importlib
import io
import os
import sys

import typer

from cli import faults, output
from runtime.exiting import leave

SYSTEM, MAINTENANCE, RECOVERY = "cli.system", "cli.maintenance", "cli.recovery"
MODULES = {
    "up": SYSTEM,
    "down": SYSTEM,
    "status": SYSTEM,
    "doctor": "cli.doctor",
    "worker": "cli.processes",
    "api": "cli.processes",
    "projector": "cli.processes",
    "relay": "cli.processes",
    "metrics": "cli.processes",
    "token": "cli.token",
    "migrate": MAINTENANCE,
    "catalogue": "cli.catalogue",
    "demo": "cli.demo",
    "simulate": "cli.simulate",
    "deadline": "cli.deadline",
    "calendar": "cli.calendar",
    "dossier": "cli.dossier",
    "verify": MAINTENANCE,
    "reconcile": RECOVERY,
    "rebuild": MAINTENANCE,
    "revive": RECOVERY,
    "replay": "cli.upgrade",
    "upgrade": "cli.upgrade",
    "report": "cli.report",
    "backup": "cli.backup",
    "restore": "cli.backup",
    "skip-codes": "cli.backup",
    "post": "cli.post",
    "webhook": "cli.webhook",
    "carrier-sim": "cli.carrier_sim",
}
"""Command to module, in the order of ``motcua --help``."""


def build(command: str | None = None) -> typer.Typer:
    """Return the application: with one command's module where it is known, else with all of them."""
    app = typer.Typer(
        name="motcua",
        help="Administrative dossiers as durable workflows: run the system, follow a dossier, count a deadline.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    wanted = [MODULES[command]] if command in MODULES else dict.fromkeys(MODULES.values())
    for name in wanted:
        importlib.import_module(name).register(app)
    return app


def main() -> None:
    """Run the command line; errors become one sentence on stderr and status 1 (failed) or 2 (bad input).

    Raises SystemExit with the status.
    """
    # Names are Vietnamese; a terminal that cannot show them gets question marks, not a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        build(command)()
    except Exception as error:
        if os.environ.get("MOTCUA_DEBUG"):
            raise
        fault = faults.describe(error)
        output.fail(fault.message, code=fault.code, status=fault.status, as_json="--json" in sys.argv)


def program() -> None:
    """The whole life of a process that is one command."""
    try:
        main()
    except SystemExit as stop:
        leave(stop)


def _root() -> None:
    """Keep ``motcua`` a group of commands even while one module alone is loaded."""
