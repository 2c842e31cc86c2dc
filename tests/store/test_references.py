"""Catalogue data are found by what they are and by the day they are in force."""

from datetime import date

import msgspec
import psycopg
import pytest

from domain.versioning import content_version
from store.database import Database as Pool
from store.errors import UnknownReference
from store.references import Kind, References
from tests.support.databases import Database


class Paper(msgspec.Struct, frozen=True):
    """Stands for a procedure."""

    name: str
    days: float = 10


@pytest.fixture
def references(pool: Pool) -> References:
    """References over the fresh database."""
    return References(pool)


async def test_what_is_in_force_follows_the_day(references: References) -> None:
    """The latest version whose day has come is in force; before the first there is none."""
    old, new = Paper("cũ"), Paper("mới", 7.5)
    await references.publish(Kind.PROCEDURE, "P1", old, date(2026, 1, 1))
    await references.publish(Kind.PROCEDURE, "P1", new, date(2026, 7, 1))
    for day, wanted in ((date(2026, 1, 1), old), (date(2026, 6, 30), old), (date(2026, 7, 1), new)):
        found = await references.current(Kind.PROCEDURE, "P1", day, Paper)
        assert (found.value, found.version) == (wanted, content_version(wanted))
    with pytest.raises(UnknownReference):
        await references.current(Kind.PROCEDURE, "P1", date(2025, 12, 31), Paper)


async def test_publishing_the_same_again_is_no_news(references: References) -> None:
    """Loading a catalogue twice leaves it as it is; going back to an earlier version is news."""
    old, new = Paper("cũ"), Paper("mới")
    day = date(2026, 1, 1)
    assert (await references.publish(Kind.PROCEDURE, "P1", old, day))[1]
    assert not (await references.publish(Kind.PROCEDURE, "P1", old, day))[1]
    assert (await references.publish(Kind.PROCEDURE, "P1", new, day))[1]
    assert (await references.publish(Kind.PROCEDURE, "P1", old, day))[1]
    assert (await references.current(Kind.PROCEDURE, "P1", day, Paper)).value == old


async def test_content_is_kept_for_ever(database: Database, references: References) -> None:
    """A version that was never in force, or no longer is, is found by its address; no one can change it."""
    paper = Paper("bound", 0.5)
    version = await references.store(Kind.PROCEDURE, "P1", paper)
    assert version == content_version(paper)
    assert await references.get(Kind.PROCEDURE, "P1", version, Paper) == paper
    with pytest.raises(UnknownReference):
        await references.current(Kind.PROCEDURE, "P1", date(2026, 1, 1), Paper)
    with pytest.raises(UnknownReference):
        await references.get(Kind.CALENDAR, "P1", version, Paper)
    with psycopg.connect(database.app_url) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("UPDATE reference_contents SET body = '{}'")


async def test_lists_everything_in_force(references: References) -> None:
    """One entry for each id, by id, of one kind only."""
    for name, days in (("b", 1), ("a", 2), ("b", 3)):
        await references.publish(Kind.OFFICER, name, Paper(name, days), date(2026, 1, days))
    await references.publish(Kind.CALENDAR, "c", Paper("c"), date(2026, 1, 1))
    found = await references.all_current(Kind.OFFICER, date(2026, 1, 2), Paper)
    assert [(each.id, each.value.days) for each in found] == [("a", 2), ("b", 1)]
