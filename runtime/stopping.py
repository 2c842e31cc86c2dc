"""Requests to stop: a first one is obeyed in order, one that follows out of impatience at once."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterable

SAME_REQUEST_SECONDS = 2.0
"""Signals so soon after the first are the same request: terminals, make and service managers often deliver it twice."""


def on_stop(
    signals: Iterable[signal.Signals],
    first: Callable[[signal.Signals], object],
    again: Callable[[signal.Signals], object],
) -> None:
    """Have the running loop call ``first`` at the first of these signals, and ``again`` at each later request."""
    heard_at: list[float] = []

    def heard(signum: signal.Signals) -> None:
        now = time.monotonic()
        if not heard_at:
            heard_at.append(now)
            first(signum)
        elif now - heard_at[0] > SAME_REQUEST_SECONDS:
            again(signum)

    for signum in signals:
        asyncio.get_running_loop().add_signal_handler(signum, heard, signum)


def ending() -> bool:
    """Whether this task was told to end: a wait that is just over swallows the word (``asyncio.wait_for``)."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
