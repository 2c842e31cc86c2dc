"""What lists show to whom: an officer sees the lists of one authority, administrators and auditors all of them."""

from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from api.problems import Trouble
from domain.access import reads_everything
from domain.authority import Role
from runtime.tokens import Claims
from store.queries import DossierQuery, TaskQuery
from store.row_security import Reader

DESK: Final = frozenset({Role.CLERK})


def dossiers_in_scope(claims: Claims, query: DossierQuery) -> DossierQuery:
    """The search, limited to what the officer may search; raise 403 for what he may not."""
    places = {query.authority, query.received_by, query.return_to}
    if reads_everything(claims.roles) or claims.authority in places:
        return query
    if places == {None}:
        if DESK.issuperset(claims.roles):
            return replace(query, received_by=claims.authority)
        return replace(query, authority=claims.authority)
    raise _elsewhere(claims)


def tasks_in_scope(claims: Claims, query: TaskQuery) -> TaskQuery:
    """The worklist, limited to what the officer may see; raise 403 for another authority's."""
    if reads_everything(claims.roles) or query.authority == claims.authority:
        return query
    if query.authority is None:
        return replace(query, authority=claims.authority)
    raise _elsewhere(claims)


def reader_of(claims: Claims) -> Reader:
    """Whom the store reads lists for; it has the same rule once more, beneath these."""
    return Reader(claims.authority, everything=reads_everything(claims.roles))


def _elsewhere(claims: Claims) -> Trouble:
    message = f"this officer sees the lists of {claims.authority}, not those of another authority"
    return Trouble(HTTPStatus.FORBIDDEN, "forbidden", message)
