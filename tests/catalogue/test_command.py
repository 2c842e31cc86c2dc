"""``motcua catalogue`` as a user runs it: what is printed where, and the exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalogue.samples import PROCEDURE, record, write_catalogue, write_list


def _motcua(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", "catalogue", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_check_says_how_many_and_ends_with_zero(tmp_path: Path) -> None:
    """A sound catalogue."""
    answer = _motcua("check", write_catalogue(tmp_path / "c"))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.endswith("0 faults, 0 warnings\n")


def test_check_names_each_fault_and_ends_with_two(tmp_path: Path) -> None:
    """One line each on stderr, as editors read them; the same as JSON."""
    directory = write_catalogue(
        tmp_path / "c", procedures={"p.yaml": PROCEDURE.replace("amount: 8, unit: working_day", "amount: 0, unit: x")}
    )
    answer = _motcua("check", directory)
    assert answer.returncode == 2
    assert f'{directory}/procedures/p.yaml:4: committed.unit: "x" is none of' in answer.stderr
    printed = json.loads(_motcua("check", directory, "--json").stdout)
    assert [(fault["line"], fault["code"]) for fault in printed["faults"]] == [(4, "invalid_period")]
    assert printed["warnings"] == []


def test_import_counts_and_names_what_it_could_not_map(tmp_path: Path) -> None:
    """Status 1 when a record is left out, and the others are written."""
    source = write_list(tmp_path / "list.jsonl", record(), record(id="P901", name=None), "{")
    answer = _motcua("import", source, tmp_path / "out")
    assert answer.returncode == 1
    assert (
        answer.stdout
        == f"3 records: 1 in {tmp_path}/out/procedures (1 new or changed, 0 with notes of the import), 2 not mapped\n"
    )
    first, second = answer.stderr.splitlines()
    assert first == 'line 2, id P901: "name" is missing'
    assert second.startswith("line 3: not JSON")


def test_import_as_json(tmp_path: Path) -> None:
    """Each file with its notes; status 0 when all is mapped."""
    source = write_list(tmp_path / "list.jsonl", record(components=None))
    answer = _motcua("import", source, tmp_path / "out", "--json", "--links")
    assert answer.returncode == 0
    printed = json.loads(answer.stdout)
    assert (printed["records"], printed["unmapped"]) == (1, [])
    assert printed["written"][0]["id"] == "1.900001"
    assert printed["written"][0]["notes"] == ["no components are printed: what is handed in is noted, not refused"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "none"),
        ("import", "none.jsonl", "out"),
        ("import", ".", "out"),
        ("import",),
        ("nonsense",),
        ("check",),
    ],
)
def test_bad_input_ends_with_two_and_a_sentence(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Never a traceback."""
    inside = [tmp_path / name if number else name for number, name in enumerate(arguments)]
    answer = _motcua(*inside)
    assert answer.returncode == 2
    assert answer.stderr
    assert "Traceback" not in answer.stderr
