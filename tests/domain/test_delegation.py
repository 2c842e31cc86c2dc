"""Who may stand in for whom, who may say so, and until when it holds."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from domain.authority import Officer, Role
from domain.delegation import (
    Delegation,
    check_new,
    check_overlap,
    check_pair,
    check_revocable,
    may_give,
    stands_in,
)
from domain.errors import Refusal
from domain.ids import AuthorityId, DelegationId, OfficerId
from domain.zone import zone_of

ZONE = zone_of("Asia/Ho_Chi_Minh")
OFFICE, OTHER = AuthorityId("office"), AuthorityId("other")


def _officer(name: str, *roles: Role, authority: AuthorityId = OFFICE, unit: str = "") -> Officer:
    return Officer(OfficerId(name), name.title(), authority, roles, unit)


LAN = _officer("lan", Role.SPECIALIST, unit="A")
MAI = _officer("mai", Role.SPECIALIST, unit="B")
HOA = _officer("hoa", Role.SPECIALIST, authority=OTHER, unit="A")
HEAD = _officer("head", Role.LEADER, unit="A")
CHIEF = _officer("chief", Role.LEADER)
FOREIGN_CHIEF = _officer("foreign_chief", Role.LEADER, authority=OTHER)
ADMIN = _officer("admin", Role.ADMINISTRATOR)
FOREIGN_ADMIN = _officer("foreign_admin", Role.ADMINISTRATOR, authority=OTHER)
AUDITOR = _officer("auditor", Role.AUDITOR)
BOTH = _officer("both", Role.SPECIALIST, Role.AUDITOR)

GIVEN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
COVER = Delegation(
    id=DelegationId("D1"),
    authority=OFFICE,
    absent=LAN.id,
    stand_in=MAI.id,
    first_day=date(2026, 3, 3),
    last_day=date(2026, 3, 5),
    reason="Nghỉ phép",
    given_by=LAN.id,
    given_at=GIVEN,
)
REVOKED = replace(COVER, revoked_at=datetime(2026, 3, 4, 3, 0, tzinfo=UTC), revoked_by=LAN.id)


@pytest.mark.parametrize(
    ("absent", "stand_in", "code"),
    [
        (LAN, MAI, None),
        (CHIEF, LAN, None),
        (LAN, CHIEF, None),
        (LAN, LAN, "delegation_to_oneself"),
        (LAN, HOA, "delegation_elsewhere"),
        (ADMIN, LAN, "rights_not_delegable"),
        (AUDITOR, LAN, "rights_not_delegable"),
        (BOTH, LAN, "rights_not_delegable"),
        (LAN, ADMIN, "cannot_stand_in"),
        (LAN, AUDITOR, "cannot_stand_in"),
        (LAN, BOTH, "cannot_stand_in"),
        (LAN, FOREIGN_ADMIN, "delegation_elsewhere"),
    ],
)
def test_between_whom(absent: Officer, stand_in: Officer, code: str | None) -> None:
    """Two officers of one authority, neither of whom administers or audits."""
    if code is None:
        check_pair(absent, stand_in)
        return
    with pytest.raises(Refusal) as refused:
        check_pair(absent, stand_in)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"first_day": date(2026, 3, 2)}, None),
        ({"first_day": date(2026, 3, 5)}, None),
        ({"first_day": date(2026, 3, 6)}, "delegation_ends_before_start"),
        ({"first_day": date(2026, 3, 1)}, "delegation_in_past"),
        # It is the fourth of March in Vietnam already, on the evening of the third in London.
        ({"given_at": datetime(2026, 3, 3, 17, 30, tzinfo=UTC)}, "delegation_in_past"),
        ({"reason": " \n"}, "delegation_unexplained"),
    ],
)
def test_for_which_days(change: dict[str, object], code: str | None) -> None:
    """From today on, forwards, with a reason."""
    new = replace(COVER, **change)
    if code is None:
        check_new(new, LAN, MAI, ZONE)
        return
    with pytest.raises(Refusal) as refused:
        check_new(new, LAN, MAI, ZONE)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("change", "overlaps"),
    [
        ({}, True),
        ({"first_day": date(2026, 3, 5), "last_day": date(2026, 3, 9)}, True),
        ({"first_day": date(2026, 3, 6), "last_day": date(2026, 3, 9)}, False),
        ({"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 2)}, False),
        ({"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 9)}, True),
        ({"stand_in": HEAD.id}, False),
        ({"absent": HEAD.id}, False),
    ],
)
def test_twice_for_the_same_days(change: dict[str, object], overlaps: bool) -> None:  # noqa: FBT001
    """The same two officers have one delegation for a day; one that was revoked is not in the way."""
    new = replace(COVER, id=DelegationId("D2"), **change)
    check_overlap(new, [REVOKED])
    if overlaps:
        with pytest.raises(Refusal) as refused:
            check_overlap(new, [COVER])
        assert refused.value.code == "delegation_overlaps"
    else:
        check_overlap(new, [COVER])


@pytest.mark.parametrize(
    ("giver", "absent", "expected"),
    [
        (LAN, LAN, True),
        (LAN, MAI, False),
        (HEAD, LAN, True),
        (HEAD, MAI, False),
        (HEAD, CHIEF, False),
        (HEAD, HOA, False),
        (CHIEF, LAN, True),
        (CHIEF, MAI, True),
        (CHIEF, HEAD, True),
        (CHIEF, HOA, False),
        (FOREIGN_CHIEF, LAN, False),
        (ADMIN, LAN, True),
        (ADMIN, CHIEF, True),
        (ADMIN, HOA, False),
        (AUDITOR, LAN, False),
    ],
)
def test_who_gives_for_whom(giver: Officer, absent: Officer, expected: bool) -> None:  # noqa: FBT001
    """Each for himself, leaders for their unit or house, administrators for their authority."""
    assert may_give(giver, absent) is expected


@pytest.mark.parametrize(
    ("delegation", "moment", "expected"),
    [
        (COVER, "2026-03-02T16:59:59+00:00", False),
        (COVER, "2026-03-02T17:00:00+00:00", True),
        (COVER, "2026-03-05T16:59:59+00:00", True),
        (COVER, "2026-03-05T17:00:00+00:00", False),
        (REVOKED, "2026-03-04T02:59:59+00:00", True),
        (REVOKED, "2026-03-04T03:00:00+00:00", False),
    ],
)
def test_when_it_holds(delegation: Delegation, moment: str, expected: bool) -> None:  # noqa: FBT001
    """From the local midnight of its first day to that after its last, or until it was revoked."""
    at = datetime.fromisoformat(moment)
    assert delegation.active(at, ZONE) is expected
    assert stands_in(MAI, LAN, [delegation], at, ZONE) is expected


NOON = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stand_in", "absent", "expected"),
    [
        (MAI, LAN, True),
        (LAN, MAI, False),
        (HEAD, LAN, False),
        (replace(MAI, authority=OTHER), LAN, False),
        (MAI, replace(LAN, authority=OTHER), False),
        (replace(MAI, roles=(Role.AUDITOR,)), LAN, False),
        (MAI, replace(LAN, roles=(Role.ADMINISTRATOR,)), False),
    ],
)
def test_who_stands_in(stand_in: Officer, absent: Officer, expected: bool) -> None:  # noqa: FBT001
    """The two who are named, in this direction, as long as both are what they were."""
    assert stands_in(stand_in, absent, [COVER], NOON, ZONE) is expected


def test_it_is_not_passed_on() -> None:
    """Who stands in for one who himself stands in for a third acts for the former alone."""
    onward = replace(COVER, id=DelegationId("D2"), absent=MAI.id, stand_in=CHIEF.id)
    assert stands_in(CHIEF, MAI, [COVER, onward], NOON, ZONE)
    assert not stands_in(CHIEF, LAN, [COVER, onward], NOON, ZONE)


def test_what_is_over_is_not_revoked() -> None:
    """It can be until its last day ends; one that was revoked may be again, which changes nothing."""
    check_revocable(COVER, NOON, ZONE)
    check_revocable(REVOKED, datetime(2026, 3, 9, tzinfo=UTC), ZONE)
    assert COVER.over(datetime(2026, 3, 5, 17, 0, tzinfo=UTC), ZONE)
    assert REVOKED.over(NOON, ZONE)
    with pytest.raises(Refusal) as refused:
        check_revocable(COVER, datetime(2026, 3, 5, 17, 0, tzinfo=UTC), ZONE)
    assert refused.value.code == "delegation_over"
