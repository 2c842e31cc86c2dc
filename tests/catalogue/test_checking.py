"""``motcua catalogue check``: each fault with file, line, code and reason, and all of them at once."""

from pathlib import Path

import pytest

from catalogue.checking import check_catalogue
from catalogue.faults import Fault, Severity
from tests.catalogue.samples import AUTHORITIES, OFFICERS, PROCEDURE, write_catalogue

PARALLEL = """\
  - parallel:
      - link: {id: L1, kind: sector, to: S1, route: [{stage: receive}, {stage: return}]}
"""


def _found(directory: Path) -> list[tuple[str, int, str]]:
    """File name, line and code of each fault."""
    faults = [fault for fault in check_catalogue(directory) if fault.severity is Severity.FAULT]
    return [(Path(fault.file).name, fault.line, fault.code) for fault in faults]


def _changed(old: str, new: str) -> str:
    assert old in PROCEDURE
    return PROCEDURE.replace(old, new, 1)


def test_a_sound_catalogue_has_no_faults(tmp_path: Path) -> None:
    """Not even warnings."""
    assert check_catalogue(write_catalogue(tmp_path / "c")) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("authority: X1", "authority: X9", 2, "unknown_authority"),
        ("to: S1", "to: S9", 11, "unknown_authority"),
        ("to: S1", "to: X1", 11, "link_circle"),
        ("id: L1", "id: L/1", 9, "invalid_value"),
        ("to: S1", "to: S1\n      margin: {amount: 16, unit: working_hour}", 12, "margin_exceeds_budget"),
        ("to: S1", "to: S1\n      margin: {amount: 1, unit: day}", 12, "margin_exceeds_budget"),
        ("to: S1", "to: S1\n      margin: {amount: 4, unit: working_hour}", 0, ""),
        ("  - {stage: return, role: clerk}\n", "", 17, "route_never_ends"),
        ("        - {stage: return}\n", "", 15, "link_without_answer"),
        ("  - {stage: approve,", "  - {stage: return}\n  - {stage: approve,", 17, "route_ends_early"),
        ("stage: receive, budget: {amount: 2,", "stage: assign, budget: {amount: 2,", 6, "route_without_receipt"),
        ("route:\n", "route: []\nsteps:\n", 6, "unknown_key"),
        ("{amount: 4, unit: working_day}", "{amount: 40, unit: working_day}", 5, "budgets_exceed_period"),
        ("{amount: 1, unit: working_day}", "{amount: 3, unit: working_day}", 12, "budgets_exceed_period"),
        ("committed: {amount: 8,", "committed: {amount: 11,", 4, "committed_exceeds_statutory"),
        ("statutory: {amount: 10, unit: working_day}", "statutory: {amount: 79, unit: working_hour}", 0, ""),
        ("statutory: {amount: 10, unit: working_day}", "statutory: {amount: 60, unit: working_hour}", 4,
         "committed_exceeds_statutory"),
        ("statutory: {amount: 10, unit: working_day}", "statutory: {amount: 7, unit: day}", 4,
         "committed_exceeds_statutory"),
        ("committed: {amount: 8,", "committed: {amount: 0,", 4, "invalid_period"),
        ("committed: {amount: 8,", "committed: {amount: -1,", 4, "invalid_period"),
        ("committed: {amount: 8,", "committed: {amount: 10000,", 4, "invalid_period"),
        ("unit: working_hour}, role: clerk", "unit: weeks}, role: clerk", 6, "invalid_period"),
        ("amount: 2, unit: working_hour}, role: clerk", "amount: two, unit: working_hour}, role: clerk", 6,
         "invalid_value"),
        ("role: specialist", "role: wizard", 7, "unknown_role"),
        ("stage: appraise, budget: {amount: 4,", "stage: ponder, budget: {amount: 4,", 7, "invalid_value"),
        ("id: P1", "id: 1.001806", 1, "invalid_value"),
        ("id: P1", "id: P1\ncutoff: {time: '25:00'}", 2, "invalid_procedure"),
        ("id: P1", "id: P1\ncommited: {amount: 8, unit: working_day}", 2, "unknown_key"),
        ("id: P1", "id: P1\nid: P2", 2, "invalid_yaml"),
        ("authority: X1\n", "", 1, "missing_key"),
        ("id: P1", "id: P1\nreminders: [{before: {amount: 2, unit: day}}]", 2, "invalid_period"),
        ("id: P1", "id: P1\ncomponents:\n  - {id: don}\n  - {id: don}", 4, "duplicate_id"),
        ("id: P1", "id: P1\ncomponents:\n  - {id: don, copies: 0}", 3, "invalid_value"),
        ("stage: appraise, budget: {amount: 4,", "stage: approve, id: x, budget: {amount: 4,", 0, ""),
        ("  - {stage: approve,", "  - {stage: assign, authority: S8}\n  - {stage: approve,", 17, "unknown_authority"),
        ("  - {stage: approve,", "  - {stage: assign, authority: commune.moon}\n  - {stage: approve,", 17,
         "unknown_authority"),
        ("  - {stage: approve,", "  - {stage: assign, id: x}\n  - {stage: other, id: x}\n  - {stage: approve,", 18,
         "duplicate_id"),
        ("  - {stage: approve,", PARALLEL + "  - {stage: approve,", 18, "duplicate_id"),
        ("  - {stage: approve,", "  - {stage: approve", 17, "invalid_yaml"),
    ],
)  # fmt: skip
def test_each_fault_of_a_procedure_is_named(tmp_path: Path, old: str, new: str, line: int, code: str) -> None:
    """With the line that is wrong; two lines of the table are sound and say so by naming none."""
    found = _found(write_catalogue(tmp_path / "c", procedures={"p1.yaml": _changed(old, new)}))
    assert (("p1.yaml", line, code) in found) if code else found == []


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("calendar: vn-state, code_prefix: H98.01", "calendar: moon, code_prefix: H98.01", 2, "unknown_calendar"),
        ("code_prefix: H98.02", "code_prefix: H98.01", 3, "duplicate_code"),
        ("code_prefix: H98.02", "code_prefix: h98", 3, "invalid_code_prefix"),
        ("id: S1", "id: X1", 3, "duplicate_id"),
        ("level: province", "level: county", 3, "invalid_value"),
        ("id: S1,", "id: S1, parent: X7,", 3, "unknown_authority"),
        ("id: S1,", "id: S1, parent: S1,", 3, "authority_circle"),
    ],
)
def test_each_fault_of_an_authority_is_named(tmp_path: Path, old: str, new: str, line: int, code: str) -> None:
    """Calendars, code prefixes, ids, levels, who stands above whom."""
    assert old in AUTHORITIES
    found = _found(write_catalogue(tmp_path / "c", authorities=AUTHORITIES.replace(old, new)))
    assert ("authorities.yaml", line, code) in found


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("authority: S1", "authority: S7", 3, "unknown_authority"),
        ("roles: [specialist, leader]", "roles: []", 3, "no_role"),
        ("roles: [specialist, leader]", "roles: [king]", 3, "invalid_value"),
        ("id: hoa", "id: lan", 3, "duplicate_id"),
    ],
)
def test_each_fault_of_an_officer_is_named(tmp_path: Path, old: str, new: str, line: int, code: str) -> None:
    """Where they work, as what, and each only once."""
    found = _found(write_catalogue(tmp_path / "c", officers=OFFICERS.replace(old, new)))
    assert ("officers.yaml", line, code) in found


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """In every file, and several in one, by file and line."""
    wrong = _changed("committed: {amount: 8,", "committed: {amount: 0,").replace("{amount: 4,", "{amount: -4,")
    found = _found(
        write_catalogue(
            tmp_path / "c",
            procedures={"a.yaml": wrong, "b.yaml": "id: [\n", "c.yaml": _changed("authority: X1", "authority: X9")},
            officers=OFFICERS.replace("S1", "S7"),
        )
    )
    assert [(name, line) for name, line, _ in found] == [
        ("officers.yaml", 3),
        ("a.yaml", 4),
        ("a.yaml", 7),
        ("b.yaml", 2),
        ("c.yaml", 2),
    ]


def test_an_id_in_two_files_names_both(tmp_path: Path) -> None:
    """Two procedures cannot be one."""
    directory = write_catalogue(tmp_path / "c", procedures={"a.yaml": PROCEDURE, "b.yaml": PROCEDURE})
    assert _found(directory) == [("b.yaml", 1, "duplicate_id")]
    assert "a.yaml:1" in str(check_catalogue(directory)[0])


@pytest.mark.parametrize(("source", "severity"), [("S", Severity.FAULT), ("T", Severity.WARNING)])
def test_a_code_given_twice(tmp_path: Path, source: str, severity: Severity) -> None:
    """With the same case and source one file is too many; another source is told apart and only mentioned."""
    first = PROCEDURE + "code: '1.000001'\nsource: S\n"
    second = PROCEDURE.replace("id: P1", "id: P2") + f"code: '1.000001'\nsource: {source}\n"
    found = check_catalogue(write_catalogue(tmp_path / "c", procedures={"a.yaml": first, "b.yaml": second}))
    assert [(fault.code, fault.severity) for fault in found] == [("duplicate_code", severity)]


def test_budgets_over_the_period_are_a_warning_where_the_source_prints_them(tmp_path: Path) -> None:
    """As long as they are what it prints: another figure is a fault again."""
    admitted = _changed("{amount: 4, unit: working_day}", "{amount: 40, unit: working_day}")
    admitted += "published: {sum_matches_period: false, counted_total: 2 working_hour + 8 working_hour}\n"
    (found,) = check_catalogue(write_catalogue(tmp_path / "a", procedures={"p1.yaml": admitted}))
    assert found.severity is Severity.FAULT
    total = found.message.split("add up to ")[1].split(", more")[0]
    printed = admitted.replace("2 working_hour + 8 working_hour", total)
    (found,) = check_catalogue(write_catalogue(tmp_path / "b", procedures={"p1.yaml": printed}))
    assert (found.code, found.severity) == ("budgets_exceed_period", Severity.WARNING)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("{stage: approve,", "{stage: appraise,", "no_approval"),
        ("role: leader", "role: auditor", "no_officer"),
        ("statutory: {amount: 10, unit: working_day}\ncommitted: {amount: 8, unit: working_day}\n", "", "no_period"),
    ],
)
def test_what_its_maker_should_know_is_a_warning(tmp_path: Path, old: str, new: str, code: str) -> None:
    """It can be used all the same."""
    directory = write_catalogue(tmp_path / "c", procedures={"p1.yaml": _changed(old, new)})
    assert [(fault.code, fault.severity) for fault in check_catalogue(directory)] == [(code, Severity.WARNING)]


def test_a_file_that_nobody_would_read_is_a_fault(tmp_path: Path) -> None:
    """A misspelt name must not pass for an empty catalogue."""
    directory = write_catalogue(tmp_path / "c")
    (directory / "authority.yaml").write_text(AUTHORITIES)
    assert _found(directory) == [("authority.yaml", 0, "unknown_file")]


def test_faulty_rules_of_names_are_named(tmp_path: Path) -> None:
    """Patterns that do not compile, authorities that there are not."""
    directory = write_catalogue(tmp_path / "c")
    (directory / "authority_names.yaml").write_text(
        'rules:\n  - {match: "so", any: S1}\n  - {match: "(", province: S9}\n'
    )
    assert _found(directory) == [
        ("authority_names.yaml", 3, "invalid_value"),
        ("authority_names.yaml", 3, "unknown_authority"),
    ]


def test_a_faulty_calendar_is_named_with_its_file(tmp_path: Path) -> None:
    """By the loader of calendars, under this directory's path."""
    directory = write_catalogue(tmp_path / "c", authorities=AUTHORITIES.replace("vn-state", "office"))
    (directory / "calendars").mkdir()
    (directory / "calendars" / "office.yaml").write_text("id: office\nhours: {mon: ['11:30-07:30']}\n")
    assert str(directory / "calendars" / "office.yaml") in {fault.file for fault in check_catalogue(directory)}


def test_a_directory_that_is_none_or_empty_says_so(tmp_path: Path) -> None:
    """A fault and a warning."""
    assert [fault.code for fault in check_catalogue(tmp_path / "none")] == ["no_catalogue"]
    (found,) = check_catalogue(tmp_path)
    assert (found.code, found.severity) == ("no_procedures", Severity.WARNING)


def test_a_fault_is_printed_as_editors_read_it() -> None:
    """``path:line: message``."""
    assert str(Fault("a.yaml", 3, "x", "wrong")) == "a.yaml:3: wrong"
    assert str(Fault("a", 0, "x", "wrong", Severity.WARNING)) == "a: warning: wrong"
