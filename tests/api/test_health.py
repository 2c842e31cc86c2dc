"""Health and the surroundings: what tells the truth without a token."""

import asyncio
import socket

import httpx

from api.main import listen
from tests.support.http import System


async def test_alive_and_ready(system: System) -> None:
    """Both say so, part by part, and to everybody."""
    async with system.client() as nobody:
        alive, ready = await nobody.get("/healthz"), await nobody.get("/readyz")
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert ready.status_code == 200
    assert ready.json() == {
        "ready": True,
        "parts": {"postgresql": {"ready": True, "detail": ""}, "temporal": {"ready": True, "detail": ""}},
    }


async def test_the_page_needs_nothing_from_elsewhere(system: System) -> None:
    """The overview lists every route and loads nothing."""
    async with system.client() as nobody:
        page = await nobody.get("/schema")
        document = (await nobody.get("/schema/openapi.json")).json()
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "<script" not in page.text
    assert all(path in page.text for path in document["paths"])


async def test_options(system: System) -> None:
    """What an address takes is told."""
    async with system.client() as nobody:
        answer: httpx.Response = await nobody.options("/healthz")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, OPTIONS")


async def test_answers_wait_for_no_acknowledgement() -> None:
    """Each part of an answer leaves at once, whatever event loop serves the socket."""
    taken: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        taken.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = listen("127.0.0.1", 0)
    async with await asyncio.start_server(take, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        assert await taken
        writer.close()
