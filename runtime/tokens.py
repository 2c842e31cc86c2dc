"""Bearer tokens of officers: signed statements of who somebody is, for which authority, with which roles, until when.

JSON Web Tokens, HMAC-SHA-256 by one secret that the API and ``motcua token`` share.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from domain.authority import Officer, Role
from domain.ids import AuthorityId, OfficerId
from runtime.errors import SettingError

ALGORITHM = "HS256"
ISSUER = "motcua"
LIFETIME = timedelta(hours=12)
"""A working day with its evening: nobody is logged out in the middle of it."""
SHORTEST_SECRET = 32
"""Bytes, as the hash has; a shorter key would be the weakest part."""
CLOCK_SKEW = timedelta(seconds=30)
"""By how much the clocks of two of our machines may differ."""


class InvalidToken(Exception):
    """Not a token of ours, altered, expired, or not valid yet; ``str()`` says which, without quoting the token."""


class Claims(msgspec.Struct, frozen=True):
    """Who asks, and with which rights: what a valid token or a session says.

    Where ``officer`` stands in for an absent one, ``roles`` are those of that one, ``on_behalf_of``.
    """

    officer: OfficerId
    authority: AuthorityId
    roles: tuple[Role, ...]
    issued_at: datetime
    expires_at: datetime
    on_behalf_of: OfficerId = OfficerId("")

    @property
    def holder(self) -> OfficerId:
        """Whose tasks the officer works: his own, or those of the absent one."""
        return self.on_behalf_of or self.officer


class _Body(msgspec.Struct, frozen=True):
    """The token's JSON: registered claim names, times in seconds since 1970."""

    iss: str
    sub: OfficerId
    authority: AuthorityId
    roles: tuple[Role, ...]
    iat: int
    exp: int


def read_secret(path: Path | None) -> bytes:
    """Return the signing secret in this file; raise SettingError that names MOTCUA_SECRET_FILE where there is none."""
    if path is None:
        message = "MOTCUA_SECRET_FILE is not set: it names the file with the key that signs officers' tokens"
        raise SettingError(message)
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        message = f"MOTCUA_SECRET_FILE names {path}, which cannot be read: {error.strerror}"
        raise SettingError(message) from error
    if len(secret) < SHORTEST_SECRET:
        message = f"the key in {path} (MOTCUA_SECRET_FILE) has {len(secret)} bytes; {SHORTEST_SECRET} are the least"
        raise SettingError(message)
    return secret


def issue_token(secret: bytes, officer: Officer, now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """Return a token that says who ``officer`` is, from ``now`` for ``lifetime``."""
    body = _Body(
        iss=ISSUER,
        sub=officer.id,
        authority=officer.authority,
        roles=officer.roles,
        iat=int(now.timestamp()),
        exp=int((now + lifetime).timestamp()),
    )
    return jwt.encode({"alg": ALGORITHM}, msgspec.to_builtins(body), OctKey.import_key(secret))


def read_token(secret: bytes, token: str, now: datetime) -> Claims:
    """Return what the token says; raise InvalidToken unless it is ours and valid at ``now``."""
    try:
        # The algorithm is ours to fix, never the token's to choose.
        claims = jwt.decode(token, OctKey.import_key(secret), algorithms=[ALGORITHM]).claims
        body = msgspec.convert(claims, _Body)
        issued, expires = (datetime.fromtimestamp(moment, UTC) for moment in (body.iat, body.exp))
    except (JoseError, ValueError, OverflowError, msgspec.ValidationError) as error:
        message = "this is not a token of this system"
        raise InvalidToken(message) from error
    if body.iss != ISSUER:
        message = "this token was issued by another system"
        raise InvalidToken(message)
    if now >= expires:
        message = f"the token expired at {expires.isoformat()}; log in again"
        raise InvalidToken(message)
    if now + CLOCK_SKEW < issued:
        message = f"the token is not valid before {issued.isoformat()}"
        raise InvalidToken(message)
    return Claims(body.sub, body.authority, body.roles, issued, expires)
