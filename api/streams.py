"""From a dossier's code and a link to its stream, and from the stream to what is known of it."""

import re
from http import HTTPStatus
from typing import Final, NamedTuple

from msgspec.structs import replace

from api.body import Call
from api.parts import Parts
from api.problems import Trouble, not_found
from domain.access import READ, Facts, can, facts_of_state
from domain.code import is_code
from domain.dossier.history import state_of
from domain.dossier.state import Dossier
from domain.ids import AuthorityId, Stream
from domain.record import Record
from runtime.tokens import Claims

_LINK: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}(?:/[A-Za-z0-9_.-]{1,64}){0,7}")


class Loaded(NamedTuple):
    """A stream as it is stored."""

    stream: Stream
    records: list[Record]
    state: Dossier


def stream_of(code: str, link: str | None) -> Stream:
    """The stream's name; raise 404 for what no stream can be named."""
    if not is_code(code):
        raise unknown(code)
    if link is None:
        return Stream(code)
    if _LINK.fullmatch(link) is None:
        raise unknown(f"{code}/{link}")
    return Stream(f"{code}/{link}")


def unknown(name: str) -> Trouble:
    """There is no such dossier, or no such part of it."""
    printable = name[:100].encode("ascii", "backslashreplace").decode()
    return not_found("dossier_unknown", f'there is no dossier or linked part "{printable}"')


async def load_for(request: Call, parts: Parts, link: str | None) -> Loaded:
    """The stream that a reading request asks for; raise 404 where there is none, 403 where it is not the officer's."""
    loaded = await load(parts, stream_of(str(request.path_params["code"]), link))
    if not can(request.user.roles, request.user.authority, READ, facts_of(loaded)):
        await _check_root(request.user, parts, loaded)
    return loaded


def facts_of(loaded: Loaded) -> Facts:
    """What decides who may see it: whoever ever acted in it, besides those whom its state names."""
    facts = facts_of_state(loaded.state)
    acted = {AuthorityId(record.authority) for record in loaded.records if record.authority}
    return replace(facts, involved=facts.involved | acted)


async def load(parts: Parts, stream: Stream) -> Loaded:
    """A stream with its state; raise 404 where there is none."""
    records = await parts.journal.read(stream)
    if not records:
        raise unknown(stream)
    return Loaded(stream, records, state_of(records))


async def _check_root(claims: Claims, parts: Parts, loaded: Loaded) -> None:
    """Whoever may read a dossier may read its parts."""
    origin = loaded.state.origin
    root = await load(parts, Stream(origin.root)) if origin else loaded
    check(claims, READ, facts_of(root))


def check(claims: Claims, action: str, facts: Facts) -> None:
    """Raise 403 where the officer may not do this."""
    if not can(claims.roles, claims.authority, action, facts):
        message = (
            f"{action} is not for this officer's roles ({', '.join(claims.roles) or 'none'}) at {claims.authority}"
        )
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", message)
