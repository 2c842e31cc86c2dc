"""The migrations build exactly what the tables say, in any number of processes, and can be asked what is missing."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psycopg
import pytest

from runtime.embedded.postgres import EmbeddedPostgres
from store import migrate, roles
from store.tables import metadata
from tests.support.databases import Database


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> str:
    """The URL of a database without any schema."""
    postgres.execute('DROP DATABASE IF EXISTS "migrating" WITH (FORCE)')
    postgres.create_database("migrating")
    return postgres.url("migrating")


def test_tables_and_migrations_agree(database: Database) -> None:
    """A table changed without a migration, or the reverse, is noticed."""
    assert migrate.check(database.url) == []


def test_drift_is_noticed(database: Database) -> None:
    """The comparison sees columns, indexes and nullability."""
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("ALTER TABLE tasks ADD COLUMN stray text; DROP INDEX ix_tasks_authority_due_key_stream_task")
        owner.execute("ALTER TABLE dossiers ALTER COLUMN applicant DROP NOT NULL")
    differences = " ".join(migrate.check(database.url))
    assert "stray" in differences
    assert "ix_tasks_authority_due_key_stream_task" in differences
    assert "applicant" in differences


def test_migrates_once_however_many_start(empty: str) -> None:
    """Of several processes that migrate at once one does it and the others find it done."""
    missing = migrate.pending(empty)
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        applied = list(processes.map(migrate.upgrade, [empty] * 3))
    assert sorted(applied) == [[], [], missing]
    assert missing[-1] == migrate.head()
    assert migrate.pending(empty) == []


def test_every_table_has_its_grants(database: Database) -> None:
    """The application role may do with each table what roles.GRANTS says, and nothing else."""
    privileges = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    with psycopg.connect(database.url) as owner:
        actual = {
            table: frozenset(
                privilege
                for privilege in privileges
                if owner.execute(
                    "SELECT has_table_privilege(%s, %s, %s)", (roles.APPLICATION, table, privilege)
                ).fetchone()
                == (True,)
            )
            for table in metadata.tables
        }
    assert actual == roles.GRANTS


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = ''", "DELETE FROM events", "TRUNCATE events"])
def test_application_cannot_change_history(database: Database, statement: str) -> None:
    """Not even with the owner's deliberate setting."""
    with psycopg.connect(database.app_url, autocommit=True) as application:
        application.execute("SET motcua.rewrite_events = on")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement.encode())


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = ''", "DELETE FROM events", "TRUNCATE events"])
def test_owner_changes_history_only_on_purpose(database: Database, statement: str) -> None:
    """The owner's slip is refused; with the setting it is carried out."""
    with psycopg.connect(database.url, autocommit=True) as owner:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            owner.execute(statement.encode())
        owner.execute("SET motcua.rewrite_events = on")
        owner.execute(statement.encode())


def test_application_role_exists_once(database: Database) -> None:
    """Ensuring the role again changes nothing and is no error."""
    roles.ensure_roles(database.url)
    roles.ensure_roles(database.url)
