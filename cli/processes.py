"""The processes of a deployment: ``motcua worker``, ``api``, ``projector``, ``relay``, ``metrics``."""

import importlib
from collections.abc import Callable

import msgspec
import typer


class Process(msgspec.Struct, frozen=True):
    """One kind of process: its command, the module whose ``main(settings)`` it runs, and what it is for."""

    command: str
    module: str
    help: str


PROCESSES = (
    Process("worker", "workers.dossier", "Run dossiers: a Temporal worker with workflows and activities."),
    Process("projector", "workers.projector", "Keep the order of events and the read models that follow from it."),
    Process("relay", "workers.relay", "Carry messages in and out: callbacks, webhooks, the portal's status."),
    Process("metrics", "workers.metrics", "Serve the figures of lateness to Prometheus."),
    Process("api", "api.main", "Serve the HTTP interface and the desk."),
)
"""In the order in which they start; they stop in reverse, so that nothing is asked of what is gone."""


def register(app: typer.Typer) -> None:
    """Add one command for each process; settings come from MOTCUA_* variables."""
    for process in PROCESSES:
        app.command(process.command, help=process.help)(_command(process))


def _command(process: Process) -> Callable[[], None]:
    def command() -> None:
        from runtime import process as frame

        frame.run(importlib.import_module(process.module).main, process.command)

    return command
