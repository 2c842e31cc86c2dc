"""Somebody outside who is told of things over HTTP: a subscriber, the portal, a gateway for text messages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from litestar import Litestar, Request, Response, get, post, put

from api.main import listen
from api.server import serve


class Receiver:
    """Somebody who is told: answers as the test wants, and remembers what it was told."""

    def __init__(self) -> None:
        """Nothing so far, and every answer is 200."""
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.states: dict[str, Any] = {}
        self.answers: list[int] = []
        self.url = ""

    def app(self) -> Litestar:
        """Its interface."""

        @post("/hook", status_code=200)
        async def hook(request: Request[Any, Any, Any]) -> Response[str]:
            body = await request.body()
            status = self.answers.pop(0) if self.answers else 200
            if status == 200:
                self.heard.append(({key.lower(): value for key, value in request.headers.items()}, body))
            return Response("", status_code=status, headers={"Location": "/elsewhere"} if status == 302 else {})

        @put("/dossiers/{code:str}/status")
        async def told(request: Request[Any, Any, Any]) -> None:
            code, data = request.path_params["code"], await request.json()
            if data["version"] >= self.states.get(code, {"version": 0})["version"]:
                self.states[code] = data

        @get("/dossiers/{code:str}/status")
        async def known(request: Request[Any, Any, Any]) -> Response[Any]:
            code = request.path_params["code"]
            return Response(self.states.get(code, {}), status_code=200 if code in self.states else 404)

        return Litestar([hook, told, known], openapi_config=None, logging_config=None)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A running receiver."""
    receiver, listener, ready = Receiver(), listen("127.0.0.1", 0), asyncio.Event()
    server = asyncio.create_task(serve(receiver.app(), listener, on_ready=ready.set, on_stop=lambda: None))
    await ready.wait()
    receiver.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield receiver
    finally:
        server.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await server
