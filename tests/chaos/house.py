"""A whole system of real processes, each of which may be killed at any moment and is started again."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import yaml

from domain.authority import Authority, AuthorityKind, Level
from domain.dossier.rules import Rules
from domain.ids import CalendarId
from runtime.embedded import child, ports
from runtime.embedded.child import Program
from runtime.embedded.postgres import TEST_OPTIONS, EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings, environment
from store.database import Database as Pool
from store.references import Kind, References
from store.rules_source import LAW_ID
from tests.domain.dossier.samples import S1, X1
from tests.support import databases
from tests.support.references import keep

READY_SECONDS = 60.0
PROVINCE = "province"
CARRIER, SECRET = "bccp", "of-this-house"
BEGINNING = date(2000, 1, 1)
PLACES = (
    Authority(X1, Level.COMMUNE, AuthorityKind.ONE_STOP, "Xã Một", calendar=CalendarId("office")),
    Authority(S1, Level.PROVINCE, AuthorityKind.SECTOR, "Sở Một", calendar=CalendarId("office")),
)


class Process:
    """One ``motcua`` process."""

    def __init__(self, command: str, directory: Path, settings: Settings, name: str = "") -> None:
        """Not yet started. ``name`` tells several of a kind apart."""
        name = name or command
        self._ready = directory / f"{name}.ready"
        env = environment(msgspec.structs.replace(settings, ready_file=self._ready, state_dir=directory))
        self._program = Program(
            name=name,
            argv=(sys.executable, "-m", "cli", command),
            log=directory / f"{name}.log",
            env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path), **env},
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        self._ready.unlink(missing_ok=True)
        self._process = child.spawn(self._program)
        child.await_ready(self._program, self._process, self._ready.exists, READY_SECONDS)

    def kill(self) -> None:
        """SIGKILL; it must have been alive until then."""
        assert self._process is not None
        assert self._process.poll() is None, child.log_tail(self._program.log)
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Its process, while it lives."""
        return self._process.pid if self._process is not None else 0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            child.terminate(self._program, self._process)


class House:
    """PostgreSQL, Temporal and the processes of a deployment, all durable, all mortal.

    ``processes`` are those that run, by name. A separated house has provinces in a namespace of their own, with a
    worker of their own (``of_province``); a whole one has relay and API too, and a carrier with SECRET in its path.
    """

    def __init__(
        self, directory: Path, *, separate: bool = False, whole: bool = False, absent: Collection[str] = ()
    ) -> None:
        """Prepare everything but start nothing; the ``absent`` are not started by opening either."""
        self.postgres = EmbeddedPostgres(directory / "postgres", port=ports.free_port(), options=TEST_OPTIONS)
        namespaces = (PROVINCE,) if separate else ()
        self.temporal = EmbeddedTemporal(directory / "temporal", port=ports.free_port(), namespaces=namespaces)
        self.processes: dict[str, Process] = {}
        self.separate = separate
        self._whole = whole
        self._absent = absent
        self._directory = directory

    def open(self, rules: Rules) -> None:
        """Start the servers, make the database, keep the rules in its catalogue, start the processes."""
        self.postgres.start()
        databases.build_template(self.postgres)
        self.database = databases.clone(self.postgres)
        asyncio.run(_publish(self.database.url, rules))
        self.temporal.start()
        self.settings = Settings(
            database_url=self.database.app_url,
            migration_url=self.database.url,
            temporal_address=self.temporal.address,
            task_queue="house",
            temporal_levels=f"province={PROVINCE}" if self.separate else "",
            **(self._of_the_whole() if self._whole else {}),
        )
        self._add("worker", "worker", worker_namespaces="default" if self.separate else "")
        if self.separate:
            self._add("of_province", "worker", worker_namespaces=PROVINCE)
        for command in ("projector", "relay", "api", "metrics") if self._whole else ("projector",):
            self._add(command, command)
        for name, process in self.processes.items():
            if name not in self._absent:
                process.start()

    def _add(self, name: str, command: str, **changes: str) -> None:
        settings = msgspec.structs.replace(self.settings, **changes)
        self.processes[name] = Process(command, self._directory, settings, name)

    def _of_the_whole(self) -> dict[str, Any]:
        """What API and relay need beside the servers."""
        files = {"carrier_keys_file": yaml.safe_dump({CARRIER: {"path_secrets": [SECRET]}})}
        files |= {"secret_file": SECRET * 4, "wrapping_key_file": bytes(range(32)).hex()}
        for name, text in files.items():
            (self._directory / name).write_text(text)
        addresses = {"api_port": ports.free_port(), "metrics_port": ports.free_port()}
        return {**addresses, "webhook_allow": "127.0.0.0/8", **{name: self._directory / name for name in files}}

    @property
    def api_url(self) -> str:
        """Where a whole house is spoken to."""
        return f"http://127.0.0.1:{self.settings.api_port}"

    @property
    def metrics_url(self) -> str:
        """Where a whole house tells its figures."""
        return f"http://127.0.0.1:{self.settings.metrics_port}/metrics"

    def close(self) -> None:
        """Stop all that runs."""
        for process in reversed(self.processes.values()):
            process.stop()
        self.temporal.stop()
        self.postgres.stop()

    def strike(self, name: str) -> None:
        """Kill the part of this name and start it again."""
        servers: dict[str, EmbeddedTemporal | EmbeddedPostgres] = {"temporal": self.temporal, "postgres": self.postgres}
        part = servers.get(name) or self.processes[name]
        part.kill()
        part.start()

    def say(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run ``motcua`` as an operator does."""
        env = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path), **environment(self.settings)}
        command = [sys.executable, "-m", "cli", *words]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    def command(self, *words: str) -> Any:  # noqa: ANN401  # JSON
        """Run ``motcua``; its JSON."""
        found = self.say(*words, "--json")
        assert found.stdout, found.stderr
        return msgspec.json.decode(found.stdout)

    def unplaced(self) -> int:
        """Events that have no global position yet, or that a projection has not seen."""
        with psycopg.connect(self.database.url) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM events) - coalesce(min(position), 0) FROM projections"
            ).fetchone()
        return int(row[0]) if row else 0


async def _publish(url: str, rules: Rules) -> None:
    """Put the rules into the catalogue's contents, as loading a catalogue does, and the authorities in force."""
    async with Pool(url, size=1) as pool:
        await keep(pool, rules)
        await References(pool).publish(Kind.LAW, LAW_ID, rules.law, BEGINNING)
        for authority in PLACES:
            await References(pool).publish(Kind.AUTHORITY, authority.id, authority, BEGINNING)


@contextmanager
def house(
    directory: Path, rules: Rules, *, separate: bool = False, whole: bool = False, absent: Collection[str] = ()
) -> Iterator[House]:
    """An open house."""
    built = House(directory, separate=separate, whole=whole, absent=absent)
    try:
        built.open(rules)
        yield built
    finally:
        built.close()
