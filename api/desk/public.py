"""What everybody may see: the way in, and one's own dossier."""

from http import HTTPStatus
from typing import Final

import msgspec
from litestar import Response, get, post

from api.bodies import Applicant
from api.body import Call
from api.desk.context import (
    LANGUAGE_COOKIE,
    YEAR_SECONDS,
    asked,
    check_origin,
    clean,
    cookie,
    desk_of,
    directory_of,
    own_address,
    page,
    see_other,
    visitor,
)
from api.desk.directory import Directory
from api.desk.people import unsealed
from api.desk.post import Told, told_of
from api.parts import Parts, parts_of
from api.problems import Trouble
from domain.code import is_code
from domain.dossier.codec import fact_of
from domain.dossier.events import SupplementRequested
from domain.dossier.history import state_of
from domain.dossier.state import Dossier
from domain.dossier.summary import summarise
from domain.dossier.view import DossierView
from domain.ids import Stream
from web.messages import LANGUAGES
from web.pages import assets

DIGITS: Final = 4
HANDED_OVER: Final = 10
"""The national portal's state of a dossier whose result was returned."""
ASSET_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


@get("/", name="home")
async def home(request: Call) -> Response[str]:
    """The way in."""
    return page(request, "home.html")


@get("/static/{version:str}/{name:str}", name="asset")
async def asset(request: Call) -> Response[bytes]:
    """A file that pages refer to."""
    found = assets().get(str(request.path_params["name"]))
    if found is None:
        raise Trouble(HTTPStatus.NOT_FOUND, "not_found", "there is nothing at this address")
    return Response(found.content, media_type=found.media_type, headers=ASSET_HEADERS)


@post("/language", name="language", status_code=HTTPStatus.SEE_OTHER)
async def language(request: Call) -> Response[None]:
    """Choose the language, and go back to where one was."""
    check_origin(request)
    form = await request.form()
    chosen = str(form.get("language", ""))
    cookies = [cookie(desk_of(request), LANGUAGE_COOKIE, chosen, YEAR_SECONDS)] if chosen in LANGUAGES else []
    return see_other(own_address(str(form.get("next", "")), "/"), cookies)


class Found(msgspec.Struct, frozen=True):
    """What a citizen learns of his dossier."""

    code: str
    procedure: str
    place: str
    state: int
    view: DossierView
    dossier: Dossier
    asked: tuple[str, ...]
    words: str
    return_to: str
    digits: str
    post: tuple[Told, ...]

    @property
    def feedback_due(self) -> bool:
        """Whether the citizen is asked for a mark: the result was handed over, and there is none yet."""
        return self.state == HANDED_OVER and self.dossier.feedback is None

    @property
    def feedback_given(self) -> bool:
        """Whether there is a mark."""
        return self.dossier.feedback is not None


@get("/track", name="track")
async def track(request: Call) -> Response[str]:
    """Show how a dossier stands, to who knows its code and the last digits of the phone number given with it."""
    code, digits = credentials(asked(request, "code"), asked(request, "phone_last4"))
    if not code and not digits:
        return page(request, "track.html", code="", found=None, problem="")
    wait = seconds_to_wait(request, code)
    if wait:
        return too_often(request, code, wait)
    found = await look(request, code, digits)
    if found is None:
        return page(request, "track.html", HTTPStatus.NOT_FOUND, code=code, found=None, problem="track.not_found")
    return page(request, "track.html", code=code, found=found, problem="", fault="", score="", words="")


def credentials(code: str, digits: str) -> tuple[str, str]:
    """The code and the last digits of the phone number, as they were typed."""
    return clean(code)[:64].upper(), "".join(filter(str.isdigit, digits[:2000]))[-DIGITS:]


def too_often(request: Call, code: str, wait: int) -> Response[str]:
    """The page for who has asked too often; ``wait`` in seconds."""
    shown = page(request, "track.html", HTTPStatus.TOO_MANY_REQUESTS, code=code, found=None, problem="track.too_often")
    shown.headers.update({"Retry-After": str(wait)})
    return shown


def seconds_to_wait(request: Call, code: str) -> int:
    """Seconds to wait: too many questions from one address, or about one dossier."""
    desk = desk_of(request)
    return max(desk.visitors.take(visitor(request)), desk.guesses.take(code))


async def look(request: Call, code: str, digits: str) -> Found | None:
    """The dossier (none: no such code, or not these digits; nobody learns which)."""
    parts = parts_of(request)
    if not is_code(code) or len(digits) != DIGITS:
        return None
    records = await parts.journal.read(Stream(code))
    if not records:
        return None
    state = state_of(records)
    person = await unsealed(parts, Stream(code), state.applicant)
    if person is None or not _same(person, digits):
        return None
    events = (fact_of(record).event for record in reversed(records))
    words = next((event.reason for event in events if isinstance(event, SupplementRequested)), "")
    return await _found(parts, code, state, await directory_of(request), words, digits)


def _same(person: Applicant, digits: str) -> bool:
    phone = "".join(filter(str.isdigit, person.phone))
    return len(phone) >= DIGITS and phone[-DIGITS:] == digits


async def _found(  # what the page shows
    parts: Parts, code: str, state: Dossier, directory: Directory, words: str, digits: str
) -> Found:
    rules = await parts.rules.rules_of(Stream(code), state)
    view = summarise(rules, state, Stream(code))
    names = {one.id: one.name or one.id for one in rules.procedure.components}
    asked = tuple(names.get(one, one) for one in state.supplement.components) if state.supplement else ()
    place = directory.authority_name(state.task.authority if state.task else state.authority)
    name = directory.procedure_name(state.procedure)
    back_to = directory.authority_name(state.return_to)
    post = told_of(state, parts.carriers)
    return Found(code, name, place, view.portal_state, view, state, asked, words, back_to, digits, post)
