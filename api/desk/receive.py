"""Receiving: find the procedure, check the papers, see the appointment, save, print the receipt."""

from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import FormMultiDict
from litestar.handlers import BaseRouteHandler

from api.access_log import request_id_of
from api.answers import received
from api.bodies import BODY_OF, Applicant, NewDossier
from api.body import Call
from api.commands import Asked, order_of
from api.desk.context import asked, clean, directory_of, page, read_form, see_other
from api.desk.dossier import fresh_key
from api.desk.people import unsealed
from api.execution import execute
from api.headers import command_id
from api.intake import Intake, take_in
from api.moments import check_moments
from api.parts import Parts, parts_of
from api.problems import Trouble
from api.scope import reader_of
from api.statuses import trouble_of
from domain.access import receives
from domain.checklist import compare
from domain.deadline import Clock, due
from domain.dossier import commands as c
from domain.dossier.commands import Channel
from domain.dossier.rules import Rules
from domain.dossier.view import Status
from domain.errors import Refusal
from domain.ids import AuthorityId, DossierCode, ProcedureCode, Stream
from domain.procedure import Procedure
from domain.vietnamese import plain
from store.queries import DossierQuery
from web.messages import DEFAULT, has
from web.timewords import HOME

PERSON: Final = ("name", "phone", "address", "email", "id_number")
LOOKED_AT: Final = 200
"""Open dossiers of one procedure that are looked through for the same person."""


class Preview(msgspec.Struct, frozen=True):
    """What will come of it: the appointment, what is missing, what is too much, and who was here before."""

    appointment: datetime | None
    missing: tuple[str, ...]
    missing_names: str
    excess: tuple[str, ...]
    twins: tuple[str, ...]


def at_the_desk(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]  # Litestar's signature
    """Guard: raise 403 for who takes no dossiers in; the form tells who was here before, which is not for everybody."""
    if not receives(connection.user.roles, connection.user.authority):
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", "this officer takes no dossiers in")


@get("/desk/receive", name="deskReceive", guards=[at_the_desk])
async def choose(request: Call) -> Response[str]:
    """Find the procedure."""
    directory = await directory_of(request)
    words = asked(request, "q", 200)
    found = directory.search(words) if words else []
    template = "procedures_part.html" if request.headers.get("x-part") == "rows" else "receive_choose.html"
    return page(request, template, words=words, found=found, directory=directory)


@get("/desk/receive/{procedure:str}", name="deskReceiveForm", guards=[at_the_desk])
async def fill_in(request: Call) -> Response[str]:
    """Show the form."""
    procedure = await _procedure(request)
    given = {"components": [one.id for one in procedure.components if one.required]}
    return await _page(request, procedure, given, HTTPStatus.OK, {})


async def _procedure(request: Call) -> Procedure:
    directory = await directory_of(request)
    found = directory.procedures.get(ProcedureCode(str(request.path_params["procedure"])))
    if found is None:
        raise Trouble(HTTPStatus.NOT_FOUND, "procedure_unknown", "there is no such procedure")
    return found


async def _page(  # what was typed, and what is wrong with it
    request: Call,
    procedure: Procedure,
    given: dict[str, Any],
    status: HTTPStatus,
    problems: dict[str, str],
    key: str = "",
) -> Response[str]:
    preview = await _preview(request, procedure, given)
    directory = await directory_of(request)
    return page(
        request,
        "receive.html",
        status,
        procedure=procedure,
        given=given,
        problems=problems,
        preview=preview,
        directory=directory,
        key=key or fresh_key(),
        channels=tuple(one.value for one in Channel),
        names={one.id: one.name or one.id for one in procedure.components},
    )


async def _preview(request: Call, procedure: Procedure, given: dict[str, Any]) -> Preview:
    parts, now = parts_of(request), parts_of(request).now()
    names = {one.id: one.name or one.id for one in procedure.components}
    compared = compare(given.get("components", []), procedure.components)
    return Preview(
        appointment=await _appointment(parts, request.user.authority, procedure, now),
        missing=compared.missing,
        missing_names="; ".join(names.get(one, one) for one in compared.missing),
        excess=compared.excess,
        twins=await _twins(request, parts, procedure, given),
    )


async def _appointment(parts: Parts, desk: AuthorityId, procedure: Procedure, now: datetime) -> datetime | None:
    """When the result would be promised for, if the dossier were received now; none where that cannot be told."""
    try:
        rules: Rules = (await parts.catalogue.rules_of_new(procedure.id, desk, now, now)).rules
        budget = rules.procedure.budget()
        if budget is None:
            return None
        clock = Clock(budget=budget, start=now, count=rules.procedure.count, cutoff=rules.procedure.cutoff)
        return due(rules.calendar(), clock)
    except (Refusal, Trouble):
        return None


async def _twins(request: Call, parts: Parts, procedure: Procedure, given: dict[str, Any]) -> tuple[str, ...]:
    """Open dossiers of the same procedure at this desk for the same person, by id number, or by name and phone."""
    wanted = _identity(given)
    if not any(wanted):
        return ()
    query = DossierQuery(received_by=request.user.authority, procedure=procedure.id, status=Status.OPEN, roots=True)
    found = await parts.queries.dossiers(query, reader_of(request.user), limit=LOOKED_AT)
    await parts.vault.prefetch(str(view.stream) for view in found.items)
    twins = []
    for view in found.items:
        person = await unsealed(parts, Stream(view.stream), view.applicant)
        if person is not None and any(a and a == b for a, b in zip(wanted, _identity(_values(person)), strict=True)):
            twins.append(str(view.stream))
    return tuple(twins)


def _values(person: Applicant) -> dict[str, Any]:
    return {name: getattr(person, name) for name in PERSON}


def _identity(given: dict[str, Any]) -> tuple[str, str]:
    """The id number's digits; name and phone together, where both are given."""
    number = "".join(filter(str.isdigit, str(given.get("id_number", ""))))
    phone = "".join(filter(str.isdigit, str(given.get("phone", ""))))
    name = " ".join(plain(str(given.get("name", ""))).split())
    return number, f"{name}/{phone}" if name and phone else ""


@post(
    "/desk/receive/{procedure:str}",
    name="deskReceiveSave",
    status_code=HTTPStatus.SEE_OTHER,
    guards=[at_the_desk],
)
async def save(request: Call) -> Response[str] | Response[None]:
    """Receive the dossier; or only look at what would come of it; or show the form again with what is wrong."""
    form = await read_form(request)
    procedure = await _procedure(request)
    given = _given(form)
    key = str(form.get("key", ""))[:200]
    if form.get("look"):
        if request.headers.get("x-part") == "preview":
            return await _preview_part(request, procedure, given)
        return await _page(request, procedure, given, HTTPStatus.OK, {}, key)
    problems = _problems(given, form)
    if problems:
        return await _page(request, procedure, given, HTTPStatus.UNPROCESSABLE_ENTITY, problems, key)
    try:
        code = await _take(request, procedure, given, str(form.get("do", "receive")), key)
    except Exception as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        field, message = _told(error, trouble)
        fresh = "" if trouble.code == "idempotency_key_reused" else key
        return await _page(request, procedure, given, trouble.status, {field: message}, fresh)
    return see_other(f"/desk/dossiers/{quote(code)}?done=1#news")


async def _preview_part(request: Call, procedure: Procedure, given: dict[str, Any]) -> Response[str]:
    preview = await _preview(request, procedure, given)
    return page(request, "preview_part.html", preview=preview, procedure=procedure)


def _given(form: FormMultiDict) -> dict[str, Any]:
    texts = {name: clean(str(form.get(name, ""))) for name in (*PERSON, "channel", "occurred_at", "reason")}
    papers = [clean(str(one)) for one in form.getall("components", [])]
    return {**texts, "components": [one for one in papers if one]}


def _problems(given: dict[str, Any], form: FormMultiDict) -> dict[str, str]:
    """What is missing or cannot be read, by field."""
    problems = {}
    if not given["name"]:
        problems["name"] = "refusal.field_missing"
    if given["phone"] and not _phone_like(given["phone"]):
        problems["phone"] = "refusal.phone"
    if given["email"] and "@" not in given["email"]:
        problems["email"] = "refusal.email"
    if form.get("do") == "refuse" and not given["reason"]:
        problems["reason"] = "refusal.reason_missing"
    if given["occurred_at"] and _moment(given["occurred_at"]) is None:
        problems["occurred_at"] = "refusal.field_invalid"
    return problems


def _phone_like(text: str) -> bool:
    digits = "".join(filter(str.isdigit, text))
    return 8 <= len(digits) <= 15 and all(one.isdigit() or one in "+-. ()" for one in text)  # noqa: PLR2004  # E.164


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=HOME)


async def _take(request: Call, procedure: Procedure, given: dict[str, Any], do: str, key: str) -> str:
    """The code of the dossier that is received; of one that is refused it is noted first that it was handed in."""
    parts, user = parts_of(request), request.user
    refusing = do == "refuse"
    new = NewDossier(
        procedure=procedure.id,
        do="submit" if refusing else "receive",
        channel=Channel(given["channel"]) if given["channel"] in set(Channel) else Channel.DIRECT,
        components=tuple(given["components"]),
        applicant=Applicant(**{name: given[name][:500] for name in PERSON}),
        occurred_at=_moment(given["occurred_at"]) if given["occurred_at"] else None,
    )
    checked = msgspec.convert(msgspec.to_builtins(new), NewDossier)
    check_moments(checked)
    intake = Intake(
        given=checked,
        received_by=user.authority,
        officer=user.officer,
        authority=user.authority,
        on_behalf_of=user.on_behalf_of,
        key=f"desk/{key}",
        request_id=request_id_of(request.scope),
        now=parts.now(),
    )
    code = DossierCode(received(await take_in(parts, user, intake)).code)
    if refusing:
        asked = Asked(user, code, command_id(user.officer, key, "refuse"), request_id_of(request.scope), None)
        body = msgspec.convert({"reason": given["reason"]}, BODY_OF[c.Refuse])
        await execute(parts, user, Stream(code), partial(order_of, parts, asked, c.Refuse, body))
    return code


def _told(error: Exception, trouble: Trouble) -> tuple[str, str]:
    """The field and the words' key for what was refused."""
    code = error.code if isinstance(error, Refusal) else trouble.code
    fields = {
        "missing_components": "components",
        "excess_components": "components",
        "occurred_in_future": "occurred_at",
    }
    for key in (f"refusal.{code}", f"trouble.{code}"):
        if has(DEFAULT, key):
            return fields.get(code, ""), key
    return fields.get(code, ""), "refusal.other"
