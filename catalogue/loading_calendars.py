"""Calendars from their files: one calendar a file, some of which extend another; every fault with file and line."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from catalogue.decoding import explain, line_of
from catalogue.faults import Fault, InvalidCatalogue
from catalogue.yamlfile import BadYaml, Lines, Place, read_yaml, yaml_fault
from domain.calendar import CalendarSpec, compile_calendar, extend
from domain.errors import InvalidCalendar
from domain.ids import CalendarId

CALENDARS = Path(__file__).parent / "calendars"
"""The calendars that come with the program."""

NO_DATE = "Invalid RFC3339 encoded date"
_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_PART = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def load_calendars(directory: Path = CALENDARS) -> dict[CalendarId, CalendarSpec]:
    """Return every calendar of a directory by its id, whole (nothing extends anything any more).

    Raises InvalidCatalogue with all faults.
    """
    calendars, faults = check_calendars(directory)
    if faults:
        raise InvalidCatalogue(directory, faults)
    return calendars


def check_calendars(directory: Path) -> tuple[dict[CalendarId, CalendarSpec], list[Fault]]:
    """Return the sound calendars of a directory and the faults of the others."""
    faults: list[Fault] = []
    raw: dict[CalendarId, CalendarSpec] = {}
    written: dict[CalendarId, tuple[str, Lines]] = {}
    for path in sorted(directory.glob("*.yaml")):
        lines: Lines = {}
        spec = _read(path, path.name, lines)
        if not isinstance(spec, CalendarSpec):
            faults += spec
        elif spec.id in raw:
            faults.append(_fault(path.name, 1, f'calendar "{spec.id}" is also in {written[spec.id][0]}'))
        else:
            raw[spec.id] = spec
            written[spec.id] = (path.name, lines)
    whole: dict[CalendarId, CalendarSpec] = {}
    for spec in raw.values():
        try:
            whole[spec.id] = _complete(spec, raw)
        except InvalidCalendar as refusal:
            name, lines = written[spec.id]
            faults.append(_fault(name, line_of(lines, (str(refusal.details["where"]),)), refusal.message))
    return whole, faults


def load_calendar_file(path: Path) -> CalendarSpec:
    """Return the calendar of one file; without an id it has the file's name, what it extends is the program's own.

    Raises InvalidCalendar that names file, line and reason of each fault.
    """
    lines: Lines = {}
    spec = _read(path, str(path), lines)
    if not isinstance(spec, CalendarSpec):
        raise InvalidCalendar("\n".join(map(str, spec)), file=str(path), line=spec[0].line)
    try:
        return with_base(spec)
    except InvalidCalendar as refusal:
        line = line_of(lines, (str(refusal.details["where"]),))
        raise InvalidCalendar(str(_fault(str(path), line, refusal.message)), file=str(path), line=line) from None


def with_base(spec: CalendarSpec) -> CalendarSpec:
    """Return the calendar whole: laid over the program's own calendar that it extends, if it extends one."""
    return spec if spec.extends is None else extend(_base(spec, own_calendars()), spec)


@lru_cache(maxsize=1)
def own_calendars() -> dict[CalendarId, CalendarSpec]:
    """Return the calendars that come with the program, read once."""
    return load_calendars()


def _complete(spec: CalendarSpec, known: dict[CalendarId, CalendarSpec]) -> CalendarSpec:
    """Return the calendar laid over its bases, and those over theirs; a catalogue's calendar must name its years."""
    seen = [spec.id]
    whole = spec
    while whole.extends is not None:
        base = _base(whole, known)
        if base.id in seen:
            message = f"calendar {' extends '.join([*seen, base.id])}: that never ends"
            raise InvalidCalendar(message, where="extends")
        seen.append(base.id)
        whole = extend(base, whole)
    if whole.years is None:
        message = f'calendar "{spec.id}" does not say which years it knows: add years: [first, last]'
        raise InvalidCalendar(message, where="years")
    compile_calendar(whole)
    return whole


def _base(spec: CalendarSpec, known: dict[CalendarId, CalendarSpec]) -> CalendarSpec:
    base = known.get(spec.extends or CalendarId(""))
    if base is None:
        message = f'calendar "{spec.id}" extends "{spec.extends}", which is not a calendar; known are {_list(known)}'
        raise InvalidCalendar(message, where="extends")
    return base


def _list(known: Iterable[str]) -> str:
    return ", ".join(sorted(known)) or "none"


def _read(path: Path, name: str, lines: Lines) -> CalendarSpec | list[Fault]:
    """Return one file's calendar as written, or its faults; fill in the line of each of its values."""
    try:
        value = read_yaml(path, lines)
    except BadYaml as error:
        return [yaml_fault(name, error)]
    if isinstance(value, dict):
        value.setdefault("id", path.stem)
    try:
        return msgspec.convert(value, CalendarSpec)
    except InvalidCalendar as refusal:
        return [_fault(name, line_of(lines, place_of(value, str(refusal.details["where"]))), refusal.message)]
    except msgspec.ValidationError:
        found = [_located(value, place, text) for place, _, text in explain(value, CalendarSpec)]
        return [_fault(name, line_of(lines, place), text) for place, text in found]


def _located(value: object, place: Place, text: str) -> tuple[Place, str]:
    """Return a fault's place and text; a place that only msgspec's message names is taken from there."""
    match = _PATH.search(text)
    if match is None:
        return place, text
    place = (*place, *(key or int(index) for key, index in _PART.findall(match["path"])))
    wrong = value
    for part in place:
        wrong = wrong[part]  # type: ignore[index]  # the path leads to where the message was made
    reason = text[: match.start()]
    if reason == NO_DATE:
        reason = f'"{wrong}" is not a date; write YYYY-MM-DD'
    return place, f"{match['path'].removeprefix('.')}: {reason}"


def place_of(value: dict[str, Any], where: str) -> Place:
    """Return the way to what a calendar's refusal names, such as ``hours.mon``, ``off.2026-05-01`` or ``years``."""
    key, _, rest = where.partition(".")
    if not rest:
        return (key,)
    if key == "off":
        dates = [entry.get("date") if isinstance(entry, dict) else entry for entry in value["off"]]
        return (key, len(dates) - 1 - dates[::-1].index(rest)) if rest in dates else (key,)
    return (key, rest)


def _fault(name: str, line: int, message: str) -> Fault:
    return Fault(name, line, InvalidCalendar.code, message)
