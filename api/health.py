"""Whether the process lives, and whether what it needs is there: asked anew each time, never remembered."""

import asyncio
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Response, get
from msgspec import Meta

from api.answers import answer
from api.body import Call
from api.docs import document
from api.parts import parts_of
from api.probes import PartHealth, examine
from api.problems import RETRY_AFTER_SECONDS


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Annotated[str, Meta(examples=["alive"])]


class Readiness(msgspec.Struct, frozen=True):
    """All parts; ready when all of them are."""

    ready: bool
    parts: dict[str, PartHealth]


@get(
    "/healthz",
    name="health",
    opt=document(
        tag="system",
        summary="Whether the process lives",
        answer=Alive,
        answer_description="It does.",
        example=Alive("alive"),
        secured=False,
    ),
)
async def healthz() -> Response[bytes]:
    """Answer: that is all there is to say."""
    return answer(Alive("alive"))


@get(
    "/readyz",
    name="readiness",
    opt=document(
        tag="system",
        summary="Whether PostgreSQL and Temporal answer",
        description="Each is asked now, for at most 2 seconds. 503 with the same body where one does not answer.",
        answer=Readiness,
        answer_description="They do.",
        example=Readiness(
            ready=True, parts=dict.fromkeys(("postgresql", "temporal"), PartHealth(ready=True, detail=""))
        ),
        secured=False,
        failure=HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
async def readyz(request: Call) -> Response[bytes]:
    """Ask every part at once."""
    probes = parts_of(request).probes
    healths = await asyncio.gather(*(examine(probe) for probe in probes.values()))
    ready = all(health.ready for health in healths)
    body = Readiness(ready, dict(zip(probes, healths, strict=True)))
    if ready:
        return answer(body)
    return answer(body, HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
