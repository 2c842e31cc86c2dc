"""``motcua deadline`` as its users call it: the moment, the explanation, and one clear sentence for bad input."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.main import main

STATE = ["--calendar", "vn-state"]
START = ["--start", "2026-03-02T08:10+07:00"]
TEN_DAYS = ["--budget", "10 working_day"]
OFFICE = """
id: office
timezone: Asia/Ho_Chi_Minh
hours:
  mon: ["07:30-11:30", "13:30-17:00"]
  tue: ["07:30-11:30", "13:30-17:00"]
  wed: ["07:30-11:30", "13:30-17:00"]
  thu: ["07:30-11:30", "13:30-17:00"]
  fri: ["07:30-11:30", "13:30-17:00"]
off: [2026-04-27, 2026-04-30, 2026-05-01]
worked: {2026-08-22: ["07:30-11:30", "13:30-17:00"]}
"""


class Done(NamedTuple):
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


Motcua = Callable[..., Done]
Answer = Callable[..., dict[str, object]]


@pytest.fixture
def motcua(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Motcua:
    """The program, called with the arguments of ``motcua deadline``."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["motcua", "deadline", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def answer(motcua: Motcua) -> Answer:
    """What ``--json`` prints for a good question."""

    def ask(*arguments: str) -> dict[str, object]:
        done = motcua(*arguments, "--json")
        assert (done.status, done.stderr) == (0, "")
        assert done.stdout.count("\n") == 1
        found: dict[str, object] = json.loads(done.stdout)
        return found

    return ask


@pytest.fixture
def office(tmp_path: Path) -> str:
    """A calendar's file as a scenario has it."""
    path = tmp_path / "office.yaml"
    path.write_text(OFFICE, encoding="utf-8")
    return str(path)


def test_the_answer_has_the_shape_of_the_interface(answer: Answer) -> None:
    """Due, start, policy and segments; each segment with its six keys and its source."""
    found = answer(*STATE, *START, *TEN_DAYS)
    assert list(found) == ["due", "start", "policy", "segments"]
    assert (found["due"], found["start"], found["policy"]) == (
        "2026-03-16T17:30:00+07:00",
        "2026-03-02T08:10:00+07:00",
        "day_end",
    )
    segments = found["segments"]
    assert isinstance(segments, list)
    assert all(list(segment) == ["from", "to", "minutes", "days", "kind", "name", "source"] for segment in segments)
    counted = [segment for segment in segments if segment["kind"] == "counted"]
    assert sum(segment["minutes"] for segment in counted) == 4800
    assert sum(segment["days"] for segment in counted) == 10


def test_a_calendar_file(answer: Answer, office: str) -> None:
    """Its own closing time."""
    assert answer("--calendar", office, *START, *TEN_DAYS)["due"] == "2026-03-16T17:00:00+07:00"


def test_suspensions_may_be_repeated(answer: Answer, office: str) -> None:
    """They are applied in order; the policy holds for all of them."""
    stops = [
        "--suspend",
        "2026-03-04T08:00+07:00/2026-03-06T08:00+07:00",
        "--suspend",
        "2026-03-10T01:00Z/2026-03-10T03:00Z",
    ]
    due = {
        policy: answer("--calendar", office, *START, *TEN_DAYS, *stops, "--policy", policy)["due"]
        for policy in ("pause", "restart", "run_on")
    }
    assert due == {
        "pause": "2026-03-19T17:00:00+07:00",
        "restart": "2026-03-24T17:00:00+07:00",
        "run_on": "2026-03-16T17:00:00+07:00",
    }


def test_an_open_suspension_leaves_no_due_moment(answer: Answer) -> None:
    """``T/`` has no end."""
    found = answer(*STATE, *START, *TEN_DAYS, "--suspend", "2026-03-04T08:00+07:00/")
    segments = found["segments"]
    assert found["due"] is None
    assert isinstance(segments, list)
    assert segments[-1]["to"] is None


def test_cut_off_count_and_language(answer: Answer) -> None:
    """The other options."""
    late = ["--start", "2026-03-05T15:00+07:00", "--budget", "1 working_day", "--cutoff", "15:00"]
    assert answer(*STATE, *late)["due"] == "2026-03-09T17:30:00+07:00"
    assert answer(*STATE, *late, "--cutoff-effect", "same_day_return")["due"] == "2026-03-06T17:30:00+07:00"
    assert answer(*STATE, *late, "--count", "hours")["due"] == "2026-03-06T17:30:00+07:00"
    for language, name in (("vi", "Nghỉ cuối tuần"), ("en", "Weekend")):
        segments = answer(*STATE, *late, "--lang", language)["segments"]
        assert isinstance(segments, list)
        assert name in [segment["name"] for segment in segments]


def test_the_table_is_for_people(motcua: Motcua) -> None:
    """Days off by name, the sum at the foot; Vietnamese unless asked otherwise."""
    arguments = [*STATE, "--start", "2026-04-24T16:10+07:00", *TEN_DAYS]
    vietnamese, english = motcua(*arguments), motcua(*arguments, "--lang", "en")
    assert (vietnamese.status, english.status) == (0, 0)
    assert "Hạn: T4 13/05/26 17:30" in vietnamese.stdout
    assert "Due: We 2026-05-13 17:30" in english.stdout
    assert "4800" in english.stdout
    assert max(map(len, english.stdout.splitlines())) <= 80


BAD_INPUT = [
    ([*STATE, "--start", "2031-01-01T00:00Z", *TEN_DAYS], "outside_calendar", "which knows the years 2024-2027"),
    ([*STATE, "--start", "9999-12-31T23:59-12:00", *TEN_DAYS], "outside_calendar", "2024-2027"),
    ([*STATE, "--start", "0001-01-01T00:00+14:00", *TEN_DAYS], "outside_calendar", "2024-2027"),
    ([*STATE, *START, "--budget", "900 working_day"], "outside_calendar", "2024-2027"),
    ([*STATE, "--start", "2026-03-02T08:10", *TEN_DAYS], "invalid_moment", "no offset"),
    ([*STATE, "--start", "2026-02-30T08:10+07:00", *TEN_DAYS], "invalid_moment", "is not a moment"),
    ([*STATE, "--start", "", *TEN_DAYS], "invalid_moment", "is not a moment"),
    ([*STATE, *START, "--budget", "0 working_day"], "invalid_period", "more than 0"),
    ([*STATE, *START, "--budget", "-1 working_day"], "invalid_period", "more than 0"),
    ([*STATE, *START, "--budget", "10000 working_day"], "invalid_period", "at most 5000"),
    ([*STATE, *START, "--budget", "10 fortnight"], "invalid_period", "working_day"),
    (
        [*STATE, *START, *TEN_DAYS, "--suspend", "2026-03-05T08:00Z/2026-03-04T08:00Z"],
        "invalid_suspension",
        "before it starts",
    ),
    ([*STATE, *START, *TEN_DAYS, "--suspend", "2026-03-05T08:00Z"], "invalid_suspension", "a slash between"),
    ([*STATE, *START, *TEN_DAYS, "--suspend", "/2026-03-05T08:00Z"], "invalid_moment", "is not a moment"),
    ([*STATE, *START, *TEN_DAYS, "--cutoff", "25:00"], "invalid_cutoff", "HH:MM"),
    ([*STATE, *START, *TEN_DAYS, "--cutoff-effect", "next_day"], "bad_input", "--cutoff"),
    (["--calendar", "vn-stat", *START, *TEN_DAYS], "unknown_calendar", "known are commune-saturday"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), BAD_INPUT)
def test_bad_input_is_refused_in_one_sentence(motcua: Motcua, arguments: list[str], code: str, words: str) -> None:
    """Status 2, the code and the sentence on stdout as JSON, the sentence on stderr, no traceback."""
    done = motcua(*arguments, "--json")
    assert done.status == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_json_stdout_stays_empty(motcua: Motcua) -> None:
    """The sentence goes to stderr alone."""
    done = motcua(*STATE, "--start", "tomorrow", *TEN_DAYS)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith('motcua: "tomorrow" is not a moment')


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (('tue: ["07:30-11:30"', 'tue: ["07:30-13:45"'), 6, "the shifts 07:30-13:45 and 13:30-17:00 overlap"),
        (('wed: ["07:30-11:30"', 'wed: ["11:30-07:30"'), 7, "ends before it starts"),
        (("2026-05-01]", "2026-08-22]"), 11, "2026-08-22 is both off and worked"),
        (("2026-05-01]", "2026-04-30]"), 10, "2026-04-30 is listed as off twice"),
        (("2026-05-01]", "2026-05-32]"), 10, "is not a date"),
        (("Asia/Ho_Chi_Minh", "Asia/Saigonn"), 3, "is not a time zone"),
        (("hours:", "houres:"), 4, 'the key "houres" is unknown'),
        (("id: office", "id: [office"), 3, "not YAML"),
    ],
)
def test_faults_of_a_calendar_file_bear_its_line(
    motcua: Motcua, office: str, change: tuple[str, str], line: int, words: str
) -> None:
    """File, line and reason."""
    path = Path(office)
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    done = motcua("--calendar", office, *START, *TEN_DAYS, "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.status, error["code"]) == (2, "invalid_calendar")
    assert words in error["message"]
    assert f"{office}:{line}: " in error["message"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"- 1\n", b"{" * 100, b"\x00"])
def test_a_file_that_is_no_calendar(motcua: Motcua, tmp_path: Path, content: bytes) -> None:
    """Is refused like any other."""
    path = tmp_path / "calendar.yaml"
    path.write_bytes(content)
    done = motcua("--calendar", str(path), *START, *TEN_DAYS, "--json")
    assert (done.status, json.loads(done.stdout)["error"]["code"]) == (2, "invalid_calendar")
