"""Where a callback comes from: networks that are allowed, and certificates that a proxy has checked."""

import hmac

from activities.carriers.protocol import Callback, Keys, NotAuthentic
from runtime.peers import FORWARDED, network, source_of, within


def check(callback: Callback, keys: Keys) -> str:
    """The address that the callback comes from. Raises NotAuthentic where it may not come from there."""
    through_proxy = within(callback.peer, keys.proxies)
    source = source_of(callback.peer, callback.headers.get(FORWARDED, ""), keys.proxies)
    if keys.allow and not within(source, keys.allow):
        raise NotAuthentic("address_not_allowed", "callbacks of this carrier do not come from this address")
    if keys.certificates and not (through_proxy and _certified(callback, keys)):
        raise NotAuthentic("certificate_missing", "the proxy has not seen this carrier's certificate")
    return source


def known_by_address(keys: Keys) -> bool:
    """Whether the place alone shows that it is the carrier."""
    return bool(keys.allow or keys.certificates)


def _certified(callback: Callback, keys: Keys) -> bool:
    shown = callback.headers.get(keys.certificate_header.lower(), "").encode("utf-8", "replace")
    return any(hmac.compare_digest(shown, known.encode()) for known in keys.certificates)


def check_networks(keys: Keys) -> None:
    """Raise ValueError where a network is none."""
    for text in (*keys.allow, *keys.proxies):
        network(text)
