"""Calendars from a directory and from a file: extended, checked, each fault with its file and line."""

from pathlib import Path

import pytest

from catalogue.faults import InvalidCatalogue
from catalogue.loading_calendars import check_calendars, load_calendar_file, load_calendars, own_calendars
from domain.errors import InvalidCalendar
from domain.ids import CalendarId

BASE = """\
id: base
timezone: Asia/Ho_Chi_Minh
years: [2026, 2026]
hours:
  mon: ["07:30-11:30"]
"""


def write(directory: Path, **files: str) -> Path:
    """Write calendar files and return their directory."""
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text, encoding="utf-8")
    return directory


def faults_of(directory: Path) -> list[str]:
    """Return the faults as lines."""
    return [str(fault) for fault in check_calendars(directory)[1]]


def test_calendars_are_loaded_whole(tmp_path: Path) -> None:
    """Extensions of extensions too, whatever the order of the files."""
    write(
        tmp_path,
        base=BASE,
        a="extends: b\nhours:\n  sat: ['08:00-10:00']\n",
        b="extends: base\nhours:\n  tue: ['08:00-10:00']\n",
    )
    calendars = load_calendars(tmp_path)
    assert set(calendars) == {"a", "b", "base"}
    whole = calendars[CalendarId("a")]
    assert (whole.extends, whole.years, [day.value for day in whole.hours]) == (
        None,
        (2026, 2026),
        ["mon", "tue", "sat"],
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            BASE.replace("07:30-11:30", "07:30-06:30"),
            "base.yaml:5: hours.mon: the shift 07:30-06:30 ends before it starts",
        ),
        (
            BASE + "off:\n  - 2026-05-01\n  - {date: 2026-05-01, name: x}\n",
            "base.yaml:8: 2026-05-01 is listed as off twice",
        ),
        (BASE + "off:\n  - 2026-05-01\n  - 2026-05-41\n", 'base.yaml:8: off[1]: "2026-05-41" is not a date'),
        (BASE + "off:\n  - {date: 2026-05-01, nam: x}\n", "base.yaml:7: off[0]"),
        (BASE + "worked:\n  2026-05-02:\n    like: sunday\n", "base.yaml:8: worked.2026-05-02.like"),
        (BASE.replace("2026, 2026", "2026"), "base.yaml:3: years"),
        (BASE.replace("years: [2026, 2026]\n", ""), 'base.yaml:1: calendar "base" does not say which years it knows'),
        (
            BASE + "extends: nowhere\n",
            'base.yaml:6: calendar "base" extends "nowhere", which is not a calendar; known are base',
        ),
        (BASE + "extends: base\n", "base.yaml:6: calendar base extends base: that never ends"),
        (BASE + "id: again\n", "base.yaml:6: the key"),
        ("", "base.yaml:1: the file is empty"),
        ("id: base\n", "base.yaml:1: the calendar says no timezone"),
    ],
)
def test_each_fault_bears_file_and_line(tmp_path: Path, text: str, fault: str) -> None:
    """So that an editor can jump there."""
    found = faults_of(write(tmp_path, base=text))
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_two_calendars_of_one_id(tmp_path: Path) -> None:
    """The second one is the fault."""
    assert faults_of(write(tmp_path, a=BASE, b=BASE)) == ['b.yaml:1: calendar "base" is also in a.yaml']


def test_sound_calendars_are_found_beside_faulty_ones(tmp_path: Path) -> None:
    """And loading refuses the directory, with every fault."""
    write(tmp_path, base=BASE, bad="id: bad\n", worse="hours: 1\n")
    calendars, faults = check_calendars(tmp_path)
    assert list(calendars) == ["base"]
    assert [fault.file for fault in faults] == ["bad.yaml", "worse.yaml"]
    with pytest.raises(InvalidCatalogue, match="2 faults"):
        load_calendars(tmp_path)


def test_a_file_may_extend_the_programs_own(tmp_path: Path) -> None:
    """Without an id it has the file's name."""
    write(tmp_path, mine="extends: vn-state\nhours:\n  sat: ['07:30-11:30']\n")
    spec = load_calendar_file(tmp_path / "mine.yaml")
    assert (spec.id, spec.extends, len(spec.hours)) == ("mine", None, 6)
    assert spec.off == own_calendars()[CalendarId("vn-state")].off


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extends: nowhere\n", ":1: calendar"),
        ("extends: vn-state\nworked:\n  2031-05-03: ['07:30-11:30']\n", "lies outside the calendar's years 2024-2027"),
    ],
)
def test_a_file_that_does_not_fit_its_base(tmp_path: Path, text: str, words: str) -> None:
    """Is refused with its name."""
    path = write(tmp_path, mine=text) / "mine.yaml"
    with pytest.raises(InvalidCalendar) as refusal:
        load_calendar_file(path)
    assert refusal.value.message.startswith(str(path))
    assert words in refusal.value.message


def test_a_missing_file(tmp_path: Path) -> None:
    """Is refused like a bad one."""
    with pytest.raises(InvalidCalendar, match="cannot be read"):
        load_calendar_file(tmp_path / "none.yaml")
