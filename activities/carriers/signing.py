"""Standard Webhooks signatures: HMAC-SHA256 (``v1``) and Ed25519 (``v1a``) over ``id.timestamp.body``.

Several signatures may stand in one header and several keys may be valid at once, so that keys change without a gap.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from activities.carriers.protocol import Keys, NotAuthentic

SHORTEST: Final = 16
"""Bytes of a secret."""
FRESH: Final = 32
"""Bytes of a secret of our making."""
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE: Final = timedelta(minutes=5)
"""How old, or how far ahead, a signed moment may be; within it a repeated id is known for a repetition."""
SECRET, PUBLIC, PRIVATE = "whsec_", "whpk_", "whsk_"
_ID: Final = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,200}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_MOST: Final = 20
"""Signatures in one header that are looked at."""


def new_secret() -> str:
    """A fresh ``whsec_`` secret of 256 bits."""
    return SECRET + base64.b64encode(os.urandom(FRESH)).decode()


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """One signature, by a ``whsec_`` secret or a ``whsk_`` private key. Raises ValueError for a key that is none."""
    content = _content(message_id, str(int(at.timestamp())), body)
    if secret.startswith(PRIVATE):
        key = Ed25519PrivateKey.from_private_bytes(_key(secret, PRIVATE)[:32])
        return "v1a," + base64.b64encode(key.sign(content)).decode()
    return "v1," + base64.b64encode(_mac(secret, content)).decode()


def headers_of(secrets: tuple[str, ...], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a signed message; it is signed by each of the secrets."""
    return {
        ID: message_id,
        TIMESTAMP: str(int(at.timestamp())),
        SIGNATURE: " ".join(sign(secret, message_id, at, body) for secret in secrets),
    }


def verify(
    headers: Mapping[str, str], body: bytes, now: datetime, secrets: tuple[str, ...], public_keys: tuple[str, ...]
) -> str:
    """The id of a message that one of the keys has signed. Raises NotAuthentic, whatever the headers hold."""
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not headers.get(name)]
    if missing:
        raise NotAuthentic("signature_missing", f"the header {missing[0]} is missing")
    message_id, seconds = headers[ID], headers[TIMESTAMP]
    if _ID.fullmatch(message_id) is None or _SECONDS.fullmatch(seconds) is None:
        raise NotAuthentic("signature_malformed", f"{ID} or {TIMESTAMP} is not well-formed")
    if abs(int(seconds) - now.timestamp()) > TOLERANCE.total_seconds():
        raise NotAuthentic("timestamp_outside_window", f"{TIMESTAMP} is more than 5 minutes from now; sign it anew")
    content = _content(message_id, seconds, body)
    given = headers[SIGNATURE].split(" ")[:_MOST]
    if not any(_matches(one, content, secrets, public_keys) for one in given):
        raise NotAuthentic("signature_wrong", "no signature was made with a key that is known here")
    return message_id


def _matches(signature: str, content: bytes, secrets: tuple[str, ...], public_keys: tuple[str, ...]) -> bool:
    version, _, encoded = signature.partition(",")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    match version:
        case "v1":
            return any(hmac.compare_digest(raw, _mac(secret, content)) for secret in secrets)
        case "v1a":
            return any(_verifies(key, raw, content) for key in public_keys)
        case _:
            return False


def _verifies(public_key: str, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(_key(public_key, PUBLIC)).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _mac(secret: str, content: bytes) -> bytes:
    return hmac.new(_key(secret, SECRET), content, hashlib.sha256).digest()


def _content(message_id: str, seconds: str, body: bytes) -> bytes:
    return f"{message_id}.{seconds}.".encode() + body


def _key(text: str, prefix: str) -> bytes:
    """The bytes of a key; raise ValueError for text that is none."""
    return base64.b64decode(text.removeprefix(prefix), validate=True)


def check_keys(keys: Keys) -> None:
    """Raise ValueError where a key is none."""
    for secret in keys.secrets:
        if len(_key(secret, SECRET)) < SHORTEST:
            message = f"a secret has at least {SHORTEST} bytes"
            raise ValueError(message)
    for public_key in keys.public_keys:
        Ed25519PublicKey.from_public_bytes(_key(public_key, PUBLIC))
