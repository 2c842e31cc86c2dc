"""PostgreSQL from the wheel: one server, one directory, loopback TCP with a password.

The directory holds ``data`` (the cluster), ``password`` and ``postgres.log``. As root the server runs as an
unprivileged user; it is then given its data directory as working directory and addresses it as ``/proc/self/cwd``, so
that the directories above it need not be opened to that user.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from runtime.embedded import binaries, child, ports
from runtime.embedded.child import Program
from runtime.errors import OperationalError, StartFailed

SUPERUSER = "postgres"
READY_SECONDS = 60.0
ORPHANS_SECONDS = 15.0
"""How long the backends of a killed postmaster may take to notice and let go of its shared memory."""
OWN_DIRECTORY = Path("/proc/self/cwd")
TEST_OPTIONS = {"fsync": "off", "full_page_writes": "off"}
"""For databases that nobody will miss: no waiting for the disk. Commits survive the server's death all the same."""


class EmbeddedPostgres:
    """One PostgreSQL server below ``directory``, listening on 127.0.0.1:``port``.

    ``options`` are server settings on top of the defaults; durability is on unless they switch it off. Use
    ``start``/``stop``, or ``prepare``, ``program`` and ``ready`` with a supervisor of your own.
    """

    def __init__(self, directory: Path, *, port: int, options: dict[str, str] | None = None) -> None:
        self.directory = directory.absolute()
        self.port = port
        self._options = options or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The file with the server's messages."""
        return self.directory / "postgres.log"

    @property
    def password(self) -> str:
        """The superuser's password, chosen when the cluster was made."""
        return (self.directory / "password").read_text().strip()

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs as our child."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def url(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """Return the URL ``postgresql://user:password@127.0.0.1:port/database``."""
        return f"postgresql://{user}:{password or self.password}@{ports.LOOPBACK}:{self.port}/{database}"

    def prepare(self) -> None:
        """Create the cluster where there is none, check its version, clear away what a killed server left."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._check_version()
        self._clear_stale_pid()

    def program(self) -> Program:
        """Return the server program; call ``prepare`` first."""
        settings = {
            "listen_addresses": ports.LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "256MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            "log_checkpoints": "off",
            **self._options,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        path, cwd = self._addressed(self.data)
        return Program(
            name="PostgreSQL",
            argv=(str(binaries.postgres() / "postgres"), "-D", str(path), *arguments),
            log=self.log,
            env=_environment(),
            port=self.port,
            cwd=cwd,
            owner=binaries.database_owner(),
            stop=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint; SIGTERM would wait for every client
        )

    def ready(self) -> bool:
        """Say whether the server accepts queries."""
        return self._client("pg_isready", "--quiet", "--dbname", "postgres").returncode == 0

    def start(self) -> None:
        """Start the server and wait until it accepts queries; raise StartFailed, quoting its log, where it does not."""
        self.prepare()
        deadline = time.monotonic() + ORPHANS_SECONDS
        while True:
            program = self.program()
            self._process = child.spawn(program)
            try:
                child.await_ready(program, self._process, self.ready, READY_SECONDS)
            except StartFailed as error:
                child.terminate(program, self._process)
                if "shared memory block" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """Stop the server that ``start`` started, if it still runs."""
        if self._process is not None:
            child.terminate(self.program(), self._process)
            self._process = None

    def kill(self) -> None:
        """End the postmaster as a crash would (SIGKILL), for tests of recovery."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def execute(self, sql: str, *, database: str = "postgres") -> str:
        """Run SQL as the superuser and return what it prints, unaligned; raise OperationalError where it fails."""
        result = self._client(
            "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
            f"--dbname={database}", "--command", sql,
        )  # fmt: skip
        if result.returncode != 0:
            message = f"PostgreSQL refused a statement: {result.stderr.strip()}"
            raise OperationalError(message)
        return result.stdout.strip()

    def create_database(self, name: str) -> None:
        """Create an empty database where there is none of that name."""
        if self.execute(f"SELECT 1 FROM pg_database WHERE datname = '{name}'") != "1":  # noqa: S608  # our own names
            self.execute(f'CREATE DATABASE "{name}"')

    def _client(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                binaries.postgres() / tool,
                f"--host={ports.LOOPBACK}",
                f"--port={self.port}",
                f"--username={SUPERUSER}",
                *arguments,
            ],
            env={**_environment(), "PGPASSWORD": self.password},
            capture_output=True,
            text=True,
            check=False,
        )

    def _create(self) -> None:
        password = secrets.token_urlsafe(24)
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        owner = binaries.database_owner()
        if owner:
            os.chown(fresh, *owner)
        path, cwd = self._addressed(fresh)
        with _password_file(password, owner) as password_file:
            result = subprocess.run(
                [
                    binaries.postgres() / "initdb", f"--pgdata={path}", f"--username={SUPERUSER}",
                    f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
                    "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                    *(["--no-sync"] if self._options.get("fsync") == "off" else []),
                ],
                env=_environment(), cwd=cwd, capture_output=True, text=True, check=False, **child.as_owner(owner),
            )  # fmt: skip
        if result.returncode != 0:
            message = f"the database cluster in {self.directory} cannot be created: {result.stderr.strip()}"
            raise OperationalError(message)
        _write_private(self.directory / "password", password)
        # Renamed when whole: a start that was killed half-way begins again from nothing.
        fresh.rename(self.data)

    def _addressed(self, directory: Path) -> tuple[Path, Path | None]:
        """Return how the server is told its directory, and its working directory (see the module's docstring)."""
        if binaries.database_owner() is None or not OWN_DIRECTORY.exists():
            return directory, None
        return OWN_DIRECTORY, directory

    def _check_version(self) -> None:
        stored = (self.data / "PG_VERSION").read_text().strip()
        answer = subprocess.run(
            [binaries.postgres() / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        ours = answer.split()[-1].split(".")[0]
        if stored != ours:
            message = (
                f"{self.data} was written by PostgreSQL {stored}, this program brings {ours}; "
                f"dump it with version {stored} and restore, or start with another directory"
            )
            raise OperationalError(message)
        owner = binaries.database_owner()
        uid = self.data.stat().st_uid
        if uid != (owner[0] if owner else os.geteuid()):
            message = f"{self.data} belongs to user id {uid}; start as the user who created it"
            raise OperationalError(message)

    def _clear_stale_pid(self) -> None:
        """Remove the pid file of a server that is gone, and whose number may belong to another program by now."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        if Path("/proc/self").exists() and not self._is_postmaster(pid):
            pid_file.unlink(missing_ok=True)

    def _is_postmaster(self, pid: int) -> bool:
        # A postmaster's working directory is its data directory.
        try:
            return Path(f"/proc/{pid}/cwd").samefile(self.data)
        except OSError:
            return False


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@contextlib.contextmanager
def _password_file(password: str, owner: tuple[int, int] | None) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(prefix="motcua-")
    try:
        if owner:
            os.fchown(descriptor, *owner)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        yield Path(name)
    finally:
        Path(name).unlink()


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
