"""Where a demonstration keeps its events: a database of the user's, a PostgreSQL of its own, or memory."""

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from activities.journal import RulesSource
from domain.dossier.rules import Rules
from domain.errors import Refusal
from runtime import settings
from runtime.embedded import ports
from runtime.embedded.postgres import TEST_OPTIONS, EmbeddedPostgres
from runtime.errors import OperationalError
from store import migrate, roles
from store.database import Database
from store.folding import PinnedFold
from store.journal import Journal
from store.memory import MemoryJournal
from store.postgres import PostgresJournal
from store.projections.projector import Projector
from store.references import Kind, References
from store.rules_source import LAW_ID, PinnedRules
from store.sequencer import Sequencer
from store.verify import Finding, verify
from workers.demo_plan import Arrival
from workers.simulation import PinnedInMemory

DATABASE: Final = "motcua_demo"
DATABASE_URL: Final = settings.variable("database_url")
AUTO, MEMORY = "auto", "memory"


class AlreadyThere(Refusal):
    """The database holds dossiers of the same codes."""

    code = "demo_already_there"


class Verdict(msgspec.Struct, frozen=True):
    """What ``motcua verify`` says of the store."""

    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether there is no fault."""
        return not self.findings


class Store:
    """A journal, and the rules that its dossiers pin; ``url`` is none in memory."""

    def __init__(self, name: str, journal: Journal, rules: RulesSource, database: Database | None = None) -> None:
        self.name = name
        self.journal = journal
        self.rules = rules
        self._database = database

    async def prepare(self, arrivals: Iterable[Arrival]) -> None:
        """Keep what the arrivals pin. Raises AlreadyThere where one of them is in the journal already."""
        for arrival in arrivals:
            if await self.journal.view(arrival.stream) is not None:
                message = f"{arrival.stream} is in this database already; take another --seed, or no {DATABASE_URL}"
                raise AlreadyThere(message, stream=arrival.stream)
            if isinstance(self.rules, PinnedInMemory):
                self.rules.begin(arrival.stream, arrival.rules)
            elif self._database is not None:
                await _keep(References(self._database), arrival.rules)

    async def verdict(self) -> Verdict | None:
        """Place and project every event, then check all; none in memory, where there is nothing to check."""
        if self._database is None:
            return None
        sequencer = Sequencer(self._database)
        while await sequencer.step():
            pass
        await Projector(self._database).catch_up()
        fold = PinnedFold(PinnedRules(self._database))
        return Verdict(tuple([finding async for finding in verify(self._database.url, fold)]))


@asynccontextmanager
async def open_store(where: str, environ: Mapping[str, str], told: Callable[[str], None]) -> AsyncIterator[Store]:
    """The store of a demonstration.

    ``postgres``: the database that MOTCUA_DATABASE_URL names, else a server of its own; ``memory``: this process's;
    ``auto``: as ``postgres``, but memory where no server starts, which ``told`` hears. Raises OperationalError.
    """
    async with contextlib.AsyncExitStack() as stack:
        if where == MEMORY:
            yield memory_store()
        elif environ.get(DATABASE_URL):
            url = settings.load(environ).require_database()
            yield await stack.enter_async_context(_postgres("the database of MOTCUA_DATABASE_URL", url))
        else:
            try:
                store = await stack.enter_async_context(_own_postgres())
            except OperationalError as error:
                if where != AUTO:
                    raise
                told(f"PostgreSQL does not start ({error}); the events are kept in memory")
                store = memory_store()
            yield store


def memory_store() -> Store:
    """This process's memory."""
    return Store("memory", MemoryJournal(), PinnedInMemory())


@asynccontextmanager
async def _own_postgres() -> AsyncIterator[Store]:
    """A server in a temporary directory, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="motcua-demo-") as directory:
        options = {**TEST_OPTIONS, "shared_buffers": "64MB"}
        server = EmbeddedPostgres(Path(directory) / "postgres", port=ports.free_port(), options=options)
        try:
            await asyncio.to_thread(server.start)
            url = await asyncio.to_thread(_create, server)
            async with _postgres("embedded PostgreSQL", url) as store:
                yield store
        finally:
            await asyncio.to_thread(server.stop)


@asynccontextmanager
async def _postgres(name: str, url: str) -> AsyncIterator[Store]:
    async with Database(url, size=12, name="motcua-demo") as database:
        yield Store(name, PostgresJournal(database), PinnedRules(database), database)


def _create(server: EmbeddedPostgres) -> str:
    """A database with the schema; returns the URL of the application's role."""
    server.create_database(DATABASE)
    owner, password = server.url(DATABASE), secrets.token_urlsafe(24)
    migrate.upgrade(owner)
    roles.ensure_roles(owner, password)
    return server.url(DATABASE, user=roles.APPLICATION, password=password)


async def _keep(references: References, rules: Rules) -> None:
    """The contents that a dossier under these rules will be taken up by."""
    await references.store(Kind.LAW, LAW_ID, rules.law)
    await references.store(Kind.PROCEDURE, rules.procedure.id, rules.procedure)
    for spec in rules.calendars.values():
        await references.store(Kind.CALENDAR, spec.id, spec)
