"""``motcua report``: the figures of a period add up, in every form they are given in."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from cli import main
from cli.faults import describe
from tests.support.databases import Database

PERIOD = ("--from", "2026-02-01", "--to", "2026-02-28")


@pytest.fixture(scope="module")
def quarter(module_database: Database) -> Database:
    """A store with what sixty dossiers did in the first quarter of 2026."""
    words = ("demo", "--dossiers", "60", "--seed", "3", "--store", "postgres", "--json")
    environment = {**os.environ, "MOTCUA_STATE_DIR": "/nonexistent/motcua", "MOTCUA_DATABASE_URL": module_database.url}
    subprocess.run([sys.executable, "-m", "cli", *words], env=environment, check=True, capture_output=True)
    return module_database


def _run(database: Database, *words: str) -> Result:
    return CliRunner().invoke(main.build("report"), ["report", *words], env={"MOTCUA_DATABASE_URL": database.app_url})


def _adds_up(line: dict[str, int]) -> None:
    """The identities that the form prints: 3 = 4+5+6, 7 = 8+9+10, 11 = 12+13, 3 = 7+11."""
    assert line["received"] == line["online"] + line["direct_and_post"] + line["carried_over"]
    assert line["resolved"] == line["early"] + line["on_time"] + line["late"]
    assert line["in_process"] == line["within"] + line["overdue"]
    assert line["received"] == line["resolved"] + line["in_process"]


@pytest.mark.parametrize("by", ["unit", "field"])
def test_ii06_adds_up(quarter: Database, by: str) -> None:
    """Each line in itself, all lines to the total, and the next period carries over what this one left open."""
    report: dict[str, Any] = msgspec.json.decode(_run(quarter, "ii06", *PERIOD, "--by", by, "--json").stdout)
    lines = [*report["lines"].values(), report["total"]]
    assert len(lines) > 3
    for line in lines:
        _adds_up(line)
    for name, number in report["total"].items():
        assert number == sum(line[name] for line in report["lines"].values())
    march = _run(quarter, "ii06", "--from", "2026-03-01", "--to", "2026-03-31", "--by", by, "--json").stdout
    assert msgspec.json.decode(march)["total"]["carried_over"] == report["total"]["in_process"] > 0


def test_the_spreadsheet_says_the_same(quarter: Database, tmp_path: Path) -> None:
    """Read back by another program."""
    file = tmp_path / "ii06.xlsx"
    report = msgspec.json.decode(_run(quarter, "ii06", *PERIOD, "-o", str(file), "--json").stdout)
    rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_name("II.06a").to_python()
    told = {row[1]: [int(float(str(number))) for number in row[2:]] for row in rows[3:]}
    assert told.pop("Tổng số") == list(report["total"].values())
    assert told == {name: list(line.values()) for name, line in report["lines"].items()}


def test_league(quarter: Database) -> None:
    """The better share first, with how much it is a share of and what is open."""
    units = msgspec.json.decode(_run(quarter, "league", *PERIOD, "--json").stdout)["units"]
    shares = [one["in_time_percent"] for one in units if one["in_time_percent"] is not None]
    assert shares == sorted(shares, reverse=True)
    for one in units:
        _adds_up(one)


def test_lateness_is_attributed(quarter: Database) -> None:
    """Every late dossier of the period to one authority; inside and outside add up to what form II.06a calls late."""
    period = ("--from", "2026-01-01", "--to", "2026-06-30")
    told = msgspec.json.decode(_run(quarter, "lateness", *period, "--json").stdout)
    form = msgspec.json.decode(_run(quarter, "ii06", *period, "--json").stdout)
    assert told["late"] == told["inside"] + told["outside"] == sum(one["dossiers"] for one in told["by"])
    assert told["late"] == form["total"]["late"] > 0
    assert f"{told['late']} late" in _run(quarter, "lateness", *period).stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("ii06", "--from", "2026-03-01", "--to", "2026-02-01"), "invalid_range"),
        (("ii06", *PERIOD, "-o", "figures.csv"), "output_unknown"),
    ],
)
def test_bad_input(database: Database, words: tuple[str, ...], code: str) -> None:
    """Named before anything is counted."""
    result = _run(database, *words)
    assert isinstance(result.exception, Exception)
    assert describe(result.exception).code == code
