"""The doctor finds what is wrong, on real servers, and says what to do about it."""

import asyncio
from datetime import date
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from cli import main
from domain.calendar import CalendarSpec
from runtime import temporal
from runtime.embedded import ports
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.references import Kind, References
from tests.domain.dossier.samples import rules
from tests.support.databases import Database
from tests.workflows.desk import FixedRules
from workers.dossier import build_worker

CATALOGUE = str(Path(__file__).parents[2] / "catalogue")
Said = dict[str, tuple[str, str]]


def environment(directory: Path, **changes: str) -> dict[str, str]:
    """Settings of a deployment with its key files; the servers are still to be named."""
    (directory / "secret").write_text("0123456789abcdef" * 4)
    (directory / "keys").write_text("ab" * 32)
    return {
        "MOTCUA_STATE_DIR": str(directory),
        "MOTCUA_SECRET_FILE": str(directory / "secret"),
        "MOTCUA_WRAPPING_KEY_FILE": str(directory / "keys"),
        **changes,
    }


def consult(env: dict[str, str]) -> tuple[int, Said]:
    """Run the doctor; its status, and by subject the verdict with what was found and advised."""
    answer = CliRunner().invoke(main.build("doctor"), ["doctor", "--json"], env=env)
    assert answer.exception is None or isinstance(answer.exception, SystemExit)
    said = msgspec.json.decode(answer.stdout)
    assert said["healthy"] is (answer.exit_code == 0)
    assert all(bool(finding["advice"]) is (finding["verdict"] in {"wrong", "warning"}) for finding in said["findings"])
    return answer.exit_code, {each["subject"]: (each["verdict"], each["found"]) for each in said["findings"]}


def load_catalogue(database: Database) -> None:
    """Load what comes with the program."""
    env = {"MOTCUA_DATABASE_URL": database.app_url}
    assert CliRunner().invoke(main.build("catalogue"), ["catalogue", "load", CATALOGUE], env=env).exit_code == 0


def only(said: Said, *subjects: str) -> None:
    """All is sound but these."""
    assert {subject for subject, (verdict, _) in said.items() if verdict != "sound"} == set(subjects), said


async def test_a_healthy_system(temporal_dev: EmbeddedTemporal, database: Database, tmp_path: Path) -> None:
    """With a worker at work everything is sound; without one that, and nothing else, is wrong."""
    await asyncio.to_thread(load_catalogue, database)
    queue = f"doctor-{database.name}"
    env = environment(
        tmp_path,
        MOTCUA_DATABASE_URL=database.app_url,
        MOTCUA_TEMPORAL_ADDRESS=temporal_dev.address,
        MOTCUA_TASK_QUEUE=queue,
    )
    status, said = await asyncio.to_thread(consult, env)
    assert status == 1
    only(said, "workers", "backup")
    client = await temporal.connect(Settings(temporal_address=temporal_dev.address))
    async with (
        Pool(database.app_url, size=2) as pool,
        build_worker(client, PostgresJournal(pool), FixedRules(rules()), queue),
    ):
        async with asyncio.timeout(30):
            while (await asyncio.to_thread(consult, env))[0]:
                pass
        spoken = await asyncio.to_thread(CliRunner().invoke, main.build("doctor"), ["doctor"], env=env)
    assert spoken.exit_code == 0
    assert "0 wrong" in spoken.output


def test_nothing_is_there(tmp_path: Path) -> None:
    """Without any setting each missing one is named; a wrong one is named alone."""
    status, said = consult({"MOTCUA_STATE_DIR": str(tmp_path)})
    assert status == 1
    only(said, "database setting", "Temporal setting", "signing key", "wrapping keys")
    assert "MOTCUA_DATABASE_URL" in said["database setting"][1]
    status, said = consult({"MOTCUA_STATE_DIR": str(tmp_path), "MOTCUA_API_PORT": "none"})
    assert status == 1
    only(said, "settings")


def test_servers_that_are_away(tmp_path: Path) -> None:
    """Each is named; what only they could tell is not guessed, and passwords are not shown."""
    absent = f"127.0.0.1:{ports.free_port()}"
    env = environment(tmp_path, MOTCUA_DATABASE_URL=f"postgresql://a:hidden@{absent}/c", MOTCUA_TEMPORAL_ADDRESS=absent)
    status, said = consult(env)
    assert status == 1
    only(said, "PostgreSQL", "Temporal", "workers")
    assert said["workers"][0] == "unknown"
    assert "hidden" not in str(said)


def test_a_database_without_a_schema(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    """An empty database lacks migrations; one of a newer program is told apart."""
    postgres.execute('DROP DATABASE IF EXISTS "unmigrated" WITH (FORCE)')
    postgres.create_database("unmigrated")
    env = environment(tmp_path, MOTCUA_DATABASE_URL=postgres.url("unmigrated"))
    assert "migrations" in consult(env)[1]["schema"][1]
    postgres.execute(
        "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('3000_from_afar')",
        database="unmigrated",
    )
    verdict, found = consult(env)[1]["schema"]
    assert verdict == "wrong"
    assert "3000_from_afar" in found


def test_an_empty_catalogue(database: Database, tmp_path: Path) -> None:
    """A database that was migrated and not filled."""
    said = consult(environment(tmp_path, MOTCUA_DATABASE_URL=database.app_url))[1]
    only(said, "Temporal setting", "catalogue", "calendars", "backup")


@pytest.mark.parametrize(("years", "verdict"), [((2020, 2021), "wrong"), ((2020, 2200), "sound")])
def test_calendars_that_end(database: Database, tmp_path: Path, years: tuple[int, int], verdict: str) -> None:
    """A calendar that does not know the present is wrong: nothing can be received under it."""
    spec = CalendarSpec(id="office", timezone="Asia/Ho_Chi_Minh", hours={"mon": ("08:00-12:00",)}, years=years)  # type: ignore[arg-type, dict-item]

    async def publish() -> None:
        async with Pool(database.app_url, size=2) as pool:
            await References(pool).publish(Kind.CALENDAR, "office", spec, date(2020, 1, 1))

    asyncio.run(publish())
    assert consult(environment(tmp_path, MOTCUA_DATABASE_URL=database.app_url))[1]["calendars"][0] == verdict


def test_rights(postgres: EmbeddedPostgres, database: Database, tmp_path: Path) -> None:
    """A role that may rewrite history is as wrong as one that may not write it."""
    verdict, found = consult(environment(tmp_path, MOTCUA_DATABASE_URL=database.url))[1]["rights"]
    assert (verdict, "superuser" in found) == ("wrong", True)
    for statement, named in (
        ("GRANT UPDATE ON events TO motcua_app", "UPDATE on events"),
        ("REVOKE INSERT ON streams FROM motcua_app", "lacks INSERT on streams"),
        ("DROP POLICY officer ON tasks", "the policy officer on tasks"),
        ("ALTER TABLE dossiers DISABLE ROW LEVEL SECURITY", "the policy engine on dossiers"),
    ):
        postgres.execute(statement, database=database.name)
        said = consult(environment(tmp_path, MOTCUA_DATABASE_URL=database.app_url))[1]
        assert said["rights"][0] == "wrong"
        assert named in said["rights"][1]
