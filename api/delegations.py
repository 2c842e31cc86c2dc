"""``/delegations``: who stands in for whom while an officer is away."""

from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from msgspec import Meta

from api import absence, body, headers, query
from api.absence import Wish
from api.answers import answer
from api.body import Call
from api.docs import document
from api.fields import Id, Line, Moment
from api.local import HOME
from api.parts import parts_of
from api.problems import Trouble
from api.query import Limit
from domain.delegation import Delegation
from domain.ids import AuthorityId, DelegationId, OfficerId
from store.delegations import DelegationQuery, Delegations

PROBLEMS: Final = (400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 500, 503)
Day = Annotated[date, Meta(description="A day, in the authority's local time.")]


Number = Annotated[str, Meta(pattern="^[0-9]{1,18}$", description="`next_cursor` of the page before.")]


class NewDelegation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to stand in for whom, from the first to the last day, and why."""

    absent: Id
    stand_in: Id
    first_day: Day
    last_day: Day
    reason: Annotated[Line, Meta(min_length=1)]


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing needs to be said."""


class Which(msgspec.Struct, frozen=True):
    """Which delegations; every property that is given must hold."""

    authority: Annotated[AuthorityId | None, Meta(description="Whose; the officer's own authority's if unsaid.")] = None
    officer: Annotated[OfficerId | None, Meta(description="Who is absent or stands in.")] = None
    lasting: Annotated[bool, Meta(description="Leave out what has ended or was revoked.")] = False
    limit: Limit = 50
    cursor: Number | None = None


class DelegationShown(msgspec.Struct, frozen=True):
    """A delegation; ``active``: whoever stands in can act by it now."""

    id: str
    authority: AuthorityId
    absent: OfficerId
    stand_in: OfficerId
    first_day: date
    last_day: date
    reason: str
    given_by: OfficerId
    given_at: Moment
    revoked_by: str
    revoked_at: Moment | None
    active: bool


class DelegationList(msgspec.Struct, frozen=True):
    """Some delegations, the latest given first; ``next_cursor`` continues the list (none: these were the last)."""

    items: tuple[DelegationShown, ...]
    next_cursor: str | None


EXAMPLE: Final = DelegationShown(
    id="D-4be1f0c2",
    authority=AuthorityId("vp-ubnd-tinh"),
    absent=OfficerId("hang.mai"),
    stand_in=OfficerId("hien.pham"),
    first_day=date(2026, 3, 9),
    last_day=date(2026, 3, 13),
    reason="Nghỉ phép năm",
    given_by=OfficerId("phong.vi"),
    given_at=datetime(2026, 3, 2, 1, 10, tzinfo=UTC),
    revoked_by="",
    revoked_at=None,
    active=False,
)
LEAVE: Final[dict[str, Any]] = msgspec.to_builtins(EXAMPLE)


@get(
    "/delegations",
    name="delegations",
    opt=document(
        tag="delegations",
        summary="Who stands in for whom",
        description="Officers see their own, leaders those of their authority, administrators and auditors any.",
        answer=DelegationList,
        answer_description="A page of delegations, the latest given first.",
        example=DelegationList((EXAMPLE,), None),
        query=Which,
        problems=(400, 401, 403, 406, 429, 500, 503),
    ),
)
async def listed(request: Call) -> Response[bytes]:
    """List delegations."""
    parts, wanted = parts_of(request), query.read(request, Which)
    authority, officer = absence.seen_by(request.user, wanted.authority)
    if officer and wanted.officer not in {None, officer}:
        message = "this officer sees his own delegations, not those of others"
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", message)
    lasting = parts.now().astimezone(HOME).date() if wanted.lasting else None
    which = DelegationQuery(authority, officer or wanted.officer, lasting)
    before = int(wanted.cursor) if wanted.cursor else None
    page = await Delegations(parts.database).listed(which, limit=wanted.limit, before=before)
    items = tuple(_shown(one, parts.now()) for one in page.items)
    return answer(DelegationList(items, None if page.next is None else str(page.next)))


@post(
    "/delegations",
    name="giveDelegation",
    status_code=HTTPStatus.CREATED,
    opt=document(
        tag="delegations",
        summary="Let one officer stand in for another",
        description=(
            "An officer gives it for himself, a leader for the officers of his unit (of the whole authority where he "
            "belongs to none), an administrator for those of his authority. Only between officers of one authority; "
            "administrators and auditors neither stand in nor are stood in for; it is not passed on."
        ),
        status=HTTPStatus.CREATED,
        answer=DelegationShown,
        answer_description="It is given; a repeated request gets it as it stands.",
        example=EXAMPLE,
        body=NewDelegation,
        body_examples={"leave": {name: LEAVE[name] for name in NewDelegation.__struct_fields__}},
        keyed=True,
        problems=PROBLEMS,
    ),
)
async def give(request: Call) -> Response[bytes]:
    """Give a delegation."""
    parts, key = parts_of(request), headers.idempotency_key(request)
    given = await body.read(request, NewDelegation)
    wish = Wish(id=delegation_id(request.user.officer, key), **msgspec.structs.asdict(given))
    return answer(_shown(await absence.give(parts, request.user, wish), parts.now()), HTTPStatus.CREATED)


@post(
    "/delegations/{delegation:str}/revoke",
    name="revokeDelegation",
    status_code=HTTPStatus.OK,
    opt=document(
        tag="delegations",
        summary="Take a delegation back",
        description="For whoever may give it, and whoever gave it. It stops acting at once; it is kept for the record.",
        answer=DelegationShown,
        answer_description="It is revoked, now or by an earlier request.",
        example=msgspec.structs.replace(
            EXAMPLE, revoked_by="hang.mai", revoked_at=datetime(2026, 3, 11, 1, 0, tzinfo=UTC)
        ),
        body=Revocation,
        body_examples={"now": {}},
        keyed=True,
        problems=PROBLEMS,
    ),
)
async def revoke(request: Call) -> Response[bytes]:
    """Revoke a delegation."""
    parts = parts_of(request)
    headers.idempotency_key(request)
    await body.read(request, Revocation)
    revoked = await absence.revoke(parts, request.user, str(request.path_params["delegation"])[:200])
    return answer(_shown(revoked, parts.now()))


def delegation_id(officer: OfficerId, key: str) -> DelegationId:
    """The id of a delegation that an officer gives under a key: the same for a repeated request."""
    return DelegationId("D-" + headers.command_id(officer, key, "delegation").rpartition("/")[2][:24])


def _shown(one: Delegation, now: datetime) -> DelegationShown:
    return DelegationShown(**msgspec.structs.asdict(one), active=one.active(now, HOME))
