"""Problem details (RFC 9457): what a client gets whenever it does not get what it asked for."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Response

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:motcua:problem:"
TITLES: Final = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    422: "Unprocessable Content",
}
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
RETRY_AFTER_SECONDS: Final = 5


class Fault(msgspec.Struct, frozen=True):
    """One fault of the request: where (``$.components[0]`` in the body, a parameter's or a header's name) and what."""

    path: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every answer of 400 and above.

    ``code`` is stable and what programs should look at; ``detail`` is a sentence for people; ``errors`` names the
    faults of a malformed request, ``details`` the facts behind a refusal (a 412 has ``current``, the current version).
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str = ""
    errors: tuple[Fault, ...] = ()
    details: dict[str, Any] = {}


class Trouble(Exception):
    """Ends a request with a problem; ``headers`` go with it."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        *,
        errors: tuple[Fault, ...] = (),
        details: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.details = details or {}
        self.headers = headers or {}


def bad_request(code: str, path: str, message: str) -> Trouble:
    """A request with one fault at this place."""
    return Trouble(HTTPStatus.BAD_REQUEST, code, f"{path}: {message}", errors=(Fault(path, message),))


def not_found(code: str, message: str) -> Trouble:
    """Nothing is there, or nothing that this officer may know of."""
    return Trouble(HTTPStatus.NOT_FOUND, code, message)


def unavailable(message: str) -> Trouble:
    """Something that the answer needs is away; the same request may be sent again."""
    return Trouble(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        message,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def as_problem(trouble: Trouble, request_id: str) -> Problem:
    """The problem's body."""
    return Problem(
        type=TYPE_PREFIX + trouble.code,
        title=TITLES[trouble.status],
        status=trouble.status,
        code=trouble.code,
        detail=trouble.message,
        request_id=request_id,
        errors=trouble.errors,
        details=trouble.details,
    )


def respond(trouble: Trouble, request_id: str) -> Response[bytes]:
    """The problem as an answer."""
    return Response(
        content=msgspec.json.encode(as_problem(trouble, request_id)),
        status_code=trouble.status,
        headers=trouble.headers,
        media_type=MEDIA_TYPE,
    )
