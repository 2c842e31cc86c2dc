"""The supervisor's view: how much lies with whom and for how long, and what was completed too quickly to be true."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, get

from api.answers import code_and_link
from api.body import Call
from api.desk.context import asked, directory_of, page, words_of
from api.desk.directory import Directory
from api.parts import parts_of
from api.problems import Trouble
from api.scope import reader_of
from domain.access import reads_everything, supervises
from domain.ids import AuthorityId
from domain.procedure import StageKind
from domain.supervision import Supervision
from domain.vietnamese import name_key, text_key
from runtime.tokens import Claims
from store.supervision import DRILLED, DoneRow, LoadRow, PlaceRow, Seen, Supervising
from web.messages import Translate
from web.timewords import moment_words


class Holder(msgspec.Struct, frozen=True):
    """One officer's (empty id: nobody's) open tasks at one stage, and the worklists that show them."""

    id: str
    name: str
    row: LoadRow
    all_address: str
    late_address: str


class Sum(msgspec.Struct, frozen=True):
    """Open tasks of one stage, or of all."""

    name: str
    tasks: int
    late: int
    oldest: datetime | None


class Pointed(msgspec.Struct, frozen=True):
    """Something that a supervisor is pointed at: who, what, how many of how many, and where they are listed."""

    who: str
    what: str
    number: int
    whole: int
    address: str


@get("/desk/unit", name="deskUnit")
async def unit(request: Call) -> Response[str]:
    """Show the load and the lateness of every officer, stage and authority, and how old the open work is."""
    parts, directory, t = parts_of(request), await directory_of(request), words_of(request)
    authority, now = _authority(request, directory), parts.now()
    everywhere = reads_everything(request.user.roles)
    own = authority == request.user.authority
    store, choices = _store(request), directory.supervision
    load = await store.load(authority, now)
    places = await (store.places(now) if everywhere else store.shares(authority, now))
    seen = _seen(request.user, authority, choices, now)
    return page(
        request,
        "supervise.html",
        place=directory.authority_name(authority),
        authority=authority,
        authorities=directory.authorities_sorted() if everywhere else [],
        everywhere=everywhere,
        sum=_sum("", load),
        stages=_by_stage(load),
        holders=_holders(load, directory, listed=own),
        places=_named(places, directory),
        ages=await store.ages(authority, choices.ages, now) if choices else [],
        bounds=choices.ages if choices else (),
        old=[
            (*code_and_link(row.stream), row, directory.officer_name(row.officer))
            for row in await store.oldest(authority)
        ],
        choices=choices if seen else None,
        swift=await _swift(store, seen, directory, t) if seen else [],
        bursts=await _bursts(store, seen, directory, t) if seen else [],
        now=now,
    )


@get("/desk/unit/swift", name="deskSwift")
async def swift(request: Call) -> Response[str]:
    """List what one officer completed at one stage in less time than it can take."""
    store, directory, t = _store(request), await directory_of(request), words_of(request)
    seen, officer, stage = _seen_or_refused(request, directory), asked(request, "officer"), asked(request, "stage")
    if stage not in set(StageKind):
        raise _nothing()
    rows = await store.swift_ones(seen, officer, stage)
    title = t("supervise.swift_of", name=directory.officer_name(officer), stage=t(f"stage.{stage}"))
    return _listed(request, seen, title, rows)


@get("/desk/unit/burst", name="deskBurst")
async def burst(request: Call) -> Response[str]:
    """List a pile that one officer completed at once."""
    store, directory, t = _store(request), await directory_of(request), words_of(request)
    seen, officer = _seen_or_refused(request, directory), asked(request, "officer")
    since, until = _moment(request, "since"), _moment(request, "until")
    rows = await store.burst_ones(seen, officer, since, until)
    title = t("supervise.burst_of", name=directory.officer_name(officer), moment=moment_words(t, since))
    return _listed(request, seen, title, rows)


def _store(request: Call) -> Supervising:
    return Supervising(parts_of(request).database, reader_of(request.user))


def _listed(request: Call, seen: Seen, title: str, rows: list[DoneRow]) -> Response[str]:
    lines = [(*code_and_link(row.stream), row) for row in rows]
    least = {stage.value: one for stage, one in seen.choices.least.items()}
    back = f"/desk/unit?authority={quote(seen.authority)}"
    more = len(rows) == DRILLED
    return page(
        request, "completions.html", heading=title, lines=lines, least=least, back=back, more=DRILLED if more else 0
    )


def _authority(request: Call, directory: Directory) -> AuthorityId:
    """Whose work is shown: the officer's own authority's; any, for those who read everything."""
    wanted = AuthorityId(asked(request, "authority"))
    if not wanted or wanted == request.user.authority:
        return request.user.authority
    if not reads_everything(request.user.roles):
        message = f"this officer sees the work of {request.user.authority}, not that of another authority"
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", message)
    if wanted not in directory.authorities:
        raise _nothing()
    return wanted


def _seen(claims: Claims, authority: AuthorityId, choices: Supervision | None, now: datetime) -> Seen | None:
    """What is looked back at (none: this officer supervises nobody, or the house has made no choices)."""
    if choices is None or not supervises(claims.roles):
        return None
    return Seen(authority, now - timedelta(days=choices.days), choices)


def _seen_or_refused(request: Call, directory: Directory) -> Seen:
    if not supervises(request.user.roles):
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", "this is for leaders, auditors and administrators")
    seen = _seen(request.user, _authority(request, directory), directory.supervision, parts_of(request).now())
    if seen is None:
        raise _nothing()
    return seen


def _moment(request: Call, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(asked(request, name, 64))
    except ValueError:
        raise _nothing() from None
    if found.tzinfo is None:
        raise _nothing()
    return found


def _nothing() -> Trouble:
    return Trouble(HTTPStatus.NOT_FOUND, "not_found", "there is nothing at this address")


def _sum(name: str, load: Iterable[LoadRow]) -> Sum:
    rows = list(load)
    oldest = min((row.oldest for row in rows), default=None)
    return Sum(name, sum(row.tasks for row in rows), sum(row.late for row in rows), oldest)


def _by_stage(load: list[LoadRow]) -> list[Sum]:
    """The stages in the order of a dossier's way."""
    return [
        _sum(stage.value, rows) for stage in StageKind if (rows := [row for row in load if row.stage == stage.value])
    ]


def _holders(load: list[LoadRow], directory: Directory, *, listed: bool) -> list[Holder]:
    order = {stage.value: number for number, stage in enumerate(StageKind)}
    found = []
    for row in load:
        holder = row.officer or ""
        query = {"view": "unit" if holder else "free", "holder": holder, "stage": row.stage}
        addresses = [
            "/desk?" + urlencode({name: value for name, value in given.items() if value}) if listed else ""
            for given in (query, {**query, "view": "late"})
        ]
        found.append(Holder(holder, directory.officer_name(holder), row, *addresses))
    return sorted(found, key=lambda one: (not one.id, name_key(one.name), one.id, order.get(one.row.stage, 0)))


def _named(places: list[PlaceRow], directory: Directory) -> list[tuple[str, PlaceRow]]:
    named = [(directory.authority_name(row.authority), row) for row in places]
    return sorted(named, key=lambda one: (-one[1].late, -one[1].tasks, text_key(one[0])))


async def _swift(store: Supervising, seen: Seen, directory: Directory, t: Translate) -> list[Pointed]:
    return [
        Pointed(
            directory.officer_name(row.officer),
            t(f"stage.{row.stage}"),
            row.swift,
            row.completed,
            _address("swift", seen, officer=row.officer, stage=row.stage),
        )
        for row in await store.swift(seen)
    ]


async def _bursts(store: Supervising, seen: Seen, directory: Directory, t: Translate) -> list[Pointed]:
    return [
        Pointed(
            directory.officer_name(row.officer),
            moment_words(t, row.since),
            row.completed,
            max(1, -(-int((row.until - row.since).total_seconds()) // 60)),
            _address("burst", seen, officer=row.officer, since=row.since.isoformat(), until=row.until.isoformat()),
        )
        for row in await store.bursts(seen)
    ]


def _address(page_name: str, seen: Seen, **values: str) -> str:
    return f"/desk/unit/{page_name}?" + urlencode({"authority": seen.authority, **values})
