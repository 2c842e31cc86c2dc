"""Standing in for an absent officer: with whose rights a request is judged, and who gives and revokes delegations."""

from datetime import date, datetime
from http import HTTPStatus

import msgspec

from api.local import HOME
from api.parts import Parts
from api.problems import Trouble, not_found
from domain.access import reads_everything, supervises
from domain.authority import Officer
from domain.delegation import Delegation, check_new, check_revocable, may_give, stands_in
from domain.ids import AuthorityId, DelegationId, OfficerId
from runtime.tokens import Claims
from store.delegations import Delegations
from store.errors import UnknownReference


class Wish(msgspec.Struct, frozen=True):
    """A delegation as somebody wants to give it."""

    id: DelegationId
    absent: OfficerId
    stand_in: OfficerId
    first_day: date
    last_day: date
    reason: str


async def standing_in(parts: Parts, claims: Claims, absent: str) -> Claims:
    """The claims of an officer who acts for an absent one; raise 403 unless a delegation says so now."""
    now = parts.now()
    away, own = await _known(parts, absent, now), await _known(parts, claims.officer, now)
    if away is None or own is None or not stands_in(own, away, await _active(parts, own.id, now), now, HOME):
        raise not_delegated()
    return acting_for(claims, away)


def acting_for(claims: Claims, absent: Officer) -> Claims:
    """The same officer with the absent one's rights, and no others."""
    return msgspec.structs.replace(claims, authority=absent.authority, roles=absent.roles, on_behalf_of=absent.id)


def not_delegated() -> Trouble:
    """Nobody has said that this officer stands in for that one, or no longer."""
    message = (
        "you do not stand in for this officer: there is no delegation, or it has not begun, has ended or was revoked"
    )
    return Trouble(HTTPStatus.FORBIDDEN, "not_delegated", message)


async def absentees(parts: Parts, officer: Officer, officers: dict[OfficerId, Officer]) -> list[Officer]:
    """For whom an officer stands in now, of these officers."""
    now = parts.now()
    active = await _active(parts, officer.id, now)
    names = dict.fromkeys(one.absent for one in active)
    away = [officers[name] for name in names if name in officers]
    return [one for one in away if stands_in(officer, one, active, now, HOME)]


async def give(parts: Parts, claims: Claims, wish: Wish) -> Delegation:
    """Give a delegation, once. Raises Refusal, Trouble (403), UnknownReference."""
    now, giver = parts.now(), await _giver(parts, claims)
    absent = await parts.catalogue.officer(wish.absent, now)
    if not may_give(giver, absent):
        message = f"who stands in for {absent.id} is for {absent.id} to say, his leader, or an administrator there"
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", message)
    stand_in = await parts.catalogue.officer(wish.stand_in, now)
    new = Delegation(**msgspec.structs.asdict(wish), authority=absent.authority, given_by=giver.id, given_at=now)
    kept = await Delegations(parts.database).find(new.id)
    if kept is None:
        check_new(new, absent, stand_in, HOME)
    return await Delegations(parts.database).give(new)


async def revoke(parts: Parts, claims: Claims, delegation: str) -> Delegation:
    """Revoke a delegation, once; it stops acting with this. Raises Refusal, Trouble (403, 404)."""
    now, by = parts.now(), await _giver(parts, claims)
    found = await Delegations(parts.database).find(DelegationId(delegation))
    if found is None:
        raise not_found("delegation_unknown", "there is no such delegation")
    absent = await _known(parts, found.absent, now)
    if by.id != found.given_by and not (absent is not None and may_give(by, absent)):
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", "this delegation is not yours to revoke")
    check_revocable(found, now, HOME)
    return await Delegations(parts.database).revoke(found.id, by.id, now) or found


def seen_by(claims: Claims, authority: AuthorityId | None) -> tuple[AuthorityId, OfficerId | None]:
    """Whose delegations an officer sees: of which authority, and of which officer alone (none: of all); raise 403."""
    if authority not in {None, claims.authority} and not reads_everything(claims.roles):
        message = f"this officer sees the delegations of {claims.authority}, not those of another authority"
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", message)
    return authority or claims.authority, None if supervises(claims.roles) else claims.officer


async def _giver(parts: Parts, claims: Claims) -> Officer:
    """Who gives or revokes: in his own name only, for what was delegated is not passed on."""
    if claims.on_behalf_of:
        message = "who stands in for another neither gives nor revokes delegations in his name"
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", message)
    found = await _known(parts, claims.officer, parts.now())
    if found is None:
        raise Trouble(HTTPStatus.FORBIDDEN, "forbidden", "the catalogue knows no such officer any longer")
    return found


async def _active(parts: Parts, officer: OfficerId, now: datetime) -> list[Delegation]:
    return await Delegations(parts.database).standing_in(officer, now.astimezone(HOME).date())


async def _known(parts: Parts, officer: str, now: datetime) -> Officer | None:
    try:
        return await parts.catalogue.officer(OfficerId(officer), now)
    except UnknownReference:
        return None
