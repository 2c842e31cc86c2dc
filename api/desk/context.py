"""What every page of the desk works with: who asks, in which language, and how a page is answered."""

import hashlib
import hmac
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, FormMultiDict
from litestar.handlers import BaseRouteHandler

from api.absence import absentees, acting_for, not_delegated
from api.body import Call
from api.desk.directory import Directories, Directory
from api.desk.settings import DeskSettings
from api.limits import Limiter
from api.parts import Parts, parts_of
from api.problems import Trouble
from domain.access import reads_everything, receives
from domain.authority import Officer
from domain.ids import OfficerId
from runtime.peers import FORWARDED, source_of
from runtime.tokens import Claims
from store.sessions import Sessions
from web.messages import LANGUAGES, Translate, translator
from web.pages import render

DESK: Final = "desk"
"""Key of the application's state."""
HOME: Final = "/desk"
LANGUAGE_COOKIE: Final = "motcua_language"
SESSION_COOKIE: Final = "motcua_session"
YEAR_SECONDS: Final = 365 * 86400
ADDRESS: Final = "%/?#[]@!$&'()*+,;=:"
"""What stays as it is in an address that is written out once more; a header holds no other letters than ASCII's."""
FORM_LIMIT: Final = 256 * 1024
"""Bytes of a form; texts are limited to a few thousand characters each."""
OFFICER, ABSENTEES, ABSENT = "officer", "absentees", "absent"
"""Keys of a request's state: who is signed in, for whom he stands in today, and for whom he does so in this session."""

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
EMBEDDABLE: Final = {
    **HEADERS,
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace(
        "frame-ancestors 'none'", "frame-ancestors *"
    ),
}
"""Headers of pages that other sites may show in a frame."""


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk has besides the API's parts.

    ``visitors`` and ``guesses`` bound how much anyone may look up, ``logins`` how often somebody may try to log in.
    """

    settings: DeskSettings
    sessions: Sessions
    directories: Directories
    visitors: Limiter
    guesses: Limiter
    logins: Limiter
    secret: bytes


class NotSignedIn(Exception):
    """A page of the desk was asked for without a session that lives."""


def desk_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Desk:
    """The desk of the application that serves this connection."""
    found: Desk = connection.app.state[DESK]
    return found


async def directory_of(request: Call) -> Directory:
    """The names in force today."""
    return await desk_of(request).directories.get(parts_of(request).now())


async def signed_in(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]  # Litestar's signature
    """Guard: set the connection's user to the session's officer, as the catalogue has him today."""
    desk, parts = desk_of(connection), parts_of(connection)
    token = session_token(connection)
    session = await desk.sessions.find(token, parts.now()) if token else None
    officers = (await desk.directories.get(parts.now())).officers
    officer = officers.get(session.officer) if session else None
    if session is None or officer is None or not officer.roles:
        raise NotSignedIn
    wait = parts.limiter.take(officer.id)
    if wait > 0:
        raise Trouble(
            HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", "too many requests", headers={"Retry-After": str(wait)}
        )
    claims = Claims(officer.id, officer.authority, officer.roles, session.started_at, session.expires_at)
    away = await absentees(parts, officer, officers)
    connection.scope["user"] = claims
    connection.scope["state"] |= {OFFICER: officer, ABSENTEES: away}
    if session.on_behalf_of:
        absent = next((one for one in away if one.id == session.on_behalf_of), None)
        if absent is None:
            # From here on the session works in its own officer's name; what was just asked for was not.
            await desk.sessions.work_for(token, OfficerId(""))
            raise not_delegated()
        connection.scope["user"] = acting_for(claims, absent)
        connection.scope["state"][ABSENT] = absent


async def current_officer(desk: Desk, parts: Parts, officer: OfficerId) -> Officer | None:
    """The officer as of now (none: no longer one)."""
    found = (await desk.directories.get(parts.now())).officers.get(officer)
    return found if found and found.roles else None


def visitor(request: Call) -> str:
    """The address that a visitor comes from."""
    peer = request.client.host if request.client else ""
    return source_of(peer, request.headers.get(FORWARDED, ""), desk_of(request).settings.proxies)


def session_token(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The token of the session cookie (empty: none)."""
    return connection.cookies.get(cookie_name(desk_of(connection)), "")[:200]


def cookie_name(desk: Desk) -> str:
    """The session cookie's name; over TLS browsers see to it that only this very host can have set it."""
    return f"__Host-{SESSION_COOKIE}" if desk.settings.secure else SESSION_COOKIE


def cookie(desk: Desk, name: str, value: str, seconds: int | None) -> Cookie:
    """A cookie of ours: unreachable for scripts, not sent by other sites' forms."""
    return Cookie(
        key=name, value=value, max_age=seconds, httponly=True, secure=desk.settings.secure, samesite="lax", path="/"
    )


def csrf_token(request: Call) -> str:
    """What forms of this session bear, and forms of other sites cannot know.

    One that was shown while the session worked in another name is foreign too: it would do its work in the wrong one.
    """
    absent: Officer | None = request.scope["state"].get(ABSENT)
    content = "\0".join(("csrf", session_token(request), absent.id if absent else ""))
    return hmac.new(desk_of(request).secret, content.encode(), hashlib.sha256).hexdigest()


async def read_form(request: Call) -> FormMultiDict:
    """The form that a page of this very session sent; raise Trouble (403, 413) for any other."""
    if int(request.headers.get("content-length", "0") or 0) > FORM_LIMIT:
        raise Trouble(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "form_too_large", "this form is too large")
    check_origin(request)
    form = await request.form()
    expected = csrf_token(request)
    if not hmac.compare_digest(str(form.get("csrf", "")).encode(), expected.encode()):
        raise Trouble(HTTPStatus.FORBIDDEN, "foreign_form", "this form is not of this session")
    return form


def check_origin(request: Call) -> None:
    """Raise 403 for a form that a page of another site sent; browsers say where a form comes from."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(str(origin)).netloc != request.headers.get("host", "")
    if site not in {"same-origin", "none"} or foreign:
        raise Trouble(HTTPStatus.FORBIDDEN, "foreign_form", "this form comes from another site")


def language_of(request: Request[Any, Any, Any]) -> str:
    """The language that was chosen, else the one that the browser likes best, else Vietnamese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for item in request.headers.get("accept-language", "").lower().split(","):
        tag = item.strip().partition(";")[0].partition("-")[0]
        if tag in LANGUAGES:
            return tag
    return next(iter(LANGUAGES))


def words_of(request: Request[Any, Any, Any]) -> Translate:
    """The words of the request's language."""
    return translator(language_of(request))


def page(
    request: Call,
    template: str,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
    **values: Any,  # noqa: ANN401  # whatever the template shows
) -> Response[str]:
    """The page as an answer, with what all pages show: who is signed in, and where one is."""
    desk = desk_of(request)
    state = request.scope["state"]
    officer: Officer | None = state.get(OFFICER)
    acting: Officer | None = state.get(ABSENT) or officer
    common = {
        "officer": officer,
        "absent": state.get(ABSENT),
        "absentees": state.get(ABSENTEES, []),
        "receives": acting is not None and receives(acting.roles, acting.authority),
        "administers": acting is not None and reads_everything(acting.roles),
        "csrf": csrf_token(request) if officer else "",
        "here": request.url.path,
        "there": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "demo": desk.settings.demo_login,
    }
    return Response(
        render(template, language_of(request), **{**common, **values}),
        status_code=status,
        headers={**(headers or HEADERS), "Content-Language": language_of(request), "Vary": "Cookie, Accept-Language"},
        media_type="text/html; charset=utf-8",
    )


def asked(request: Call, name: str, longest: int = 200) -> str:
    """A parameter of the address: trimmed, cut, without what no text of ours holds (empty: not given)."""
    return clean(str(request.query_params.get(name, "")))[:longest]


def clean(text: str) -> str:
    """A text without NUL, which cannot be stored, and without what was not UTF-8."""
    return text.replace("\0", "").replace("\ufffd", "").strip()


def see_other(address: str, cookies: list[Cookie] | None = None) -> Response[None]:
    """Go and look there."""
    return Response(
        None,
        status_code=HTTPStatus.SEE_OTHER,
        headers={"Location": quote(address, safe=ADDRESS), "Cache-Control": "no-store"},
        cookies=cookies or [],
    )


def own_address(text: str, default: str = HOME) -> str:
    """The address if it is a path of ours, else ``default``: nobody is sent to another site."""
    parts = urlsplit(text)
    own = text.startswith("/") and not text.startswith("//") and not parts.scheme and not parts.netloc
    return text if own and "\\" not in text and text.isprintable() else default


def login_address(next_address: str) -> str:
    """The login page, which goes on to ``next_address``."""
    return f"/login?next={quote(next_address, safe='/')}"
