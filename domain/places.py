"""Which Temporal namespace each authority's dossiers live in, from the authorities' own records."""

from collections.abc import Mapping

from domain.authority import Authority, Level
from domain.ids import AuthorityId


def namespaces(
    authorities: Mapping[AuthorityId, Authority], by_level: Mapping[Level, str], home: str
) -> dict[AuthorityId, str]:
    """The namespace of every authority that does not live in ``home``.

    It is the one that its record names, else the one of the nearest authority above it whose record names one, else its
    level's in ``by_level``.
    """
    found = {name: _of(authority, authorities, by_level) or home for name, authority in authorities.items()}
    return {name: namespace for name, namespace in found.items() if namespace != home}


def _of(
    authority: Authority, authorities: Mapping[AuthorityId, Authority], by_level: Mapping[Level, str]
) -> str | None:
    seen: set[AuthorityId] = set()
    current: Authority | None = authority
    while current is not None and current.id not in seen:
        if current.namespace is not None:
            return current.namespace
        seen.add(current.id)
        current = authorities.get(current.parent) if current.parent is not None else None
    return by_level.get(authority.level)
