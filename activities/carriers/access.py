"""Where a callback comes from: networks that are allowed, and certificates that a proxy has checked."""

import hmac
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from activities.carriers.protocol import Callback, Keys, NotAuthentic

FORWARDED: Final = "x-forwarded-for"


def check(callback: Callback, keys: Keys) -> str:
    """The address that the callback comes from. Raises NotAuthentic where it may not come from there.

    Behind a known proxy that is the last address which the proxy was told, for the ones before it may be made up.
    """
    through_proxy = _within(callback.peer, keys.proxies)
    source = callback.peer
    if through_proxy and callback.headers.get(FORWARDED):
        source = callback.headers[FORWARDED].rpartition(",")[2].strip()
    if keys.allow and not _within(source, keys.allow):
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


def _within(address: str, networks: tuple[str, ...]) -> bool:
    found = _address(address)
    return found is not None and any(found in _network(text) for text in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)


def check_networks(keys: Keys) -> None:
    """Raise ValueError where a network is none."""
    for text in (*keys.allow, *keys.proxies):
        _network(text)
