"""Officers, and who stands in for whom: giving and revoking delegations, and choosing for whom one works."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from api import absence
from api.absence import Wish
from api.body import Call
from api.delegations import delegation_id
from api.desk.context import (
    ABSENTEES,
    asked,
    clean,
    desk_of,
    directory_of,
    page,
    read_form,
    see_other,
    session_token,
    words_of,
)
from api.desk.directory import Directory
from api.desk.dossier import fresh_key
from api.local import HOME
from api.parts import parts_of
from api.problems import Trouble
from api.statuses import trouble_of
from domain.access import reads_everything, supervises
from domain.authority import Officer
from domain.delegation import BOUND_TO_THE_PERSON, Delegation, may_give
from domain.errors import Refusal
from domain.ids import AuthorityId, OfficerId
from domain.vietnamese import name_key
from runtime.tokens import Claims
from store.delegations import DelegationQuery, Delegations
from web.messages import DEFAULT, has
from web.timewords import day_words

ADDRESS: Final = "/desk/officers"
LONGEST_REASON: Final = 500
SHOWN: Final = 200
"""Delegations that last, and as many that have ended; the interface for programs has all."""
FIELDS: Final = ("absent", "stand_in", "first_day", "last_day", "reason")
FIELD_OF_REFUSAL: Final = {
    "forbidden": "absent",
    "rights_not_delegable": "absent",
    "delegation_to_oneself": "stand_in",
    "delegation_elsewhere": "stand_in",
    "cannot_stand_in": "stand_in",
    "unknown_reference": "stand_in",
    "delegation_in_past": "first_day",
    "delegation_overlaps": "first_day",
    "delegation_ends_before_start": "last_day",
    "delegation_unexplained": "reason",
}
"""Beside which field a refusal is shown; others stand above the form."""


class Line(msgspec.Struct, frozen=True):
    """One delegation as the page shows it: ``state`` is active, coming or over."""

    delegation: Delegation
    state: str
    revocable: bool


class Colleague(msgspec.Struct, frozen=True):
    """One officer of the authority, and who stands in for him today."""

    officer: Officer
    covered_by: tuple[str, ...]


@get(ADDRESS, name="deskOfficers")
async def officers(request: Call) -> Response[str]:
    """Show the officers of an authority, and who stands in for whom."""
    return await _page(request, HTTPStatus.OK, {}, {})


async def _page(
    request: Call, status: HTTPStatus, given: dict[str, str], problems: dict[str, str], key: str = ""
) -> Response[str]:
    parts, directory, user = parts_of(request), await directory_of(request), request.user
    authority, own = absence.seen_by(user, AuthorityId(asked(request, "authority")) or None)
    if authority not in directory.authorities and authority != user.authority:
        raise Trouble(HTTPStatus.NOT_FOUND, "not_found", "there is nothing at this address")
    now, store = parts.now(), Delegations(parts.database)
    everything = await store.listed(DelegationQuery(authority, own), limit=SHOWN)
    lasting = await store.listed(DelegationQuery(authority, own, now.astimezone(HOME).date()), limit=SHOWN)
    lines = [_line(one, user, directory, now) for one in lasting.items]
    absent = _absent(user, directory) if authority == user.authority else []
    t = words_of(request)
    return page(
        request,
        "officers.html",
        status,
        place=directory.authority_name(authority),
        authority=authority,
        authorities=directory.authorities_sorted() if reads_everything(user.roles) else [],
        colleagues=_colleagues(authority, lines, directory) if supervises(user.roles) else [],
        lines=lines,
        over=[_line(one, user, directory, now) for one in everything.items if one.over(now, HOME)],
        absent_options=absent,
        stand_in_options=_eligible(user.authority, directory) if absent else [],
        given=given or _fresh(user, absent, now),
        problems=problems,
        key=key or fresh_key(),
        name=directory.officer_name,
        date_words=lambda day: day_words(t, day),
        done=asked(request, "done", 20),
    )


def _fresh(user: Claims, absent: list[Officer], now: datetime) -> dict[str, str]:
    """An empty form: for oneself, where one may, from today on."""
    mine = user.officer if user.officer in {one.id for one in absent} else ""
    return {"absent": mine, "first_day": now.astimezone(HOME).date().isoformat()}


def _line(one: Delegation, user: Claims, directory: Directory, now: datetime) -> Line:
    over = one.over(now, HOME)
    state = "over" if over else "active" if one.active(now, HOME) else "coming"
    by, absent = directory.officers.get(user.officer), directory.officers.get(one.absent)
    gives = by is not None and absent is not None and may_give(by, absent)
    mine = user.officer == one.given_by or gives
    return Line(one, state, revocable=mine and not over and not user.on_behalf_of)


def _absent(user: Claims, directory: Directory) -> list[Officer]:
    """For whom the officer may say who stands in: not while he himself stands in for another."""
    giver = directory.officers.get(user.officer)
    if giver is None or user.on_behalf_of:
        return []
    return [one for one in _eligible(giver.authority, directory) if may_give(giver, one)]


def _eligible(authority: AuthorityId, directory: Directory) -> list[Officer]:
    """The officers of an authority between whom a delegation can be."""
    return [one for one in directory.colleagues(authority) if BOUND_TO_THE_PERSON.isdisjoint(one.roles)]


def _colleagues(authority: AuthorityId, lines: list[Line], directory: Directory) -> list[Colleague]:
    covering: dict[OfficerId, list[str]] = {}
    for line in lines:
        if line.state == "active":
            covering.setdefault(line.delegation.absent, []).append(directory.officer_name(line.delegation.stand_in))
    return [
        Colleague(one, tuple(sorted(covering.get(one.id, []), key=name_key))) for one in directory.colleagues(authority)
    ]


@post(ADDRESS, name="deskGiveDelegation", status_code=HTTPStatus.SEE_OTHER)
async def give(request: Call) -> Response[str] | Response[None]:
    """Give a delegation; or show the form again, with what was typed and what is wrong."""
    form = await read_form(request)
    given = {name: clean(str(form.get(name, "")))[:LONGEST_REASON] for name in FIELDS}
    key = str(form.get("key", ""))[:200] or fresh_key()
    problems = _problems(given)
    if problems:
        return await _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, given, problems, key)
    wish = Wish(
        id=delegation_id(request.user.officer, f"desk/{key}"),
        absent=OfficerId(given["absent"]),
        stand_in=OfficerId(given["stand_in"]),
        first_day=date.fromisoformat(given["first_day"]),
        last_day=date.fromisoformat(given["last_day"]),
        reason=given["reason"],
    )
    try:
        await absence.give(parts_of(request), request.user, wish)
    except Exception as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        field, words = _told(error.code if isinstance(error, Refusal) else trouble.code)
        fresh = "" if trouble.code == "idempotency_key_reused" else key
        return await _page(request, trouble.status, given, {field: words}, fresh)
    return see_other(f"{ADDRESS}?done=given")


def _problems(given: dict[str, str]) -> dict[str, str]:
    """What is missing or cannot be read, by field."""
    problems = {name: "refusal.field_missing" for name in FIELDS if not given[name]}
    for name in ("first_day", "last_day"):
        if given[name] and not _is_day(given[name]):
            problems[name] = "refusal.field_invalid"
    return problems


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _told(code: str) -> tuple[str, str]:
    """The field, and the words' key, for a refusal."""
    field = FIELD_OF_REFUSAL.get(code, "")
    if code == "forbidden":
        return field, "delegation.not_yours"
    keys = (f"refusal.{code}", f"trouble.{code}")
    return field, next((key for key in keys if has(DEFAULT, key)), "trouble.other")


@post(
    f"{ADDRESS}/delegations/{{delegation:str}}/revoke",
    name="deskRevokeDelegation",
    status_code=HTTPStatus.SEE_OTHER,
)
async def revoke(request: Call) -> Response[None]:
    """Take a delegation back."""
    form = await read_form(request)
    await absence.revoke(parts_of(request), request.user, str(request.path_params["delegation"])[:200])
    place = {"authority": clean(str(form.get("authority", "")))[:200], "done": "revoked"}
    return see_other(f"{ADDRESS}?{urlencode({name: value for name, value in place.items() if value})}")


@post("/desk/behalf", name="deskBehalf", status_code=HTTPStatus.SEE_OTHER)
async def work_for(request: Call) -> Response[None]:
    """From now on work for an absent officer in this session, or for oneself again."""
    form: FormMultiDict = await read_form(request)
    absent = OfficerId(clean(str(form.get("absent", "")))[:200])
    away: list[Officer] = request.scope["state"][ABSENTEES]
    if absent and absent not in {one.id for one in away}:
        raise absence.not_delegated()
    await desk_of(request).sessions.work_for(session_token(request), absent)
    return see_other("/desk")
