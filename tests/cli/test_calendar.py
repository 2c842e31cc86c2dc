"""``motcua calendar``: what a new version would do, said before it is done; what is wrong with it, and where."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from typer.testing import CliRunner, Result

from cli import main
from cli.faults import describe
from domain.calendar import CalendarSpec, calendar_version
from domain.dossier.rules import Rules
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.references import Kind, References
from tests.domain.dossier.samples import OFFICE, rules
from tests.support.databases import Database
from tests.support.lives import Lives
from tests.support.references import keep

NOW = datetime.now(UTC)
ALWAYS = msgspec.structs.replace(OFFICE, off=(), worked={}, years=(NOW.year - 2, NOW.year + 2))
"""Office hours whenever these tests are run."""
RULES: Rules = rules(calendar=ALWAYS)


def run(database: Database, *arguments: str) -> Result:
    """Run ``motcua calendar …`` against a database."""
    env = {"MOTCUA_DATABASE_URL": database.app_url, "MOTCUA_TEMPORAL_ADDRESS": "127.0.0.1:1"}
    return CliRunner().invoke(main.build("calendar"), ["calendar", *arguments], env=env)


def refusal(result: Result) -> tuple[int, str, str]:
    """Status, code and sentence of a command that failed."""
    assert isinstance(result.exception, Exception)
    fault = describe(result.exception)
    return fault.status, fault.code, fault.message


def inside(database: Database, work: Callable[[Pool], Awaitable[None]]) -> None:
    """Do something with the database."""

    async def opened() -> None:
        async with Pool(database.app_url, size=2) as pool:
            await work(pool)

    asyncio.run(opened())


@pytest.fixture
def office(database: Database) -> Database:
    """The calendar is in force, and three dossiers are open: received a day, five days and two months ago."""

    async def fill(pool: Pool) -> None:
        await keep(pool, RULES)
        await References(pool).publish(Kind.CALENDAR, ALWAYS.id, ALWAYS, date(2020, 1, 1))
        lives = Lives(PostgresJournal(pool), RULES)
        for name, days in (("H29-old", 60), ("H29-middle", 5), ("H29-new", 1)):
            await lives.receive(name, (NOW - timedelta(days=days)).isoformat())

    inside(database, fill)
    return database


def days_off(first: date, number: int) -> tuple[date, ...]:
    """So many days from the first one."""
    return tuple(first + timedelta(days=day) for day in range(number))


def written(path: Path, spec: CalendarSpec) -> str:
    """The calendar as a file of the catalogue."""
    path.write_text(yaml.safe_dump(msgspec.to_builtins(spec), allow_unicode=True))
    return str(path)


def previewed(database: Database, file: str) -> dict[str, Any]:
    """The preview as data."""
    result = run(database, "preview", file, "--json")
    assert result.exit_code == 0, result.output
    return msgspec.json.decode(result.stdout, type=dict[str, Any])


def test_previews_a_holiday(office: Database, tmp_path: Path) -> None:
    """Two open deadlines move, one long overdue does not; nobody is told late who is not."""
    new = msgspec.structs.replace(ALWAYS, off=days_off(NOW.date() + timedelta(days=1), 4))
    found = previewed(office, written(tmp_path / "office.yaml", new))
    assert (found["calendar"], found["version"]) == ("office", calendar_version(new))
    assert found["in_force"] == calendar_version(ALWAYS)
    assert (found["open"], found["concerned"], found["counted"]) == (3, 3, 3)
    assert found["moved"] == found["later"] >= 1
    assert (found["earlier"], found["become_late"], found["refused"]) == (0, 0, 0)
    assert [day["new"] for day in found["changes"]["days"]] == [""] * len(found["changes"]["days"])
    assert found["latest"]["dossier"] == "H29-new"
    assert [one["authority"] for one in found["authorities"]] == ["X1"]


def test_previews_who_is_late_no_more_and_who_becomes_late(office: Database, tmp_path: Path) -> None:
    """A month that was off after all un-lates the old one; and with it back, it is late again."""
    month = msgspec.structs.replace(ALWAYS, off=days_off(NOW.date() - timedelta(days=55), 54))
    file = written(tmp_path / "office.yaml", month)
    found = previewed(office, file)
    assert [move["dossier"] for move in found["late_no_more"]] == ["H29-old"]
    assert (found["un_lated"], found["become_late"]) == (1, 0)
    text = run(office, "preview", file).stdout
    assert "un-lates 1, makes 0 late" in text
    assert "H29-old" in text
    longer = msgspec.structs.replace(ALWAYS, hours=dict.fromkeys(ALWAYS.hours, ("00:00-24:00",)))
    assert previewed(office, written(tmp_path / "b.yaml", longer))["moved"] == 3


def test_previews_the_version_in_force(office: Database, tmp_path: Path) -> None:
    """Nothing differs, nothing moves."""
    file = written(tmp_path / "office.yaml", ALWAYS)
    found = previewed(office, file)
    assert (found["concerned"], found["moved"], found["version"]) == (0, 0, found["in_force"])
    assert "none that moves a deadline" in run(office, "preview", file).stdout


def test_a_version_for_a_later_day_moves_nothing_open(office: Database, tmp_path: Path) -> None:
    """It says so."""
    tomorrow = NOW.date() + timedelta(days=2)
    new = msgspec.structs.replace(ALWAYS, off=(tomorrow,), effective_from=tomorrow)
    file = written(tmp_path / "office.yaml", new)
    assert previewed(office, file)["applies_to_open"] is False
    assert f"in force from {tomorrow}" in run(office, "preview", file).stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hours: {mon: ['07:30-11:30', '11:00-17:00']}", "overlap"),
        ("hours: {mon: ['11:30-07:30']}", "ends before it starts"),
        ("off: [2026-05-01]\nworked: {2026-05-01: ['07:30-11:30']}", "both off and worked"),
        ("hours: {mon: 8}", "file.yaml:3"),
        ("hour: {}", "hour"),
        ("years: [2027, 2026]", "years"),
        ("hours: {mon: [", "file.yaml"),
    ],
)
def test_a_bad_calendar_is_named_with_its_fault(database: Database, tmp_path: Path, text: str, said: str) -> None:
    """File and reason, status 2; nothing is published."""
    file = tmp_path / "file.yaml"
    file.write_text(f"id: office\ntimezone: Asia/Ho_Chi_Minh\n{text}\n")
    for command in ("preview", "publish"):
        status, code, message = refusal(run(database, command, str(file)))
        assert (status, code) == (2, "invalid_calendar")
        assert "file.yaml" in message
        assert said in message


def test_an_unknown_calendar_is_not_published_by_a_slip(office: Database, tmp_path: Path) -> None:
    """A new id would concern nobody; those in force are named. A file that is not there is named too."""
    other = msgspec.structs.replace(ALWAYS, id="ofice")
    for command in ("preview", "publish"):
        status, code, message = refusal(run(office, command, written(tmp_path / "ofice.yaml", other)))
        assert (status, code) == (2, "unknown_calendar")
        assert "there are office" in message
    assert refusal(run(office, "preview", str(tmp_path / "none.yaml")))[0] == 2


def test_publishes_nothing_that_some_could_not_follow(office: Database, tmp_path: Path) -> None:
    """Years too short for open deadlines: refused with an example, and the version in force stays."""
    short = msgspec.structs.replace(ALWAYS, years=(NOW.year - 2, NOW.year - 1))
    file = written(tmp_path / "office.yaml", short)
    assert previewed(office, file)["refused"] > 0
    status, code, message = refusal(run(office, "publish", file))
    assert (status, code) == (2, "deadlines_refused")
    assert "H29-" in message


def test_without_temporal_nothing_is_published(office: Database, tmp_path: Path) -> None:
    """One sentence, status 1, and the version in force stays."""
    new = msgspec.structs.replace(ALWAYS, off=(NOW.date() + timedelta(days=1),))
    file = written(tmp_path / "office.yaml", new)
    status, _, message = refusal(run(office, "publish", file))
    assert status == 1
    assert "Temporal at 127.0.0.1:1 does not answer" in message
    assert previewed(office, file)["in_force"] == calendar_version(ALWAYS)
