"""The application: routes, errors, and what surrounds them."""

from http import HTTPStatus
from typing import Final

from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State
from litestar.types import ASGIApp

from api.access_log import AccessLog, request_id_of
from api.desk.context import DESK
from api.desk.errors import answer_error
from api.desk.routes import desk, routes
from api.desk.settings import DeskSettings
from api.headers import authenticate, negotiate
from api.parts import PARTS, Parts
from api.problems import Trouble, respond
from api.reference import DOCUMENT
from api.routes import OFFICER_PREFIX, OFFICER_ROUTES, OPEN_ROUTES
from api.schema import encoded
from api.statuses import trouble_of
from runtime import logging

LOG = logging.logger(__name__)
FAILED: Final = "request.failed"
PROGRAMS: Final = (OFFICER_PREFIX, "/post", "/schema", "/healthz", "/readyz")
"""Addresses that programs ask, whatever they say they accept."""
DEFECT: Final = Trouble(
    HTTPStatus.INTERNAL_SERVER_ERROR, "defect", "the server failed to answer; please report it with the request's id"
)


def create_app(parts: Parts, desk_settings: DeskSettings | None = None) -> ASGIApp:
    """The whole application over these parts; whoever made them closes them.

    Without ``desk_settings`` nobody can log in to the desk.
    """
    return AccessLog(litestar_app(parts, desk_settings or DeskSettings()))


def litestar_app(parts: Parts, desk_settings: DeskSettings) -> Litestar:
    """What answers requests, without what surrounds it."""
    officers = Router(OFFICER_PREFIX, route_handlers=list(OFFICER_ROUTES), guards=[negotiate, authenticate])
    return Litestar(
        route_handlers=[*OPEN_ROUTES, officers, *routes()],
        exception_handlers={Exception: _answer_error},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
        state=State({PARTS: parts, DOCUMENT: encoded(), DESK: desk(parts, desk_settings)}),
    )


def _answer_error(request: Request, error: Exception) -> Response[bytes]:  # type: ignore[type-arg]  # any request
    """Tell what went wrong as a problem; what nobody foresaw is logged in full and told as a defect.

    Somebody who typed an address into a browser gets a page.
    """
    if not request.url.path.startswith(PROGRAMS) and "text/html" in request.headers.get("accept", ""):
        return answer_error(request, error)
    trouble = trouble_of(error)
    if trouble is None:
        LOG.error(FAILED, exc_info=error)
        trouble = DEFECT
    return respond(trouble, request_id_of(request.scope))
