"""The process that tells Prometheus the figures of lateness: read from the tables at every scrape, never kept.

So they are exact over restarts of this process and of all others. While the database cannot be asked a scrape is
answered with 503, which Prometheus shows as ``up == 0``, rather than with figures that are not known.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from runtime import logging, process, temporal
from runtime.errors import PortTaken
from runtime.settings import Settings
from store.database import Database
from store.errors import StoreUnavailable
from store.gauges import Gauges
from workers.figures import FiguresCollector
from workers.neighbours import dossiers_of
from workflows.client import DossiersUnavailable

LOG = logging.logger(__name__)
NO_FIGURES: Final = "metrics.database_unavailable"
TEMPORAL_SILENT: Final = "metrics.temporal_silent"
GRACE_SECONDS: Final = 5
ASK_SECONDS: Final = 3.0
"""How long Temporal may take to say who polls; a scrape waits for it."""

Message = MutableMapping[str, Any]
Manned = Callable[[], Awaitable[bool | None]]
"""Whether a worker polls; none where nobody can say."""


class Exposition:
    """The ASGI application: ``/metrics``, and ``/healthz`` for whoever watches the process itself."""

    def __init__(self, gauges: Gauges, manned: Manned) -> None:
        """Tell what ``gauges`` reads and ``manned`` says."""
        self._gauges = gauges
        self._manned = manned
        self._reading = asyncio.Lock()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        del receive
        status, content_type, body = await self._answer(scope)
        headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status.value, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Message) -> tuple[HTTPStatus, str, bytes]:
        if scope["method"] not in {"GET", "HEAD"}:
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is answered here")
        match scope["path"]:
            case "/metrics":
                return await self._metrics(_header(scope["headers"], b"accept"))
            case "/healthz":
                return _plain(HTTPStatus.OK, "ok")
            case _:
                return _plain(HTTPStatus.NOT_FOUND, "there is /metrics, and /healthz")

    async def _metrics(self, accept: str) -> tuple[HTTPStatus, str, bytes]:
        try:
            async with self._reading:  # many scrapers at once must not become many readers of the same tables
                figures = await self._gauges.read(datetime.now(UTC))
        except StoreUnavailable as error:
            LOG.warning(NO_FIGURES, problem=str(error))
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE, "the database cannot be asked now")
        registry = CollectorRegistry()
        registry.register(FiguresCollector(figures, manned=await self._manned()))
        encode, content_type = choose_encoder(accept)
        return HTTPStatus.OK, content_type, encode(registry)


def _plain(status: HTTPStatus, sentence: str) -> tuple[HTTPStatus, str, bytes]:
    return status, "text/plain; charset=utf-8", f"{sentence}\n".encode()


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


async def _asking(settings: Settings, database: Database) -> Manned:
    """How Temporal is asked whether a worker polls; not at all where no address is set."""
    if not settings.temporal_address:
        return _unknown
    dossiers = dossiers_of(settings, database, await temporal.connect(settings, lazy=True))

    async def manned() -> bool | None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await dossiers.manned()
        except (DossiersUnavailable, TimeoutError, RuntimeError) as error:
            LOG.warning(TEMPORAL_SILENT, problem=str(error))
            return None

    return manned


async def _unknown() -> None:
    """Nobody can be asked."""


class _Server(uvicorn.Server):
    """Signals belong to the process (``runtime.process``)."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self._on_ready()


async def main(settings: Settings) -> None:
    """Serve until cancelled. The database may be away, at the start and later. Raises PortTaken, SettingError."""
    listener = _listen(settings.metrics_host, settings.metrics_port)
    async with Database(settings.require_database(), size=2, name="motcua-metrics") as database:
        config = uvicorn.Config(
            Exposition(Gauges(database), await _asking(settings, database)),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = _Server(config, lambda: process.announce_ready(settings))
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(port, "metrics") from error
    return listener
