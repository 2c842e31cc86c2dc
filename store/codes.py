"""Dossier codes: a serial for each agency and local day, given out once, and found again by the same request."""

import hmac
from datetime import date, datetime
from typing import Final

import msgspec

from domain.code import format_code
from domain.ids import DossierCode
from store.database import Connection, Database
from store.errors import KeyReused

_FIND: Final = b"SELECT code, digest FROM code_allotments WHERE scope = %s AND idempotency_key = %s"
_TAKE: Final = b"""
    WITH skipped AS (
        SELECT coalesce(max(last), 0) AS last FROM code_counters WHERE prefix = '*' AND day = %(day)s
    ),
    counter AS (
        INSERT INTO code_counters (prefix, day, last) SELECT %(agency)s, %(day)s, last + 1 FROM skipped
        ON CONFLICT (prefix, day)
        DO UPDATE SET last = greatest(code_counters.last, (SELECT last FROM skipped)) + 1 RETURNING last::text
    ),
    candidate AS (SELECT %(stem)s || lpad(last, greatest(4, length(last)), '0') AS code FROM counter)
    INSERT INTO code_allotments (scope, idempotency_key, digest, code)
    SELECT %(scope)s, %(key)s, %(digest)s, code FROM candidate
    WHERE NOT EXISTS (SELECT FROM streams WHERE stream = code)
    ON CONFLICT DO NOTHING RETURNING code
"""
_SKIP: Final = b"""
    INSERT INTO code_counters (prefix, day, last)
    SELECT '*', day::date, %(block)s
    FROM generate_series(%(today)s::date - %(back)s, %(today)s::date + 1, '1 day') AS day
    ON CONFLICT (prefix, day) DO UPDATE SET last = greatest(code_counters.last, excluded.last)
"""
"""The row of the agency ``*`` is where every agency's counting of that day begins."""
BLOCK: Final = 10_000
"""More than any agency gives out in a day: the largest city has 21,000 dossiers a day at all its desks together."""
DAYS_BACK: Final = 400
"""How far back a dossier may be keyed in, generously."""
_MINUTES: Final = 60


class CodeRequest(msgspec.Struct, frozen=True):
    """Who asks for a code: the agency's identifier in codes, its local date, and which request it is.

    ``scope`` is within which ``idempotency_key`` is unique (the client or officer); ``digest`` is a hash of the
    request's content, so that a key used for another request is noticed.
    """

    agency: str
    day: date
    scope: str
    idempotency_key: str
    digest: bytes


class Allotment(msgspec.Struct, frozen=True):
    """The code, and whether an earlier equal request has got it already."""

    code: DossierCode
    repeated: bool


async def find_code(database: Database, scope: str, idempotency_key: str, digest: bytes) -> DossierCode | None:
    """The code that an equal request has got before; none where none was made. Raises KeyReused, StoreUnavailable."""
    return await database.run(lambda connection: _find(connection, scope, idempotency_key, digest))


async def allot_code(database: Database, request: CodeRequest) -> Allotment:
    """Give out the next code of the agency's day, or the one that an equal request has got before.

    Safe to call at once from anywhere and to repeat. A number may be skipped (a lost race, a code that an import
    brought), none is given twice. Raises KeyReused where the key stands for another request, InvalidCode for an agency
    or day that no code can be made of, StoreUnavailable.
    """
    stem = format_code(request.agency, request.day, 1).removesuffix("0001")  # refuses before a number is used up

    async def work(connection: Connection) -> Allotment:
        while True:
            found = await _find(connection, request.scope, request.idempotency_key, request.digest)
            if found is not None:
                return Allotment(found, repeated=True)
            taken = await _take(connection, request, stem)
            if taken is not None:
                return Allotment(taken, repeated=False)
            # Either an equal request was faster, and is found next, or the number belongs to an imported dossier.

    return await database.run(work)


async def skip_codes(database: Database, now: datetime) -> int:
    """Begin anew behind whatever was given out until now, although the store does not know of it.

    For a store that was brought back to an earlier moment: codes that it gave out since then stand on receipts. Returns
    the number behind which all agencies go on, for every day until tomorrow; it follows from the minute of the day, so
    that a second loss does not end where the first did. Raises StoreUnavailable.
    """
    block = BLOCK * (1 + now.hour * _MINUTES + now.minute)

    async def work(connection: Connection) -> int:
        await connection.execute(_SKIP, {"block": block, "today": now.date(), "back": DAYS_BACK})
        return block

    return await database.run(work)


async def _find(connection: Connection, scope: str, idempotency_key: str, digest: bytes) -> DossierCode | None:
    """The code that this request has got before; raises KeyReused."""
    cursor = await connection.execute(_FIND, (scope, idempotency_key))
    row = await cursor.fetchone()
    if row is None:
        return None
    if not hmac.compare_digest(row[1], digest):
        message = "this Idempotency-Key was used for another request; use a new one"
        raise KeyReused(message, idempotency_key=idempotency_key)
    return DossierCode(row[0])


async def _take(connection: Connection, request: CodeRequest, stem: str) -> DossierCode | None:
    """The next number's code, if it is free and no equal request was faster. The counter is locked for one commit."""
    values = {
        "agency": request.agency,
        "day": request.day,
        "stem": stem,
        "scope": request.scope,
        "key": request.idempotency_key,
        "digest": request.digest,
    }
    row = await (await connection.execute(_TAKE, values)).fetchone()
    return DossierCode(row[0]) if row else None
