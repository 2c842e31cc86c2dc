"""The roles that the database knows, and what the application may do.

The *owner* is whoever runs the migrations: it owns every table and is used for nothing else but maintenance. The
*application* role is what every running process connects as. It may add events and read them, and never change or
remove them; that is the first lock on history. The second is a trigger on ``events`` that stops even the owner (a slip
in a maintenance session), unless the session has set ``motcua.rewrite_events`` to ``on``: a deliberate act, which the
hash chain then makes visible.

The *officer* role logs in nowhere: the application puts it on to read lists for an officer (``store.row_security``).
"""

from typing import Final, LiteralString

import psycopg
from psycopg import sql

APPLICATION: Final = "motcua_app"
"""Name of the application role; fixed, for migrations grant to it by name."""
OFFICER: Final = "motcua_officer"
"""Name of the role that the application reads as for officers; fixed likewise."""

APPEND_ONLY: Final = frozenset({"SELECT", "INSERT"})
MUTABLE: Final = frozenset({"SELECT", "INSERT", "UPDATE"})
REPLACEABLE: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})

GRANTS: Final[dict[str, frozenset[str]]] = {
    "events": APPEND_ONLY,
    "event_positions": APPEND_ONLY,
    "code_allotments": APPEND_ONLY,
    "reference_contents": APPEND_ONLY,
    "reference_publications": APPEND_ONLY,
    "streams": MUTABLE,
    "sequencer_state": MUTABLE,
    "code_counters": MUTABLE,
    "dossier_keys": MUTABLE,
    "projections": MUTABLE,
    "desk_sessions": REPLACEABLE,
    "saved_views": REPLACEABLE,
    "delegations": APPEND_ONLY,
    "postal_inbox": APPEND_ONLY,
    "postal_items": REPLACEABLE,
    "outbox": MUTABLE,
    "outbox_cursors": MUTABLE,
    "webhook_subscriptions": REPLACEABLE,
    "upkeep": REPLACEABLE,
    "dossiers": REPLACEABLE,
    "tasks": REPLACEABLE,
    "activity": REPLACEABLE,
    "lateness_counts": REPLACEABLE,
    "unacknowledged_links": REPLACEABLE,
    "hand_overs": REPLACEABLE,
    "completions": REPLACEABLE,
}
"""What the application role may do with each table; a test asserts that the migrations grant exactly this."""

_CREATE: LiteralString = """
DO $$ BEGIN
    CREATE ROLE motcua_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


# Whom it is granted to is said as it is made: two who grant at once would be in each other's way.
_CREATE_OFFICER: LiteralString = """
DO $$ BEGIN
    CREATE ROLE motcua_officer NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE ROLE motcua_app;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


def ensure_roles(owner_url: str, password: str | None = None) -> None:
    """Create the application's and the officers' role unless they exist; set the former's password if one is given.

    The connection needs CREATEROLE. Raises psycopg.errors.InsufficientPrivilege where a role is missing and may not be
    created: then a database administrator creates them beforehand (``CREATE ROLE motcua_app LOGIN; CREATE ROLE
    motcua_officer NOLOGIN ROLE motcua_app``).
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for role, creation in ((APPLICATION, _CREATE), (OFFICER, _CREATE_OFFICER)):
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
                connection.execute(creation)
        if password is not None:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(APPLICATION), sql.Literal(password))
            connection.execute(statement)
