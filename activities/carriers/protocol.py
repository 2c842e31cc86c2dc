"""What a carrier's adapter is, and what it deals in.

Adding a carrier is one module that satisfies ``Adapter`` (if it speaks as no other does), one file of data in
``catalogue/carriers`` and one fixture file in ``tests/post/carriers``.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

import msgspec

from domain.period import Period
from domain.postal import ScanState


class Carrier(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A carrier as its file of data describes it.

    ``timezone`` is that of moments without an offset. ``statuses`` maps the carrier's statuses (after those of the
    shared ``table``) to ours; those in ``signed`` mean that the recipient signed. ``service`` is the time within which
    it owes word of a parcel. ``orders`` is where orders are sent (none: they are placed by hand).
    """

    id: str
    adapter: str
    name: str = ""
    timezone: str = "Asia/Ho_Chi_Minh"
    table: str = ""
    statuses: Mapping[str, ScanState] = {}
    signed: tuple[str, ...] = ()
    service: Period | None = None
    orders: str = ""
    source: str = ""


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What tells a carrier's callbacks from others'; several of each, so that they can be changed without a gap.

    ``secrets`` (``whsec_…``) and ``public_keys`` (``whpk_…``) verify signatures; ``path_secrets`` are the last part of
    the address. ``allow`` are networks that callbacks come from. ``certificates`` are the values that the proxy which
    ends mutual TLS puts into ``certificate_header``; it and forwarded addresses are believed of ``proxies`` only.
    ``orders_token`` is sent with orders.
    """

    secrets: tuple[str, ...] = ()
    public_keys: tuple[str, ...] = ()
    path_secrets: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    certificate_header: str = "x-client-certificate"
    proxies: tuple[str, ...] = ()
    orders_token: str = ""


NO_KEYS = Keys()


class Callback(msgspec.Struct, frozen=True):
    """One request of a carrier, as it came. Names of headers are in lower case; ``secret`` is the address's last part.

    ``peer`` is the address that the connection comes from, a proxy's perhaps.
    """

    carrier: str
    headers: Mapping[str, str]
    body: bytes
    peer: str
    received_at: datetime
    secret: str = ""


class Scan(msgspec.Struct, frozen=True):
    """A carrier's word of a parcel in our terms. ``event_id`` is the carrier's id of it, ``at`` the carrier's time.

    ``status`` is the carrier's own word; where nobody knows it, ``state`` is unknown.
    """

    event_id: str
    tracking: str
    status: str
    state: ScanState
    at: datetime
    signed: bool = False
    reason: str = ""
    place: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What the carrier is answered."""

    status: HTTPStatus
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = {}


class Fault(msgspec.Struct, frozen=True):
    """Why a callback is not taken, or is taken as one that cannot be used; ``code`` is stable."""

    status: HTTPStatus
    code: str
    message: str


class NotAuthentic(Exception):
    """It is not shown that the carrier sent this: nothing of it is kept."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Unreadable(Exception):
    """An authentic callback that says nothing which could be recorded; it is kept, with the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Adapter(Protocol):
    """How one kind of carrier speaks."""

    def authenticate(self, callback: Callback, keys: Keys) -> None:
        """Return where the carrier is known to have sent this; raise NotAuthentic.

        What ``keys`` says of networks and certificates is checked already, see ``access``.
        """
        ...

    def read(self, carrier: Carrier, callback: Callback) -> Scan:
        """What the callback says. Raises Unreadable, whatever the bytes are."""
        ...

    def answer(self, callback: Callback, fault: Fault | None) -> Answer:
        """What the carrier expects to be told: that its callback is stored, or why it is not."""
        ...
