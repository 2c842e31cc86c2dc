"""The one directory that holds an embedded system's state: who owns it now, what runs in it, how it is emptied."""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from runtime.errors import OperationalError

MARKER = ".motcua-state"
"""Tells a state directory from any other, so that ``--fresh`` never empties a home directory."""
LOCK = "lock"
RECORD = "run.json"


class PartState(msgspec.Struct, frozen=True):
    """How one part of the running system fares; ``state`` is starting, running, restarting or stopped."""

    name: str
    state: str
    pid: int | None
    restarts: int
    port: int | None
    log: str


class RunRecord(msgspec.Struct, frozen=True):
    """What ``motcua up`` says about itself to ``status``; ``urls`` by name are there once all parts have started."""

    pid: int
    ready: bool
    parts: tuple[PartState, ...]
    urls: dict[str, str]


class StateDirectory:
    """A state directory; ``claim`` it before changing anything in it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def runner(self) -> int | None:
        """Return the process id of the system that runs in this directory, none where none does."""
        try:
            with (self.path / LOCK).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return int((self.path / LOCK).read_text() or 0)
        return None

    @contextlib.contextmanager
    def claim(self, *, fresh: bool = False) -> Iterator[None]:
        """Hold the directory against all others; make it where there is none, empty it first if ``fresh``.

        Raises OperationalError when a system runs in it, or when it holds something but is no state directory.
        """
        self._make()
        with (self.path / LOCK).open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OperationalError(
                    f"a system already runs in {self.path} (process {self.runner()}); "
                    "'motcua status' shows it, 'motcua down' stops it"
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            if fresh:
                self._empty()
            try:
                yield
            finally:
                file.truncate(0)

    def secret(self, name: str) -> Path:
        """Return the file with this secret, drawn when first asked for; only its owner may read it."""
        path = self.path / name
        if not path.exists():
            descriptor = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
            path.with_suffix(".new").replace(path)
        return path

    def write_record(self, record: RunRecord) -> None:
        """Replace the record of what runs."""
        fresh = self.path / (RECORD + ".new")
        fresh.write_bytes(msgspec.json.encode(record))
        fresh.replace(self.path / RECORD)

    def read_record(self) -> RunRecord | None:
        """Return the record of what runs, none where no system ever ran."""
        try:
            return msgspec.json.decode((self.path / RECORD).read_bytes(), type=RunRecord)
        except FileNotFoundError:
            return None

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except FileExistsError:
            raise OperationalError(f"{self.path} is a file; a directory for the system's state is wanted") from None
        except PermissionError:
            raise OperationalError(f"{self.path} cannot be created: the system does not permit it") from None
        marker = self.path / MARKER
        if marker.exists():
            return
        if any(self.path.iterdir()):
            raise OperationalError(
                f"{self.path} is not empty and not a state directory of motcua; name another by --dir"
            )
        try:
            marker.touch()
        except PermissionError:
            raise OperationalError(f"{self.path} cannot be written to: the system does not permit it") from None

    def _empty(self) -> None:
        for entry in self.path.iterdir():
            if entry.name in {MARKER, LOCK}:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
