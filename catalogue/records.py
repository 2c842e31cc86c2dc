"""Reading a list of published records, one JSON object a line; each line that is none is reported with its number."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import msgspec

from domain.errors import Refusal

LONGEST_LINE = 1024 * 1024
"""Bytes; the longest real record has about 10 kB."""
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


class UnreadableList(Refusal):
    """The file as a whole cannot be read."""

    code = "unreadable_list"


class Line(msgspec.Struct, frozen=True):
    """One line: a record, or (``reason`` set) why it is none. ``number`` counts from 1."""

    number: int
    record: dict[str, Any] | None = None
    reason: str = ""


def read_records(path: Path) -> Iterator[Line]:
    """The lines of a file that are not blank; raises UnreadableList where there is no reading it at all."""
    try:
        with path.open("rb") as stream:
            yield from _lines(stream, path)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise UnreadableList(message, file=str(path)) from None


def _lines(stream: BinaryIO, path: Path) -> Iterator[Line]:
    number = 0
    while chunk := stream.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            if chunk.startswith(_UTF16_BOMS):
                message = f"{path} is UTF-16 text; a list of records is UTF-8"
                raise UnreadableList(message, file=str(path))
            chunk = chunk.removeprefix(_UTF8_BOM)
        if len(chunk) > LONGEST_LINE:
            _skip_line(stream, chunk)
            yield Line(number, reason=f"the line is longer than {LONGEST_LINE} bytes")
        elif chunk.strip():
            yield _line(number, chunk)


def _skip_line(stream: BinaryIO, chunk: bytes) -> None:
    while chunk and not chunk.endswith(b"\n"):
        chunk = stream.readline(LONGEST_LINE)


def _line(number: int, chunk: bytes) -> Line:
    try:
        value = _parsed(chunk)
    except _NoRecord as error:
        return Line(number, reason=str(error))
    bad = _unstorable(value)
    return Line(number, {"id": value.get("id")} if bad else value, bad)


class _NoRecord(Exception):
    """The line is none, and why."""


def _parsed(chunk: bytes) -> dict[str, Any]:
    try:
        value = json.loads(chunk.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise _NoRecord(f"not UTF-8 text (byte {error.start + 1} of the line)") from None
    except RecursionError:
        raise _NoRecord("not a record: nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _NoRecord(f"not JSON: {error.msg} (column {error.colno})") from None
    except ValueError as error:
        raise _NoRecord(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise _NoRecord("not a record: a line is one JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f'the key "{twice}" is given twice'
        raise ValueError(message)
    return values


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no number"
    raise ValueError(message)


def _unstorable(value: dict[str, Any]) -> str:
    """Text that no database or file takes: the zero character and halves of surrogate pairs."""
    text = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in text.replace("\\\\", ""):
        return "holds the zero character (U+0000)"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half of a surrogate pair, which is no character"
    return ""
