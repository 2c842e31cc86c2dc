"""The statements of the hot paths, written out once from the tables' columns."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from store.rows import RECORD_FIELDS, TASK_COLUMNS, TASK_FIELDS, VIEW_FIELDS, record_columns
from store.tables import dossiers, events, tasks

_PER_COMMAND: Final = frozenset({"stream", "command_id"})
EVENT_FIELDS: Final = tuple(field for field in RECORD_FIELDS if field not in _PER_COMMAND)

_dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def _columns(table: Table, names: Iterable[str]) -> str:
    """A column definition list: how ``jsonb_to_record`` reads an object's fields."""
    types = {name: table.c[name].type.compile(dialect=_dialect).split(" COLLATE")[0] for name in names}
    return ", ".join(f"{name} {kind}" for name, kind in types.items())


def _set(names: Iterable[str]) -> str:
    """The assignments of an upsert."""
    return ", ".join(f"{name} = excluded.{name}" for name in names)


def _list(table: str, names: Iterable[str]) -> str:
    """Qualified column names."""
    return ", ".join(f"{table}.{name}" for name in names)


def append(*, first: bool) -> bytes:
    """The whole append as one statement; it returns a row if it took place.

    The stream's head decides: for a new stream whoever inserts it first, later whoever finds it at the expected version
    and hash, having waited for a writer before him to commit. A command id that is stored already keeps the head still.
    No other part runs unless the head moved. Whoever knows the head's hash has seen all events before it committed, so
    the look for the command id cannot miss one.
    """
    changeable = [name for name in TASK_COLUMNS if name not in {"stream", "task"}]
    statement = f"""
    WITH head AS ({_INSERT_HEAD if first else _MOVE_HEAD} RETURNING version),
    event AS (
        INSERT INTO events (stream, command_id, command_digest, {", ".join(EVENT_FIELDS)})
        SELECT %(stream)s, %(command_id)s, %(command_digest)s, new.*
        FROM head, jsonb_to_recordset(%(events)s::jsonb) AS new ({_columns(events, EVENT_FIELDS)})
    ),
    dossier AS (
        INSERT INTO dossiers ({", ".join(VIEW_FIELDS)})
        SELECT new.* FROM head, jsonb_to_record(%(dossier)s::jsonb) AS new ({_columns(dossiers, VIEW_FIELDS)})
        ON CONFLICT (stream) DO UPDATE SET {_set(name for name in VIEW_FIELDS if name != "stream")}
    ),
    gone AS (
        DELETE FROM tasks USING head
        WHERE tasks.stream = %(stream)s AND tasks.task <> ALL (%(open_tasks)s::text[])
    ),
    task AS (
        INSERT INTO tasks ({", ".join(TASK_COLUMNS)})
        SELECT new.* FROM head, jsonb_to_recordset(%(tasks)s::jsonb) AS new ({_columns(tasks, TASK_COLUMNS)})
        ON CONFLICT (stream, task) DO UPDATE SET {_set(changeable)}
        WHERE ({_list("tasks", changeable)}) IS DISTINCT FROM ({_list("excluded", changeable)})
    )
    SELECT version FROM head
    """
    return statement.encode()


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
