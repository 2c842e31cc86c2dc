"""The maintenance commands say what they did, and fail with a sentence and the right status."""

import asyncio

import msgspec
import psycopg
import pytest
from typer.testing import CliRunner, Result

from cli import main
from cli.faults import describe
from runtime.embedded.postgres import EmbeddedPostgres
from store.database import Database as Pool
from store.errors import StoreUnavailable
from store.postgres import PostgresJournal
from tests.store.samples import an_append
from tests.support.databases import Database


def run(database_url: str, *arguments: str, owner_url: str = "") -> Result:
    """Run a command against a database."""
    env = {"MOTCUA_DATABASE_URL": database_url, "MOTCUA_MIGRATION_URL": owner_url or database_url}
    return CliRunner().invoke(main.build(arguments[0]), list(arguments), env=env)


def store_events(database: Database) -> None:
    """A stream of two events that mean nothing to the domain."""

    async def append() -> None:
        async with Pool(database.app_url, size=2) as pool:
            await PostgresJournal(pool).append(an_append(events=2))

    asyncio.run(append())


def test_migrates_and_says_so(postgres: EmbeddedPostgres) -> None:
    """The first run applies everything, the second nothing; other commands ask for it before."""
    postgres.execute('DROP DATABASE IF EXISTS "by_hand" WITH (FORCE)')
    postgres.create_database("by_hand")
    url = postgres.url("by_hand")
    early = run(url, "verify")
    assert early.exception is not None
    assert describe(early.exception).code == "schema_outdated"  # type: ignore[arg-type]
    first = msgspec.json.decode(run(url, "migrate", "--json").output)
    assert first["applied"][-1] == first["revision"]
    second = run(url, "migrate")
    assert second.exit_code == 0
    assert second.output == f"the schema is at {first['revision']}\n"


def test_sound_store(database: Database) -> None:
    """Verify says how much it saw and ends with 0; rebuild names each projection."""
    answer = run(database.app_url, "verify", "--json")
    assert answer.exit_code == 0
    assert msgspec.json.decode(answer.output) == {"events": 0, "sound": True, "findings": []}
    assert run(database.app_url, "verify").output == "0 events, 0 faults\n"
    rebuilt = run(database.app_url, "rebuild", "--json", owner_url=database.url)
    assert msgspec.json.decode(rebuilt.output)["rebuilt"]["dossiers"] == 0
    assert (
        run(database.app_url, "rebuild", "activity", owner_url=database.url).output
        == "rebuilt activity from 0 events\n"
    )


def test_faults_end_with_one(database: Database) -> None:
    """Each fault is a line with stream, version and reason; as JSON, an object."""
    store_events(database)
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("SET motcua.rewrite_events = on")
        owner.execute("UPDATE events SET actor = 'hoa' WHERE version = 1")
    answer = run(database.app_url, "verify")
    assert answer.exit_code == 1
    assert "H29.12-260302-0001 version 1: wrong_hash: " in answer.output
    found = msgspec.json.decode(run(database.app_url, "verify", "H29.12-260302-0001", "--json").output)
    assert not found["sound"]
    assert {"stream", "version", "reason", "message"} == set(found["findings"][0])


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [(("verify", "H29.12-260302-9999"), "unknown_dossier", 2), (("rebuild", "nonsense"), "unknown_projection", 2)],
)
def test_unknown_names_are_bad_input(database: Database, arguments: tuple[str, ...], code: str, status: int) -> None:
    """Neither verify nor rebuild guesses."""
    answer = run(database.app_url, *arguments, owner_url=database.url)
    assert answer.exception is not None
    fault = describe(answer.exception)  # type: ignore[arg-type]
    assert (fault.code, fault.status) == (code, status)


def test_rebuild_needs_events_that_fold(database: Database) -> None:
    """Events that no dossier can be made of stop the rebuild with a sentence."""
    store_events(database)
    answer = run(database.app_url, "rebuild", owner_url=database.url)
    assert answer.exception is not None
    assert describe(answer.exception).code == "fold_failed"  # type: ignore[arg-type]


def test_absent_database_is_a_sentence() -> None:
    """No traceback where nothing listens."""
    answer = run("postgresql://nobody@127.0.0.1:1/none", "verify")
    assert answer.exception is not None
    assert describe(answer.exception).status == 1  # type: ignore[arg-type]
    assert describe(StoreUnavailable("away")).message == "away"
