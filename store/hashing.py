"""Canonical JSON and the hash chain that makes a rewritten event visible.

``hash = SHA-256(prev_hash + canonical JSON of the row)``, where the row is an object with the fields of
``domain.record.Record`` above ``prev_hash``, times in UTC as RFC 3339. Canonical JSON is RFC 8785: keys sorted by
UTF-16 code units, no white space, numbers as ECMAScript prints them. A whole number beyond 2^53 is refused, for it has
no exact double and ``jsonb`` and JSON parsers disagree about it.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from domain.ids import CommandId, Stream
from domain.record import Record
from store.errors import UnstorableData

LARGEST_EXACT: Final = 2**53 - 1
_EXPONENT_BELOW: Final = -6

# What the fast path cannot be trusted with: characters beyond the basic plane, which UTF-16 sorts otherwise than UTF-8
# (they begin with a byte of 0xF0 or more), and runs of 16 digits, which may be a number beyond 2^53. Both may be
# harmless; the slow path finds out. Folding the bytes into classes first makes this a plain search, many times faster
# than a pattern.
_CLASSES: Final = bytes(ord("0") if byte in b"0123456789" else min(byte, 0xF0) for byte in range(256))
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""An escaped NUL character in encoded JSON, and not the six characters that spell one behind an escaped backslash."""


class Content(msgspec.Struct, frozen=True):
    """What a row's hash covers; the fields stand in the order of their names, which is the canonical one."""

    actor: str
    authority: str
    causation_id: str
    command_id: CommandId
    correlation_id: str
    data: msgspec.Raw
    event_id: str
    occurred_at: datetime
    on_behalf_of: str
    ordinal: int
    recorded_at: datetime
    schema_version: int
    stream: Stream
    type: str
    version: int


def canonical(raw: bytes | str | msgspec.Raw) -> bytes:
    """Return the RFC 8785 form of a JSON text; raise UnstorableData where it has none or cannot be stored."""
    try:
        encoded = _encoder.encode(_decoder.decode(raw))
        classes = encoded.translate(_CLASSES)
        if b"\xf0" in classes or b"0000000000000000" in classes:
            encoded = b"".join(_slow(msgspec.json.decode(raw)))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        message = f"this is not JSON that can be stored: {error}"
        raise UnstorableData(message) from error
    refuse_nul(encoded)
    return encoded


def chain(prev_hash: bytes, content: Content) -> bytes:
    """Return the hash of a row after the row with ``prev_hash``. ``content.data`` is canonical, its times are in UTC.

    Raises UnstorableData where a text holds a NUL character.
    """
    encoded = _encoder.encode(content)
    refuse_nul(encoded)
    return hashlib.sha256(prev_hash + encoded).digest()


def verifies(record: Record) -> bool:
    """Whether a stored row, as it was stored (no upcast), still has the hash that it was given."""
    return chain(record.prev_hash, content_of(record)) == record.hash


def content_of(record: Record) -> Content:
    """What the hash of a stored row covers."""
    return Content(
        actor=record.actor,
        authority=record.authority,
        causation_id=record.causation_id,
        command_id=record.command_id,
        correlation_id=record.correlation_id,
        data=msgspec.Raw(canonical(record.data)),
        event_id=record.event_id,
        occurred_at=record.occurred_at.astimezone(UTC),
        on_behalf_of=record.on_behalf_of,
        ordinal=record.ordinal,
        recorded_at=record.recorded_at.astimezone(UTC),
        schema_version=record.schema_version,
        stream=record.stream,
        type=record.type,
        version=record.version,
    )


def refuse_nul(encoded: bytes) -> None:
    """Raise UnstorableData where encoded JSON holds a NUL character: PostgreSQL's text cannot."""
    if rb"\u0000" in encoded and _NUL.search(encoded) is not None:
        message = "a text holds a NUL character, which cannot be stored"
        raise UnstorableData(message)


def _number(text: str) -> int | msgspec.Raw:
    """A JSON number with a fraction or an exponent, as ECMAScript prints it."""
    value = float(text)
    return _exact(int(value)) if value.is_integer() else msgspec.Raw(_ecmascript(value).encode())


def _exact(value: int) -> int:
    """The same number; raise UnstorableData where a double cannot hold it with certainty."""
    if abs(value) > LARGEST_EXACT:
        message = f"the number {value} is beyond 2^53 and has no certain JSON form; send it as a text"
        raise UnstorableData(message)
    return value


def _ecmascript(value: float) -> str:
    """A double with a fraction, as ECMAScript's Number::toString prints it: shortest digits, exponent below 1e-6."""
    number = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, number.digits))
    point = len(digits) + int(number.exponent)
    sign = "-" if value < 0 else ""
    if point > 0:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if point > _EXPONENT_BELOW:
        return f"{sign}0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{point - 1}"


def _slow(value: Any) -> Iterator[bytes]:  # noqa: ANN401  # whatever JSON holds
    """Canonical JSON by the letter of RFC 8785, piece by piece."""
    match value:
        case dict():
            yield b"{"
            for number, key in enumerate(sorted(value, key=_utf16)):
                yield b"," * bool(number) + _encoder.encode(key) + b":"
                yield from _slow(value[key])
            yield b"}"
        case list():
            yield b"["
            for number, item in enumerate(value):
                yield b"," * bool(number)
                yield from _slow(item)
            yield b"]"
        case float() if not value.is_integer():
            yield _ecmascript(value).encode()
        case bool() | str() | None:
            yield _encoder.encode(value)
        case _:
            yield str(_exact(int(value))).encode()


def _utf16(key: str) -> bytes:
    """The order that RFC 8785 sorts keys by."""
    return key.encode("utf-16-be")


_decoder: Final = msgspec.json.Decoder(float_hook=_number)
_encoder: Final = msgspec.json.Encoder(order="sorted")
