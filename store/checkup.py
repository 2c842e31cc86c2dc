"""What an operator wants to know of the database itself: its version, who we are in it, what we may do, its clock."""

from datetime import datetime
from typing import Final, LiteralString

import msgspec
import psycopg

from store.database import Database, unavailable
from store.roles import GRANTS, OFFICER
from store.row_security import VISIBLE

PRIVILEGES: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
EVENTS: Final = "events"

_SERVER: LiteralString = """
    SELECT current_setting('server_version_num')::int / 10000, current_user::text,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user), clock_timestamp()
"""
_RIGHTS: LiteralString = """
    SELECT wanted.name, privilege, has_table_privilege(to_regclass(quote_ident(wanted.name)), privilege)
    FROM unnest(%s::text[]) AS wanted (name), unnest(%s::text[]) AS privilege
    WHERE to_regclass(quote_ident(wanted.name)) IS NOT NULL
"""
_UNGUARDED: LiteralString = """
    SELECT format('the policy %%s on %%s', policy, name)
    FROM unnest(%s::text[]) AS name, unnest(ARRAY['engine', 'officer']) AS policy
    WHERE to_regclass(quote_ident(name)) IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
        WHERE polrelid = to_regclass(quote_ident(name)) AND polname = policy AND relrowsecurity
    )
"""
_PUTS_ON: LiteralString = """
    SELECT format('the role %%s', rolname) FROM pg_roles
    WHERE rolname = %s AND NOT pg_has_role(current_user, oid, 'SET')
"""
_TABLES: LiteralString = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"


class Checkup(msgspec.Struct, frozen=True):
    """The server's major version, our role and its rights: ``lacking`` what it needs, ``beyond`` what it must not have.

    Rights are written ``UPDATE on streams``; of tables that do not exist nothing is said. What guards officers' reading
    is among what is lacking: ``the policy officer on tasks``. ``clock`` is the server's.
    """

    version: int
    role: str
    superuser: bool
    clock: datetime
    lacking: tuple[str, ...]
    beyond: tuple[str, ...]


async def examine(database: Database) -> Checkup:
    """Look at the database as the role that ``database`` logs in as. Raises StoreUnavailable."""
    async with database.connection() as connection:
        rows = await (await connection.execute(_SERVER)).fetchall()
        rights = await (await connection.execute(_RIGHTS, (list(GRANTS), list(PRIVILEGES)))).fetchall()
        guards = await (await connection.execute(_UNGUARDED, (list(VISIBLE),))).fetchall()
        guards += await (await connection.execute(_PUTS_ON, (OFFICER,))).fetchall()
    held = {(table, privilege): has for table, privilege, has in rights}
    version, role, superuser, clock = rows[0]
    return Checkup(
        version=version,
        role=role,
        superuser=superuser,
        clock=clock,
        lacking=(*_named(held, present=False), *(name for (name,) in guards)),
        beyond=tuple(right for right in _named(held, present=True) if right.endswith(f" on {EVENTS}")),
    )


def tables(url: str) -> int:
    """How many tables the database at ``url`` has in the schema we work in. Raises StoreUnavailable."""
    with unavailable(), psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute(_TABLES).fetchone()
        return int(row[0]) if row else 0


def _named(held: dict[tuple[str, str], bool], *, present: bool) -> tuple[str, ...]:
    """The rights that are held though they are not granted (``present``), or granted and not held."""
    return tuple(
        f"{privilege} on {table}"
        for (table, privilege), has in sorted(held.items())
        if has is present and (privilege in GRANTS[table]) is not present
    )
