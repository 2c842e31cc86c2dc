"""A whole system for browsers: worker, projector and API as processes of their own, over a fresh database."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import msgspec

from runtime.embedded import ports

READY_SECONDS = 60


class System(msgspec.Struct, frozen=True):
    """Where it is, and its database."""

    url: str
    database_url: str
    directory: Path
    environ: dict[str, str]


@contextmanager
def running(directory: Path, app_url: str, owner_url: str, temporal: str, **settings: str) -> Iterator[System]:
    """Start it with the catalogue that comes with the program; ``settings`` are further MOTCUA_* variables."""
    port = ports.free_port()
    secret = directory / "secret"
    secret.write_text("for-tests-only-and-long-enough-to-sign-with")
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")},
        "MOTCUA_STATE_DIR": str(directory),
        "MOTCUA_DATABASE_URL": app_url,
        "MOTCUA_TEMPORAL_ADDRESS": temporal,
        "MOTCUA_TASK_QUEUE": f"desk-{port}",
        "MOTCUA_API_PORT": str(port),
        "MOTCUA_SECRET_FILE": str(secret),
        "MOTCUA_WRAPPING_KEY_FILE": str(_wrapping_key(directory)),
        "MOTCUA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **settings,
    }
    load = [sys.executable, "-P", "-m", "cli", "catalogue", "load"]
    environ["MOTCUA_MIGRATION_URL"] = owner_url
    catalogue = Path(__file__).parents[2] / "catalogue"
    subprocess.run([*load, str(catalogue)], env=environ, cwd=directory, check=True, capture_output=True)
    with ExitStack() as stack:
        for command in ("worker", "projector", "api"):
            stack.enter_context(_process(command, directory, environ))
        yield System(f"http://127.0.0.1:{port}", owner_url, directory, environ)


@contextmanager
def another_api(system: System, **settings: str) -> Iterator[System]:
    """One more API beside it, with other settings."""
    port = ports.free_port()
    directory = system.directory / f"api-{port}"
    directory.mkdir()
    url = f"http://127.0.0.1:{port}"
    environ = {**system.environ, "MOTCUA_API_PORT": str(port), "MOTCUA_PUBLIC_URL": url, **settings}
    with _process("api", directory, environ):
        yield System(url, system.database_url, directory, environ)


def _wrapping_key(directory: Path) -> Path:
    path = directory / "wrapping-key"
    path.write_text("5a" * 32)
    return path


@contextmanager
def _process(command: str, directory: Path, environ: dict[str, str]) -> Iterator[None]:
    ready, log = directory / f"{command}.ready", directory / f"{command}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cli", command],
            env={**environ, "MOTCUA_READY_FILE": str(ready)},
            cwd=directory,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not ready.exists():
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < deadline, f"{command} is not ready: {log.read_text()[-2000:]}"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def client(system: System, officer: str = "") -> Iterator[httpx.Client]:
    """A browser without scripts; signed in, where an officer is named."""
    with httpx.Client(base_url=system.url, headers={"Accept-Language": "vi"}, timeout=30) as found:
        if officer:
            answer = found.post("/login/demo", data={"officer": officer})
            assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        yield found
