"""What every message to the world outside has in common: it arrives, is to be sent again, or is given up."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Protocol

import httpx

from store.outbox import Taken

TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0)
LONGEST_WAIT: Final = timedelta(days=1)
"""The longest Retry-After that is heeded."""


class NotYet(Exception):
    """It did not arrive, and may later; ``after`` where the receiver says when."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Never(Exception):
    """It will not arrive, however often it is sent."""


class Sender(Protocol):
    """Sends messages of one kind."""

    async def send(self, message: Taken) -> None:
        """Return when the message has arrived; raise NotYet or Never. May be called again for the same message."""
        ...

    async def given_up(self, message: Taken, reason: str) -> None:
        """Do what is to be done when a message is given up."""
        ...


def check_answer(response: httpx.Response) -> None:
    """Return for an answer of 2xx; raise NotYet for what may pass, Never for what the receiver will not take."""
    if response.is_success:
        return
    reason = f"answered {response.status_code}"
    passing = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
    if response.is_server_error or response.status_code in passing:
        raise NotYet(reason, retry_after(response))
    raise Never(reason)


def retry_after(response: httpx.Response) -> timedelta | None:
    """How long the receiver asks to wait (none: it does not say), at most a day."""
    text = response.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**6)), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - datetime.now(UTC), timedelta(0)), LONGEST_WAIT)
