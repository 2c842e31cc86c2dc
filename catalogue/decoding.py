"""From plain values to the domain's Structs; when that fails, every fault of the file with its line.

The quick way is one ``msgspec.convert``. It stops at the first fault and knows no lines, so on failure the same values
are walked along the type, field by field, and each part that does not convert by itself is reported.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from enum import EnumType
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import inspect

from catalogue.faults import Fault
from catalogue.yamlfile import BadYaml, Lines, Place, read_yaml, yaml_fault
from domain.errors import Refusal

T = TypeVar("T")
Found = tuple[Place, str, str]
"""Where in the file, under which code, and what."""

LONGEST_SHOWN = 60
"""Characters of a wrong value that are shown."""

_SCALARS = {inspect.StrType: str, inspect.IntType: int, inspect.FloatType: float, inspect.BoolType: bool}


def read_struct(path: Path, name: str, type_: type[T]) -> T | list[Fault]:
    """One file as a Struct, or its faults; ``name`` is the file's name in them."""
    try:
        value = read_yaml(path)
    except BadYaml as error:
        return [yaml_fault(name, error)]
    try:
        return msgspec.convert(value, type_)
    except (msgspec.ValidationError, Refusal):
        lines: Lines = {}
        value = read_yaml(path, lines)
        return [Fault(name, line_of(lines, place), code, text) for place, code, text in explain(value, type_)]


def place_line(path: Path, place: Place) -> int:
    """The line of a place in a file that is read again for it: for faults only."""
    lines: Lines = {}
    read_yaml(path, lines)
    return line_of(lines, place)


def line_of(lines: Lines, place: Place) -> int:
    """The line of a place, or of the nearest thing around it that has one."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def explain(value: object, type_: type) -> list[Found]:
    """Everything that keeps ``value`` from being a ``type_``; never empty for a value that does not convert."""
    found = list(_walk(value, inspect.type_info(type_), ()))
    if found:
        return found
    try:
        msgspec.convert(value, type_)
    except Refusal as refusal:
        return [((), refusal.code, refusal.message)]
    except msgspec.ValidationError as error:
        return [((), "invalid_value", str(error))]
    return []


def _walk(value: object, info: inspect.Type, place: Place) -> Iterator[Found]:
    match info:
        case inspect.UnionType():
            yield from _walk_union(value, info, place)
        case inspect.StructType():
            yield from _walk_struct(value, info, place)
        case inspect.VarTupleType() | inspect.ListType():
            if not isinstance(value, list):
                yield place, "invalid_value", f"{_where(place)}a list is expected, not {_shown(value)}"
                return
            for position, item in enumerate(value):
                yield from _walk(item, info.item_type, (*place, position))
        case inspect.DictType():
            if not isinstance(value, dict):
                yield place, "invalid_value", f"{_where(place)}a mapping is expected, not {_shown(value)}"
                return
            for key, item in value.items():
                yield from _walk(key, info.key_type, (*place, key))
                yield from _walk(item, info.value_type, (*place, key))
        case _:
            yield from _walk_scalar(value, info, place)


def _walk_union(value: object, info: inspect.UnionType, place: Place) -> Iterator[Found]:
    members = [member for member in info.types if not isinstance(member, inspect.NoneType)]
    if value is None and len(members) < len(info.types):
        return
    if len(members) == 1:
        yield from _walk(value, members[0], place)
        return
    tries = [list(_walk(value, member, place)) for member in members]
    if all(tries):
        yield tries[-1][0]


def _walk_struct(value: object, info: inspect.StructType, place: Place) -> Iterator[Found]:
    if not isinstance(value, dict):
        yield place, "invalid_value", f"{_where(place)}a mapping is expected, not {_shown(value)}"
        return
    fields = {field.encode_name: field for field in info.fields}
    faults = [
        ((*place, key), "unknown_key", _where(place) + _unknown_key(str(key), list(fields)))
        for key in value
        if key not in fields
    ]
    faults += [
        (place, "missing_key", f'{_where(place)}"{name}" is missing')
        for name, field in fields.items()
        if field.required and name not in value
    ]
    for key, item in value.items():
        if key in fields:
            faults += _walk(item, fields[key].type, (*place, key))
    yield from faults
    if not faults:
        yield from _own_rules(value, info.cls, place)


def _unknown_key(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, 1)
    hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(known)}"
    return f'the key "{key}" is unknown; {hint}'


def _own_rules(value: object, type_: type, place: Place) -> Iterator[Found]:
    """What a Struct refuses although each of its fields is well formed."""
    try:
        msgspec.convert(value, type_)
    except Refusal as refusal:
        yield place, refusal.code, _where(place) + refusal.message
    except msgspec.ValidationError as error:
        yield place, "invalid_value", _where(place) + str(error)


def _walk_scalar(value: object, info: inspect.Type, place: Place) -> Iterator[Found]:
    if isinstance(info, inspect.EnumType):
        if value not in _values(info.cls):
            known = ", ".join(_values(info.cls))
            code = "invalid_period" if place and place[-1] == "unit" else "invalid_value"
            yield place, code, f"{_where(place)}{_shown(value)} is none of {known}"
        return
    wanted = _SCALARS.get(type(info))
    if wanted is None:
        return
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError:
        yield place, "invalid_value", f"{_where(place)}{_expected(wanted)}, not {_shown(value)}"


def _values(cls: EnumType) -> list[str]:
    return [member.value for member in cls]  # type: ignore[var-annotated]


def _expected(wanted: type) -> str:
    return {
        str: "text is expected (a number meant as text is put in quotes)",
        int: "a whole number is expected",
        float: "a number is expected",
        bool: "true or false is expected",
    }[wanted]


def _where(place: Place) -> str:
    """``route[3].budget: ``; positions are counted from 1, as a reader counts."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return f"{text.removeprefix('.')}: " if text else ""


def _shown(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            text = str(value)
            return f'"{text[:LONGEST_SHOWN]}…"' if len(text) > LONGEST_SHOWN else f'"{text}"'
