"""What goes wrong, told on a page: in plain words, with what one can do, and never more."""

from http import HTTPStatus
from typing import Final

from litestar import Request, Response

from api.access_log import request_id_of
from api.desk.context import HOME, NotSignedIn, login_address, page, see_other
from api.desk.oidc import LoginFailed
from api.statuses import trouble_of
from runtime import logging
from web.messages import DEFAULT, has

LOG = logging.logger(__name__)
FAILED: Final = "request.failed"
PAGES: Final = ("/desk", "/login", "/logout", "/track", "/board", "/language")


def answer_error(request: Request, error: Exception) -> Response:  # type: ignore[type-arg]  # any request
    """The page for an error."""
    if isinstance(error, NotSignedIn):
        reading = request.method == "GET"
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "") if reading else HOME
        return see_other(login_address(address))
    if isinstance(error, LoginFailed):
        return _page(request, HTTPStatus.UNAUTHORIZED, "login_failed", {})
    trouble = trouble_of(error)
    if trouble is None:
        LOG.error(FAILED, exc_info=error)
        return _page(request, HTTPStatus.INTERNAL_SERVER_ERROR, "defect", {})
    return _page(request, HTTPStatus(trouble.status), trouble.code, trouble.headers)


def _page(request: Request, status: HTTPStatus, code: str, headers: dict[str, str]) -> Response[str]:  # type: ignore[type-arg]  # any request
    known = code if has(DEFAULT, f"trouble.{code}") else str(status.value)
    key = f"trouble.{known}" if has(DEFAULT, f"trouble.{known}") else "trouble.other"
    response = page(
        request, "trouble.html", status, key=key, number=status.value, request_id=request_id_of(request.scope)
    )
    response.headers.update(headers)
    return response
