"""Webhooks out: thin CloudEvents, signed as Standard Webhooks, to nobody inside our own networks."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

import httpx
import msgspec

from activities.carriers.signing import headers_of
from activities.outside import TIMEOUT, Never, NotYet, retry_after
from store.errors import BrokenSeal
from store.outbox import Taken
from store.subscriptions import Subscription

KIND: Final = "webhook"
SPEC_VERSION: Final = "1.0"
SOURCE: Final = "urn:motcua"
TYPE_PREFIX: Final = "vn.motcua."
MEDIA_TYPE: Final = "application/cloudevents+json"
Find = Callable[[str], Awaitable[Subscription | None]]
Disable = Callable[[str, str], Awaitable[None]]


def cloud_event(event_id: str, kind: str, stream: str, at: datetime, authority: str) -> dict[str, Any]:
    """The event's attributes, and where to ask for more: no personal data, nothing that is the officers' own."""
    code, _, part = stream.partition("/")
    return {
        "specversion": SPEC_VERSION,
        "id": event_id,
        "source": SOURCE,
        "type": TYPE_PREFIX + kind,
        "subject": stream,
        "time": at.astimezone(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": {"dossier": code, "part": part, "authority": authority},
    }


class Webhooks:
    """``Sender`` of webhooks. An answer of 2xx means received; 410 ends the subscription; a redirect is a failure."""

    def __init__(self, client: httpx.AsyncClient, find: Find, disable: Disable, allow: tuple[str, ...] = ()) -> None:
        """``allow`` are networks that may be sent to although they are not public."""
        self._client = client
        self._find = find
        self._disable = disable
        self._allow = tuple(ip_network(text) for text in allow)

    async def send(self, message: Taken) -> None:
        """Send one event to its subscriber."""
        try:
            subscription = await self._find(message.payload["subscription"])
        except BrokenSeal as error:
            raise NotYet("the subscription's secret cannot be read; rotate it") from error
        if subscription is None or not subscription.enabled:
            raise Never("the subscription is ended")
        body = msgspec.json.encode(message.payload["event"])
        now = datetime.now(UTC)
        headers = headers_of(subscription.secrets, message.payload["event"]["id"], now, body)
        response = await self._post(subscription.url, body, {**headers, "Content-Type": MEDIA_TYPE})
        if response.status_code == HTTPStatus.GONE:
            await self._disable(subscription.id, "the receiver answered 410")
            raise Never("answered 410; the subscription is ended")
        if not response.is_success:
            raise NotYet(f"answered {response.status_code}", retry_after(response))

    async def given_up(self, message: Taken, reason: str) -> None:
        """Nothing more: the dead letter is an operator's to see."""

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send to the address that was checked, so that no second look at the name leads elsewhere."""
        parsed = httpx.URL(url)
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise Never("the subscriber's address is no URL of http or https")
        address = await public_address(
            parsed.host, parsed.port or (443 if parsed.scheme == "https" else 80), self._allow
        )
        named = {**headers, "Host": parsed.netloc.decode("ascii")}
        try:
            return await self._client.post(
                parsed.copy_with(host=address),
                content=body,
                headers=named,
                timeout=TIMEOUT,
                follow_redirects=False,
                extensions={"sni_hostname": parsed.host},
            )
        except httpx.HTTPError as error:
            raise NotYet(f"the receiver does not answer: {type(error).__name__}") from error


async def public_address(host: str, port: int, allow: tuple[IPv4Network | IPv6Network, ...]) -> str:
    """An address of the host; raise Never where one of them is private, NotYet where the name is not known now."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotYet("the receiver's name is not known") from error
    addresses = [str(entry[4][0]) for entry in found]
    for text in addresses:
        address = ip_address(text.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        if not (mapped.is_global and not mapped.is_multicast) and not any(mapped in network for network in allow):
            raise Never("the receiver's address is not public")
    return addresses[0]
