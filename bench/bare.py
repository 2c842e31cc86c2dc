"""What dossiers are measured against: a workflow that takes the same updates and inserts one row for each, no more."""

from datetime import timedelta
from typing import Final

import msgspec
from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from domain.dossier.commands import Order
    from store.database import Connection, Database

INSERT: Final = "bench.insert"
TABLE: Final = """
    CREATE TABLE bare (
        stream text NOT NULL, version integer NOT NULL, data jsonb NOT NULL, PRIMARY KEY (stream, version)
    );
    GRANT INSERT ON bare TO motcua_app
"""
_ROW: Final = b"INSERT INTO bare (stream, version, data) VALUES (%s, %s, %s)"
TIMEOUT: Final = timedelta(seconds=15)


class Row(msgspec.Struct, frozen=True):
    """One row."""

    stream: str
    version: int
    order: Order


class BareActivities:
    """One plain INSERT."""

    def __init__(self, database: Database) -> None:
        """Write through ``database``."""
        self._database = database

    @activity.defn(name=INSERT)
    async def insert(self, row: Row) -> int:
        """Insert the row; returns its version."""
        data = msgspec.json.encode(row.order).decode()

        async def work(connection: Connection) -> None:
            await connection.execute(_ROW, (row.stream, row.version, data), prepare=True)

        await self._database.run(work)
        return row.version


class Begin(msgspec.Struct, frozen=True):
    """Which stream, and how many orders it takes."""

    stream: str
    orders: int


@workflow.defn(name="bench.Bare")
class Bare:
    """Takes so many orders, one after the other, and ends."""

    @workflow.init
    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._taken = 0

    @workflow.run
    async def run(self, _: Begin) -> int:
        """Wait for the last order."""
        await workflow.wait_condition(lambda: self._taken >= self._begin.orders and workflow.all_handlers_finished())
        return self._taken

    @workflow.update(name="execute")
    async def execute(self, order: Order) -> int:
        """Insert it."""
        version: int = await workflow.execute_activity(
            INSERT, Row(self._begin.stream, self._taken + 1, order), result_type=int, start_to_close_timeout=TIMEOUT
        )
        self._taken += 1
        return version
