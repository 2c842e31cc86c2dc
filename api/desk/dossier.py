"""One dossier's page: who, what, where it is now, its clocks, its way, what happened, and what may be done now."""

import secrets
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from api import headers
from api.access_log import request_id_of
from api.answers import code_and_link
from api.bodies import Body
from api.body import Call, fault_of
from api.commands import Asked, order_of
from api.desk.acts import FIELD_OF_REFUSAL, KIND_OF, Form, Scene, body_of, form_of, forms, missing
from api.desk.context import asked, directory_of, language_of, own_address, page, read_form, see_other, words_of
from api.desk.notices import notices_of
from api.desk.papers import papers_of
from api.desk.people import applicant_of
from api.desk.post import carriers_of, parcels_of
from api.desk.timeline import timeline
from api.desk.way import way
from api.execution import execute
from api.explanations import deadlines_of
from api.moments import check_moments
from api.parts import Parts, parts_of
from api.problems import Trouble
from api.statuses import trouble_of
from api.streams import Loaded, load_for, stream_of
from domain.access import facts_of_state
from domain.calendar import Calendar
from domain.deadline import due
from domain.dossier.allowed import Act, command_name
from domain.dossier.clocks import clock_of
from domain.dossier.events import ClockName
from domain.dossier.plan import Plan, plan
from domain.dossier.route import stage_id
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.summary import judged_at, summarise, timeliness_now
from domain.dossier.view import Status
from domain.errors import Refusal
from domain.ids import DossierCode
from domain.procedure import Procedure
from domain.record import Record
from store.references import Kind, References
from web.messages import DEFAULT, Translate, has
from web.timewords import left_words, minutes_words, period_words

SOON: Final = 0.75
"""From this share of its time on a clock is shown as pressing."""


class Face(msgspec.Struct, frozen=True):
    """A clock as a page shows it: ``used`` of ``whole`` working minutes; ``due`` is none while it stands still."""

    name: str
    budget: str
    start: datetime
    due: datetime | None
    left: str
    used: int
    whole: int
    mood: str
    lines: tuple[Any, ...]


class Typed(msgspec.Struct, frozen=True):
    """A form that was not taken: what was typed, and what is wrong with it."""

    act: str
    values: dict[str, list[str]]
    field: str
    problem: str


@get("/desk/dossiers/{code:str}", name="deskDossier")
async def show(request: Call) -> Response[str]:
    """Show the dossier."""
    return await _page(request, HTTPStatus.OK, None)


async def _page(request: Call, status: HTTPStatus, typed: Typed | None) -> Response[str]:
    parts, now, t = parts_of(request), parts_of(request).now(), words_of(request)
    link = _link(request)
    loaded = await load_for(request, parts, link)
    rules = await parts.rules.rules_of(loaded.stream, loaded.state)
    procedure = await _published(parts, loaded.state)
    directory = await directory_of(request)
    state, code = loaded.state, code_and_link(loaded.stream)[0]
    view = summarise(rules, state, loaded.stream)
    scene, planned = Scene(rules, state, procedure, directory, t, carriers_of(parts)), plan(rules, state, now)
    facts = facts_of_state(state)
    done = asked(request, "done", 2000)
    titles = {stage_id(rules.procedure.route, i): s.title for i, s in enumerate(rules.procedure.route) if s.stage}
    lines = timeline(loaded.records, directory, t, titles)
    person = await applicant_of(parts, request.user, loaded)
    return page(
        request,
        "dossier.html",
        status,
        code=code,
        link=link or "",
        version=state.version,
        view=view,
        status_word=_status_word(state),
        timeliness=timeliness_now(rules, state, now),
        person=person,
        procedure_name=procedure.name or state.procedure,
        procedure=procedure,
        directory=directory,
        task=state.task,
        task_title=state.task and (state.task.title or t(f"stage.{state.task.stage}")),
        supplement=state.supplement,
        clocks=[] if judged_at(state) and not state.task else _faces(loaded, rules, now, language_of(request), t),
        way=way(rules, state, loaded.stream, directory, t, planned),
        lacking=_lacking_words(rules, planned, t),
        checklist=_checklist(procedure, state),
        lines=lines,
        news=[line for line in lines if done.isdigit() and len(done) < 10 and line.version >= int(done)],  # noqa: PLR2004
        forms=forms(scene, request.user, facts, now),
        papers=papers_of(state) if not link else (),
        parcels=parcels_of(loaded.records, rules, state, parts.carriers),
        notices=await notices_of(parts, loaded, person, directory, t),
        key=fresh_key(),
        typed=typed,
        now=now,
        parent=loaded.state.origin is not None,
    )


def fresh_key() -> str:
    """A fresh idempotency key for the forms of one page."""
    return secrets.token_urlsafe(18)


def _link(request: Call) -> str | None:
    return asked(request, "link", 2000) or None


async def _published(parts: Parts, state: Dossier) -> Procedure:
    """The procedure with all its texts, in the version that the dossier has pinned."""
    references = References(parts.database)
    return await references.get(Kind.PROCEDURE, state.procedure, state.procedure_version, Procedure)


def _lacking_words(rules: Rules, planned: Plan | None, t: Translate) -> str:
    """How much time is missing for what is left (empty: none)."""
    if planned is None or not planned.short:
        return ""
    return minutes_words(t, planned.short, rules.calendar().spec.minutes_per_day())


def _status_word(state: Dossier) -> str:
    if state.ending is not None:
        return f"ending.{state.ending.value}"
    if state.supplement is not None:
        return "status.supplement"
    return f"status.{(state.status or Status.SUBMITTED).value}"


def _faces(loaded: Loaded, rules: Rules, now: datetime, language: str, t: Translate) -> list[Face]:
    state = loaded.state
    explained = deadlines_of(loaded.stream, rules, state, language, now)
    faces = []
    for name in ClockName:
        clock = clock_of(rules, state, name)
        if clock is None or (judged_at(state) is not None and name is not ClockName.STAGE):
            continue
        place = state.task.authority if name is ClockName.STAGE and state.task else None
        calendar = rules.calendar(place)
        told = getattr(explained, name.value)
        moment = due(calendar, clock)
        faces.append(
            _face(name.value, calendar, clock.start, moment, now, period_words(t, clock.budget), told.segments, t)
        )
    return faces


def _face(  # noqa: PLR0913, PLR0917  # what a clock shows
    name: str,
    calendar: Calendar,
    start: datetime,
    moment: datetime | None,
    now: datetime,
    budget: str,
    segments: tuple[Any, ...],
    t: Translate,
) -> Face:
    if moment is None:
        return Face(name, budget, start, None, t("clock.stands_still"), 0, 1, "still", segments)
    whole = max(1, calendar.between(start, moment))
    used = min(whole, max(0, calendar.between(start, now)))
    left = calendar.between(now, moment)
    late = now > moment
    mood = "late" if late else "soon" if used / whole >= SOON else "well"
    words = left_words(t, -abs(left) if late else left, calendar.spec.minutes_per_day())
    if late and left == 0:
        words = t("time.just_over")
    return Face(name, budget, start, moment, words, used, whole, mood, segments)


def _checklist(procedure: Procedure, state: Dossier) -> list[tuple[str, bool, bool]]:
    given = set(state.components)
    listed = [(one.name or one.id, one.required, one.id in given) for one in procedure.components]
    known = {one.id for one in procedure.components}
    return [*listed, *((one, False, True) for one in state.components if one not in known)]


@post("/desk/dossiers/{code:str}/act/{act:str}", name="deskAct", status_code=HTTPStatus.SEE_OTHER)
async def act(request: Call) -> Response[str] | Response[None]:
    """Carry an act out and show what came of it; or show the form again, with what was typed and what is wrong."""
    parts, given = parts_of(request), await read_form(request)
    name = str(request.path_params["act"])
    if name not in set(Act):
        raise Trouble(HTTPStatus.NOT_FOUND, "not_found", "there is no such act")
    link = _link(request)
    loaded = await load_for(request, parts, link)
    form = await _form(request, loaded, Act(name))
    empty = missing(form, given)
    if empty:
        return await _again(request, given, name, empty, "refusal.field_missing", HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        body = body_of(form.act, given)
    except msgspec.ValidationError as error:
        field = fault_of(error, "$").path.removeprefix("$.").partition("[")[0]
        return await _again(request, given, name, field, "refusal.field_invalid", HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        check_moments(body)
        records = await _carry_out(request, parts, form, body, given)
    except Exception as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        return await _refused(request, given, name, error, trouble)
    back = str(given.get("next", ""))
    if back:
        return see_other(own_address(back))
    base = f"/desk/dossiers/{quote(str(request.path_params['code']))}"
    query = f"link={quote(link)}&" if link else ""
    return see_other(f"{base}?{query}done={records[0].version}#news")


async def _carry_out(request: Call, parts: Parts, form: Form, body: Body, given: FormMultiDict) -> list[Record]:
    stream = stream_of(str(request.path_params["code"]), _link(request))
    seen = str(given.get("version", ""))
    asked = Asked(
        claims=request.user,
        code=DossierCode(code_and_link(stream)[0]),
        id=headers.command_id(request.user.officer, str(given.get("key", ""))[:200], form.act.value),
        request_id=request_id_of(request.scope),
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None,  # noqa: PLR2004
    )
    kind = KIND_OF[command_name(form.act)]
    return await execute(parts, request.user, stream, partial(order_of, parts, asked, kind, body))


async def _form(request: Call, loaded: Loaded, wanted: Act) -> Form:
    """The act's form as the dossier stands; what is no longer allowed is refused by the dossier itself."""
    parts = parts_of(request)
    rules = await parts.rules.rules_of(loaded.stream, loaded.state)
    procedure = await _published(parts, loaded.state)
    scene = Scene(rules, loaded.state, procedure, await directory_of(request), words_of(request), carriers_of(parts))
    return form_of(wanted, scene, request.user)


async def _refused(
    request: Call, given: FormMultiDict, name: str, error: Exception, trouble: Trouble
) -> Response[str] | Response[None]:
    code = error.code if isinstance(error, Refusal) else trouble.code
    key = f"refusal.{code}" if has(DEFAULT, f"refusal.{code}") else f"trouble.{code}"
    if not has(DEFAULT, key):
        key = "refusal.other"
    field = str(trouble.details.get("field", "")) if code in {"text_too_long", "invalid_moment"} else ""
    return await _again(request, given, name, field or FIELD_OF_REFUSAL.get(code, ""), key, trouble.status)


async def _again(  # what was typed and what is wrong
    request: Call, given: FormMultiDict, name: str, field: str, key: str, status: HTTPStatus
) -> Response[str]:
    values = {field_name: [str(text) for text in given.getall(field_name)] for field_name in given}
    for hidden in ("csrf", "key", "version", "next"):
        values.pop(hidden, None)
    return await _page(request, status, Typed(name, values, field, key))
