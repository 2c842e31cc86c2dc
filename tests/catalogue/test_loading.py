"""Loading a directory: everything by id, what it lacks from the program, every unreadable file at once, and quickly."""

import time
from pathlib import Path

import pytest

from catalogue.faults import InvalidCatalogue
from catalogue.loading import load_catalogue, procedure_files
from tests.catalogue.samples import PROCEDURE, write_catalogue


def test_a_directory_is_loaded_by_id(tmp_path: Path) -> None:
    """Its own procedures, authorities and officers; calendars and law of the program."""
    catalogue = load_catalogue(write_catalogue(tmp_path / "c"))
    assert list(catalogue.procedures) == ["P1"]
    assert list(catalogue.authorities) == ["X1", "S1"]
    assert list(catalogue.officers) == ["lan", "hoa"]
    assert "vn-state" in catalogue.calendars
    assert str(catalogue.law.supplement_limit.period) == "15 working_day"


def test_every_unreadable_file_is_named(tmp_path: Path) -> None:
    """One refusal with all faults."""
    files = {"a.yaml": "id: [", "b.yaml": PROCEDURE, "c.yaml": PROCEDURE, "d.yaml": "id: D\n"}
    with pytest.raises(InvalidCatalogue) as refused:
        load_catalogue(write_catalogue(tmp_path / "c", procedures=files))
    assert refused.value.code == "invalid_catalogue"
    assert [Path(fault.file).name for fault in refused.value.faults] == ["a.yaml", "d.yaml", "d.yaml", "c.yaml"]


def test_a_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    """In a sentence."""
    with pytest.raises(InvalidCatalogue, match="is not a directory"):
        load_catalogue(tmp_path / "none")


def test_hidden_and_foreign_files_are_no_procedures(tmp_path: Path) -> None:
    """Editors leave drafts behind."""
    files = {"b.yaml": PROCEDURE, ".b.yaml.tmp": "x", ".a.yaml": "x", "notes.txt": "x"}
    directory = write_catalogue(tmp_path / "c", procedures=files)
    assert [path.name for path in procedure_files(directory)] == ["b.yaml"]


def test_the_shipped_catalogue_loads_in_a_moment() -> None:
    """Commands that need it do not keep anybody waiting: processor time, whatever else the machine does."""
    start = time.process_time()
    load_catalogue()
    assert time.process_time() - start < 1.5
