"""Absence cover: for some days one officer stands in for another.

Who stands in acts with the absent officer's roles, at his authority, and with no others: neither his own are added, nor
those that the absent officer has for a third one. Every event then bears both names.
"""

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from typing import Final

import msgspec

from domain.authority import Officer, Role
from domain.errors import Refusal
from domain.ids import AuthorityId, DelegationId, OfficerId

BOUND_TO_THE_PERSON: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles that are neither passed on nor mixed with another's: one may do everything, the other must change nothing."""


class Delegation(msgspec.Struct, frozen=True):
    """``stand_in`` acts for ``absent`` from the first to the last day, both included, unless it is revoked before.

    Days are those of the authority's local time.
    """

    id: DelegationId
    authority: AuthorityId
    absent: OfficerId
    stand_in: OfficerId
    first_day: date
    last_day: date
    reason: str
    given_by: OfficerId
    given_at: datetime
    revoked_at: datetime | None = None
    revoked_by: OfficerId = OfficerId("")

    def active(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether it holds at a moment."""
        standing = self.revoked_at is None or moment < self.revoked_at
        return standing and self.first_day <= moment.astimezone(zone).date() <= self.last_day

    def over(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether it will never hold again."""
        return (self.revoked_at is not None and self.revoked_at <= moment) or (
            self.last_day < moment.astimezone(zone).date()
        )


class DelegationToOneself(Refusal):
    """Nobody stands in for himself."""

    code = "delegation_to_oneself"

    def __init__(self, officer: OfficerId) -> None:
        super().__init__(f"{officer} cannot stand in for himself; name a colleague", officer=officer)


class DelegationElsewhere(Refusal):
    """Absence cover stays within one authority: another one's officers have no business with its dossiers."""

    code = "delegation_elsewhere"

    def __init__(self, absent: Officer, stand_in: Officer) -> None:
        message = (
            f"{stand_in.id} is an officer of {stand_in.authority}, {absent.id} one of {absent.authority}; "
            "name a colleague of the same authority"
        )
        super().__init__(message, absent=absent.authority, stand_in=stand_in.authority)


class RightsNotDelegable(Refusal):
    """An administrator's and an auditor's rights are bound to the person."""

    code = "rights_not_delegable"

    def __init__(self, officer: OfficerId) -> None:
        message = f"{officer} is an administrator or auditor, whose rights are not delegated"
        super().__init__(message, officer=officer)


class CannotStandIn(Refusal):
    """Administrators and auditors stand in for nobody: what they see and may do must not mix with others' work."""

    code = "cannot_stand_in"

    def __init__(self, officer: OfficerId) -> None:
        message = f"{officer} is an administrator or auditor and stands in for nobody; name another colleague"
        super().__init__(message, officer=officer)


class DelegationEndsBeforeStart(Refusal):
    """The last day is before the first."""

    code = "delegation_ends_before_start"

    def __init__(self, first: date, last: date) -> None:
        message = f"the last day, {last}, is before the first, {first}"
        super().__init__(message, first_day=first.isoformat(), last_day=last.isoformat())


class DelegationInThePast(Refusal):
    """A delegation cannot be given for days that are gone: nothing was done under it."""

    code = "delegation_in_past"

    def __init__(self, first: date, today: date) -> None:
        message = f"the first day, {first}, is gone; the earliest is today, {today}"
        super().__init__(message, first_day=first.isoformat(), today=today.isoformat())


class DelegationUnexplained(Refusal):
    """A delegation without a reason."""

    code = "delegation_unexplained"

    def __init__(self) -> None:
        super().__init__("say why the officer is away, in a few words")


class DelegationOverlaps(Refusal):
    """The same colleague stands in for the same officer on some of these days already."""

    code = "delegation_overlaps"

    def __init__(self, other: Delegation) -> None:
        message = (
            f"{other.stand_in} stands in for {other.absent} from {other.first_day} to {other.last_day} already; "
            "choose other days, or revoke that one first"
        )
        super().__init__(
            message, delegation=other.id, first_day=other.first_day.isoformat(), last_day=other.last_day.isoformat()
        )


class DelegationOver(Refusal):
    """What has ended by itself cannot be revoked."""

    code = "delegation_over"

    def __init__(self, last: date) -> None:
        super().__init__(f"it ended on {last}; there is nothing left to revoke", last_day=last.isoformat())


def check_pair(absent: Officer, stand_in: Officer) -> None:
    """Refuse two officers of whom one can never stand in for the other."""
    if absent.id == stand_in.id:
        raise DelegationToOneself(absent.id)
    if absent.authority != stand_in.authority:
        raise DelegationElsewhere(absent, stand_in)
    if not BOUND_TO_THE_PERSON.isdisjoint(absent.roles):
        raise RightsNotDelegable(absent.id)
    if not BOUND_TO_THE_PERSON.isdisjoint(stand_in.roles):
        raise CannotStandIn(stand_in.id)


def check_new(new: Delegation, absent: Officer, stand_in: Officer, zone: tzinfo) -> None:
    """Refuse a delegation that is not lawful as it is given."""
    check_pair(absent, stand_in)
    if new.last_day < new.first_day:
        raise DelegationEndsBeforeStart(new.first_day, new.last_day)
    today = new.given_at.astimezone(zone).date()
    if new.first_day < today:
        raise DelegationInThePast(new.first_day, today)
    if not new.reason.strip():
        raise DelegationUnexplained


def check_overlap(new: Delegation, others: Iterable[Delegation]) -> None:
    """Refuse a second delegation between the same two officers for the same days."""
    for other in others:
        same = (other.absent, other.stand_in) == (new.absent, new.stand_in)
        if same and other.revoked_at is None and other.first_day <= new.last_day and new.first_day <= other.last_day:
            raise DelegationOverlaps(other)


def check_revocable(delegation: Delegation, moment: datetime, zone: tzinfo) -> None:
    """Refuse to revoke what has ended by itself."""
    if delegation.revoked_at is None and delegation.over(moment, zone):
        raise DelegationOver(delegation.last_day)


def may_give(giver: Officer, absent: Officer) -> bool:
    """Whether ``giver`` may say who stands in for ``absent``, and take it back.

    An officer for himself; a leader for those of his unit, or of the whole authority where he belongs to no unit; an
    administrator for everybody of his authority.
    """
    if giver.id == absent.id:
        return True
    if giver.authority != absent.authority:
        return False
    leads = Role.LEADER in giver.roles and giver.unit in {"", absent.unit}
    return leads or Role.ADMINISTRATOR in giver.roles


def stands_in(
    stand_in: Officer, absent: Officer, delegations: Iterable[Delegation], moment: datetime, zone: tzinfo
) -> bool:
    """Whether ``stand_in`` acts for ``absent`` at this moment, both being what they are by now.

    Who has moved to another authority, or has become an administrator or auditor since, acts no longer.
    """
    try:
        check_pair(absent, stand_in)
    except Refusal:
        return False
    pair = (absent.id, stand_in.id)
    return any((one.absent, one.stand_in) == pair and one.active(moment, zone) for one in delegations)
