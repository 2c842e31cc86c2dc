"""Where a request comes from: the connection's other end, or what a proxy that is trusted says of it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

FORWARDED: Final = "x-forwarded-for"
"""The header in which proxies name whom they speak for, each at the end of what it was told."""


def source_of(peer: str, forwarded: str, proxies: Sequence[str]) -> str:
    """The address that a request comes from.

    Behind a known proxy that is the last address which the proxy was told, for the ones before it may be made up.
    """
    if forwarded and within(peer, proxies):
        return forwarded.rpartition(",")[2].strip()
    return peer


def within(address: str, networks: Sequence[str]) -> bool:
    """Whether the address lies in one of the networks; what is no address lies in none."""
    found = _address(address)
    return found is not None and any(found in network(text) for text in networks)


def network(text: str) -> IPv4Network | IPv6Network:
    """The network; raises ValueError where it is none."""
    return ip_network(text, strict=False)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
