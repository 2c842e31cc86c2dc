"""Content addresses: a version is what a thing is, so equal things are one version and no version ever changes."""

import hashlib
from functools import lru_cache

import msgspec

from domain.ids import Version

DIGITS = 16
"""Hex digits kept: 64 bits, ample for some thousand versions of procedures and calendars."""

_encoder = msgspec.json.Encoder(order="sorted")


def content_version(value: msgspec.Struct) -> Version:
    """The first 16 hex digits of the SHA-256 over the value's canonical JSON (object keys sorted)."""
    return _version_of_bytes(_encoder.encode(value))


@lru_cache(maxsize=4096)
def _version_of_bytes(body: bytes) -> Version:
    return Version(hashlib.sha256(body).hexdigest()[:DIGITS])
