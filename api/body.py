"""Reading a request's body: at most so many bytes of JSON in UTF-8, decoded strictly into a type."""

from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State

from api.problems import Fault, Trouble
from runtime.tokens import Claims
from store.hashing import refuse_nul

T = TypeVar("T")
Call = Request[Claims, Claims, State]
"""A request as handlers get it: its user is whom the token names."""

LIMIT: Final = 1024 * 1024
"""Bytes; more belongs into an attached document."""
DRAIN_LIMIT: Final = 16 * LIMIT
"""How much of too large a body is still taken in, so that the client reads the answer and not a broken pipe."""


async def read(request: Call, kind: type[T]) -> T:
    """The request's body as ``kind``; no body at all reads as ``{}``.

    Raises Trouble: 413 for a body that is too large, 415 for anything but JSON in UTF-8, 400 for what is no JSON or has
    not the shape of ``kind``, naming the place. Raises UnstorableData for a NUL character in a text.
    """
    raw = await raw_bytes(request)
    if raw:
        _check_media_type(request)
    return decode(raw or b"{}", kind)


def decode(raw: bytes, kind: type[T]) -> T:
    """JSON as ``kind``. Raises as ``read`` does."""
    try:
        value = msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(fault_of(error, "$")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _malformed("the body is not JSON in UTF-8", str(error)) from None
    except RecursionError:
        raise _malformed("the body is nested too deeply", "too deep") from None
    refuse_nul(raw)
    return value


def convert(value: dict[str, Any], kind: type[T], root: str) -> T:
    """What stands at ``root`` of a decoded body as ``kind``; raise 400 as ``read`` does."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _invalid(fault_of(error, root)) from None


def _invalid(fault: Fault) -> Trouble:
    message = f"{fault.path}: {fault.message}"
    return Trouble(HTTPStatus.BAD_REQUEST, "invalid_body", message, errors=(fault,))


def _malformed(message: str, fault: str) -> Trouble:
    return Trouble(HTTPStatus.BAD_REQUEST, "malformed_body", message, errors=(Fault("$", fault),))


def fault_of(error: msgspec.ValidationError, root: str) -> Fault:
    """The place, below ``root``, and the fault that msgspec words as "… - at `$.place`"."""
    message, _, place = str(error).rpartition(" - at `")
    return Fault(root + place.rstrip("`").removeprefix("$"), message) if message else Fault(root, str(error))


async def raw_bytes(request: Request[Any, Any, State]) -> bytes:
    """The body as it comes. Raises Trouble: 413 for one that is too large, 400 for one that breaks off."""
    chunks: list[bytes] = []
    size = 0
    announced = request.headers.get("content-length", "")
    while size <= DRAIN_LIMIT:
        message = await request.receive()
        if message["type"] != "http.request":
            raise Trouble(HTTPStatus.BAD_REQUEST, "incomplete_body", "the client left before the body was complete")
        size += len(message["body"])
        if size <= LIMIT:
            chunks.append(message["body"])
        if not message["more_body"]:
            break
    if size > LIMIT:
        said = announced or f"more than {LIMIT}"
        message_text = f"the body has {said} bytes; at most {LIMIT} are taken"
        raise Trouble(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", message_text, details={"limit": LIMIT})
    return b"".join(chunks)


def _check_media_type(request: Call) -> None:
    kind, parameters = request.content_type
    charset = parameters.get("charset", "utf-8").lower()
    encoded = request.headers.get("content-encoding", "identity").lower()
    if kind != "application/json" or charset not in {"utf-8", "us-ascii"} or encoded != "identity":
        raise Trouble(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "the body is sent as application/json in UTF-8, without a content encoding",
            headers={"Accept-Post": "application/json"},
        )
