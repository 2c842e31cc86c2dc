"""Brings a database to the current schema, and tells whether it is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import ScriptDirectory

from runtime.errors import OperationalError
from store.roles import ensure_roles
from store.tables import metadata

_DRIVER: Final = "postgresql+psycopg"


class NewerSchema(OperationalError):
    """The database was migrated by a newer program."""


def upgrade(url: str) -> list[str]:
    """Apply what is missing, as the owner that ``url`` names; return the revisions applied, oldest first.

    Any number of processes may call it at once: one migrates, the others wait and find nothing to do. Raises
    sqlalchemy.exc.OperationalError where the database cannot be reached or a lock is not to be had in time.
    """
    ensure_roles(url)
    applied: list[str] = []

    def note(*, step: MigrationInfo, **_: object) -> None:
        applied.extend(str(revision) for revision in step.up_revision_ids)

    with _connect(url) as connection:
        config = _config()
        config.attributes.update(connection=connection, applied=note)
        command.upgrade(config, "head")
    return applied


def pending(url: str) -> list[str]:
    """Revisions that the database at ``url`` lacks, oldest first; empty when it is current. Raises NewerSchema."""
    with _connect(url) as connection:
        done = set(_applied(connection))
    return [revision for revision in _all_revisions() if revision not in done]


def check(url: str) -> list[str]:
    """Differences between the database and ``store.tables``, one line each; empty when they agree."""
    options = {"compare_type": True, "compare_server_default": True}
    with _connect(url) as connection:
        context = MigrationContext.configure(connection, opts=options)
        return [str(difference) for difference in compare_metadata(context, metadata)]


def head() -> str:
    """The newest revision that this program knows."""
    return _all_revisions()[-1]


@contextmanager
def _connect(url: str) -> Iterator[sa.Connection]:
    """One connection outside any pool, closed at the end."""
    parsed = sa.make_url(url).set(drivername=_DRIVER)
    engine = sa.create_engine(parsed, poolclass=sa.NullPool, connect_args={"options": "-c timezone=UTC"})
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _config() -> Config:
    """Alembic's configuration without an ini file: the scripts lie in the ``migrations`` package."""
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def _all_revisions() -> list[str]:
    """Every revision, oldest first."""
    script = ScriptDirectory.from_config(_config())
    return [revision.revision for revision in reversed(list(script.walk_revisions()))]


def _applied(connection: sa.Connection) -> list[str]:
    """The revisions that the database has, oldest first."""
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    every = _all_revisions()
    if current is None:
        return []
    if current not in every:
        message = (
            f"the database is at revision {current}, which this program does not know: it is older than the database"
        )
        raise NewerSchema(message)
    return every[: every.index(current) + 1]
