"""``GET /events/stream``: server-sent events of what an officer may see."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import msgspec
from litestar import get
from litestar.response import Stream as StreamResponse

from api import query
from api.answers import code_and_link
from api.body import Call
from api.docs import LIST_PROBLEMS, document
from api.fields import Moment
from api.local import in_local_time
from api.parts import Parts, parts_of
from api.problems import bad_request
from domain.access import READ, can, reads_everything
from domain.record import Record
from runtime.tokens import Claims
from store.errors import StoreUnavailable
from store.journal import Positioned

HEARTBEAT_SECONDS: Final = 15.0
"""A line at least this often, so that proxies keep the connection and clients notice its loss."""
AWAY_SECONDS: Final = 1.0
LAST_EVENT_ID: Final = "Last-Event-ID"
EVENT_STREAM: Final = "text/event-stream"


class News(msgspec.Struct, frozen=True):
    """One event, without its data: look at the dossier for these."""

    position: int
    code: str
    link: str
    version: int
    type: str
    occurred_at: Moment
    recorded_at: Moment
    actor: str
    authority: str
    on_behalf_of: str


class NoParameters(msgspec.Struct, frozen=True):
    """The stream takes none."""


@get(
    "/events/stream",
    name="followEvents",
    media_type=EVENT_STREAM,
    opt=document(
        tag="events",
        summary="Follow what happens",
        description=(
            "Server-sent events, each with its global position as `id`, its type as `event`, and JSON as `data`. It "
            "begins with what happens now, or after `Last-Event-ID`. A comment every 15 seconds shows that it lives; "
            "it ends when the token expires or the server stops, and is then taken up again with `Last-Event-ID`."
        ),
        answer=str,
        answer_description="The stream; each event's `data` is a `News`.",
        example='id: 42\nevent: task.opened\ndata: {"position":42,"code":"H99.02-260302-0001","version":4}\n\n',
        media_type=EVENT_STREAM,
        query=NoParameters,
        parameters=("last_event_id",),
        problems=LIST_PROBLEMS,
    ),
)
async def follow(request: Call) -> StreamResponse:
    """Begin to follow."""
    parts = parts_of(request)
    query.read(request, NoParameters)
    after = _position(request.headers.get(LAST_EVENT_ID.lower()))
    start = await parts.feed.last() if after is None else after
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamResponse(_lines(parts, request.user, start), media_type=EVENT_STREAM, headers=headers)


def _position(text: str | None) -> int | None:
    if text is None or not text.strip():
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004  # far beyond what a store can hold
        raise bad_request(
            "invalid_last_event_id", LAST_EVENT_ID, "a global position, as the stream's ids are, is wanted"
        )
    return int(text)


async def _lines(parts: Parts, claims: Claims, after: int) -> AsyncIterator[bytes]:
    yield b": this is what happens\n\n"
    while not parts.feed.closed and parts.now() < claims.expires_at:
        news = parts.feed.news()
        try:
            page = await parts.feed.page(after)
            for item in page:
                if await _visible(parts, claims, item.record):
                    yield _told(item)
                after = item.position
        except StoreUnavailable:
            await wait(news, AWAY_SECONDS)
            continue
        if not page and not await wait(news, HEARTBEAT_SECONDS):
            yield b": nothing new\n\n"


async def wait(news: asyncio.Event, seconds: float) -> bool:
    """Wait for news, so long at most; tell whether there were any."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()
    return news.is_set()


async def _visible(parts: Parts, claims: Claims, record: Record) -> bool:
    if reads_everything(claims.roles) or record.authority == claims.authority:
        return True
    facts = await parts.feed.facts(record.stream, record.version)
    return facts is not None and can(claims.roles, claims.authority, READ, facts)


def _told(item: Positioned) -> bytes:
    record = item.record
    code, link = code_and_link(record.stream)
    data = News(
        position=item.position,
        code=code,
        link=link,
        version=record.version,
        type=record.type,
        occurred_at=record.occurred_at,
        recorded_at=record.recorded_at,
        actor=record.actor,
        authority=record.authority,
        on_behalf_of=record.on_behalf_of,
    )
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (
        item.position,
        record.type.encode(),
        msgspec.json.encode(in_local_time(data)),
    )
