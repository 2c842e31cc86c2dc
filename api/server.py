"""The HTTP server: uvicorn, without its own ideas about signals and logs."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from litestar.types import ASGIApp

GRACE_SECONDS: Final = 15
"""How long running requests may take to end after the process was told to stop; longer than a command's time limit."""
KEEP_ALIVE_SECONDS: Final = 75
"""Longer than common proxies keep a connection, so that none sends a request into one that is just being closed."""


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
        if self.started:
            self._on_ready()


async def serve(
    app: ASGIApp, listener: socket.socket, *, on_ready: Callable[[], None], on_stop: Callable[[], None]
) -> None:
    """Serve until cancelled; then take no more requests and let those that run come to their end.

    ``on_ready`` is called when requests are taken, ``on_stop`` when no more are: streams must end themselves then.
    """
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config, on_ready)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        on_stop()
        server.should_exit = True
        await serving
        raise
