"""The statements of the hot paths, written out once from the tables' columns."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from store.rows import DOSSIER_COLUMNS, RECORD_FIELDS, TASK_COLUMNS, TASK_FIELDS, VIEW_FIELDS, record_columns
from store.tables import dossiers, events, tasks

_dialect: Final = postgresql.dialect()  # type: ignore[no-untyped-call]


def _columns(table: Table, names: Iterable[str]) -> str:
    """A column definition list: how ``jsonb_to_record`` reads an object's fields."""
    types = {name: table.c[name].type.compile(dialect=_dialect).split(" COLLATE")[0] for name in names}
    return ", ".join(f"{name} {kind}" for name, kind in types.items())


def _set(source: str, names: Iterable[str]) -> str:
    """The assignments of an update from the row ``source``."""
    return ", ".join(f"{name} = {source}.{name}" for name in names)


def _list(table: str, names: Iterable[str]) -> str:
    """Qualified column names."""
    return ", ".join(f"{table}.{name}" for name in names)


_OF_COMMAND: Final = frozenset({"stream", "command_id"})
_OF_EVENT: Final = tuple(field for field in RECORD_FIELDS if field not in _OF_COMMAND)

_INSERT_HEAD: Final = """
    INSERT INTO streams (stream, root, version, hash)
    VALUES (%(stream)s, %(root)s, %(last)s, %(last_hash)s)
    ON CONFLICT (stream) DO NOTHING
"""
_MOVE_HEAD: Final = """
    UPDATE streams SET version = %(last)s, hash = %(last_hash)s
    WHERE stream = %(stream)s AND version = %(expected)s AND hash = %(prev_hash)s
      AND NOT EXISTS (SELECT FROM events WHERE stream = %(stream)s AND command_id = %(command_id)s)
"""
_INSERT_EVENTS: Final = f"""
    event AS (
        INSERT INTO events (stream, command_id, command_digest, {", ".join(_OF_EVENT)})
        SELECT %(stream)s, %(command_id)s, %(command_digest)s, new.*
        FROM head, jsonb_to_recordset(%(events)s::jsonb) AS new ({_columns(events, _OF_EVENT)})
    )
"""
_INSERT_DOSSIER: Final = f"""
    dossier AS (
        INSERT INTO dossiers ({", ".join(DOSSIER_COLUMNS)})
        SELECT new.* FROM head, jsonb_to_record(%(dossier)s::jsonb) AS new ({_columns(dossiers, DOSSIER_COLUMNS)})
    )
"""
_UPDATE_DOSSIER: Final = f"""
    dossier AS (
        UPDATE dossiers SET {_set("new", (name for name in DOSSIER_COLUMNS if name != "stream"))}
        FROM head, jsonb_to_record(%(dossier)s::jsonb) AS new ({_columns(dossiers, DOSSIER_COLUMNS)})
        WHERE dossiers.stream = %(stream)s
    )
"""
_DELETE_TASKS: Final = "gone AS (DELETE FROM tasks USING head WHERE tasks.stream = %(stream)s RETURNING 1)"
_INSERT_TASKS: Final = f"""
    task AS (
        INSERT INTO tasks ({", ".join(TASK_COLUMNS)})
        SELECT new.* FROM head, jsonb_to_recordset(%(tasks)s::jsonb) AS new ({_columns(tasks, TASK_COLUMNS)})
    )
"""
# All old rows must be gone before the first new one comes, for they may have the same key: hence the count.
_REPLACE_TASKS: Final = _INSERT_TASKS.replace("FROM head,", "FROM head, (SELECT count(*) FROM gone) AS cleared,")


@cache
def append(*, first: bool, tasks: bool) -> bytes:
    """The whole append as one statement, which returns a row if it took place.

    ``first``: to a new stream; ``tasks``: some are open afterwards.

    The stream's head decides: for a new stream whoever inserts it first, later whoever finds it at the expected version
    and hash, having waited for a writer before him to commit. A command id that is stored already keeps the head still.
    No other part runs unless the head moved. Whoever knows the head's hash has seen all events before it committed, so
    the look for the command id cannot miss one. A statement for each shape costs less than parts that find nothing to
    do.
    """
    if first:
        parts = [f"head AS ({_INSERT_HEAD} RETURNING version)", _INSERT_EVENTS, _INSERT_DOSSIER]
    else:
        parts = [f"head AS ({_MOVE_HEAD} RETURNING version)", _INSERT_EVENTS, _UPDATE_DOSSIER, _DELETE_TASKS]
    if tasks:
        parts.append(_INSERT_TASKS if first else _REPLACE_TASKS)
    return f"WITH {', '.join(parts)} SELECT version FROM head".encode()


COMMAND: Final = f"""
    SELECT {record_columns()}, command_digest FROM events WHERE stream = %s AND command_id = %s ORDER BY ordinal
""".encode()
AFTER: Final = f"SELECT {record_columns()} FROM events WHERE stream = %s AND version > %s ORDER BY version".encode()
ALL: Final = f"""
    SELECT position, {record_columns()} FROM event_positions JOIN events USING (stream, version)
    WHERE position > %s ORDER BY position LIMIT %s
""".encode()
HEADS: Final = b"SELECT stream, version, hash FROM streams WHERE stream > %s ORDER BY stream LIMIT %s"
VIEW: Final = f"""
    SELECT {_list("dossiers", VIEW_FIELDS)}, {_list("tasks", TASK_FIELDS)}
    FROM dossiers LEFT JOIN tasks USING (stream) WHERE stream = %s ORDER BY tasks.ordinal
""".encode()
DOSSIERS: Final = f"""
    INSERT INTO dossiers ({", ".join(DOSSIER_COLUMNS)})
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS new ({_columns(dossiers, DOSSIER_COLUMNS)})
""".encode()
TASKS: Final = f"""
    INSERT INTO tasks ({", ".join(TASK_COLUMNS)})
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS new ({_columns(tasks, TASK_COLUMNS)})
""".encode()
