"""Event ids: UUID version 7 (RFC 9562), rising within a process even inside one millisecond."""

import secrets
import threading
import time
import uuid
from typing import Final

_NANOSECONDS_PER_TICK: Final = 245
"""About 1/4096 of a millisecond: the 12 bits after the millisecond count ticks, and step on within one tick."""
_TICKS_PER_MILLISECOND: Final = 4096
_lock: Final = threading.Lock()
_last = 0


def new_event_id() -> str:
    """Return a new id, greater as text than every one that this process has returned before."""
    global _last  # noqa: PLW0603  # one clock per process
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    ticks = min(rest // _NANOSECONDS_PER_TICK, _TICKS_PER_MILLISECOND - 1)
    with _lock:
        _last = max(milliseconds * _TICKS_PER_MILLISECOND + ticks, _last + 1)
        milliseconds, ticks = divmod(_last, _TICKS_PER_MILLISECOND)
    tail = secrets.randbits(62)
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | ticks << 64 | 0b10 << 62 | tail))
