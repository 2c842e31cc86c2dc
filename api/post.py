"""Carriers' callbacks: ``POST /post/{carrier}/callbacks``, with the address's secret after it where there is one.

An authentic callback is stored, as it came, by one insert before it is answered; what it means is looked at later, so
that nothing but PostgreSQL must be there. What is not authentic leaves a line in the log and nothing else.
"""

from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, post
from litestar.datastructures import State

from activities.carriers import access
from activities.carriers.loading import Known
from activities.carriers.protocol import Answer, Callback, Fault, NotAuthentic
from api.body import raw_bytes
from api.parts import parts_of
from api.problems import RETRY_AFTER_SECONDS, Trouble, not_found
from runtime import logging
from store.errors import StoreUnavailable

LOG = logging.logger(__name__)
REFUSED: Final = "callback.refused"
Plain = Request[Any, Any, State]
AWAY: Final = Fault(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "not stored; send it again")


@post(
    ["/post/{carrier:str}/callbacks", "/post/{carrier:str}/callbacks/{secret:str}"],
    name="callbacks",
    status_code=HTTPStatus.OK,
)
async def callbacks(request: Plain) -> Response[bytes]:
    """Store a callback and answer what its carrier expects."""
    parts = parts_of(request)
    name = str(request.path_params["carrier"])
    known = parts.carriers.get(name)
    if known is None:
        raise not_found("carrier_unknown", "there is no such carrier")
    callback = Callback(
        carrier=name,
        headers={key.lower(): value for key, value in request.headers.items()},
        body=b"",
        peer=request.client.host if request.client else "",
        received_at=parts.now(),
        secret=str(request.path_params.get("secret", "")),
    )
    try:
        body = await raw_bytes(request)
    except Trouble as trouble:
        return _answer(known, callback, Fault(trouble.status, trouble.code, trouble.message))
    callback = Callback(name, callback.headers, body, callback.peer, callback.received_at, callback.secret)
    try:
        source = access.check(callback, known.keys)
        known.adapter.authenticate(callback, known.keys)
    except NotAuthentic as refused:
        return _answer(known, callback, Fault(HTTPStatus.UNAUTHORIZED, refused.code, refused.message))
    try:
        await parts.inbox.keep(name, callback.received_at, source, callback.headers, body)
    except StoreUnavailable:
        return _answer(known, callback, AWAY)
    return _answer(known, callback, None)


def _answer(known: Known, callback: Callback, fault: Fault | None) -> Response[bytes]:
    if fault is not None:
        LOG.warning(REFUSED, carrier=callback.carrier, code=fault.code, peer=callback.peer)
    answer: Answer = known.adapter.answer(callback, fault)
    headers = dict(answer.headers)
    if fault is AWAY:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return Response(answer.body, status_code=answer.status, media_type=answer.media_type, headers=headers)
