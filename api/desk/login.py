"""Logging in and out."""

from http import HTTPStatus
from typing import Final

from litestar import Response, get, post

from api.body import Call
from api.desk import oidc
from api.desk.context import (
    asked,
    check_origin,
    cookie,
    cookie_name,
    current_officer,
    desk_of,
    directory_of,
    own_address,
    page,
    read_form,
    see_other,
    session_token,
    signed_in,
    visitor,
)
from api.desk.directory import Directory
from api.desk.oidc import LoginFailed
from api.parts import parts_of
from api.problems import Trouble
from domain.authority import Officer
from domain.ids import AuthorityId, OfficerId
from domain.vietnamese import name_key, text_key
from runtime import logging
from store.board import open_tasks

LOG = logging.logger(__name__)
FAILED: Final = "login.failed"
LOGIN_COOKIE: Final = "motcua_login"
BACK: Final = "/login/oidc/back"


@get("/login", name="deskLogin")
async def login(request: Call) -> Response[str]:
    """Show how to log in: with the provider, or, to try things out, by choosing an officer."""
    return await _login_page(request, HTTPStatus.OK, "")


async def _login_page(request: Call, status: HTTPStatus, failure: str) -> Response[str]:
    desk = desk_of(request)
    directory = await directory_of(request)
    groups = await _groups(request, directory) if desk.settings.demo_login else []
    return page(
        request,
        "login.html",
        status,
        groups=groups,
        provider=desk.settings.provider,
        next=own_address(asked(request, "next", 2000)),
        failure=failure,
    )


async def _groups(request: Call, directory: Directory) -> list[tuple[str, int, list[Officer]]]:
    """The officers by their authorities, those with open work first."""
    work = await open_tasks(parts_of(request).database)
    people = sorted((one for one in directory.officers.values() if one.roles), key=lambda one: name_key(one.name))
    places: dict[AuthorityId, list[Officer]] = {}
    for one in people:
        places.setdefault(one.authority, []).append(one)
    ordered = sorted(places, key=lambda place: (-work.get(place, 0), text_key(directory.authority_name(place))))
    return [(directory.authority_name(place), work.get(place, 0), places[place]) for place in ordered]


@post("/login/demo", name="deskLoginDemo", status_code=HTTPStatus.SEE_OTHER)
async def login_demo(request: Call) -> Response[None]:
    """Begin a session as the chosen officer: where trying things out is allowed, and nowhere else."""
    desk = desk_of(request)
    if not desk.settings.demo_login:
        raise Trouble(HTTPStatus.NOT_FOUND, "not_found", "there is nothing at this address")
    check_origin(request)
    form = await request.form()
    return await _begin(request, str(form.get("officer", "")), own_address(str(form.get("next", ""))))


@get("/login/oidc", name="deskLoginProvider", status_code=HTTPStatus.SEE_OTHER)
async def login_provider(request: Call) -> Response[None] | Response[str]:
    """Go to the provider."""
    desk, now = desk_of(request), parts_of(request).now()
    provider = desk.settings.provider
    if provider is None:
        raise Trouble(HTTPStatus.NOT_FOUND, "not_found", "there is nothing at this address")
    if wait := desk.logins.take(visitor(request)):
        return await _too_often(request, wait)
    one = oidc.attempt(own_address(asked(request, "next", 2000)), now)
    try:
        address = await oidc.address(provider, one, desk.settings.public_url + BACK)
    except LoginFailed as failure:
        return await _failed(request, failure)
    return see_other(address, [cookie(desk, LOGIN_COOKIE, oidc.sealed(desk.secret, one), oidc.SECONDS)])


@get(BACK, name="deskLoginBack", status_code=HTTPStatus.SEE_OTHER)
async def login_back(request: Call) -> Response[None] | Response[str]:
    """Come back from the provider."""
    desk, now = desk_of(request), parts_of(request).now()
    provider = desk.settings.provider
    if provider is None:
        raise Trouble(HTTPStatus.NOT_FOUND, "not_found", "there is nothing at this address")
    if wait := desk.logins.take(visitor(request)):
        return await _too_often(request, wait)
    try:
        one = oidc.unsealed(desk.secret, request.cookies.get(LOGIN_COOKIE, ""), now)
        code, state = (asked(request, name, 2000) for name in ("code", "state"))
        officer = await oidc.officer_id(provider, one, code, state, desk.settings.public_url + BACK, now)
        return await _begin(request, officer, one.next)
    except LoginFailed as failure:
        return await _failed(request, failure)


async def _too_often(request: Call, wait: int) -> Response[str]:
    shown = await _login_page(request, HTTPStatus.TOO_MANY_REQUESTS, "login.too_often")
    shown.headers.update({"Retry-After": str(wait)})
    return shown


async def _failed(request: Call, failure: LoginFailed) -> Response[str]:
    LOG.warning(FAILED, problem=str(failure))
    return await _login_page(request, HTTPStatus.UNAUTHORIZED, "login.failed")


async def _begin(request: Call, officer: str, address: str) -> Response[None]:
    """Begin a session under a token of its own; one that the browser had before ends."""
    desk, parts = desk_of(request), parts_of(request)
    found = await current_officer(desk, parts, OfficerId(officer))
    if found is None:
        message = "the catalogue knows no such officer"
        raise LoginFailed(message)
    before = session_token(request)
    if before:
        await desk.sessions.end(before)
    token = await desk.sessions.begin(found.id, parts.now())
    cookies = [cookie(desk, cookie_name(desk), token, None), cookie(desk, LOGIN_COOKIE, "", 0)]
    return see_other(address, cookies)


@post("/logout", name="deskLogout", status_code=HTTPStatus.SEE_OTHER, guards=[signed_in])
async def logout(request: Call) -> Response[None]:
    """End this session, or every session of this officer."""
    desk = desk_of(request)
    form = await read_form(request)
    if form.get("everywhere"):
        await desk.sessions.end_all(request.user.officer)
    await desk.sessions.end(session_token(request))
    return see_other("/login", [cookie(desk, cookie_name(desk), "", 0)])
