"""Row-level security: an officer's query returns rows of his authority, whatever it forgets to ask for.

What an officer may see is decided by ``domain.access`` and asked for by every query; this is the lock beneath it. Lists
for officers are read as the role *officer*, which the application puts on for one transaction together with whom it
reads for (``seen_by``). That role may read the tables named here and no others, and of them only rows that its policies
let through: with nobody named, none at all. The application role itself, which the engine works as, has a policy that
lets everything through; the owner has none to obey.

Policies belong to a table, not to its name: whoever puts a rebuilt table in the place of another calls ``protect``.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Final, LiteralString, TypeVar

import msgspec
from psycopg import sql

from domain.ids import AuthorityId
from store.database import Connection
from store.roles import APPLICATION, OFFICER

T = TypeVar("T")

_ME: Final[LiteralString] = "(SELECT current_setting('motcua.authority', true))"
_EVERYTHING: Final[LiteralString] = "(SELECT current_setting('motcua.everything', true)) = 'on'"

VISIBLE: Final[dict[str, LiteralString]] = {
    "dossiers": (
        f"{_EVERYTHING} OR authority = {_ME} OR received_by = {_ME} OR return_to = {_ME} OR motcua_reads(stream) <> ''"
    ),
    "tasks": f"{_EVERYTHING} OR authority = {_ME} OR motcua_reads(stream) <> ''",
    "completions": f"{_EVERYTHING} OR authority = {_ME} OR motcua_reads(stream) <> ''",
}
"""Which rows of each table an officer sees. The function, which the migrations make, looks at the dossier, its root and
the open tasks of both: what it returns is empty where the officer's authority has nothing to do with any of them."""

_BECOME: Final = b"""
    SELECT set_config('role', %(role)s, true), set_config('motcua.authority', %(authority)s, true),
        set_config('motcua.everything', %(everything)s, true)
"""


class Reader(msgspec.Struct, frozen=True):
    """Whom something is read for: an officer of this authority, or one who reads ``everything``."""

    authority: AuthorityId
    everything: bool = False


def seen_by(reader: Reader, work: Callable[[Connection], Awaitable[T]]) -> Callable[[Connection], Awaitable[T]]:
    """The same work in a transaction of its own that sees what ``reader`` may see and changes nothing."""
    values = {"role": OFFICER, "authority": reader.authority, "everything": "on" if reader.everything else ""}

    @functools.wraps(work)
    async def seen(connection: Connection) -> T:
        async with connection.transaction():
            await connection.execute(_BECOME, values)
            return await work(connection)

    return seen


async def protect(connection: Connection, table: str) -> None:
    """Put a table's policies on, in the caller's transaction; one that officers do not read has none."""
    if table not in VISIBLE:
        return
    names = {
        "table": sql.Identifier("public", table),
        "application": sql.Identifier(APPLICATION),
        "officer": sql.Identifier(OFFICER),
        "visible": sql.SQL(VISIBLE[table]),
    }
    for statement in _PROTECT:
        await connection.execute(sql.SQL(statement).format(**names))


_PROTECT: Final[tuple[LiteralString, ...]] = (
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY engine ON {table} TO {application} USING (true) WITH CHECK (true)",
    "CREATE POLICY officer ON {table} FOR SELECT TO {officer} USING ({visible})",
    "GRANT SELECT ON {table} TO {officer}",
)
