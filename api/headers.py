"""Reading a request's headers: who asks, under which key, having seen which version, in which language."""

import hashlib
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from litestar.connection import ASGIConnection
from litestar.datastructures.headers import Accept
from litestar.handlers import BaseRouteHandler

from api.absence import standing_in
from api.body import Call
from api.docs import DOC, Doc
from api.parts import Parts, parts_of
from api.problems import IDEMPOTENCY_KEY, Trouble, bad_request
from domain.ids import CommandId, OfficerId
from runtime.tokens import Claims, InvalidToken, read_token
from store.errors import UnknownReference

IF_MATCH: Final = "If-Match"
ON_BEHALF_OF: Final = "On-Behalf-Of"
LANGUAGES: Final = ("vi", "en")
"""Languages of explanations, the default first."""

_KEY: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")
_VERSION: Final = re.compile(r'"([0-9]{1,9})"')
_WEIGHT: Final = re.compile(r"\s*;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*")


async def authenticate(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]  # Litestar's signature
    """Guard: set the connection's user to whom the token names, and for whom he stands in; raise 401, 403 or 429."""
    if _asks_for_options(connection):
        return
    parts = parts_of(connection)
    scheme, _space, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        message = "a bearer token is needed: 'motcua token --officer ID' prints one"
        raise _unauthenticated("unauthenticated", message, "")
    try:
        claims = read_token(parts.secret, token.strip(), datetime.now(UTC))
    except InvalidToken as error:
        raise _unauthenticated("invalid_token", str(error), ', error="invalid_token"') from None
    if await _ended(parts, claims):
        raise _unauthenticated("invalid_token", "this officer no longer serves", ', error="invalid_token"')
    wait = parts.limiter.take(claims.officer)
    if wait > 0:
        raise Trouble(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too_many_requests",
            f"too many requests of one officer; try again in {wait} s",
            headers={"Retry-After": str(wait)},
        )
    absent = connection.headers.get(ON_BEHALF_OF.lower())
    connection.scope["user"] = claims if absent is None else await standing_in(parts, claims, absent.strip())


async def _ended(parts: Parts, claims: Claims) -> bool:
    """Whether the catalogue says that the officer's service has ended; of whom it does not know it says nothing."""
    try:
        return not (await parts.catalogue.officer(claims.officer, parts.now())).roles
    except UnknownReference:
        return False


def _asks_for_options(connection: ASGIConnection) -> bool:  # type: ignore[type-arg]
    """Whether only the methods that an address takes are asked for, which the framework answers by itself."""
    return connection.scope.get("method") == "OPTIONS"


def _unauthenticated(code: str, message: str, challenge: str) -> Trouble:
    headers = {"WWW-Authenticate": f'Bearer realm="motcua"{challenge}'}
    return Trouble(HTTPStatus.UNAUTHORIZED, code, message, headers=headers)


def idempotency_key(request: Call) -> str:
    """The key that makes a repeated write take effect once; raise 400 where it is missing or cannot be one."""
    key = request.headers.get(IDEMPOTENCY_KEY.lower())
    if key is None or not key.strip():
        raise bad_request(
            "idempotency_key_missing",
            IDEMPOTENCY_KEY,
            "every write needs one: any text of yours that is new for a new request and the same for a repeated one",
        )
    if _KEY.fullmatch(key) is None:
        message = "a key has 1 to 200 printable ASCII characters"
        raise bad_request("invalid_idempotency_key", IDEMPOTENCY_KEY, message)
    return key


def command_id(officer: OfficerId, key: str, *more: str) -> CommandId:
    """The command's id: the key is the officer's own, so another officer's equal key is another command.

    ``more`` tells the commands of one request apart.
    """
    content = "\0".join((officer, key, *more)).encode()
    return CommandId("http/" + hashlib.sha256(content).hexdigest()[:40])


def expected_version(request: Call) -> int | None:
    """The version that the officer has seen (none: whatever it is now); raise 400 for what is no version of ours."""
    text = request.headers.get(IF_MATCH.lower(), "*").strip()
    if text == "*":
        return None
    found = _VERSION.fullmatch(text)
    if found is None:
        message = 'write the version in quotes, as the ETag has it, e.g. "7"'
        raise bad_request("invalid_if_match", IF_MATCH, message)
    return int(found[1])


def language(request: Call) -> str:
    """The language that the client likes best of those there are; the first one where it does not say."""
    wanted: list[tuple[float, int, str]] = []
    for index, item in enumerate(request.headers.get("accept-language", "").split(",")):
        tag, _, weight = item.partition(";")
        found = _WEIGHT.fullmatch(f";{weight}") if weight else None
        quality = float(found[1]) if found else 1.0
        primary = tag.strip().lower().partition("-")[0]
        if primary in LANGUAGES and quality > 0:
            wanted.append((-quality, index, primary))
    return min(wanted)[2] if wanted else LANGUAGES[0]


def negotiate(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]  # Litestar's signature
    """Guard: raise 406 where the client takes no form that the route answers in."""
    if _asks_for_options(connection):
        return
    doc: Doc = handler.opt[DOC]
    accepted = Accept(connection.headers.get("accept", "*/*"))
    if not accepted.accepts(doc.media_type):
        raise Trouble(HTTPStatus.NOT_ACCEPTABLE, "not_acceptable", f"answers are {doc.media_type}")
