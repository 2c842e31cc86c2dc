"""``motcua simulate``: what comes out, and what bad files are told. The rules themselves are in tests/scenarios."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from catalogue.loading_scenarios import InvalidScenario, load_scenario
from domain.simulation import lines

SCENARIOS = Path(__file__).parents[1] / "scenarios"
HEAD = """\
calendar: vn-state
procedures:
  - id: 1.001190
    authority: X1
    committed: {amount: 5, unit: working_day}
    components: [{id: don, required: yes}]
    route:
      - {stage: receive}
      - {stage: appraise, budget: {amount: 8, unit: working_hour}}
      - {stage: return}
timeline:
  - {at: 2026-03-02T08:10+07:00, dossier: A, do: receive, procedure: 1.001190, components: [don]}
"""


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "simulate", *arguments], capture_output=True, text=True, check=False
    )


def _file(directory: Path, text: str) -> Path:
    path = directory / "scenario.yaml"
    path.write_text(text)
    return path


def _faults(directory: Path, text: str) -> str:
    with pytest.raises(InvalidScenario) as raised:
        load_scenario(_file(directory, text))
    return raised.value.message


def test_prints_events_and_a_summary() -> None:
    """One JSON object a line: events in order of recording, then a summary of each dossier."""
    done = _run(str(SCENARIOS / "receive-to-return-early.yaml"))
    assert done.returncode == 0, done.stderr
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert [next(iter(line)) for line in printed] == ["event"] * 14 + ["summary"]
    assert printed[0]["event"].keys() == {
        "dossier",
        "part",
        "version",
        "type",
        "occurred_at",
        "recorded_at",
        "data",
    }
    assert list(printed[-1]["summary"]) == [
        "dossier",
        "portal_state",
        "received_at",
        "statutory_due",
        "committed_due",
        "ready_at",
        "lateness",
        "lateness_as_recorded",
        "overdue_stages",
        "working_minutes",
        "extensions",
        "supplements",
    ]


def test_both_engines_print_the_same_bytes() -> None:
    """From the command line too, and nothing else on standard output."""
    path = str(SCENARIOS / "links-parallel.yaml")
    pure, temporal = _run(path), _run(path, "--engine", "temporal")
    assert temporal.returncode == 0, temporal.stderr
    assert pure.stdout == temporal.stdout


def test_a_bad_file_ends_with_status_2() -> None:
    """A sentence on stderr, nothing that looks like a traceback; with --json the code too."""
    done = _run("no-such-file.yaml", "--json")
    assert done.returncode == 2
    assert done.stderr == "motcua: no-such-file.yaml: cannot be read: No such file or directory\n"
    assert json.loads(done.stdout)["error"]["code"] == "invalid_scenario"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{at: 2026-03-02T09:00+07:00, dossier: A, do: dance}", '"dance" is not a command; known are acknowledge_link'),
        ("{at: 2026-03-02T09:00+07:00, dossier: A, do: pass_moment}", '"pass_moment" is not a command'),
        ("{at: 2026-03-02T09:00+07:00, dossier: A, do: complete_task, stage: appraise, outcom: x}", "outcom"),
        ("{at: 2026-03-02T09:00+07:00, dossier: A, do: complete_task}", '"stage" is missing'),
        (
            "{at: 2026-03-02T09:00+07:00, dossier: A, do: complete_task, stage: appraise, outcome: so}",
            "none of forward",
        ),
        ("{at: 2026-03-02T09:00, dossier: A, do: withdraw}", "says no offset"),
        ("{at: 2026-03-02, dossier: A, do: withdraw}", "says no offset"),
        ("{at: soon, dossier: A, do: withdraw}", "is not a moment"),
        ("{at: 9999-03-02T09:00+07:00, do: wait}", "the year is 1900 to 2200, not 9999"),
        ("{at: 2026-03-02T09:00+07:00, do: withdraw}", "which dossier?"),
        ("{at: 2026-03-02T09:00+07:00, dossier: A/L1, do: withdraw}", 'addressed by "link"'),
        ("{at: 2026-03-02T09:00+07:00, do: wait, until: tomorrow}", 'wait has no field "until"'),
        ("{at: 2026-03-02T09:00+07:00, do: revise_calendar}", "the new calendar is missing"),
        (
            "{at: 2026-03-02T09:00+07:00, do: revise_calendar, calendar: {id: no-such}}",
            "not a calendar of this scenario",
        ),
        ("{dossier: A, do: withdraw}", '"at" is missing'),
        ("let it be", "is a mapping"),
        ("*nothing", "stands for nothing that is written above it"),
        ("!!python/name:os.system x", "tags are not used"),
    ],
)
def test_an_entry_that_makes_no_sense_is_named_with_its_line(tmp_path: Path, entry: str, told: str) -> None:
    """File, line and what to do."""
    message = _faults(tmp_path, f"{HEAD}  - {entry}\n")
    assert message.startswith(f"{tmp_path}/scenario.yaml:13: ")
    assert told in message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("amount: 5, unit: working_day", "amount: 0, unit: working_day", "more than 0"),
        ("amount: 5, unit: working_day", "amount: -1, unit: working_day", "more than 0"),
        ("amount: 5, unit: working_day", "amount: 10000, unit: working_day", "at most"),
        ("amount: 5, unit: working_day", "amount: .nan, unit: working_day", "a number is expected"),
        ("unit: working_day", "unit: fortnight", "none of minute"),
        ("    committed:", "    statutory: 3 working_day\n    committed:", "exceeds the statutory"),
        ("calendar: vn-state", "calendar: vn-stat", "is unknown; known are"),
        ("calendar: vn-state", "calendar: {timezone: Mars/Phobos, hours: {mon: [08:00-12:00]}}", "not a time zone"),
        ("calendar: vn-state", "calendar: {timezone: UTC, hours: {mon: [08:00-12:00, 11:00-13:00]}}", "overlap"),
        ("calendar: vn-state", "calendar: {timezone: UTC, hours: {mon: [12:00-08:00]}}", "ends before it starts"),
        ("stage: return", "stage: dance", "none of receive"),
        ("timeline:", "authorities: [{id: X2, level: commune, kind: one_stop}]\ntimeline:", '"X1" is not among'),
        ("procedures:", "procedure:", 'the key "procedure" is unknown'),
        ("calendar: vn-state", "calendar: &a [*a]", "stands for nothing"),
    ],
)
def test_a_scenario_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    """Before anything is lived through."""
    assert told in _faults(tmp_path, HEAD.replace(old, new, 1))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """One line each, in order."""
    text = HEAD + "  - {at: soon, dossier: A, do: withdraw}\n  - {at: 2026-03-02T09:00+07:00, dossier: A, do: dance}\n"
    assert [line.split(":")[1] for line in _faults(tmp_path, text).splitlines()] == ["13", "14"]


def test_aliases_cannot_blow_a_file_up(tmp_path: Path) -> None:
    """Nine to the seventh from a dozen lines is refused in passing."""
    bomb = "title: &a0 [x]\n" + "".join(
        f"notes{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 8)
    )
    assert "aliases make this file too large" in _faults(tmp_path, bomb)


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-03T09:00+07:00",
        "2026-03-03T09:00:00+07:00",
        "2026-03-03T09:00:00.0+07:00",
        "2026-03-03 09:00:00 +07:00",
        "2026-03-03 09:00:00 +7",
        "2026-3-3T9:00:00+0700",
        "2026-03-03T02:00:00Z",
        '"2026-03-03T09:00+07:00"',
    ],
)
def test_moments_may_be_written_as_yaml_knows_them(tmp_path: Path, moment: str) -> None:
    """With or without quotes, seconds, a T; in any offset. They are printed in the calendar's zone."""
    text = f"{HEAD}  - {{at: {moment}, dossier: A, do: withdraw}}\n"
    last = [line for line in lines(load_scenario(_file(tmp_path, text))) if "event" in line][-1]
    assert last["event"]["recorded_at"] == "2026-03-03T09:00:00+07:00"


def test_codes_that_look_like_numbers_stay_codes(tmp_path: Path) -> None:
    """1.001190 is a procedure's code, not 1.00119."""
    first = next(iter(lines(load_scenario(_file(tmp_path, HEAD)))))
    assert first["event"]["data"]["procedure"] == "1.001190"


def test_entries_are_carried_out_in_order_of_time(tmp_path: Path) -> None:
    """A file may tell one dossier's life after the other's; entries of one instant keep their order."""
    text = HEAD + (
        "  - {at: 2026-03-03T08:00+07:00, dossier: A, do: complete_task, stage: appraise}\n"
        "  - {at: 2026-03-02T09:00+07:00, dossier: B, do: receive, procedure: 1.001190, components: [don]}\n"
        "  - {at: 2026-03-02T09:00+07:00, dossier: B, do: withdraw}\n"
    )
    printed = list(lines(load_scenario(_file(tmp_path, text))))
    recorded = [line["event"]["recorded_at"] for line in printed if "event" in line]
    assert recorded == sorted(recorded)
    assert not [line for line in printed if "refused" in line]


def test_merge_keys_and_keys_without_a_value(tmp_path: Path) -> None:
    """``<<`` merges a mapping in; ``note:`` with nothing behind it is as if it were not there."""
    text = HEAD + (
        "  - &work {at: 2026-03-03T08:00+07:00, dossier: A, do: complete_task, stage: appraise, note: , to_stage: ~}\n"
        "  - {<<: *work, at: 2026-03-03T09:00+07:00, stage: return, outcome: rework, to_stage: appraise}\n"
    )
    printed = list(lines(load_scenario(_file(tmp_path, text))))
    completed = [line["event"]["data"] for line in printed if line.get("event", {}).get("type") == "task.completed"]
    assert [data["stage"] for data in completed] == ["appraise", "return"]


def test_a_moment_out_of_all_range_is_refused_not_a_defect(tmp_path: Path) -> None:
    """The scenario goes on."""
    text = HEAD + (
        "  - {at: 2026-03-03T08:00+07:00, dossier: A, do: extend, new_due: 9999-12-31T23:59-12:00, reason: x}\n"
        "  - {at: 2026-03-03T08:05+07:00, dossier: A, do: correct, event: 1, field: occurred_at, reason: x, by: a,"
        " approved_by: b, value: 0001-01-01T00:00+14:00}\n"
    )
    refused = [line["refused"]["code"] for line in lines(load_scenario(_file(tmp_path, text))) if "refused" in line]
    assert refused == ["outside_calendar", "outside_calendar"]
