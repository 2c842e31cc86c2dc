"""``motcua catalogue import``: files that are the same each time, and a reason for every line that becomes none."""

import json
from pathlib import Path

import pytest

from catalogue.faults import InvalidCatalogue
from catalogue.importing import CannotWrite, Imported, import_records
from catalogue.loading import load_catalogue
from catalogue.records import LONGEST_LINE, UnreadableList
from tests.catalogue.samples import PROCEDURE, Record, record, write_list


def _files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*.yaml"))}


def _import(tmp_path: Path, *lines: Record | str | bytes, into: str = "out") -> Imported:
    return import_records(write_list(tmp_path / "list.jsonl", *lines), tmp_path / into)


def _reasons(done: Imported) -> dict[int, str]:
    return {item.line: item.reason for item in done.unmapped}


def test_each_record_becomes_a_file_in_its_fields_folder(tmp_path: Path) -> None:
    """Named by the code, or by the record where there is none; what is written loads again."""
    done = _import(
        tmp_path, record(), record(id="P901", code=None, field="Đất đai"), record(id="P902", code=None, field=None)
    )
    assert (done.records, done.unmapped) == (3, ())
    assert list(_files(tmp_path / "out")) == [
        "procedures/bao-tro-xa-hoi/1.900001.yaml",
        "procedures/dat-dai/P901.yaml",
        "procedures/other/P902.yaml",
    ]
    assert set(load_catalogue(tmp_path / "out").procedures) == {"1.900001", "P901", "P902"}


def test_cases_of_one_code_have_ids_of_their_own(tmp_path: Path) -> None:
    """Code and record id, whichever comes first in the list."""
    first, second = record(case="cấp mới"), record(id="P901", case="cấp lại")
    done = _import(tmp_path, first, second)
    assert [item.id for item in done.written] == ["1.900001-P900", "1.900001-P901"]
    _import(tmp_path, second, first, into="other")
    assert _files(tmp_path / "out") == _files(tmp_path / "other")


def test_the_same_list_gives_the_same_bytes(tmp_path: Path) -> None:
    """A second run changes nothing and says so."""
    lines = (record(), record(id="P901", code=None))
    assert [item.changed for item in _import(tmp_path, *lines).written] == [True, True]
    before = _files(tmp_path / "out")
    assert [item.changed for item in _import(tmp_path, *lines).written] == [False, False]
    assert _files(tmp_path / "out") == before


def test_a_record_that_changed_its_id_or_field_leaves_no_old_file(tmp_path: Path) -> None:
    """One file for each record."""
    _import(tmp_path, record())
    _import(tmp_path, record(field="Đất đai"), record(id="P901"))
    assert list(_files(tmp_path / "out")) == [
        "procedures/bao-tro-xa-hoi/1.900001-P901.yaml",
        "procedures/dat-dai/1.900001-P900.yaml",
    ]


def test_a_code_that_another_lists_record_has_is_not_taken(tmp_path: Path) -> None:
    """The new record gets code and record id; the old file stays."""
    _import(tmp_path, record())
    done = _import(tmp_path, record(id="P901", source="2/QĐ-UBND"))
    assert [item.id for item in done.written] == ["1.900001-P901"]
    assert len(_files(tmp_path / "out")) == 2


def test_a_record_id_that_names_another_procedure_is_reported(tmp_path: Path) -> None:
    """Two lists may both count from P1; neither overwrites the other."""
    _import(tmp_path, record())
    before = _files(tmp_path / "out")
    done = _import(tmp_path, record(name="Thủ tục khác", source="2/QĐ-UBND"))
    assert "already used in" in _reasons(done)[1]
    assert (done.records, len(done.written)) == (1, 0)
    assert _files(tmp_path / "out") == before


def test_a_procedure_written_by_hand_is_not_overwritten(tmp_path: Path) -> None:
    """Neither by its id, which a record without a code would take, nor by its code."""
    (tmp_path / "out" / "procedures").mkdir(parents=True)
    (tmp_path / "out" / "procedures" / "P900.yaml").write_text(PROCEDURE.replace("id: P1", "id: P900"))
    done = _import(tmp_path, record(code=None), record(id="P901", code="P900"))
    assert "not this record" in _reasons(done)[1]
    assert [item.id for item in done.written] == ["P900-P901"]


def test_every_line_that_is_no_record_is_reported_with_its_number(tmp_path: Path) -> None:
    """The others are written all the same; blank lines are nothing."""
    good = json.dumps(record())
    done = _import(
        tmp_path,
        "{not json",
        "",
        "[1, 2]",
        good,
        b'{"id": "P2", "name": "\xff"}',
        '{"id": "P3", "name": "a", "name": "b"}',
        '{"id": "P4", "amount": NaN}',
        '{"id": "P5", "name": "\\u0000"}',
        '{"id": "P6", "name": "\\ud800"}',
        '{"id": "P7"}',
        "[" * 100_000,
        good,
        '{"id": "P8", "name": "' + "x" * LONGEST_LINE + '"}',
        json.dumps(record(id="p900")),
        "",
    )
    assert len(done.written) == 1
    found = _reasons(done)
    assert list(found) == [1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]
    assert found[1].startswith("not JSON: ")
    assert found[3] == "not a record: a line is one JSON object"
    assert found[5].startswith("not UTF-8 text")
    assert found[6] == 'not JSON: the key "name" is given twice'
    assert found[7] == "not JSON: NaN is no number"
    assert "U+0000" in found[8]
    assert "surrogate" in found[9]
    assert '"name" is missing' in found[10]
    assert "nested too deeply" in found[11]
    assert found[12] == 'the id "P900" is already used in line 4'
    assert "longer than" in found[13]
    assert found[14] == 'the id "p900" is already used in line 4'
    assert {item.line: item.id for item in done.unmapped}[8] == "P5"
    assert done.records == 13


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path: Path) -> None:
    """Lists come from spreadsheets on other systems."""
    body = b"\xef\xbb\xbf" + json.dumps(record()).encode() + b"\r\n\r\n"
    assert len(_import(tmp_path, body).written) == 1


def test_text_survives_as_it_was_printed(tmp_path: Path) -> None:
    """Quotes, colons, line breaks, look-alikes of numbers and dates, unusual spaces."""
    odd = "12:30 - \"a\": 'b' # c\n\tđ\u2028e\u0085 1.5 null 2025-01-01 \U0001f600"
    _import(tmp_path, record(name=odd, case="null", fee="1.500.000", source="~"))
    procedure = load_catalogue(tmp_path / "out").procedures.popitem()[1]
    assert (procedure.name, procedure.case, procedure.fee, procedure.source) == (odd, "null", "1.500.000", "~")


def test_a_file_that_cannot_be_read_at_all_is_refused(tmp_path: Path) -> None:
    """Missing, a directory, UTF-16, or without a single record."""
    (tmp_path / "empty").write_text("\n\n")
    (tmp_path / "utf16").write_text("{}", encoding="utf-16")
    for name, said in (
        ("none", "cannot be read"),
        (".", "cannot be read"),
        ("empty", "no records"),
        ("utf16", "UTF-16"),
    ):
        with pytest.raises(UnreadableList, match=said):
            import_records(tmp_path / name, tmp_path / "out")


def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """In a sentence."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(CannotWrite, match="cannot be written"):
        _import(tmp_path, record(), into="taken")


def test_the_directorys_own_authorities_and_rules_count(tmp_path: Path) -> None:
    """A province brings its own names; what they lack is unknown, whatever the program's own province has."""
    own = tmp_path / "out"
    own.mkdir()
    (own / "authorities.yaml").write_text(
        "authorities:\n  - {id: S9, level: province, kind: department, name: Sở Y tế}\n"
        "  - {id: D9, level: province, kind: one_stop, name: Trung tâm một cửa}\n"
    )
    (own / "authority_names.yaml").write_text('rules:\n  - {match: "ttpvhcc", any: D9}\n')
    done = _import(tmp_path, record(), record(id="P901", authority="Sở Nội vụ"))
    assert [item.id for item in done.written] == ["1.900001-P900"]
    assert "Sở Nội vụ" in _reasons(done)[2]
    assert load_catalogue(own).procedures["1.900001-P900"].authority == "S9"  # type: ignore[index]


def test_rules_that_are_none_are_faults_of_the_directory(tmp_path: Path) -> None:
    """A pattern that does not compile is named."""
    own = tmp_path / "out"
    own.mkdir()
    (own / "authority_names.yaml").write_text('rules:\n  - {match: "(", any: D9}\n')
    with pytest.raises(InvalidCatalogue, match="no regular expression"):
        _import(tmp_path, record())
