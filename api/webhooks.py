"""Webhook subscriptions and what could not be delivered, for administrators; auditors may look."""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import Meta

from activities.carriers.signing import SECRET, new_secret
from api import body, query
from api.answers import answer
from api.body import Call
from api.docs import document
from api.fields import Id
from api.headers import idempotency_key
from api.parts import parts_of
from api.problems import Trouble, bad_request, not_found
from domain.authority import Role
from domain.dossier.codec import EVENT_OF
from domain.ids import AuthorityId
from runtime.tokens import Claims
from store.outbox import Letter
from store.subscriptions import Subscription

FEWEST, MOST = 24, 64
"""Bytes that Standard Webhooks asks of a secret."""
SUBSCRIPTION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""What a subscription may be called."""
Url = Annotated[str, Meta(min_length=10, max_length=2000, pattern="^https?://[^/\\s]+", description="Where events go.")]


SecretText = Annotated[str, Meta(max_length=200)]


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be told of what."""

    url: Url
    authority: Annotated[
        Id | None, Meta(description="Only dossiers that have to do with this authority; all of them if unsaid.")
    ] = None
    types: Annotated[tuple[Id, ...], Meta(max_length=100, description="Only these event types; all if unsaid.")] = ()
    secret: Annotated[
        SecretText | None,
        Meta(
            description=(
                "Signs from now on: `whsec_` and 24 to 64 bytes in base64. One that it takes the place of signs beside "
                "it for 24 hours. Unsaid: one is made for a new subscription, that of a known one stays."
            ),
        ),
    ] = None


class Subscribed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A subscription; ``secret`` is told once, when it was made."""

    id: str
    url: str
    authority: str | None
    types: tuple[str, ...]
    enabled: bool
    reason: str
    secret: str | None = None


class SubscriptionList(msgspec.Struct, frozen=True):
    """All subscriptions."""

    items: tuple[Subscribed, ...]


class Which(msgspec.Struct, frozen=True):
    """Which dead letters are meant."""

    after: Annotated[int, Meta(ge=0, le=2**62, description="Only letters with a higher number.")] = 0
    limit: query.Limit = 50


class LetterList(msgspec.Struct, frozen=True):
    """Messages that were given up, oldest first; ``next`` is what to look on after."""

    items: tuple[Letter, ...]
    next: int | None


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which letters to send again."""

    ids: Annotated[tuple[int, ...], Meta(max_length=1000, description="Their numbers.")]


class Replayed(msgspec.Struct, frozen=True):
    """How many of them were dead letters, and will be sent again."""

    replayed: int


EXAMPLE: Final = Subscribed("kho-ho-so", "https://example.vn/hook", "tinh.snv", ("result.issued",), True, "")  # noqa: FBT003
LETTER: Final = Letter(
    17, "webhook", "0190b7c4@kho", "dead", 10, "answered 500", datetime(2026, 3, 2, 1, 10, tzinfo=UTC)
)
PROBLEMS: Final = (400, 401, 403, 404, 406, 413, 415, 422, 429, 500, 503)


@get(
    "/webhooks",
    name="webhooks",
    opt=document(
        tag="webhooks",
        summary="Who is told of which events",
        answer=SubscriptionList,
        answer_description="All subscriptions, without their secrets.",
        example=SubscriptionList((EXAMPLE,)),
        problems=PROBLEMS,
    ),
)
async def listed(request: Call) -> Response[bytes]:
    """List subscriptions."""
    _check(request.user, Role.ADMINISTRATOR, Role.AUDITOR)
    found = await parts_of(request).subscriptions.all()
    return answer(SubscriptionList(tuple(_shown(one) for one in found)))


@put(
    "/webhooks/{subscription:str}",
    name="putWebhook",
    status_code=HTTPStatus.OK,
    opt=document(
        tag="webhooks",
        summary="Add a subscription, or change and enable one",
        description="May be repeated. Events are CloudEvents, signed as Standard Webhooks; see the AsyncAPI document.",
        answer=Subscribed,
        answer_description="The subscription as it is now; a secret that was made for it is told this once.",
        example=msgspec.structs.replace(EXAMPLE, secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="),  # noqa: S106
        body=Wanted,
        body_examples={"subscribed": {"url": EXAMPLE.url, "authority": EXAMPLE.authority, "types": EXAMPLE.types}},
        problems=PROBLEMS,
    ),
)
async def put_one(request: Call) -> Response[bytes]:
    """Subscribe."""
    _check(request.user, Role.ADMINISTRATOR)
    parts, name = parts_of(request), _name(request)
    wanted = await body.read(request, Wanted)
    _check_types(wanted.types)
    if wanted.authority is not None:
        await parts.catalogue.authority(AuthorityId(wanted.authority), parts.now())
    known = await parts.subscriptions.find(name)
    made = new_secret() if wanted.secret is None and known is None else None
    chosen = made or wanted.secret
    secret = (_checked_secret(chosen),) if chosen else ()
    subscription = Subscription(name, wanted.authority or "", wanted.types, wanted.url, secret)
    await parts.subscriptions.subscribe(subscription)
    return answer(msgspec.structs.replace(_shown(subscription), secret=made))


@delete(
    "/webhooks/{subscription:str}",
    name="deleteWebhook",
    status_code=HTTPStatus.OK,
    opt=document(
        tag="webhooks",
        summary="End a subscription",
        description="May be repeated. What is under way to it is given up.",
        answer=SubscriptionList,
        answer_description="The subscriptions that are left.",
        example=SubscriptionList(()),
        problems=PROBLEMS,
    ),
)
async def delete_one(request: Call) -> Response[bytes]:
    """Unsubscribe."""
    _check(request.user, Role.ADMINISTRATOR)
    subscriptions = parts_of(request).subscriptions
    await subscriptions.unsubscribe(_name(request))
    return answer(SubscriptionList(tuple(_shown(one) for one in await subscriptions.all())))


@get(
    "/dead-letters",
    name="deadLetters",
    opt=document(
        tag="webhooks",
        summary="What could not be delivered",
        description="Webhooks, orders to carriers, states for the portal and notices that were given up.",
        answer=LetterList,
        answer_description="A page of them.",
        example=LetterList((LETTER,), None),
        query=Which,
        problems=PROBLEMS,
    ),
)
async def dead_letters(request: Call) -> Response[bytes]:
    """List dead letters."""
    _check(request.user, Role.ADMINISTRATOR, Role.AUDITOR)
    wanted = query.read(request, Which)
    found = await parts_of(request).outbox.letters("dead", wanted.after, wanted.limit)
    following = found[-1].id if len(found) == wanted.limit else None
    return answer(LetterList(tuple(found), following))


@post(
    "/dead-letters/replay",
    name="replayDeadLetters",
    status_code=HTTPStatus.OK,
    opt=document(
        tag="webhooks",
        summary="Send dead letters again",
        answer=Replayed,
        answer_description="They are on their way; a repeated request finds them no longer dead.",
        example=Replayed(1),
        body=Replay,
        body_examples={"one": {"ids": [17]}},
        keyed=True,
        problems=PROBLEMS,
    ),
)
async def replay(request: Call) -> Response[bytes]:
    """Send them again."""
    _check(request.user, Role.ADMINISTRATOR)
    idempotency_key(request)
    wanted = await body.read(request, Replay)
    return answer(Replayed(await parts_of(request).outbox.replay(wanted.ids)))


def _shown(one: Subscription) -> Subscribed:
    return Subscribed(one.id, one.url, one.authority or None, one.types, one.enabled, one.reason)


def _check(claims: Claims, *roles: Role) -> None:
    if not set(roles) & set(claims.roles):
        message = f"this is for {' and '.join(role.value for role in roles)}"
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", message)


def _name(request: Call) -> str:
    name = str(request.path_params["subscription"])
    if SUBSCRIPTION.fullmatch(name) is None:
        message = "a subscription's id has 1 to 100 letters, digits, dots, dashes and underscores"
        raise not_found("subscription_unknown", message)
    return name


def _check_types(types: Iterable[str]) -> None:
    unknown = next((one for one in types if one not in EVENT_OF), None)
    if unknown is not None:
        raise bad_request("event_type_unknown", "$.types", f"there is no event type {unknown!r}")


def _checked_secret(secret: str) -> str:
    try:
        length = len(base64.b64decode(secret.removeprefix(SECRET), validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if not secret.startswith(SECRET) or not FEWEST <= length <= MOST:
        message = f"a secret is {SECRET} and {FEWEST} to {MOST} bytes in base64"
        raise bad_request("invalid_secret", "$.secret", message)
    return secret
