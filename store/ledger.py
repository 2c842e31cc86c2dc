"""The link ledger: what both sides of every hand-over have written down, held against each other.

Only what can never be right is a fault. A hand-over that has not arrived yet, or an answer on its way, is none: how
long that may take is judged by alarms and by reconciliation.
"""

from typing import Final

from store.database import Connection

_LEDGER: Final = """
    WITH entries AS (
        SELECT stream, version, type, data ->> 'link' AS link, (data ->> 'sequence')::int AS sequence, data FROM events
        WHERE type LIKE 'link.%%'
          AND (%(code)s::text IS NULL OR stream = %(code)s OR starts_with(stream, %(code)s || '/'))
    ),
    opened AS (
        SELECT stream, version, link, sequence, data ->> 'to' AS authority FROM entries WHERE type = 'link.opened'
    ),
    received AS (
        SELECT stream, version, link, sequence, data ->> 'parent' AS parent, data ->> 'authority' AS authority
        FROM entries WHERE type = 'link.received'
    ),
    -- What a parent says of its hand-overs, and what a part says of the one that began it.
    of_parents AS (SELECT entries.*, opened.authority FROM entries JOIN opened USING (stream, link, sequence)),
    of_parts AS (
        SELECT entries.type, entries.data, received.parent, received.link, received.sequence
        FROM entries JOIN received USING (stream, link, sequence)
    )
"""
UNKNOWN: Final = (
    _LEDGER
    + """
    SELECT stream, version, format('%%s never handed over %%s, number %%s', parent, link, sequence) FROM received
    WHERE NOT EXISTS (
        SELECT FROM opened
        WHERE (opened.stream, opened.link, opened.sequence) = (received.parent, received.link, received.sequence)
    )
"""
).encode()
ELSEWHERE: Final = (
    _LEDGER
    + """
    SELECT received.stream, received.version,
        format('it was handed over to %%s and begun by %%s', opened.authority, received.authority)
    FROM received JOIN opened
      ON (opened.stream, opened.link, opened.sequence) = (received.parent, received.link, received.sequence)
    WHERE opened.authority <> received.authority
"""
).encode()
DOUBLED: Final = (
    _LEDGER
    + """
    SELECT parent, NULL, format('the hand-over %%s, number %%s, began %%s parts', link, sequence, count(*))
    FROM received GROUP BY parent, link, sequence HAVING count(*) > 1
    UNION ALL
    SELECT stream, max(version), format('%%s is told %%s times of %%s, number %%s', type, count(*), link, sequence)
    FROM of_parents WHERE type IN ('link.acknowledged', 'link.answered', 'link.handed_back', 'link.recalled')
    GROUP BY stream, type, link, sequence HAVING count(*) > 1
"""
).encode()
NEVER_SAID: Final = (
    _LEDGER
    + """
    SELECT stream, version, format('%%s of %%s, number %%s, is not what %%s has said', type, link, sequence, authority)
    FROM of_parents
    WHERE type IN ('link.answered', 'link.handed_back') AND NOT EXISTS (
        SELECT FROM of_parts
        WHERE (of_parts.parent, of_parts.link, of_parts.sequence, of_parts.type)
            = (of_parents.stream, of_parents.link, of_parents.sequence, of_parents.type)
          AND of_parts.data ->> 'outcome' IS NOT DISTINCT FROM of_parents.data ->> 'outcome'
    )
"""
).encode()


async def faults(connection: Connection, statement: bytes, code: str | None) -> list[tuple[str, int | None, str]]:
    """The stream, version and reason of each fault that a statement above finds (``code`` none: in the whole store)."""
    return await (await connection.execute(statement, {"code": code})).fetchall()
