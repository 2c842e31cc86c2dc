"""What many operations of the OpenAPI document share: parameters, headers, the problems with an example each."""

from http import HTTPStatus
from typing import Any, Final

import msgspec

from api.problems import MEDIA_TYPE, RETRY_AFTER_SECONDS, Fault, Trouble, as_problem

INFO: Final = {
    "title": "motcua",
    "summary": "Administrative dossiers: receive, work, decide, return; every due moment exact and explained.",
    "description": (
        "Every write takes an `Idempotency-Key`: the same key with the same content takes effect once, however often "
        "it is sent, and gets the same answer; with another content it is refused (422). Keys are an officer's own; "
        "a command's key is also its dossier's. `If-Match` with the version that was seen keeps a stale screen from "
        "deciding (412). Whatever is not answered as asked is answered by problem details (RFC 9457) whose `code` is "
        "stable. A command that is not allowed as things stand is a 409; 503 says that the same request may be sent "
        "again after `Retry-After` seconds. All moments carry an offset."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
TAGS: Final = [
    {"name": "dossiers", "description": "Dossiers as they come in and as they stand."},
    {"name": "commands", "description": "What officers do with a dossier, one route for each command."},
    {"name": "tasks", "description": "Worklists."},
    {"name": "delegations", "description": "Who stands in for whom while an officer is away."},
    {"name": "events", "description": "What happens, as it happens."},
    {"name": "webhooks", "description": "Who is told of which events, and what could not be delivered."},
    {"name": "system", "description": "Health, and this document."},
]
SECURITY: Final = {
    "officer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Who the officer is, for which authority, in which roles: `motcua token --officer ID`.",
    }
}
REQUEST_ID: Final = "^[A-Za-z0-9._:-]{1,64}$"
CODE: Final = "H99.02-260302-0001"

HEADERS: Final[dict[str, Any]] = {
    "ETag": {
        "description": "The dossier's version in quotes; send it back as `If-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$', "examples": ['"7"']},
    },
    "Location": {
        "description": "Where the dossier is.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference", "examples": [f"/api/v1/dossiers/{CODE}"]},
    },
    "Content-Language": {
        "description": "The language of names in the answer.",
        "required": True,
        "schema": {"type": "string", "enum": ["vi", "en"]},
    },
    "X-Request-Id": {
        "description": "The request's id as it stands in the log: the client's own, or a new one.",
        "required": True,
        "schema": {"type": "string", "pattern": REQUEST_ID},
    },
    "Retry-After": {
        "description": "After how many seconds to try again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "examples": [RETRY_AFTER_SECONDS]},
    },
    "WWW-Authenticate": {
        "description": "How to say who one is.",
        "required": True,
        "schema": {"type": "string", "examples": ['Bearer realm="motcua"']},
    },
    "Accept-Post": {
        "description": "What can be sent.",
        "required": True,
        "schema": {"type": "string", "examples": ["application/json"]},
    },
}

PARAMETERS: Final[dict[str, Any]] = {
    "code": {
        "name": "code",
        "in": "path",
        "required": True,
        "description": "The dossier's code, as it is printed on the receipt.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
        "example": CODE,
    },
    "form": {
        "name": "form",
        "in": "path",
        "required": True,
        "description": "The form's number.",
        "schema": {"type": "string", "pattern": "^0[1-6]\\.pdf$"},
        "example": "01.pdf",
    },
    "subscription": {
        "name": "subscription",
        "in": "path",
        "required": True,
        "description": "The subscription's id.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"},
        "example": "kho-ho-so",
    },
    "idempotency_key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "1 to 200 printable ASCII characters: new for a new request, the same for a repeated one.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        "example": "0f9a7e2c-4f0e-4d0b-9a55-7d0c5a1f1a33",
    },
    "if_match": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The version that was seen, in quotes; `*` or nothing: whatever it is now.",
        "schema": {"type": "string", "pattern": '^("[0-9]{1,9}"|\\*)$'},
        "example": '"7"',
    },
    "delegation": {
        "name": "delegation",
        "in": "path",
        "required": True,
        "description": "The delegation's id.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
        "example": "D-4be1f0c2",
    },
    "on_behalf_of": {
        "name": "On-Behalf-Of",
        "in": "header",
        "required": False,
        "description": (
            "The absent officer whom the caller stands in for, by a delegation that is active now: the request is "
            "judged by that officer's roles alone, and its events bear both names."
        ),
        "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
        "example": "hang.mai",
    },
    "accept_language": {
        "name": "Accept-Language",
        "in": "header",
        "required": False,
        "description": "`vi` (the default) or `en`.",
        "schema": {"type": "string", "maxLength": 200},
        "example": "en",
    },
    "last_event_id": {
        "name": "Last-Event-ID",
        "in": "header",
        "required": False,
        "description": "The last global position that was seen; the stream goes on after it.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"},
        "example": "1042",
    },
    "request_id": {
        "name": "X-Request-Id",
        "in": "header",
        "required": False,
        "description": (
            "An id of the client's own, to find the request in the log: 1 to 64 letters, digits and `._:-`. "
            "Another one is replaced."
        ),
        "schema": {"type": "string"},
        "example": "desk-7.0042",
    },
}


def _response(description: str, trouble: Trouble, *headers: str) -> dict[str, Any]:
    example = msgspec.to_builtins(as_problem(trouble, "desk-7.0042"))
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in (*headers, "X-Request-Id")},
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
    }


_EXAMPLES: Final[dict[HTTPStatus, tuple[str, Trouble, tuple[str, ...]]]] = {
    HTTPStatus.BAD_REQUEST: (
        (
            "The request is malformed: `malformed_body`, `invalid_body`, `invalid_query`, `invalid_cursor`, "
            "`idempotency_key_missing`, `invalid_idempotency_key`, `invalid_if_match`, `invalid_last_event_id`."
        ),
        Trouble(
            HTTPStatus.BAD_REQUEST,
            "invalid_body",
            "Expected `str`, got `int` - at `$.stage`",
            errors=(Fault("$.stage", "Expected `str`, got `int`"),),
        ),
        (),
    ),
    HTTPStatus.UNAUTHORIZED: (
        "There is no valid token: `unauthenticated`, `invalid_token`.",
        Trouble(HTTPStatus.UNAUTHORIZED, "invalid_token", "the token expired; log in again"),
        ("WWW-Authenticate",),
    ),
    HTTPStatus.FORBIDDEN: (
        "The officer may not do this: `forbidden`; he stands in for nobody of this name: `not_delegated`.",
        Trouble(HTTPStatus.FORBIDDEN, "forbidden", "complete_task is not for this officer's roles at this authority"),
        (),
    ),
    HTTPStatus.NOT_FOUND: (
        "There is no such dossier or part: `dossier_unknown`.",
        Trouble(HTTPStatus.NOT_FOUND, "dossier_unknown", f"there is no dossier {CODE}"),
        (),
    ),
    HTTPStatus.NOT_ACCEPTABLE: (
        "The client accepts no form that there is: `not_acceptable`.",
        Trouble(HTTPStatus.NOT_ACCEPTABLE, "not_acceptable", "answers are application/json"),
        (),
    ),
    HTTPStatus.CONFLICT: (
        "The command is not allowed as things stand; `code` is the domain's own.",
        Trouble(
            HTTPStatus.CONFLICT,
            "stage_not_open",
            "stage appraise is not open; the open stage is approve",
            details={"stage": "appraise", "open": "approve"},
        ),
        (),
    ),
    HTTPStatus.PRECONDITION_FAILED: (
        (
            "The dossier has moved on since the version in `If-Match`: `stale_version`; `details.current` and the ETag "
            "have the current version."
        ),
        Trouble(
            HTTPStatus.PRECONDITION_FAILED,
            "stale_version",
            "this dossier has moved on from version 5 to 7; look at it again before acting",
            details={"expected": 5, "current": 7},
        ),
        ("ETag",),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "The body is larger than 1 MiB: `body_too_large`.",
        Trouble(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body_too_large",
            "the body has 3000000 bytes; at most 1048576 are taken",
            details={"limit": 1048576},
        ),
        (),
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "The body is not JSON in UTF-8: `unsupported_media_type`.",
        Trouble(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "the body is sent as application/json"),
        ("Accept-Post",),
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        (
            "Well-formed, but never right: `idempotency_key_reused`, `unknown_reference` (a procedure, authority or "
            "officer), `unstorable_data`, `invalid_moment`, `occurred_in_future`, `outside_calendar`, …"
        ),
        Trouble(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "this Idempotency-Key was already used for another request; use a new one",
        ),
        (),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        "Too many requests of one officer: `too_many_requests`.",
        Trouble(
            HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", "too many requests of one officer; try again in 1 s"
        ),
        ("Retry-After",),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "A defect of the server: `defect`. The log has more under the request's id.",
        Trouble(HTTPStatus.INTERNAL_SERVER_ERROR, "defect", "the server failed; please report the request's id"),
        (),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "The database or Temporal is away: `unavailable`. A command may still take effect: repeat it with its key.",
        Trouble(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "the database does not answer; send the request again"),
        ("Retry-After",),
    ),
}

RESPONSES: Final[dict[str, Any]] = {
    status.name: _response(description, trouble, *headers)
    for status, (description, trouble, headers) in _EXAMPLES.items()
}
