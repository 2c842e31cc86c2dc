"""``motcua demo``: the same seed gives the same numbers, whatever keeps the events; the store is sound at the end."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from catalogue.loading import load_catalogue
from catalogue.shipped import SHIPPED
from domain.code import is_code
from tests.support.databases import Database
from workers.demo_plan import plan

COMMUNE_AND_PROVINCE = "2.002755-P099"
"""Forty hours at the commune, fifty-six at the province."""
ENDED_WITH_ANSWERS = """
    SELECT DISTINCT procedure FROM dossiers WHERE stream = root AND status = 'closed' AND EXISTS (
        SELECT FROM events WHERE events.stream = dossiers.stream AND type = 'link.answered'
    ) AND EXISTS (SELECT FROM events WHERE events.stream = dossiers.stream AND type = 'result.returned')
"""
SHARED = ("dossiers", "seed", "box", "ii06", "fields", "late", "acts", "refused", "events")


def _run(*arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run the demonstration as its users do, with no system beside it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
    environment |= {"MOTCUA_STATE_DIR": "/nonexistent/motcua"} | ({"MOTCUA_DATABASE_URL": url} if url else {})
    return subprocess.run(
        [sys.executable, "-m", "cli", "demo", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def _report(*arguments: str) -> dict[str, Any]:
    done = _run("--json", *arguments)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """The report of a demonstration in PostgreSQL."""
    return _report("--dossiers", "15", "--seed", "7", "--store", "postgres")


def test_same_seed_same_numbers_in_postgres_and_in_memory(kept: dict[str, Any]) -> None:
    """Real workflows and timers in whatever order they run: the figures follow from the seed, and verify is clean."""
    forgotten = _report("--dossiers", "15", "--seed", "7", "--store", "memory")
    assert {name: kept[name] for name in SHARED} == {name: forgotten[name] for name in SHARED}
    assert kept["verify"] == {"sound": True, "findings": []}
    assert forgotten["verify"] is None
    assert kept["refused"] == {}


def test_the_figures_add_up(kept: dict[str, Any]) -> None:
    """The box and form II.06a count the same dossiers."""
    box, line = kept["box"], kept["ii06"]
    assert line["received"] == line["online"] + line["direct_and_post"] + line["carried_over"]
    assert line["received"] == line["resolved"] + line["in_process"] == box["processed"] + box["open"]
    assert line["resolved"] == line["early"] + line["on_time"] + line["late"] == box["processed"]
    assert len(kept["late"]) == box["late"] + box["overdue"]
    assert sum(each["received"] for each in kept["fields"].values()) == line["received"]


def test_tells_people_too() -> None:
    """The box's title and the last line, without a terminal to draw on."""
    done = _run("--dossiers", "2", "--store", "memory")
    assert done.returncode == 0, done.stderr
    assert "Public statistics box, as of 31/03/2026 17:30" in done.stdout
    assert "events in memory" in done.stdout


def test_real_procedures_with_links_run_to_their_end(database: Database, tmp_path: Path) -> None:
    """A dozen that hand over to other levels, peers and agencies; of ten at least somebody got the result."""
    known = load_catalogue()
    linked = [each.id for each in known.procedures.values() if any(step.links() for step in each.route)]
    chosen = {COMMUNE_AND_PROVINCE, *random.Random(3).sample(linked, 11)}  # noqa: S311  # the same each time
    directory = tmp_path / "catalogue"
    shutil.copytree(SHIPPED, directory, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for file in (directory / "procedures").rglob("*.yaml"):
        if yaml.safe_load(file.read_text())["id"] not in chosen:
            file.unlink()
    done = _run("--json", "--dossiers", "24", "--catalogue", str(directory), url=database.app_url)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verify"] == {"sound": True, "findings": []}
    with psycopg.connect(database.url) as connection:
        ended = {procedure for (procedure,) in connection.execute(ENDED_WITH_ANSWERS).fetchall()}
    assert len(ended) >= 10
    assert any(COMMUNE_AND_PROVINCE in procedure for procedure in ended)


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--dossiers", "0"), 2, "--dossiers is 1 to 20000, not 0"),
        (("--dossiers", "-3"), 2, "--dossiers is 1 to 20000, not -3"),
        (("--catalogue", "/nonexistent"), 2, "is not a directory"),
        (("--store", "attic"), 2, "attic"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], status: int, told: str) -> None:
    """In a sentence, before anything starts."""
    done = _run(*arguments)
    assert done.returncode == status
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_away_is_told() -> None:
    """And is not quietly replaced by another store."""
    done = _run("--dossiers", "1", url="postgresql://nobody:nothing@127.0.0.1:1/none")
    assert done.returncode == 1
    assert "PostgreSQL is not available" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_plan_follows_from_the_seed() -> None:
    """Codes are codes, each its own, in order of arrival; every procedure comes before any comes twice."""
    known = load_catalogue()
    arrivals = plan(known, 300, 5)
    assert arrivals == plan(known, 300, 5)
    assert arrivals != plan(known, 300, 6)
    codes = [arrival.stream for arrival in arrivals]
    assert len(set(codes)) == len(codes)
    assert all(is_code(code) for code in codes)
    assert [arrival.at for arrival in arrivals] == sorted(arrival.at for arrival in arrivals)
    assert len({arrival.rules.procedure.id for arrival in arrivals}) == len(known.procedures)
