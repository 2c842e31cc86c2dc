"""Which HTTP status a refusal's stable code becomes, and how every other error is told."""

from http import HTTPStatus
from typing import Final

from litestar.exceptions import HTTPException

from api.problems import IDEMPOTENCY_KEY, Trouble, unavailable
from domain.errors import Refusal
from store.errors import KeyReused, StoreUnavailable
from workflows.client import DossiersUnavailable
from workflows.dossier import REUSED

KEY_REUSED: Final = KeyReused.code
STATUS_OF: Final[dict[str, HTTPStatus]] = {
    "dossier_unknown": HTTPStatus.NOT_FOUND,
    "stale_version": HTTPStatus.PRECONDITION_FAILED,
    "invalid_cursor": HTTPStatus.BAD_REQUEST,
    # What can never be right, whatever state the dossier is in.
    "unknown_reference": HTTPStatus.UNPROCESSABLE_ENTITY,
    "cannot_bind": HTTPStatus.UNPROCESSABLE_ENTITY,
    "delegation_to_oneself": HTTPStatus.UNPROCESSABLE_ENTITY,
    "delegation_elsewhere": HTTPStatus.UNPROCESSABLE_ENTITY,
    "delegation_ends_before_start": HTTPStatus.UNPROCESSABLE_ENTITY,
    "delegation_unexplained": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unstorable_data": HTTPStatus.UNPROCESSABLE_ENTITY,
    "text_too_long": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_moment": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_amount": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_score": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_value": HTTPStatus.UNPROCESSABLE_ENTITY,
    "occurred_in_future": HTTPStatus.UNPROCESSABLE_ENTITY,
    "outside_calendar": HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""Statuses by code; a refusal whose code is not here is a 409: allowed perhaps, but not as things stand."""

HTTP_CODES: Final[dict[int, tuple[str, str]]] = {
    404: ("not_found", "there is nothing at this address"),
    405: ("method_not_allowed", "this address does not take this method; the header Allow names those that it does"),
}
"""What the framework itself refuses, in our words."""


def trouble_of(error: Exception) -> Trouble | None:  # noqa: PLR0911  # one for each kind
    """The problem that an error means to a client; none for a defect."""
    match error:
        case Trouble():
            return error
        case Refusal() if error.code in {REUSED, KEY_REUSED}:
            return reused()
        case Refusal():
            return _refused(error)
        case StoreUnavailable():
            return unavailable("the database does not answer; send the same request again")
        case DossiersUnavailable() | TimeoutError():
            return unavailable("no answer came in time; the command may still take effect: repeat it with the same key")
        case HTTPException() if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _of_framework(error)
        case _:
            return None


def reused() -> Trouble:
    """A key that already stands for another request."""
    message = f"this {IDEMPOTENCY_KEY} was already used for another request; use a new one"
    return Trouble(HTTPStatus.UNPROCESSABLE_ENTITY, KEY_REUSED, message)


def _refused(refusal: Refusal) -> Trouble:
    status = STATUS_OF.get(refusal.code, HTTPStatus.CONFLICT)
    headers = {}
    if status is HTTPStatus.PRECONDITION_FAILED and "current" in refusal.details:
        headers["ETag"] = f'"{refusal.details["current"]}"'
    return Trouble(status, refusal.code, refusal.message, details=dict(refusal.details), headers=headers)


def _of_framework(error: HTTPException) -> Trouble:
    code, message = HTTP_CODES.get(error.status_code, ("bad_request", error.detail))
    allowed = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return Trouble(HTTPStatus(error.status_code), code, message, headers=allowed)
