"""Officers' sessions at the desk: kept here, known to the browser by a random token only.

What is stored is the token's hash, so that who reads the table cannot take a session over.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.ids import OfficerId
from store.database import Connection, Database

LIFETIME: Final = timedelta(hours=12)
"""A working day with its evening."""
IDLE: Final = timedelta(hours=3)
"""An abandoned screen is nobody's after this."""
SEEN_GRAIN: Final = timedelta(minutes=5)
"""How exactly it is remembered when a session was last used: a write for every page would be waste."""
TOKEN_BYTES: Final = 32

_BEGIN: Final = b"""
    WITH old AS (DELETE FROM desk_sessions WHERE expires_at < %(now)s OR seen_at < %(idle)s)
    INSERT INTO desk_sessions (token_hash, officer, started_at, seen_at, expires_at)
    VALUES (%(hash)s, %(officer)s, %(now)s, %(now)s, %(expires)s)
"""
_FIND: Final = b"""
    SELECT officer, started_at, seen_at, expires_at, on_behalf_of FROM desk_sessions
    WHERE token_hash = %(hash)s AND expires_at > %(now)s AND seen_at > %(idle)s
"""
_SEEN: Final = b"UPDATE desk_sessions SET seen_at = %(now)s WHERE token_hash = %(hash)s"
_WORK_FOR: Final = b"UPDATE desk_sessions SET on_behalf_of = %(absent)s WHERE token_hash = %(hash)s"
_END: Final = b"DELETE FROM desk_sessions WHERE token_hash = %(hash)s"
_END_ALL: Final = b"DELETE FROM desk_sessions WHERE officer = %(officer)s"


class Session(msgspec.Struct, frozen=True):
    """Whose session it is, and until when; ``on_behalf_of`` is the officer whose work it does (empty: its own)."""

    officer: OfficerId
    started_at: datetime
    expires_at: datetime
    on_behalf_of: OfficerId = OfficerId("")


class Sessions:
    """Begins, finds and ends sessions. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, database: Database) -> None:
        """Keep them in ``database``."""
        self._database = database

    async def begin(self, officer: OfficerId, now: datetime) -> str:
        """Begin a session; return its token, which nobody else knows. Sessions that are over are forgotten."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        values = {
            "hash": _hash(token),
            "officer": officer,
            "now": now,
            "idle": now - IDLE,
            "expires": now + LIFETIME,
        }
        await self._do(_BEGIN, values)
        return token

    async def find(self, token: str, now: datetime) -> Session | None:
        """The session of a token (none: there is none, or it is over); it counts as used now."""
        values = {"hash": _hash(token), "now": now, "idle": now - IDLE}

        async def work(connection: Connection) -> Session | None:
            row = await (await connection.execute(_FIND, values)).fetchone()
            if row is None:
                return None
            officer, started_at, seen_at, expires_at, on_behalf_of = row
            if now - seen_at > SEEN_GRAIN:
                await connection.execute(_SEEN, {"hash": values["hash"], "now": now})
            return Session(officer, started_at, expires_at, on_behalf_of)

        return await self._database.run(work)

    async def work_for(self, token: str, absent: OfficerId) -> None:
        """From now on do the work of an absent officer (empty: one's own again); whether one may is asked elsewhere."""
        await self._do(_WORK_FOR, {"hash": _hash(token), "absent": absent})

    async def end(self, token: str) -> None:
        """End one session."""
        await self._do(_END, {"hash": _hash(token)})

    async def end_all(self, officer: OfficerId) -> None:
        """End every session of an officer, wherever it is open."""
        await self._do(_END_ALL, {"officer": officer})

    async def _do(self, statement: bytes, values: dict[str, object]) -> None:
        async def work(connection: Connection) -> None:
            await connection.execute(statement, values)

        await self._database.run(work)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
