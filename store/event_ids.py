"""Event ids: UUID version 7 (RFC 9562), rising within a process even inside one millisecond."""

import os
import threading
import time
from typing import Final

_NANOSECONDS_PER_TICK: Final = 245
"""About 1/4096 of a millisecond: the 12 bits after the millisecond count ticks, and step on within one tick."""
_TICKS_PER_MILLISECOND: Final = 4096
_VARIANT: Final = 0b10 << 62
_TAIL: Final = (1 << 62) - 1
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
    tail = int.from_bytes(os.urandom(8)) & _TAIL | _VARIANT
    text = f"{milliseconds:012x}7{ticks:03x}{tail:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
