"""What the OpenAPI document says about a route, kept beside the route: ``opt=document(...)``."""

from http import HTTPStatus
from typing import Any, Final

import msgspec

DOC: Final = "doc"
"""Key of a route handler's ``opt`` under which its Doc stands."""
JSON: Final = "application/json"

READ_PROBLEMS: Final = (400, 401, 403, 404, 406, 429, 500, 503)
LIST_PROBLEMS: Final = (400, 401, 403, 406, 422, 429, 500, 503)
CREATE_PROBLEMS: Final = (400, 401, 403, 406, 409, 413, 415, 422, 429, 500, 503)
COMMAND_PROBLEMS: Final = (400, 401, 403, 404, 406, 409, 412, 413, 415, 422, 429, 500, 503)
BULK_PROBLEMS: Final = (400, 401, 403, 406, 413, 415, 422, 429, 500, 503)


class Doc(msgspec.Struct, frozen=True, kw_only=True):
    """One operation.

    ``answer`` is the type of the body of the one success answer (none: none is described by a schema), ``example`` one
    such body. ``query`` is a Struct whose fields are the query's parameters, ``body`` the request's.
    ``keyed``: takes an Idempotency-Key; ``matched``: takes If-Match; ``tagged``: the answer has an ETag.
    ``failure`` is a second status under which the same body comes, with Retry-After.
    ``parameters`` and ``headers`` are further parameters and response headers by their names in the components.
    """

    tag: str
    summary: str
    description: str = ""
    status: HTTPStatus = HTTPStatus.OK
    answer: Any = None
    answer_description: str
    example: Any = None
    media_type: str = JSON
    failure: HTTPStatus | None = None
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    body_examples: dict[str, Any] = {}
    keyed: bool = False
    matched: bool = False
    tagged: bool = False
    secured: bool = True
    parameters: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    problems: tuple[int, ...] = ()


def document(**fields: Any) -> dict[str, Any]:  # noqa: ANN401  # those of Doc
    """A route handler's ``opt``."""
    return {DOC: Doc(**fields)}
