"""Codes are given out once, found again by the same request, and never collide."""

import asyncio
import hashlib
from datetime import UTC, date, datetime

import psycopg
import pytest

from domain.code import InvalidCode, format_code
from store.codes import Allotment, CodeRequest, allot_code, skip_codes
from store.database import Database as Pool
from store.errors import KeyReused
from store.postgres import PostgresJournal
from tests.store.samples import an_append
from tests.support.databases import Database

DAY = date(2026, 3, 2)


def a_request(
    key: str, *, agency: str = "H29.12", day: date = DAY, content: str = "", scope: str = "lan"
) -> CodeRequest:
    """A request for a code."""
    return CodeRequest(agency, day, scope, key, hashlib.sha256(content.encode()).digest())


async def test_counts_for_each_agency_and_day(pool: Pool) -> None:
    """Every agency's every day has its own serial from 1."""
    wanted = [
        (a_request("a"), "H29.12-260302-0001"),
        (a_request("b"), "H29.12-260302-0002"),
        (a_request("c", agency="H29"), "H29-260302-0001"),
        (a_request("d", day=date(2026, 3, 3)), "H29.12-260303-0001"),
        (a_request("a", scope="hoa"), "H29.12-260302-0003"),
    ]
    for request, code in wanted:
        assert await allot_code(pool, request) == Allotment(code, repeated=False)  # type: ignore[arg-type]


async def test_equal_requests_share_one_code(pool: Pool) -> None:
    """However many equal requests come at once, they get one code and one of them is the first."""
    answers = await asyncio.gather(*(allot_code(pool, a_request("a")) for _ in range(20)))
    assert len({answer.code for answer in answers}) == 1
    assert sum(not answer.repeated for answer in answers) == 1


async def test_different_requests_at_once_get_different_codes(pool: Pool) -> None:
    """No two requests get one code, at whatever moment they come."""
    answers = await asyncio.gather(*(allot_code(pool, a_request(f"k{number}")) for number in range(60)))
    assert sorted(answer.code for answer in answers) == [format_code("H29.12", DAY, n) for n in range(1, 61)]


async def test_key_of_another_request_is_refused(pool: Pool) -> None:
    """A key that stands for other content is a stable refusal."""
    await allot_code(pool, a_request("a", content="one"))
    with pytest.raises(KeyReused):
        await allot_code(pool, a_request("a", content="two"))


async def test_goes_past_four_digits(database: Database, pool: Pool) -> None:
    """The ten thousandth dossier of a day gets five digits."""
    await allot_code(pool, a_request("a"))
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("UPDATE code_counters SET last = 9998")
    codes = [(await allot_code(pool, a_request(key))).code for key in "bcd"]
    assert codes == [format_code("H29.12", DAY, n) for n in (9999, 10000, 10001)]


async def test_leaves_out_codes_of_imported_dossiers(pool: Pool, journal: PostgresJournal) -> None:
    """A code under which a dossier is stored already is not given to another."""
    await journal.append(an_append("H29.12-260302-0001"))
    assert (await allot_code(pool, a_request("a"))).code == "H29.12-260302-0002"


@pytest.mark.parametrize(("agency", "day"), [("", DAY), ("h29", DAY), ("H29-1", DAY), ("H29", date(9999, 1, 1))])
async def test_refuses_what_no_code_is_made_of(pool: Pool, agency: str, day: date) -> None:
    """An impossible agency or year uses up no number."""
    with pytest.raises(InvalidCode):
        await allot_code(pool, a_request("a", agency=agency, day=day))


async def test_after_a_loss_no_code_is_given_out_again(pool: Pool) -> None:
    """Whatever the lost store gave out since the backup, here or at agencies unknown until then; repeats stay."""
    known = await allot_code(pool, a_request("a"))
    lost_at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    number = await skip_codes(pool, lost_at)
    assert number >= 10_000
    for request in (a_request("b"), a_request("c", agency="H30"), a_request("d", day=date(2026, 2, 27))):
        serial = (await allot_code(pool, request)).code.rpartition("-")[2]
        assert int(serial) == number + 1
    assert (await allot_code(pool, a_request("e"))).code.endswith(f"-{number + 2}")
    assert (await allot_code(pool, a_request("a"))).code == known.code
    again = await skip_codes(pool, datetime(2026, 3, 2, 9, 31, tzinfo=UTC))
    assert int((await allot_code(pool, a_request("f"))).code.rpartition("-")[2]) == again + 1 > number + 10_000
    assert (await allot_code(pool, a_request("g", day=date(2026, 3, 5)))).code == "H29.12-260305-0001"
