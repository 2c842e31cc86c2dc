"""The embedded system: which parts ``motcua up`` starts, in which order, on which ports."""

import asyncio
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from cli.processes import PROCESSES, Process
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
from store.database import Database
from store.references import References
from workers.neighbours import places_of

T = TypeVar("T")
DATABASE = "motcua"
POSTGRES_PORT, TEMPORAL_PORT, TEMPORAL_UI_PORT = 54329, 7233, 8233
"""Where to listen if nobody else does."""
PORT_ATTEMPTS = 5
POSTGRES_STATE = "postgres"
SAMPLE_WANTED = "sample-wanted"
"""Stands in the state directory from the first start until the sample dossiers are in."""
SAMPLE_DOSSIERS = 60
LEVELS = "temporal-levels"
"""Holds which levels of government have a namespace of their own, where any have."""
SEPARATED = "province=province,central=centre"
INSTRUMENTS_PORT = 9109
SCRAPING = "prometheus.yml"
PAGES = {"desk": "/", "API docs": "/schema", "public board": "/board"}


class Reporter(Protocol):
    """Whoever tells the user of the progress."""

    def part(self, name: str, seconds: float, detail: str) -> None:
        """Say that a part is ready after so many seconds."""

    def note(self, sentence: str) -> None:
        """Say something worth knowing."""


class Wish(msgspec.Struct, frozen=True):
    """Which port somebody would like to have, and whether the user insists on it."""

    use: str
    port: int
    insisted: bool = False


class EmbeddedSystem:
    """Brings up everything in a claimed state directory, and takes it down again.

    ``environ`` are the MOTCUA_* variables of the user: with MOTCUA_DATABASE_URL or MOTCUA_TEMPORAL_ADDRESS among them
    that part is used and not started. ``port`` is the API's, when the user insists on one. ``separate`` gives the
    province and the centre Temporal namespaces of their own, for good: a system keeps what it was begun with.
    """

    def __init__(
        self,
        state: StateDirectory,
        environ: Mapping[str, str],
        port: int | None,
        reporter: Reporter,
        *,
        separate: bool = False,
    ) -> None:
        self._state = state
        self._separate = separate
        self._environ = environ
        self._port = port
        self._reporter = reporter
        self._supervisor = Supervisor(reporter.note, self._record)
        self._urls: dict[str, str] = {}
        self._ready = False
        self._taken: frozenset[int] = frozenset()
        self._scraped: dict[str, int] = {}

    async def start(self, *, sample: bool) -> dict[str, str]:
        """Start all parts and return the URLs by name; raise OperationalError where one does not start.

        With ``sample`` a database that is new, and ours, is meant to be filled: see ``fill``.
        """
        (self._state.path / settings.SETTINGS_FILE).unlink(missing_ok=True)
        chosen = self._with_files(settings.load({**self._environ, settings.STATE_DIR: str(self._state.path)}))
        chosen = self._with_levels(chosen)
        wishes = self._wishes(chosen)
        if not chosen.database_url:
            if sample and not (self._state.path / POSTGRES_STATE).exists():
                (self._state.path / SAMPLE_WANTED).touch()
            chosen = await self._start_postgres(chosen)
        await self._step("migrations", lambda: _migrate(chosen))
        await self._run_to_end(
            "catalogue", chosen, "catalogue", "load", str(chosen.catalogue_dir or files("catalogue"))
        )
        if not chosen.temporal_address:
            chosen = await self._start_temporal(chosen)
        found = await _all(self._start_process(process, chosen, wishes.get(process.command)) for process in PROCESSES)
        chosen = msgspec.structs.replace(chosen, **{name: port for name, port in found if port is not None})
        settings.keep(chosen)
        (self._state.path / SCRAPING).write_text(scraping(self._scraped))
        self._urls |= await _pages(chosen)
        self._ready = True
        self._supervisor.notify()
        return self._urls

    async def fill(self) -> None:
        """Enter sample dossiers into a system that was started for the first time; a failure is noted, not raised."""
        wanted = self._state.path / SAMPLE_WANTED
        if not wanted.exists():
            return
        self._reporter.note(f"entering {SAMPLE_DOSSIERS} sample dossiers; --empty leaves them out")
        chosen = settings.load({settings.STATE_DIR: str(self._state.path)})
        try:
            await self._run_to_end("sample", chosen, "demo", "--dossiers", str(SAMPLE_DOSSIERS), "--store", "postgres")
        except StartFailed as error:
            # A stop in the middle of it leaves a part of them: good enough, and they cannot be entered again.
            self._reporter.note(f"the sample is not complete: {error}")
        try:
            await self._run_to_end("workflows", chosen, "revive")
        except StartFailed as error:
            self._reporter.note(
                f"the sample's open dossiers have no workflows yet: {error}; 'motcua revive' starts them"
            )
        else:
            wanted.unlink()

    async def stop(self) -> None:
        """Stop all parts in reverse order."""
        await self._supervisor.stop()

    async def _start_postgres(self, chosen: Settings) -> Settings:
        def server(port: int) -> EmbeddedPostgres:
            return EmbeddedPostgres(self._state.path / POSTGRES_STATE, port=port)

        def part(port: int) -> Part:
            made = server(port)
            return Part(made.program(), made.ready, made.prepare)

        running = server(await self._start_on_port(Wish("PostgreSQL", POSTGRES_PORT), part))
        await asyncio.to_thread(running.create_database, DATABASE)
        password = self._state.secret("database-password").read_text()
        return msgspec.structs.replace(
            chosen,
            database_url=running.url(DATABASE, user=roles.APPLICATION, password=password),
            migration_url=running.url(DATABASE),
        )

    async def _start_temporal(self, chosen: Settings) -> Settings:
        names = tuple(name for name in await _namespaces(chosen) if name != "default")

        def part(port: int) -> Part:
            ui_port = self._choose(Wish("Temporal's Web UI", TEMPORAL_UI_PORT))
            server = EmbeddedTemporal(self._state.path / "temporal", port=port, ui_port=ui_port, namespaces=names)
            self._urls["Temporal UI"] = f"http://{ports.LOOPBACK}:{ui_port}/"
            return Part(server.program(), server.ready, server.prepare)

        port = await self._start_on_port(Wish("Temporal", TEMPORAL_PORT), part)
        return msgspec.structs.replace(chosen, temporal_address=f"{ports.LOOPBACK}:{port}")

    async def _start_process(self, process: Process, chosen: Settings, wish: Wish | None) -> tuple[str, int | None]:
        """Start a process, on a port if it has one; return the name of that port's setting, and the port."""
        ready_file = self._state.path / f"{process.command}.ready"
        setting = f"{process.command}_port"
        told: dict[str, int] = {"process_metrics_port": self._told_at(process.command)}
        if process.command == "worker":
            told["sdk_metrics_port"] = self._told_at("worker-sdk")

        def part(port: int | None) -> Part:
            own = msgspec.structs.replace(chosen, ready_file=ready_file, **told, **({setting: port} if port else {}))
            program = msgspec.structs.replace(self._program(process.command, own, process.command), port=port)
            return Part(program, ready_file.exists, lambda: ready_file.unlink(missing_ok=True))

        if wish is None:
            await self._start_part(part(None))
            return setting, None
        port = await self._start_on_port(wish, part)
        if process.command == "metrics":
            self._urls["metrics"] = f"http://{chosen.metrics_host}:{port}/metrics"
            self._scraped["motcua"] = port
        return setting, port

    def _told_at(self, job: str) -> int:
        """A free port at which a process may tell of itself; nobody insists on one, so none is noted."""
        port = ports.choose(INSTRUMENTS_PORT, use=job, explicit=False, avoid=self._taken)
        self._taken |= {port}
        self._scraped[job] = port
        return port

    async def _start_on_port(self, wish: Wish, part: Callable[[int], Part]) -> int:
        """Start what ``part`` makes for a port; where somebody took that port in the meantime, try another one."""
        for attempt in itertools.count(1):
            port = self._choose(wish)
            try:
                await self._start_part(part(port))
            except StartFailed:
                if wish.insisted or attempt == PORT_ATTEMPTS or ports.is_free(port):
                    raise
            else:
                return port
        raise AssertionError  # itertools.count does not end

    async def _start_part(self, part: Part) -> None:
        seconds = await self._supervisor.start(part)
        port = part.program.port
        self._reporter.part(part.program.name, seconds, f"{ports.LOOPBACK}:{port}" if port else "")

    async def _step(self, name: str, work: Callable[[], str]) -> None:
        began = time.monotonic()
        detail = await asyncio.to_thread(work)
        self._reporter.part(name, time.monotonic() - began, detail)

    async def _run_to_end(self, name: str, chosen: Settings, *arguments: str) -> None:
        began = time.monotonic()
        # Interrupted like by Ctrl-C, upon which a command ends what it has started itself.
        program = msgspec.structs.replace(self._program(name, chosen, *arguments), stop=signal.SIGINT)
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

    def _with_files(self, chosen: Settings) -> Settings:
        # Absolute: the processes work in the state directory, the user's paths are meant from where he stands.
        return msgspec.structs.replace(
            chosen,
            # Whoever reaches this machine's own address may try everything out, unless a provider says who somebody is.
            demo_login=chosen.demo_login
            if settings.variable("demo_login") in self._environ
            else not chosen.oidc_issuer and chosen.api_host == ports.LOOPBACK,
            secret_file=(chosen.secret_file or self._state.secret("token-secret")).absolute(),
            wrapping_key_file=(chosen.wrapping_key_file or self._state.secret("wrapping-key")).absolute(),
            catalogue_dir=chosen.catalogue_dir.absolute() if chosen.catalogue_dir else None,
        )

    def _with_levels(self, chosen: Settings) -> Settings:
        """Keep to the namespaces that the system was begun with; raise StartFailed where others are asked for."""
        kept = self._state.path / LEVELS
        if kept.exists():
            return msgspec.structs.replace(chosen, temporal_levels=kept.read_text())
        if not self._separate:
            return chosen
        if (self._state.path / POSTGRES_STATE).exists():
            message = (
                f"the system in {self._state.path} was begun with one namespace for all, and its dossiers live there: "
                "separate another one (--dir), or begin this one anew (--fresh)"
            )
            raise StartFailed(message)
        kept.write_text(SEPARATED)
        return msgspec.structs.replace(chosen, temporal_levels=SEPARATED)

    def _wishes(self, chosen: Settings) -> dict[str, Wish]:
        """Return the ports of our processes by command; raise PortTaken where the user insists on one that is taken."""
        insisted = self._port is not None or settings.variable("api_port") in self._environ
        wishes = {
            "api": Wish("the API", self._port or chosen.api_port, insisted),
            "metrics": Wish("metrics", chosen.metrics_port, settings.variable("metrics_port") in self._environ),
        }
        for wish in wishes.values():
            if wish.insisted:
                ports.choose(wish.port, use=wish.use, explicit=True)
        return wishes

    def _choose(self, wish: Wish) -> int:
        port = ports.choose(wish.port, use=wish.use, explicit=wish.insisted, avoid=self._taken)
        if port != wish.port:
            self._reporter.note(f"port {wish.port} is taken; {wish.use} gets {port}")
        self._taken |= {port}
        return port

    def _record(self, parts: tuple[PartState, ...]) -> None:
        self._state.write_record(RunRecord(os.getpid(), self._ready, parts, self._urls if self._ready else {}))


def scraping(jobs: Mapping[str, int]) -> str:
    """A configuration for Prometheus that scrapes every part here: ports by job. JSON, which is YAML too."""
    targets = [
        {"job_name": job, "static_configs": [{"targets": [f"{ports.LOOPBACK}:{port}"]}]} for job, port in jobs.items()
    ]
    whole = {"global": {"scrape_interval": "15s"}, "scrape_configs": targets}
    return msgspec.json.format(msgspec.json.encode(whole)).decode() + "\n"


def _migrate(chosen: Settings) -> str:
    application = urlsplit(chosen.require_database())
    if application.username == roles.APPLICATION and chosen.migration_url:
        roles.ensure_roles(chosen.migration_url, application.password)
    applied = migrate.upgrade(chosen.require_migration())
    return f"{len(applied)} applied" if applied else "up to date"


async def _namespaces(chosen: Settings) -> tuple[str, ...]:
    """Every namespace that the catalogue just loaded names, the settings' own first."""
    async with Database(chosen.require_database(), size=1, name="motcua-up") as database:
        places = await places_of(chosen, References(database))
    return (chosen.temporal_namespace, *sorted({*places.namespaces.values()}))


async def _all(starts: Iterable[Coroutine[None, None, T]]) -> list[T]:
    """Start several at once and return their results; when all have tried, raise what the first failed one raised."""
    outcomes = await asyncio.gather(*starts, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


async def _pages(chosen: Settings) -> dict[str, str]:
    """Return the URLs of those pages that this API serves."""
    base = f"http://{chosen.api_host}:{chosen.api_port}"
    async with httpx.AsyncClient(base_url=base, timeout=10) as client:
        answers = {name: await client.get(path) for name, path in PAGES.items()}
    return {name: base + PAGES[name] for name, answer in answers.items() if answer.status_code != HTTPStatus.NOT_FOUND}


def state_directory(directory: Path | None, environ: Mapping[str, str]) -> StateDirectory:
    """Return the state directory that the user means: ``--dir``, else MOTCUA_STATE_DIR, else ./.motcua."""
    return StateDirectory(directory or Path(environ.get(settings.STATE_DIR) or settings.DEFAULT_STATE_DIR))
