"""Page cursors: opaque to clients, bound to their query, and worthless when altered."""

import base64
import binascii
import hashlib
import hmac
from typing import Any, Final

import msgspec

from store.errors import InvalidCursor

MAC_BYTES: Final = 16
LONGEST: Final = 1024
"""Characters; a key is a moment and two names."""


class Cursors:
    """Issues and reads cursors under one secret, which all processes of a deployment share."""

    def __init__(self, secret: bytes) -> None:
        """``secret`` is at least 16 random bytes; raises ValueError for a shorter one."""
        if len(secret) < MAC_BYTES:
            message = f"the cursor secret needs at least {MAC_BYTES} bytes"
            raise ValueError(message)
        self._secret = secret

    def issue(self, query: msgspec.Struct, key: tuple[Any, ...]) -> str:
        """The cursor that continues ``query`` after the row with ``key`` (moments and texts)."""
        payload = msgspec.msgpack.encode(key)
        return base64.urlsafe_b64encode(self._mac(query, payload) + payload).rstrip(b"=").decode()

    def read(self, query: msgspec.Struct, cursor: str, shape: type[Any]) -> Any:  # noqa: ANN401  # of type ``shape``
        """The key in a cursor, as ``shape``; raise InvalidCursor unless it was issued for this very query."""
        try:
            raw = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
            if len(cursor) <= LONGEST and hmac.compare_digest(mac, self._mac(query, payload)):
                return msgspec.msgpack.decode(payload, type=shape)
        except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError):
            pass
        message = "this cursor was not issued for this query; start again from the first page"
        raise InvalidCursor(message)

    def _mac(self, query: msgspec.Struct, payload: bytes) -> bytes:
        """What shows that the cursor is ours, and for which query."""
        text = type(query).__name__.encode() + b"\n" + msgspec.json.encode(query) + b"\n" + payload
        return hmac.new(self._secret, text, hashlib.sha256).digest()[:MAC_BYTES]
