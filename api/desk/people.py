"""Applicants' names and addresses, opened for those who may see them."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from api.bodies import Applicant
from api.parts import Parts
from api.streams import Loaded
from domain.access import SEE_PERSON, Facts, can, facts_of_state
from domain.ids import Stream
from runtime import logging
from runtime.tokens import Claims
from store.errors import BrokenSeal, Shredded
from store.keys import is_sealed

LOG = logging.logger(__name__)
UNREADABLE: Final = "applicant.unreadable"


async def applicant_of(parts: Parts, claims: Claims, loaded: Loaded) -> Applicant | None:
    """Whose dossier it is (none: destroyed, never given, or not for this officer)."""
    return await opened(parts, claims, loaded.stream, loaded.state.applicant, facts_of_state(loaded.state))


async def opened(parts: Parts, claims: Claims, stream: Stream, sealed: str, facts: Facts) -> Applicant | None:
    """A sealed applicant, for an officer."""
    if not can(claims.roles, claims.authority, SEE_PERSON, facts):
        return None
    return await unsealed(parts, stream, sealed)


async def unsealed(parts: Parts, stream: Stream, sealed: str) -> Applicant | None:
    """A sealed applicant (none: destroyed or never given)."""
    if not is_sealed(sealed):
        return None
    try:
        return msgspec.json.decode(await parts.vault.open(stream, sealed), type=Applicant)
    except Shredded:
        return None
    except (BrokenSeal, msgspec.DecodeError) as error:
        LOG.warning(UNREADABLE, dossier=stream, problem=type(error).__name__)
        return None


async def names_of(parts: Parts, claims: Claims, sealed: Mapping[Stream, tuple[str, Facts]]) -> dict[Stream, str]:
    """The names of many dossiers' applicants; the keys are fetched at once."""
    await parts.vault.prefetch(_codes(sealed))
    found = {}
    for stream, (value, facts) in sealed.items():
        person = await opened(parts, claims, stream, value, facts)
        found[stream] = person.name if person else ""
    return found


def _codes(streams: Iterable[Stream]) -> list[str]:
    return [str(stream) for stream in streams]
