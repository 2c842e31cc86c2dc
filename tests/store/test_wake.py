"""Listening leaves nothing behind, wherever it is cut short."""

import asyncio
import contextlib
import gc
import warnings
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from store.wake import EVENTS, Wake
from tests.support.databases import Database


@contextlib.asynccontextmanager
async def _slow_after(word: bytes, url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A way to the database that tells when it sees ``word``, and then holds the answers back until called again.

    The second call is the driver's, which asks the server to give up what was cancelled.
    """
    seen, again = asyncio.Event(), asyncio.Event()
    there = urlsplit(url)

    async def forward(source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        while content := await source.read(65536):
            if not answers and word in content:
                seen.set()
            if answers and seen.is_set():
                await again.wait()
            sink.write(content)
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if seen.is_set():
            again.set()
        behind, to_behind = await asyncio.open_connection(there.hostname, there.port)
        async with asyncio.TaskGroup() as group:
            group.create_task(forward(reader, to_behind, answers=False))
            group.create_task(forward(behind, writer, answers=True))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield url.replace(f":{there.port}/", f":{port}/"), seen


async def test_cancelled_half_way_it_closes_its_connection(database: Database) -> None:
    """Connected but not yet listening: nothing is left to the garbage collector."""
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always")
        async with _slow_after(b"LISTEN", database.app_url) as (url, asked):
            listening = asyncio.create_task(Wake(url, EVENTS).__aenter__())
            await asyncio.wait_for(asked.wait(), 30)
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
            del listening
            gc.collect()
    assert [str(one.message) for one in left if issubclass(one.category, ResourceWarning)] == []
