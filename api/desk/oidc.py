"""Logging in with an OpenID Connect provider: the authorization code flow with PKCE.

What must survive between going there and coming back (state, nonce, verifier) travels in a signed cookie that lives for
ten minutes, so no server has to remember strangers.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.desk.settings import Provider

SECONDS: Final = 600
"""How long somebody may take at the provider."""
TIMEOUT: Final = httpx.Timeout(10.0)
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "RS384", "ES384", "RS512", "ES512", "Ed25519", "EdDSA"]
PUBLIC: Final = frozenset({"RSA", "EC", "OKP"})
"""Kinds of keys that have a public half."""
SKEW: Final = timedelta(seconds=60)


class LoginFailed(Exception):
    """The provider, or the browser that came back from it, did not prove who somebody is; ``str()`` is for the log."""


class Attempt(msgspec.Struct, frozen=True):
    """One way to the provider and back."""

    state: str
    nonce: str
    verifier: str
    next: str
    until: int


class _Endpoints(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Keys(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, Any], ...]


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


def attempt(next_address: str, now: datetime) -> Attempt:
    """A fresh attempt."""
    values = [secrets.token_urlsafe(32) for _ in range(3)]
    return Attempt(values[0], values[1], values[2], next_address, int(now.timestamp()) + SECONDS)


def sealed(secret: bytes, one: Attempt) -> str:
    """The attempt as a cookie's value that cannot be altered."""
    payload = base64.urlsafe_b64encode(msgspec.json.encode(one)).decode()
    return f"{payload}.{_mac(secret, payload)}"


def unsealed(secret: bytes, value: str, now: datetime) -> Attempt:
    """The attempt in a cookie; raise LoginFailed for an altered or an old one."""
    payload, _, mac = value.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(secret, payload).encode()):
        message = "the login's cookie is missing or was altered"
        raise LoginFailed(message)
    one = msgspec.json.decode(base64.urlsafe_b64decode(payload), type=Attempt)
    if now.timestamp() > one.until:
        message = "the login took too long"
        raise LoginFailed(message)
    return one


async def address(provider: Provider, one: Attempt, back: str) -> str:
    """Where the provider asks who somebody is; raise LoginFailed where it does not answer."""
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        endpoints = await _endpoints(client, provider)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(one.verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": "openid profile",
        "state": one.state,
        "nonce": one.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in endpoints.authorization_endpoint else "?"
    return endpoints.authorization_endpoint + joint + urlencode(query)


async def officer_id(
    provider: Provider, one: Attempt, code: str, state: str, back: str, now: datetime
) -> str:  # all that comes back
    """Who came back with this code, by the provider's claim; raise LoginFailed."""
    if not hmac.compare_digest(state.encode(), one.state.encode()):
        message = "the state is another login's"
        raise LoginFailed(message)
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        endpoints = await _endpoints(client, provider)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": provider.client_id,
            "code_verifier": one.verifier,
        }
        basic = "client_secret_basic" in endpoints.token_endpoint_auth_methods_supported
        auth = httpx.Auth()
        if provider.client_secret and basic:
            # As RFC 6749 has it, both are form-encoded before they become a user name and a password.
            auth = httpx.BasicAuth(quote_plus(provider.client_id), quote_plus(provider.client_secret))
        elif provider.client_secret:
            form["client_secret"] = provider.client_secret
        answer = await _answer(client.post(endpoints.token_endpoint, data=form, auth=auth))
        tokens = _decoded(answer, _Tokens)
        keys: _Keys = _decoded(await _answer(client.get(endpoints.jwks_uri)), _Keys)
    claims = _claims(tokens.id_token, keys)
    _check(claims, provider, endpoints.issuer, one.nonce, now)
    found = claims.get(provider.claim)
    if not isinstance(found, str):
        message = f"the provider's token has no claim {provider.claim}"
        raise LoginFailed(message)
    return found


def _claims(token: str, keys: _Keys) -> dict[str, Any]:
    """The claims of a token that one of the provider's public keys has signed; a secret that it publishes is no key."""
    published: Any = [key for key in keys.keys if key.get("kty") in PUBLIC]
    try:
        found = KeySet.import_key_set({"keys": published})
        return dict(jwt.decode(token, found, algorithms=ALGORITHMS).claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        message = f"the provider's token does not verify: {type(error).__name__}"
        raise LoginFailed(message) from error


def _check(claims: dict[str, Any], provider: Provider, issuer: str, nonce: str, now: datetime) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    alone = provider.client_id if len(audiences) == 1 else None
    expires = claims.get("exp")
    faults = {
        "issuer": claims.get("iss") != issuer,
        "audience": provider.client_id not in audiences,
        "authorised party": claims.get("azp", alone) != provider.client_id,
        "nonce": claims.get("nonce") != nonce,
        "expiry": not isinstance(expires, int | float) or expires < (now - SKEW).timestamp(),
    }
    wrong = [name for name, is_wrong in faults.items() if is_wrong]
    if wrong:
        message = f"the provider's token has a wrong {', '.join(wrong)}"
        raise LoginFailed(message)


async def _endpoints(client: httpx.AsyncClient, provider: Provider) -> _Endpoints:
    found: _Endpoints = _decoded(
        await _answer(client.get(f"{provider.issuer}/.well-known/openid-configuration")), _Endpoints
    )
    if found.issuer.rstrip("/") != provider.issuer.rstrip("/"):
        message = f"the provider at {provider.issuer} says that it is another one"
        raise LoginFailed(message)
    return found


async def _answer(asked: Any) -> bytes:  # noqa: ANN401  # a coroutine of httpx
    try:
        response: httpx.Response = await asked
        response.raise_for_status()
    except httpx.HTTPError as error:
        message = f"the provider does not answer as it should: {type(error).__name__}"
        raise LoginFailed(message) from error
    return response.content


def _decoded(content: bytes, kind: type[Any]) -> Any:  # noqa: ANN401  # of type ``kind``
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = "the provider's answer cannot be read"
        raise LoginFailed(message) from error


def _mac(secret: bytes, payload: str) -> str:
    return hmac.new(secret, b"login\0" + payload.encode(), hashlib.sha256).hexdigest()
