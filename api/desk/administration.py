"""Administration: what is in force, who is told of what, and what came by post that nobody can place."""

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from activities.carriers.signing import new_secret
from api.body import Call
from api.desk.context import asked, clean, directory_of, page, read_form, see_other
from api.parts import parts_of
from api.problems import Trouble
from api.webhooks import SUBSCRIPTION
from domain.authority import Role
from domain.code import is_code
from domain.dossier.codec import EVENT_OF
from domain.ids import ProcedureCode, Stream
from domain.vietnamese import plain
from store.inbox import Status
from store.subscriptions import Subscription
from web.timewords import period_words

SHOWN: Final = 200
"""Procedures, callbacks and dead letters on one page; a search, or the interface for programs, has the others."""
LONGEST_URL: Final = 2000
_URL: Final = re.compile(r"https?://[^\s/]+\S*")


def check_administrator(request: Call, *, changes: bool = False) -> None:
    """Raise 403 for who does not administer; auditors may look."""
    allowed = {Role.ADMINISTRATOR} if changes else {Role.ADMINISTRATOR, Role.AUDITOR}
    if allowed.isdisjoint(request.user.roles):
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", "administration is for administrators; auditors may look")


def may_change(request: Call) -> bool:
    """Whether the forms are shown."""
    return Role.ADMINISTRATOR in request.user.roles


# -- the catalogue -----------------------------------------------------------------------------------------------------


@get("/desk/admin", name="deskAdmin")
async def catalogue(request: Call) -> Response[str]:
    """Show the procedures in force, or those that a search finds."""
    check_administrator(request)
    directory, words = await directory_of(request), asked(request, "q")
    wanted = plain(words).split()
    found = [directory.procedures[code] for text, code in directory.searchable if all(word in text for word in wanted)]
    return page(
        request,
        "admin_catalogue.html",
        tab="catalogue",
        words=words,
        procedures=found[:SHOWN],
        number=len(found),
        whole=len(directory.procedures),
        directory=directory,
        period_words=period_words,
    )


@get("/desk/admin/procedures/{procedure:str}", name="deskAdminProcedure")
async def procedure(request: Call) -> Response[str]:
    """Show a procedure as it is in force: its periods, its checklist and its route with all that it hands over."""
    check_administrator(request)
    directory = await directory_of(request)
    found = directory.procedures.get(ProcedureCode(str(request.path_params["procedure"])))
    if found is None:
        raise Trouble(HTTPStatus.NOT_FOUND, "procedure_unknown", "there is no such procedure in force")
    return page(
        request,
        "admin_procedure.html",
        tab="catalogue",
        procedure=found,
        directory=directory,
        period_words=period_words,
    )


# -- webhooks ----------------------------------------------------------------------------------------------------------


@get("/desk/admin/webhooks", name="deskAdminWebhooks")
async def webhooks(request: Call) -> Response[str]:
    """Show who is told of which events, and what could not be delivered."""
    return await _webhooks(request, HTTPStatus.OK, {}, "")


async def _webhooks(
    request: Call, status: HTTPStatus, typed: dict[str, str], problem: str, secret: tuple[str, str] = ("", "")
) -> Response[str]:
    check_administrator(request)
    parts, directory = parts_of(request), await directory_of(request)
    return page(
        request,
        "admin_webhooks.html",
        status,
        tab="webhooks",
        subscriptions=await parts.subscriptions.all(),
        letters=await parts.outbox.letters("dead", 0, SHOWN),
        authorities=directory.authorities_sorted(),
        directory=directory,
        kinds=sorted(EVENT_OF),
        changes=may_change(request),
        typed=typed,
        problem=problem,
        secret=secret,
    )


@post("/desk/admin/webhooks", name="deskAdminSubscribe", status_code=HTTPStatus.OK)
async def subscribe(request: Call) -> Response[str]:
    """Add a subscription, or change one; the secret of a new one is shown this once."""
    check_administrator(request, changes=True)
    form, parts = await read_form(request), parts_of(request)
    types = tuple(str(one) for one in form.getall("types", []) if one in EVENT_OF)
    typed = {name: _field(form, name) for name in ("subscription", "url", "authority")}
    problem = _problem_of(typed)
    if not problem and typed["authority"] and typed["authority"] not in (await directory_of(request)).authorities:
        problem = "authority"
    if problem:
        return await _webhooks(request, HTTPStatus.UNPROCESSABLE_ENTITY, typed, problem)
    known = await parts.subscriptions.find(typed["subscription"])
    made = new_secret() if known is None else ""
    secrets = (made,) if made else ()
    await parts.subscriptions.subscribe(
        Subscription(typed["subscription"], typed["authority"], types, typed["url"], secrets)
    )
    return await _webhooks(request, HTTPStatus.OK, {}, "", (typed["subscription"], made))


@post("/desk/admin/webhooks/end", name="deskAdminUnsubscribe", status_code=HTTPStatus.SEE_OTHER)
async def unsubscribe(request: Call) -> Response[None]:
    """End a subscription."""
    check_administrator(request, changes=True)
    form = await read_form(request)
    await parts_of(request).subscriptions.unsubscribe(_field(form, "subscription"))
    return see_other("/desk/admin/webhooks")


@post("/desk/admin/letters", name="deskAdminLetters", status_code=HTTPStatus.SEE_OTHER)
async def resend(request: Call) -> Response[None]:
    """Send the chosen dead letters again; none chosen ends well."""
    check_administrator(request, changes=True)
    form = await read_form(request)
    sent = await parts_of(request).outbox.replay(_numbers(form))
    return see_other("/desk/admin/webhooks?" + urlencode({"sent": sent}))


def _problem_of(typed: dict[str, str]) -> str:
    """The field that is wrong (empty: none)."""
    if SUBSCRIPTION.fullmatch(typed["subscription"]) is None:
        return "subscription"
    if len(typed["url"]) > LONGEST_URL or _URL.fullmatch(typed["url"]) is None:
        return "url"
    return ""


# -- callbacks ---------------------------------------------------------------------------------------------------------


@get("/desk/admin/callbacks", name="deskAdminCallbacks")
async def callbacks(request: Call) -> Response[str]:
    """Show the callbacks of carriers that belong to no dossier, or were refused."""
    return await _callbacks(request, HTTPStatus.OK, "", "")


async def _callbacks(request: Call, status: HTTPStatus, code: str, problem: str) -> Response[str]:
    check_administrator(request)
    refused = asked(request, "status") == Status.REFUSED.value
    wanted = Status.REFUSED if refused else Status.PARKED
    number = asked(request, "raw", 20)
    raw = await parts_of(request).inbox.raw(int(number)) if number.isdigit() else None
    return page(
        request,
        "admin_callbacks.html",
        status,
        tab="callbacks",
        rows=await parts_of(request).inbox.listed(wanted, 0, SHOWN),
        status_shown=wanted.value,
        raw=raw,
        raw_body=raw.body.decode(errors="replace") if raw else "",
        again=asked(request, "again", 10),
        changes=may_change(request),
        typed=code,
        problem=problem,
    )


@post("/desk/admin/callbacks", name="deskAdminReplay", status_code=HTTPStatus.SEE_OTHER)
async def replay(request: Call) -> Response[str] | Response[None]:
    """Have the chosen callbacks looked at anew, as words of a dossier if one is named; none chosen ends well."""
    check_administrator(request, changes=True)
    form, parts = await read_form(request), parts_of(request)
    code = _field(form, "code").upper()
    if code and (not is_code(code) or await parts.journal.view(Stream(code)) is None):
        return await _callbacks(request, HTTPStatus.UNPROCESSABLE_ENTITY, code, "code")
    number = await parts.inbox.replay(_numbers(form), code or None)
    return see_other("/desk/admin/callbacks?" + urlencode({"again": number}))


def _field(form: FormMultiDict, name: str) -> str:
    return clean(str(form.get(name, "")))


def _numbers(form: FormMultiDict) -> list[int]:
    texts = [str(one) for one in form.getall("id", [])]
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]  # noqa: PLR2004  # a bigint
