"""Reading dossiers: the search, one as it stands with its clocks, its history, its deadlines explained."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get
from msgspec import Meta

from api import query
from api.answers import (
    ClockFace,
    DossierPage,
    DossierState,
    Entry,
    History,
    Part,
    answer,
    code_and_link,
    line,
)
from api.bodies import Applicant
from api.body import Call
from api.docs import LIST_PROBLEMS, READ_PROBLEMS, document
from api.examples import HISTORY, LINE, STATE
from api.explanations import Deadlines, deadlines_of
from api.fields import Moment
from api.headers import language
from api.moments import check_moments
from api.parts import Parts, parts_of
from api.query import Cursor, Limit, Link
from api.scope import dossiers_in_scope, reader_of
from api.streams import Loaded, facts_of, load_for
from domain.access import SEE_PERSON, can
from domain.deadline import due, judge_open
from domain.dossier.clocks import clock_of
from domain.dossier.events import ClockName
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.state import Link as HandOver
from domain.dossier.summary import summarise, timeliness_now, working_minutes
from domain.dossier.view import DossierView, Status, Timeliness, Waiting
from domain.ids import AuthorityId, ProcedureCode, Stream
from domain.link import part_of
from domain.record import Record
from runtime import logging
from runtime.tokens import Claims
from store.errors import BrokenSeal, Shredded
from store.keys import is_sealed
from store.queries import DossierQuery, Order

LOG = logging.logger(__name__)
UNREADABLE: Final = "applicant.unreadable"


class Which(msgspec.Struct, frozen=True):
    """Which part of a dossier is meant."""

    link: Link | None = None


class Stretch(msgspec.Struct, frozen=True):
    """Which stretch of a history is meant."""

    link: Link | None = None
    after: Annotated[int, Meta(ge=0, le=2**31 - 1, description="Only events after this version.")] = 0
    limit: Limit = 200


class Search(msgspec.Struct, frozen=True):
    """What is looked for; every property that is given must hold. Ranges include their start and exclude their end."""

    authority: Annotated[AuthorityId | None, Meta(description="The deciding authority.")] = None
    received_by: Annotated[AuthorityId | None, Meta(description="The desk that received it.")] = None
    return_to: Annotated[AuthorityId | None, Meta(description="Where its result is handed over.")] = None
    status: Status | None = None
    waiting: Annotated[Waiting | None, Meta(description="Whom it waits for.")] = None
    procedure: ProcedureCode | None = None
    field: Annotated[str | None, Meta(description="The procedure's field.")] = None
    received_from: Moment | None = None
    received_before: Moment | None = None
    due_from: Annotated[Moment | None, Meta(description="By the committed due moment.")] = None
    due_before: Moment | None = None
    code: Annotated[str | None, Meta(description="The beginning of a code.")] = None
    roots: Annotated[bool, Meta(description="Leave out linked parts, which have the root's code.")] = False
    order: Annotated[Order, Meta(description="The newest first, or the one due next first.")] = Order.NEWEST
    limit: Limit = 50
    cursor: Cursor | None = None


@get(
    "/dossiers",
    name="searchDossiers",
    opt=document(
        tag="dossiers",
        summary="Search for dossiers",
        description=(
            "Officers search what their authority decides, received or hands over: one of `authority`, `received_by` "
            "and `return_to` must be their own. Where none is given, it is what their desk received for clerks, and "
            "what their authority decides for others. Administrators and auditors search everything."
        ),
        answer=DossierPage,
        answer_description="A page of what was found.",
        example=DossierPage((LINE,), None),
        query=Search,
        problems=LIST_PROBLEMS,
    ),
)
async def search(request: Call) -> Response[bytes]:
    """Find dossiers."""
    parts, wanted = parts_of(request), query.read(request, Search)
    check_moments(wanted)
    given = {name: getattr(wanted, name) for name in DossierQuery.__struct_fields__}
    found = dossiers_in_scope(request.user, DossierQuery(**given))
    page = await parts.queries.dossiers(found, reader_of(request.user), limit=wanted.limit, cursor=wanted.cursor)
    now = parts.now()
    return answer(DossierPage(tuple(line(view, _judged(view, now)) for view in page.items), page.next))


def _judged(view: DossierView, now: datetime) -> Timeliness | None:
    if view.timeliness is not None or view.received_at is None:
        return view.timeliness
    return judge_open(view.committed_due, now)


@get(
    "/dossiers/{code:str}",
    name="dossier",
    opt=document(
        tag="dossiers",
        summary="One dossier as it stands, with its clocks",
        answer=DossierState,
        answer_description="The dossier, or the linked part that was asked for.",
        example=STATE,
        query=Which,
        tagged=True,
        problems=READ_PROBLEMS,
    ),
)
async def show(request: Call) -> Response[bytes]:
    """Tell how a dossier stands."""
    parts, now = parts_of(request), parts_of(request).now()
    loaded = await load_for(request, parts, query.read(request, Which).link)
    state, rules = loaded.state, await parts.rules.rules_of(loaded.stream, loaded.state)
    view = summarise(rules, state, loaded.stream)
    body = DossierState(
        **msgspec.structs.asdict(line(view, timeliness_now(rules, state, now))),
        applicant=await _applicant(parts, request.user, loaded),
        clocks=tuple(_clocks(rules, state)),
        parts=tuple(_part(loaded.stream, link) for link in state.links),
        working_minutes=working_minutes(rules, state, now) if state.received_at else {},
    )
    return answer(body, version=state.version)


def _clocks(rules: Rules, state: Dossier) -> Iterator[ClockFace]:
    for name in ClockName:
        clock = clock_of(rules, state, name)
        if clock is not None:
            place = state.task.authority if name is ClockName.STAGE and state.task else None
            yield ClockFace(name, clock.budget, clock.start, due(rules.calendar(place), clock))


def _part(stream: Stream, link: HandOver) -> Part:
    """A hand-over by the name of the part that it began: one that was handed over anew began another."""
    return Part(code_and_link(part_of(stream, link.id, link.attempt))[1], link.to, link.state)


async def _applicant(parts: Parts, claims: Claims, loaded: Loaded) -> Applicant | None:
    """The personal data, for those who work with the dossier; none once they are destroyed."""
    sealed = loaded.state.applicant
    if not is_sealed(sealed) or not can(claims.roles, claims.authority, SEE_PERSON, facts_of(loaded)):
        return None
    try:
        return msgspec.json.decode(await parts.vault.open(loaded.stream, sealed), type=Applicant)
    except Shredded:
        return None
    except (BrokenSeal, msgspec.DecodeError) as error:
        LOG.warning(UNREADABLE, dossier=loaded.stream, problem=type(error).__name__)
        return None


@get(
    "/dossiers/{code:str}/events",
    name="dossierEvents",
    opt=document(
        tag="dossiers",
        summary="A dossier's history",
        description="Every event in the order of its version. Sealed personal data are left out.",
        answer=History,
        answer_description="Events after the version asked for.",
        example=HISTORY,
        query=Stretch,
        tagged=True,
        problems=READ_PROBLEMS,
    ),
)
async def events(request: Call) -> Response[bytes]:
    """Tell what happened."""
    parts, wanted = parts_of(request), query.read(request, Stretch)
    loaded = await load_for(request, parts, wanted.link)
    rest = loaded.records[wanted.after :]
    shown = tuple(_entry(record) for record in rest[: wanted.limit])
    code, link = code_and_link(loaded.stream)
    following = shown[-1].version if len(rest) > len(shown) else None
    return answer(History(code, link, shown, following), version=loaded.state.version)


def _entry(record: Record) -> Entry:
    data: dict[str, Any] = msgspec.json.decode(record.data)
    return Entry(
        version=record.version,
        type=record.type,
        occurred_at=record.occurred_at,
        recorded_at=record.recorded_at,
        actor=record.actor,
        authority=record.authority,
        on_behalf_of=record.on_behalf_of,
        command_id=record.command_id,
        data={name: value for name, value in data.items() if not (isinstance(value, str) and is_sealed(value))},
        hash=record.hash.hex(),
    )


@get(
    "/dossiers/{code:str}/deadlines",
    name="dossierDeadlines",
    opt=document(
        tag="dossiers",
        summary="A dossier's deadlines, explained line by line",
        description=(
            "Each due moment with what was counted, what was not, and why. Counted segments add up to the budget. "
            "Names are in the language that `Accept-Language` prefers."
        ),
        answer=Deadlines,
        answer_description="The three clocks (one that does not run is `null`), and the plan for what is left.",
        query=Which,
        parameters=("accept_language",),
        headers=("Content-Language",),
        tagged=True,
        problems=READ_PROBLEMS,
    ),
)
async def deadlines(request: Call) -> Response[bytes]:
    """Explain the due moments."""
    parts, chosen = parts_of(request), language(request)
    loaded = await load_for(request, parts, query.read(request, Which).link)
    rules = await parts.rules.rules_of(loaded.stream, loaded.state)
    body = deadlines_of(loaded.stream, rules, loaded.state, chosen, parts.now())
    headers = {"Content-Language": chosen, "Vary": "Accept-Language"}
    return answer(body, version=loaded.state.version, headers=headers)
