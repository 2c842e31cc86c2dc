"""``motcua catalogue load``: what is equal stays, what is new or has changed is published, faults load nothing."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec

from catalogue.loading import load_catalogue
from cli.catalogue_load import FIRST_DAY, Counts, load_into
from domain.authority import Officer
from domain.calendar import CalendarSpec
from domain.procedure import Procedure
from domain.versioning import content_version
from store.database import Database as Pool
from store.references import Kind, References
from tests.catalogue.samples import PROCEDURE, write_catalogue
from tests.support.databases import Database

DAY = date(2026, 3, 2)
LATER = date(2026, 6, 1)


async def test_loading_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    """Content-addressed: the second time everything is unchanged."""
    catalogue = load_catalogue(write_catalogue(tmp_path / "c"))
    async with Pool(database.app_url) as pool:
        references = References(pool)
        first = await load_into(references, catalogue, DAY)
        again = await load_into(references, catalogue, LATER)
    assert first[Kind.PROCEDURE] == Counts(new=1)
    assert first[Kind.AUTHORITY] == first[Kind.OFFICER] == Counts(new=2)
    assert first[Kind.LAW] == Counts(new=1)
    assert {counts.unchanged for counts in again.values()} == {counts.new for counts in first.values()}
    assert all(counts.new == counts.changed == counts.gone == 0 for counts in again.values())


async def test_what_is_loaded_is_found_again(database: Database, tmp_path: Path) -> None:
    """By its content address, and in force for dossiers that were received long ago."""
    catalogue = load_catalogue(write_catalogue(tmp_path / "c"))
    (procedure,) = catalogue.procedures.values()
    async with Pool(database.app_url) as pool:
        references = References(pool)
        await load_into(references, catalogue, DAY)
        current = await references.current(Kind.PROCEDURE, "P1", FIRST_DAY, Procedure)
        version = content_version(procedure)
        assert (current.value, current.version) == (procedure, version)
        assert await references.get(Kind.PROCEDURE, "P1", version, Procedure) == procedure


async def test_a_change_is_in_force_from_its_day(database: Database, tmp_path: Path) -> None:
    """Before that day the old version is; what is no longer there stays in force and is counted."""
    old = load_catalogue(write_catalogue(tmp_path / "old"))
    shorter = PROCEDURE.replace("committed: {amount: 8,", "committed: {amount: 7,")
    new = load_catalogue(
        write_catalogue(
            tmp_path / "new",
            procedures={"p1.yaml": shorter},
            officers="officers:\n  - {id: lan, name: Lan, authority: X1, roles: [clerk]}\n",
        )
    )
    async with Pool(database.app_url) as pool:
        references = References(pool)
        await load_into(references, old, DAY)
        loaded = await load_into(references, new, LATER)
        assert loaded[Kind.PROCEDURE] == Counts(changed=1)
        assert loaded[Kind.OFFICER] == Counts(changed=1, gone=1)
        for day, amount in ((DAY, 8), (LATER, 7)):
            committed = (await references.current(Kind.PROCEDURE, "P1", day, Procedure)).value.committed
            assert committed is not None
            assert committed.amount == amount
        assert (await references.current(Kind.OFFICER, "hoa", LATER, Officer)).value.name == "Hoa"


async def test_a_calendar_that_was_superseded_stays_so(database: Database, tmp_path: Path) -> None:
    """What ``calendar publish`` has put in force outlives every start of the system, which loads the catalogue anew."""
    catalogue = load_catalogue(write_catalogue(tmp_path / "c"))
    name, shipped = next(iter(catalogue.calendars.items()))
    revised = msgspec.structs.replace(shipped, off=(*shipped.off, date(2026, 6, 8)))
    async with Pool(database.app_url) as pool:
        references = References(pool)
        await load_into(references, catalogue, DAY)
        version, _ = await references.publish(Kind.CALENDAR, name, revised, DAY)
        loaded = await load_into(references, catalogue, LATER)
        assert loaded[Kind.CALENDAR] == Counts(unchanged=len(catalogue.calendars))
        assert (await references.current(Kind.CALENDAR, name, LATER, CalendarSpec)).version == version
        catalogue.calendars[name] = msgspec.structs.replace(shipped, off=())
        loaded = await load_into(references, catalogue, LATER)
        assert loaded[Kind.CALENDAR].changed == 1


def _load(url: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", "catalogue", "load", *map(str, arguments)]
    environment = {**os.environ, "MOTCUA_DATABASE_URL": url}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_the_command_tells_what_it_did(database: Database, tmp_path: Path) -> None:
    """By kind: new, then unchanged."""
    directory = write_catalogue(tmp_path / "c")
    answer = _load(database.app_url, directory)
    assert answer.returncode == 0, answer.stderr
    assert "procedure: 1 new, 0 changed, 0 unchanged\n" in answer.stdout
    printed = json.loads(_load(database.app_url, directory, "--json", "--effective-from", "2026-06-01").stdout)
    assert printed["effective_from"] == "2026-06-01"
    assert printed["loaded"]["procedure"] == {"new": 0, "changed": 0, "unchanged": 1, "gone": 0}


def test_a_faulty_catalogue_loads_nothing(database: Database, tmp_path: Path) -> None:
    """Its faults are named and the status is 2."""
    faulty = write_catalogue(tmp_path / "c", procedures={"p.yaml": PROCEDURE.replace("to: S1", "to: S9")})
    answer = _load(database.app_url, faulty)
    assert answer.returncode == 2
    assert 'p.yaml:11: the authority "S9" is unknown' in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    """Status 1 and a sentence."""
    answer = _load("postgresql://nobody@127.0.0.1:1/none", write_catalogue(tmp_path / "c"))
    assert answer.returncode == 1
    assert "the database does not answer" in answer.stderr
    assert "Traceback" not in answer.stderr
