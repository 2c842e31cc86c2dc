"""Delegations are given once, revoked once, found by who stands in, and never changed."""

import asyncio
from datetime import UTC, date, datetime

import psycopg
import pytest
from msgspec.structs import replace

from domain.delegation import Delegation, DelegationOverlaps
from domain.ids import AuthorityId, DelegationId, OfficerId
from store.database import Database as Pool
from store.delegations import DelegationQuery, Delegations
from store.errors import KeyReused
from store.sessions import Sessions
from tests.support.databases import Database

OFFICE = AuthorityId("office")
LAN, MAI, HOA = (OfficerId(name) for name in ("lan", "mai", "hoa"))
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
COVER = Delegation(
    DelegationId("D1"), OFFICE, LAN, MAI, date(2026, 3, 3), date(2026, 3, 5), "Nghỉ phép", given_by=LAN, given_at=NOW
)


@pytest.fixture
def delegations(pool: Pool) -> Delegations:
    """Delegations in the fresh database."""
    return Delegations(pool)


async def test_given_once(delegations: Delegations) -> None:
    """A repeat gets what was kept, whatever became of it; another one under the same id is refused."""
    assert await delegations.give(COVER) == COVER
    later = replace(COVER, given_at=datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
    assert await delegations.give(later) == COVER
    revoked = await delegations.revoke(COVER.id, MAI, NOW)
    assert await delegations.give(later) == revoked == replace(COVER, revoked_at=NOW, revoked_by=MAI)
    with pytest.raises(KeyReused):
        await delegations.give(replace(COVER, last_day=date(2026, 3, 6)))


async def test_revoked_once(delegations: Delegations) -> None:
    """The first revocation counts; what was never given cannot be revoked."""
    await delegations.give(COVER)
    first = await delegations.revoke(COVER.id, LAN, NOW)
    assert await delegations.revoke(COVER.id, HOA, datetime(2026, 3, 4, tzinfo=UTC)) == first
    assert await delegations.find(COVER.id) == first
    assert await delegations.revoke(DelegationId("none"), LAN, NOW) is None
    assert await delegations.find(DelegationId("none")) is None


async def test_two_at_once_do_not_overlap(delegations: Delegations) -> None:
    """Of many that are given at the same time for the same days one is kept."""
    wanted = [replace(COVER, id=DelegationId(f"D{number}")) for number in range(8)]
    given = await asyncio.gather(*map(delegations.give, wanted), return_exceptions=True)
    kept = [one for one in given if isinstance(one, Delegation)]
    assert len(kept) == 1
    assert sum(isinstance(one, DelegationOverlaps) for one in given) == 7
    await delegations.revoke(kept[0].id, LAN, NOW)
    await delegations.give(replace(COVER, id=DelegationId("D9")))


@pytest.mark.parametrize(("day", "found"), [(2, 0), (3, 1), (5, 1), (6, 0)])
async def test_for_whom_an_officer_stands_in(delegations: Delegations, day: int, found: int) -> None:
    """From the first to the last day; not what was revoked, nor what others have."""
    await delegations.give(COVER)
    await delegations.give(replace(COVER, id=DelegationId("D2"), stand_in=HOA))
    await delegations.give(replace(COVER, id=DelegationId("D3"), absent=HOA))
    await delegations.revoke(DelegationId("D3"), HOA, NOW)
    assert await delegations.standing_in(MAI, date(2026, 3, day)) == [COVER][:found]


async def test_lists(delegations: Delegations) -> None:
    """The latest given first, page by page; by officer, either way round; by what lasts."""
    for number in range(5):
        day = date(2026, 3, 3 + number)
        await delegations.give(replace(COVER, id=DelegationId(f"D{number}"), first_day=day, last_day=day))
    await delegations.give(replace(COVER, id=DelegationId("other"), absent=HOA, stand_in=LAN))
    await delegations.revoke(DelegationId("D4"), LAN, NOW)
    everything = DelegationQuery(OFFICE)
    first = await delegations.listed(everything, limit=4)
    assert [one.id for one in first.items] == ["other", "D4", "D3", "D2"]
    second = await delegations.listed(everything, limit=4, before=first.next)
    assert ([one.id for one in second.items], second.next) == (["D1", "D0"], None)
    for officer, number in ((LAN, 6), (MAI, 5), (HOA, 1)):
        assert len((await delegations.listed(DelegationQuery(OFFICE, officer), limit=9)).items) == number
    lasting = await delegations.listed(DelegationQuery(OFFICE, MAI, date(2026, 3, 5)), limit=9)
    assert [one.id for one in lasting.items] == ["D3", "D2"]
    assert (await delegations.listed(DelegationQuery(AuthorityId("other")), limit=9)).items == ()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM delegations",
        "UPDATE delegations SET last_day = '2030-01-01'",
        "UPDATE delegations SET stand_in = 'hoa'",
    ],
)
async def test_nothing_else_changes(database: Database, delegations: Delegations, statement: str) -> None:
    """The application can revoke one, and neither change nor remove it."""
    await delegations.give(COVER)
    with psycopg.connect(database.app_url) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement.encode())


async def test_a_session_works_for_one_officer(pool: Pool) -> None:
    """Its own officer at first, then whom it was told, then its own again; other sessions stay as they are."""
    sessions = Sessions(pool)
    token, other = [await sessions.begin(MAI, NOW) for _ in range(2)]
    for absent in ("", LAN, ""):
        await sessions.work_for(token, OfficerId(absent))
        found, untouched = await sessions.find(token, NOW), await sessions.find(other, NOW)
        assert found is not None
        assert untouched is not None
        assert (found.officer, found.on_behalf_of, untouched.on_behalf_of) == (MAI, absent, "")
