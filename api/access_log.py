"""Around the whole application: a request id for every request, and one line in the log, without personal data.

The line says which route was asked, not which address: an address may hold what somebody searched for.
"""

import re
import time
import uuid
from http import HTTPStatus
from typing import Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry.trace import Span, StatusCode

from runtime import instruments, logging, tracing

LOG = logging.logger(__name__)
ANSWERED: Final = "request.answered"
REQUEST_ID: Final = b"x-request-id"
STATE_KEY: Final = "motcua_request_id"
QUIET: Final = frozenset({"/healthz", "/readyz"})
"""Probes ask every few seconds; they are logged at debug level."""
_OURS: Final = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


def request_id_of(scope: Scope) -> str:
    """The request's id (empty where the request did not come through this middleware)."""
    found: str = scope.get("state", {}).get(STATE_KEY, "")
    return found


class AccessLog:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; the server sends nothing but HTTP's."""
        request_id = _given(scope) or uuid.uuid4().hex
        scope.setdefault("state", {})[STATE_KEY] = request_id
        status = 0
        began = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID, request_id.encode())]
            await send(message)

        with tracing.served(scope["headers"], "HTTP") as span, logging.about(request=request_id):
            try:
                await self._app(scope, receive, answer)
            finally:
                _describe(span, scope, status, request_id)
                _log(scope, status, time.perf_counter() - began)


def _given(scope: Scope) -> str:
    found = next((value for name, value in scope["headers"] if name == REQUEST_ID), b"")
    return found.decode() if _OURS.fullmatch(found) else ""


def _describe(span: Span, scope: Scope, status: int, request_id: str) -> None:
    """What a collector is told of a request: the route, never the address."""
    method, route = str(scope.get("method", "")), scope.get("path_template") or ""
    span.update_name(f"{method} {route}".strip())
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": int(status),
            "motcua.request": request_id,
        }
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(StatusCode.ERROR)


def _log(scope: Scope, status: int, seconds: float) -> None:
    """One line; the authority stands for whoever asked."""
    quiet = scope["path"] in QUIET
    route = scope.get("path_template") or ""
    instruments.HTTP_SECONDS.labels(str(scope.get("method")), route, str(int(status))).observe(seconds)
    user = scope.get("user")
    (LOG.debug if quiet else LOG.info)(
        ANSWERED,
        method=scope.get("method"),
        route=route,
        code=scope.get("path_params", {}).get("code", ""),
        status=int(status),
        milliseconds=round(seconds * 1000, 1),
        authority=getattr(user, "authority", ""),
    )
