"""Runs the migrations over the connection that the caller opened (see store.migrate); it knows no settings of its own.

All processes of a deployment may start at once, so one of them migrates and the others wait for it on an advisory lock.
A migration that cannot get its lock soon gives up rather than queueing behind a long query with everyone else behind
it.
"""

from alembic import context
from sqlalchemy import Connection, text

ADVISORY_LOCK = 0x6D6F74637561
"""Spells the product's name; any number does that nobody else in the database uses."""
WAIT_FOR_OTHER_MIGRATOR = "120s"
LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "10min"


def run(connection: Connection) -> None:
    """Bring the database to the asked revision, one transaction for each migration."""
    connection.execute(text("SELECT set_config('lock_timeout', :t, false)"), {"t": WAIT_FOR_OTHER_MIGRATOR})
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.execute(text("SELECT set_config('lock_timeout', :t, false)"), {"t": LOCK_TIMEOUT})
    connection.execute(text("SELECT set_config('statement_timeout', :t, false)"), {"t": STATEMENT_TIMEOUT})
    connection.commit()
    try:
        context.configure(
            connection=connection,
            target_metadata=None,
            transaction_per_migration=True,
            on_version_apply=context.config.attributes["applied"],
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()


run(context.config.attributes["connection"])
