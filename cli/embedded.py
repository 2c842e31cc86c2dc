"""The embedded system: which parts ``motcua up`` starts, in which order, on which ports."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import msgspec

from cli.processes import Process, available
from runtime import settings
from runtime.embedded import child, ports, supervisor
from runtime.embedded.child import Program
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.state import PartState, RunRecord, StateDirectory
from runtime.embedded.supervisor import Part, Supervisor
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.errors import StartFailed
from runtime.settings import Settings
from store import migrate, roles

DATABASE = "motcua"
POSTGRES_PORT, TEMPORAL_PORT, TEMPORAL_UI_PORT = 54329, 7233, 8233
"""Where to listen if nobody else does."""
PAGES = {"desk": "/", "API docs": "/schema", "public board": "/board"}


class Reporter(Protocol):
    """Whoever tells the user of the progress."""

    def part(self, name: str, seconds: float, detail: str) -> None:
        """Say that a part is ready after so many seconds."""

    def note(self, sentence: str) -> None:
        """Say something worth knowing."""


class EmbeddedSystem:
    """Brings up everything in a claimed state directory, and takes it down again.

    ``environ`` are the MOTCUA_* variables of the user: with MOTCUA_DATABASE_URL or MOTCUA_TEMPORAL_ADDRESS among them
    that part is used and not started. ``port`` is the API's, when the user insists on one.
    """

    def __init__(self, state: StateDirectory, environ: Mapping[str, str], port: int | None, reporter: Reporter) -> None:
        self._state = state
        self._environ = environ
        self._port = port
        self._reporter = reporter
        self._supervisor = Supervisor(reporter.note, self._record)
        self._urls: dict[str, str] = {}
        self._ready = False
        self._taken: frozenset[int] = frozenset()

    async def start(self) -> dict[str, str]:
        """Start all parts and return the URLs by name; raise OperationalError where one does not start."""
        (self._state.path / settings.SETTINGS_FILE).unlink(missing_ok=True)
        chosen = self._with_ports(settings.load({**self._environ, settings.STATE_DIR: str(self._state.path)}))
        if not chosen.database_url:
            chosen = await self._start_postgres(chosen)
        await self._step("migrations", lambda: _migrate(chosen))
        if find_spec("cli.catalogue") is not None:
            source = str(chosen.catalogue_dir or files("catalogue"))
            await self._run_to_end("catalogue", chosen, "catalogue", "load", source)
        if not chosen.temporal_address:
            chosen = await self._start_temporal(chosen)
        settings.keep(chosen)
        for process in available():
            await self._start_process(process, chosen)
        self._urls |= await _pages(chosen)
        self._ready = True
        self._supervisor.notify()
        return self._urls

    async def stop(self) -> None:
        """Stop all parts in reverse order."""
        await self._supervisor.stop()

    async def _start_postgres(self, chosen: Settings) -> Settings:
        port = self._choose(POSTGRES_PORT, "PostgreSQL", explicit=False)
        server = EmbeddedPostgres(self._state.path / "postgres", port=port)
        await self._start_part(Part("PostgreSQL", server.program(), server.ready, server.prepare, port))
        await asyncio.to_thread(server.create_database, DATABASE)
        password = self._state.secret("database-password").read_text()
        return msgspec.structs.replace(
            chosen,
            database_url=server.url(DATABASE, user=roles.APPLICATION, password=password),
            migration_url=server.url(DATABASE),
        )

    async def _start_temporal(self, chosen: Settings) -> Settings:
        port = self._choose(TEMPORAL_PORT, "Temporal", explicit=False)
        ui_port = self._choose(TEMPORAL_UI_PORT, "Temporal's Web UI", explicit=False)
        names = () if chosen.temporal_namespace == "default" else (chosen.temporal_namespace,)
        server = EmbeddedTemporal(self._state.path / "temporal", port=port, ui_port=ui_port, namespaces=names)
        await self._start_part(Part("Temporal", server.program(), server.ready, server.prepare, port))
        self._urls["Temporal UI"] = f"http://{ports.LOOPBACK}:{ui_port}/"
        return msgspec.structs.replace(chosen, temporal_address=server.address)

    async def _start_process(self, process: Process, chosen: Settings) -> None:
        ready_file = self._state.path / f"{process.command}.ready"
        program = self._program(
            process.command, msgspec.structs.replace(chosen, ready_file=ready_file), process.command
        )
        port = {"api": chosen.api_port, "metrics": chosen.metrics_port}.get(process.command)
        await self._start_part(
            Part(process.command, program, ready_file.exists, lambda: ready_file.unlink(missing_ok=True), port)
        )
        if process.command == "metrics":
            self._urls["metrics"] = f"http://{chosen.metrics_host}:{chosen.metrics_port}/metrics"

    async def _start_part(self, part: Part) -> None:
        seconds = await self._supervisor.start(part)
        self._reporter.part(part.name, seconds, f"{ports.LOOPBACK}:{part.port}" if part.port else "")

    async def _step(self, name: str, work: Callable[[], str]) -> None:
        began = time.monotonic()
        detail = await asyncio.to_thread(work)
        self._reporter.part(name, time.monotonic() - began, detail)

    async def _run_to_end(self, name: str, chosen: Settings, *arguments: str) -> None:
        began = time.monotonic()
        program = self._program(name, chosen, *arguments)
        process = child.spawn(program)
        try:
            status = await supervisor.end_of(process)
        finally:
            if process.poll() is None:
                child.terminate(program, process)
        if status != 0:
            raise StartFailed(child.failure(program, f"ended with status {status}"))
        self._reporter.part(name, time.monotonic() - began, "")

    def _program(self, name: str, chosen: Settings, *arguments: str) -> Program:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(settings.PREFIX)}
        return Program(
            name=name,
            # -P: a directory named like one of our packages in the user's working directory must not be imported.
            argv=(sys.executable, "-P", "-m", "cli", *arguments),
            log=self._state.path / "log" / f"{name}.log",
            env={**inherited, **settings.environment(chosen)},
            cwd=self._state.path,
        )

    def _with_ports(self, chosen: Settings) -> Settings:
        insisted = self._port is not None or settings.variable("api_port") in self._environ
        return msgspec.structs.replace(
            chosen,
            api_port=self._choose(self._port or chosen.api_port, "the API", explicit=insisted),
            metrics_port=self._choose(
                chosen.metrics_port, "metrics", explicit=settings.variable("metrics_port") in self._environ
            ),
            # Absolute: the processes work in the state directory, the user's paths are meant from where he stands.
            secret_file=(chosen.secret_file or self._state.secret("token-secret")).absolute(),
            wrapping_key_file=(chosen.wrapping_key_file or self._state.secret("wrapping-key")).absolute(),
            catalogue_dir=chosen.catalogue_dir.absolute() if chosen.catalogue_dir else None,
        )

    def _choose(self, preferred: int, use: str, *, explicit: bool) -> int:
        port = ports.choose(preferred, use=use, explicit=explicit, avoid=self._taken)
        if port != preferred:
            self._reporter.note(f"port {preferred} is taken; {use} gets {port}")
        self._taken |= {port}
        return port

    def _record(self, parts: tuple[PartState, ...]) -> None:
        self._state.write_record(RunRecord(os.getpid(), self._ready, parts, self._urls if self._ready else {}))


def _migrate(chosen: Settings) -> str:
    application = urlsplit(chosen.require_database())
    if application.username == roles.APPLICATION and chosen.migration_url:
        roles.ensure_application_role(chosen.migration_url, application.password)
    applied = migrate.upgrade(chosen.require_migration())
    return f"{len(applied)} applied" if applied else "up to date"


async def _pages(chosen: Settings) -> dict[str, str]:
    """Return the URLs of those pages that this API serves."""
    base = f"http://{chosen.api_host}:{chosen.api_port}"
    async with httpx.AsyncClient(base_url=base, timeout=10) as client:
        answers = {name: await client.get(path) for name, path in PAGES.items()}
    return {name: base + PAGES[name] for name, answer in answers.items() if answer.status_code != HTTPStatus.NOT_FOUND}


def state_directory(directory: Path | None, environ: Mapping[str, str]) -> StateDirectory:
    """Return the state directory that the user means: ``--dir``, else MOTCUA_STATE_DIR, else ./.motcua."""
    return StateDirectory(directory or Path(environ.get(settings.STATE_DIR) or settings.DEFAULT_STATE_DIR))
