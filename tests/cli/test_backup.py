"""A backup is all that must be kept: restored elsewhere it is the same store, and every open dossier runs again."""

import asyncio
import stat
from pathlib import Path

import msgspec
import psycopg
import pytest
from typer.testing import CliRunner, Result

from cli import main
from cli.faults import describe
from domain.dossier import commands as c
from domain.ids import CommandId, Stream
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.projections.projector import Projector
from store.sequencer import Sequencer
from tests.cli.test_recovery import LINKED, TIMEOUT, mortal, office
from tests.store.samples import an_append
from tests.support import databases
from tests.support.databases import APPLICATION_PASSWORD, Database
from tests.support.references import keep

__all__ = ["mortal"]


def settings_of(database: Database) -> dict[str, str]:
    """The settings of an operator: the application's login, and the owner's."""
    return {"MOTCUA_DATABASE_URL": database.app_url, "MOTCUA_MIGRATION_URL": database.url}


def run(database: Database, *words: str) -> Result:
    """Run a command on a database."""
    return CliRunner().invoke(main.build(words[0]), list(words), env=settings_of(database))


def refusal(result: Result) -> str:
    """The code of the fault that the command ended with."""
    assert isinstance(result.exception, Exception)
    return describe(result.exception).code


def empty(server: EmbeddedPostgres, name: str) -> Database:
    """A new database without any table."""
    server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    server.create_database(name)
    app_url = server.url(name, user="motcua_app", password=APPLICATION_PASSWORD)
    return Database(name, server.url(name), app_url)


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, as text: what it is, not how it lies there; notes of upkeep come after it."""
    with psycopg.connect(database.url) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'upkeep'"
        ).fetchall()
        found = {}
        for (name,) in names:
            rows = connection.execute(f'SELECT t::text FROM "{name}" t').fetchall()
            found[name] = sorted(rows)
        return found


def test_what_is_restored_is_what_was_there(template: EmbeddedPostgres, database: Database, tmp_path: Path) -> None:
    """Row for row, with the same rights, and sound; a directory gets a file named by the time, for its owner only."""

    async def fill() -> None:
        async with Pool(database.app_url, size=2) as pool:
            await PostgresJournal(pool).append(an_append(events=3))
            await Sequencer(pool).step()

    asyncio.run(fill())
    written = run(database, "backup", str(tmp_path), "--json")
    assert written.exit_code == 0
    [file] = tmp_path.iterdir()
    assert msgspec.json.decode(written.output)["file"] == str(file)
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    fresh = empty(template, "restored")
    assert run(fresh, "restore", str(file)).exit_code == 0
    restored = contents(fresh)
    skipped = restored.pop("code_counters")
    assert restored == {name: rows for name, rows in contents(database).items() if name != "code_counters"}
    assert all(str(row).startswith("('(*,") for row in skipped)  # codes go on behind all that may have been given out
    assert msgspec.json.decode(run(fresh, "migrate", "--json").output)["applied"] == []
    with psycopg.connect(fresh.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM events")
    assert refusal(run(fresh, "restore", str(file))) == "not_empty"
    databases.drop(template, fresh)


def test_what_cannot_be_done_is_said(template: EmbeddedPostgres, database: Database, tmp_path: Path) -> None:
    """Nothing is overwritten, and what is no backup leaves the database empty and no file behind."""
    fresh, taken = empty(template, "stays_empty"), tmp_path / "taken"
    assert refusal(run(fresh, "backup", str(tmp_path))) == "empty"
    taken.write_text("a shopping list")
    assert refusal(run(database, "backup", str(taken))) == "exists"
    assert refusal(run(fresh, "restore", str(taken))) == "pg_restore_failed"
    assert refusal(run(fresh, "restore", str(tmp_path / "none"))) == "not_found"
    assert refusal(run(database, "backup", str(tmp_path / "no" / "such"))) == "not_found"
    whole = tmp_path / "whole"
    assert run(database, "backup", str(whole)).exit_code == 0
    cut = tmp_path / "cut"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert refusal(run(fresh, "restore", str(cut))) == "pg_restore_failed"
    assert contents(fresh) == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut", "taken", "whole"]
    databases.drop(template, fresh)


async def test_everything_lost_but_the_backup(
    mortal: EmbeddedTemporal, template: EmbeddedPostgres, database: Database, tmp_path: Path
) -> None:
    """Both servers' data are gone: from the backup alone the store is sound, and open dossiers live on to their end."""
    file = str(tmp_path / "backup")
    async with Pool(database.app_url, size=2) as pool:
        await keep(pool, LINKED)
    async with office(mortal, database, LINKED) as opened:
        await opened.receive("A", "B", "C")
        for stream in ("A", "B", "C"):
            await opened.dossiers.settle(Stream(stream))
        await opened.do("A/L1", c.AcknowledgeLink())
        await opened.do("C", c.Withdraw())
        await opened.dossiers.settle(Stream("C"))
        assert (await asyncio.to_thread(run, database, "backup", file)).exit_code == 0
    mortal.kill()
    mortal.start()
    fresh = await asyncio.to_thread(empty, template, "revived")
    assert (await asyncio.to_thread(run, fresh, "restore", file)).exit_code == 0
    async with Pool(fresh.app_url, size=2) as pool:
        while await Sequencer(pool).step():
            pass
        await Projector(pool).catch_up()
    checked = await asyncio.to_thread(run, fresh, "verify", "--json")
    assert msgspec.json.decode(checked.output)["findings"] == []
    async with office(mortal, fresh, LINKED) as opened:
        assert (await opened.command("revive"))[0] == 0
        assert await opened.reconcile() == (0, [])
        await opened.do("A/L1", c.CompleteTask("appraise"))
        await opened.do("A/L1", c.AnswerLink())
        await opened.dossiers.settle(Stream("A/L1"))
        for command in (c.CompleteTask("approve"), c.IssueResult(), c.ReturnResult()):
            await opened.do("A", command)
        assert (await opened.types("A"))[-1] == "dossier.closed"
    await asyncio.to_thread(databases.drop, template, fresh)


async def test_a_store_older_than_temporal(
    mortal: EmbeddedTemporal, template: EmbeddedPostgres, database: Database, tmp_path: Path
) -> None:
    """Workflows remember what the restored store never saw: reconcile names them, and the store is believed."""
    file = str(tmp_path / "backup")
    async with office(mortal, database, LINKED) as opened:
        await opened.receive("A", "B")
        for stream in ("A", "B"):
            await opened.dossiers.settle(Stream(stream))
        assert (await asyncio.to_thread(run, database, "backup", file)).exit_code == 0
        await opened.do("A/L1", c.AcknowledgeLink())
        await opened.do("B", c.Withdraw())
        await opened.dossiers.settle(Stream("B"))
        await opened.receive("C")
        await opened.dossiers.settle(Stream("C"))
        assert await opened.reconcile() == (0, [])
    fresh = await asyncio.to_thread(empty, template, "older")
    assert (await asyncio.to_thread(run, fresh, "restore", file)).exit_code == 0
    # The same task queue as before, which is named by the database.
    async with office(mortal, msgspec.structs.replace(fresh, name=database.name), LINKED) as opened:
        status, found = await opened.reconcile("--fix")
        assert status == 0
        assert {stream for stream, _, _ in found} >= {"A/L1", "B", "C", "C/L1"}
        assert {stream for stream, kind, _ in found if kind == "beyond_store"} == {"C", "C/L1"}
        assert await opened.reconcile() == (0, [])
        assert await opened.dossiers.glance(Stream("C")) is None
        await opened.receive("C")  # entered again, from the paper receipt
        await opened.dossiers.settle(Stream("C"))
        async with asyncio.timeout(TIMEOUT.total_seconds()):
            while "link.received" not in await opened.types("C/L1"):
                pass
        assert await opened.reconcile() == (0, [])
        await opened.do("A/L1", c.AcknowledgeLink())
        again = msgspec.structs.replace(opened.order(c.Withdraw()), id=CommandId("withdraw again"))
        await opened.dossiers.execute(Stream("B"), again, TIMEOUT)
        assert "dossier.withdrawn" in await opened.types("B")
    await asyncio.to_thread(databases.drop, template, fresh)
