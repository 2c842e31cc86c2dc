"""Calendars: what is in force, a new version tried on everything open, and published after that."""

import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post

from activities.revision_messages import Publication
from api.body import Call
from api.desk.administration import check_administrator, may_change
from api.desk.context import asked, clean, page, read_form, see_other
from api.parts import parts_of
from catalogue.loading_calendars import load_calendar_file
from domain.calendar import CalendarSpec
from domain.errors import InvalidCalendar
from domain.ids import CalendarId, Version
from store.errors import UnknownReference
from store.references import Kind, References
from workers.calendar_trial import Trial, try_on
from workflows.revision_messages import Progress
from workflows.revisions import RevisionsUnavailable

ADDRESS: Final = "/desk/admin/calendars"
RATE: Final = 50.0
"""Dossiers revised a second, at most."""
FILE: Final = "calendar.yaml"
"""How faults in what was typed name it."""
NAMED: Final = 20
"""Dossiers that a preview names."""


@get(ADDRESS, name="deskAdminCalendars")
async def calendars(request: Call) -> Response[str]:
    """Show the calendars in force, and how far the last revision is."""
    return await _page(request, HTTPStatus.OK)


@post(ADDRESS, name="deskAdminCalendarPreview", status_code=HTTPStatus.OK)
async def preview(request: Call) -> Response[str]:
    """Tell what a new version would do; nothing is changed."""
    check_administrator(request, changes=True)
    text = str((await read_form(request)).get("text", ""))
    trial, problem = await _tried(request, text)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await _page(request, status, text=text, problem=problem, trial=trial)


@post(f"{ADDRESS}/publish", name="deskAdminCalendarPublish", status_code=HTTPStatus.SEE_OTHER)
async def publish(request: Call) -> Response[str] | Response[None]:
    """Put a version in force and have every open dossier revised by it; what its preview was is looked at again."""
    check_administrator(request, changes=True)
    form, parts = await read_form(request), parts_of(request)
    text, reason = str(form.get("text", "")), clean(str(form.get("reason", "")))
    trial, problem = await _tried(request, text)
    if trial is not None and trial.preview.refused and form.get("force") != "1":
        problem = "refused"
    if trial is None or problem:
        return await _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, text=text, problem=problem, trial=trial)
    spec = _read(text)
    version, _ = await References(parts.database).publish(Kind.CALENDAR, spec.id, spec, trial.day)
    if trial.day == trial.today:
        why = reason or trial.changes.in_words() or f"calendar {spec.id}, version {version}"
        await parts.revisions.begin(Publication(spec.id, version, why, request.user.officer), RATE)
    return see_other(f"{ADDRESS}?" + urlencode({"published": spec.id, "version": version}))


async def _tried(request: Call, text: str) -> tuple[Trial | None, str]:
    """The trial of what was typed, or what is wrong with it."""
    parts = parts_of(request)
    try:
        return await try_on(parts.database, _read(text), parts.now(), _untold, _untold), ""
    except InvalidCalendar as refusal:
        return None, refusal.message
    except UnknownReference as unknown:
        return None, str(unknown)


def _read(text: str) -> CalendarSpec:
    """The calendar that a text is. Raises InvalidCalendar that names line and reason of each fault."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / FILE
        path.write_text(text.replace("\r\n", "\n"))
        try:
            return load_calendar_file(path)
        except InvalidCalendar as refusal:
            raise InvalidCalendar(refusal.message.replace(f"{directory}/", ""), where=FILE) from None


def _untold(_: int) -> None:
    """Nobody watches: a page is answered when it is ready."""


async def _page(
    request: Call, status: HTTPStatus, *, text: str = "", problem: str = "", trial: Trial | None = None
) -> Response[str]:
    check_administrator(request)
    parts = parts_of(request)
    found = await References(parts.database).all_current(Kind.CALENDAR, parts.now().date(), CalendarSpec)
    named = asked(request, "published"), asked(request, "version")
    return page(
        request,
        "admin_calendars.html",
        status,
        tab="calendars",
        calendars=sorted(found, key=lambda one: one.id),
        text=text,
        problem=problem,
        trial=trial,
        late=trial.preview.become_late[:NAMED] if trial else (),
        published=named[0],
        progress=await _progress(request, *named) if all(named) else None,
        changes=may_change(request),
    )


async def _progress(request: Call, calendar: str, version: str) -> Progress | None:
    """How far its revision is (none: there is none, or nobody can say now)."""
    publication = Publication(CalendarId(calendar), Version(version), "", "")
    try:
        return await parts_of(request).revisions.progress(publication)
    except (LookupError, RevisionsUnavailable, msgspec.MsgspecError):
        return None
