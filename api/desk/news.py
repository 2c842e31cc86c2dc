"""News as they come: that something has changed at the officer's authority."""

from collections.abc import AsyncIterator
from typing import Final

from litestar import get
from litestar.response import Stream as StreamResponse

from api.body import Call
from api.parts import Parts, parts_of
from api.stream import EVENT_STREAM, HEARTBEAT_SECONDS, wait
from domain.ids import AuthorityId
from domain.record import Record
from runtime.tokens import Claims
from store.errors import StoreUnavailable

CHANGED: Final = b"event: changed\ndata: \n\n"


@get("/desk/news", name="deskNews", media_type=EVENT_STREAM)
async def news(request: Call) -> StreamResponse:
    """Tell that something has changed at the officer's authority; what it is, the page asks for."""
    parts = parts_of(request)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    start = await parts.feed.last()
    return StreamResponse(_lines(parts, request.user, start), media_type=EVENT_STREAM, headers=headers)


async def _lines(parts: Parts, claims: Claims, after: int) -> AsyncIterator[bytes]:
    yield b": news of the worklist\n\n"
    while not parts.feed.closed and parts.now() < claims.expires_at:
        coming = parts.feed.news()
        try:
            page_of_events = await parts.feed.page(after)
        except StoreUnavailable:
            await wait(coming, HEARTBEAT_SECONDS)
            continue
        if page_of_events:
            after = page_of_events[-1].position
            concerned = [await _concerns(parts, claims.authority, item.record) for item in page_of_events]
            if any(concerned):
                yield CHANGED
        elif not await wait(coming, HEARTBEAT_SECONDS):
            yield b": nothing new\n\n"


async def _concerns(parts: Parts, authority: AuthorityId, record: Record) -> bool:
    if record.authority == authority:
        return True
    facts = await parts.feed.facts(record.stream, record.version)
    return facts is not None and authority in facts.places()
