"""Officers of the catalogue, kept by administrators: who serves where, with which roles, from which day on.

Nothing is overwritten: every change is a publication of its own from its day on. Whose service has ended has no roles;
the name stays for the histories that bear it.
"""

import re
from datetime import date
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from api.body import Call
from api.desk.administration import check_administrator, may_change
from api.desk.context import asked, clean, desk_of, directory_of, page, read_form, see_other, words_of
from api.desk.directory import Directory
from api.local import HOME
from api.parts import parts_of
from domain.authority import Officer, Role
from domain.ids import AuthorityId, OfficerId
from domain.vietnamese import name_key
from runtime import logging
from store.board import tasks_held
from store.references import Current, Kind, References
from web.timewords import day_words

LOG = logging.logger(__name__)
CHANGED: Final = "officer.changed"
ADDRESS: Final = "/desk/admin/officers"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
LONGEST: Final = 200
FIELDS: Final = ("id", "name", "authority", "unit", "day")


class Line(msgspec.Struct, frozen=True):
    """An officer as the page shows him: how many tasks he has claimed, and what comes later (none: nothing)."""

    officer: Officer
    tasks: int
    coming: Current[Officer] | None


@get(ADDRESS, name="deskAdminOfficers")
async def staff(request: Call) -> Response[str]:
    """Show the officers of an authority, and the form for one of them or a new one."""
    check_administrator(request)
    chosen = (await directory_of(request)).officers.get(OfficerId(asked(request, "officer")))
    return await _page(request, HTTPStatus.OK, _given(chosen), set(chosen.roles) if chosen else set(), {})


@post(ADDRESS, name="deskAdminOfficer", status_code=HTTPStatus.SEE_OTHER)
async def keep(request: Call) -> Response[str] | Response[None]:
    """Add an officer, or change one from a day on; or show the form again with what was typed and what is wrong."""
    check_administrator(request, changes=True)
    form, directory = await read_form(request), await directory_of(request)
    given = {name: _field(form, name) for name in FIELDS}
    roles = {Role(one) for one in map(str, form.getall("roles", [])) if one in {*Role}}
    problems = _problems(given, roles, directory, today=_today(request))
    problems = problems or await _without_administrator(request, given, roles)
    if problems:
        return await _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, given, roles, problems)
    officer = Officer(
        OfficerId(given["id"]),
        given["name"],
        AuthorityId(given["authority"]),
        tuple(role for role in Role if role in roles),
        given["unit"],
    )
    return await _published(request, officer, date.fromisoformat(given["day"]))


@post(f"{ADDRESS}/end", name="deskAdminOfficerEnd", status_code=HTTPStatus.SEE_OTHER)
async def end(request: Call) -> Response[str] | Response[None]:
    """End an officer's service from a day on: no roles, no login; what he has claimed is named and can be handed on."""
    check_administrator(request, changes=True)
    form, directory = await read_form(request), await directory_of(request)
    known = directory.officers.get(OfficerId(_field(form, "id")))
    given = {**_given(known), "day": _field(form, "day")}
    if known is None:
        return await _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, given, set(), {"id": "unknown"})
    problems = _problems(given, set(known.roles), directory, today=_today(request))
    problems = problems or await _without_administrator(request, given, set())
    if problems:
        return await _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, given, set(known.roles), problems)
    return await _published(request, msgspec.structs.replace(known, roles=()), date.fromisoformat(given["day"]))


async def _published(request: Call, officer: Officer, day: date) -> Response[None]:
    """Put it in force; sessions begin anew, so that nobody works with what he no longer is."""
    parts, desk = parts_of(request), desk_of(request)
    before = (await directory_of(request)).officers.get(officer.id)
    _, news = await References(parts.database).publish(Kind.OFFICER, officer.id, officer, day)
    if news:
        was, will = (msgspec.to_builtins(one) if one else None for one in (before, officer))
        LOG.info(CHANGED, changed=officer.id, by=request.user.officer, day=day.isoformat(), before=was, after=will)
    desk.directories.forget()
    if news and day <= _today(request) and officer.id != request.user.officer:
        await desk.sessions.end_all(officer.id)
    place = {"authority": officer.authority, "done": officer.id}
    return see_other(f"{ADDRESS}?{urlencode(place)}")


async def _page(
    request: Call, status: HTTPStatus, given: dict[str, str], roles: set[Role], problems: dict[str, str]
) -> Response[str]:
    directory, t = await directory_of(request), words_of(request)
    authority = AuthorityId(asked(request, "authority") or given.get("authority", "") or request.user.authority)
    today = _today(request)
    return page(
        request,
        "admin_officers.html",
        status,
        tab="staff",
        authority=authority,
        authorities=directory.authorities_sorted(),
        lines=await _lines(request, directory, authority, today),
        given={"authority": authority, "day": today.isoformat(), **{k: v for k, v in given.items() if v}},
        chosen=roles,
        roles=list(Role),
        known=given.get("id", "") in directory.officers,
        today=today.isoformat(),
        problems=problems,
        changes=may_change(request),
        done=directory.officer_name(asked(request, "done")),
        date_words=lambda day: day_words(t, day),
    )


async def _lines(request: Call, directory: Directory, authority: AuthorityId, today: date) -> list[Line]:
    """Those who serve there or will, the Vietnamese way; and those who served there last."""
    database = parts_of(request).database
    later = {one.id: one for one in await References(database).coming(Kind.OFFICER, today, Officer)}
    comers = (one.value for one in later.values())
    people = {one.id: one for one in (*comers, *directory.officers.values()) if one.authority == authority}
    held = await tasks_held(database, list(people))
    ordered = sorted(people.values(), key=lambda one: (not one.roles, name_key(one.name)))
    return [Line(one, held.get(one.id, 0), later.get(one.id)) for one in ordered]


def _given(officer: Officer | None) -> dict[str, str]:
    if officer is None:
        return {}
    return {"id": officer.id, "name": officer.name, "authority": officer.authority, "unit": officer.unit}


def _field(form: FormMultiDict, name: str) -> str:
    return clean(str(form.get(name, "")))[:LONGEST]


def _problems(given: dict[str, str], roles: set[Role], directory: Directory, *, today: date) -> dict[str, str]:
    """What is wrong, by field."""
    problems = {}
    if _ID.fullmatch(given["id"]) is None:
        problems["id"] = "id"
    if not given["name"]:
        problems["name"] = "name"
    if given["authority"] not in directory.authorities:
        problems["authority"] = "authority"
    if not roles:
        problems["roles"] = "roles"
    day = _day(given["day"])
    if day is None or day < today:
        problems["day"] = "day"
    return problems


async def _without_administrator(request: Call, given: dict[str, str], roles: set[Role]) -> dict[str, str]:
    """From then on, on every day on which anything changes, somebody must be left who can undo this."""
    references, day = References(parts_of(request).database), date.fromisoformat(given["day"])
    for one in (day, *await references.days_after(Kind.OFFICER, day)):
        people = {found.id: found for found in await references.all_current(Kind.OFFICER, one, Officer)}
        own = people.pop(given["id"], None)
        his = own.value.roles if own is not None and own.effective_from > day else roles
        if not any(Role.ADMINISTRATOR in held for held in (his, *(found.value.roles for found in people.values()))):
            return {"roles": "last_administrator"}
    return {}


def _today(request: Call) -> date:
    return parts_of(request).now().astimezone(HOME).date()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
