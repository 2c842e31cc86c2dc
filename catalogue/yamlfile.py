"""Reading YAML as catalogue files use it: plain values, with the line of each when a fault must be named.

Built on the parser's event stream instead of its object constructor: nesting has a limit (the C composer overflows the
stack), a key given twice is a fault and not a silent last-one-wins, anchors and tags are refused, and ``yes``,
``12:30`` and ``2025-11-27`` stay the text that was written.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from catalogue.faults import Fault

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes; the largest real file has about 20 kB."""
DEEPEST = 40
"""Levels of nesting; links inside links inside groups need about a dozen."""

Value = Any
"""A plain value: nothing, true, false, a number, a text, a list or a mapping of plain values."""
Place = tuple[str | int, ...]
"""The way to a value from the top of the file: keys and positions (from 0)."""
Lines = dict[Place, int]
Prepare = Callable[[Iterator[yaml.Event]], Iterator[yaml.Event]]
"""What changes the parser's events before values are made of them."""

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadYaml(Exception):
    """The text is not YAML that catalogue files may hold; ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_yaml(path: Path, lines: Lines | None = None, prepare: Prepare = iter) -> Value:
    """The file's one document as plain values; ``lines`` is filled with the line of each value. Raises BadYaml."""
    return parse_yaml(_text(path), lines, prepare)


def parse_yaml(text: str, lines: Lines | None = None, prepare: Prepare = iter) -> Value:
    """As ``read_yaml``, of a text."""
    try:
        return _Builder(lines).document(prepare(yaml.parse(text, Loader=_LOADER)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(mark.line + 1 if mark else 1, f"not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise BadYaml(1, f"not YAML: {error}") from None


def yaml_fault(file: str, error: BadYaml) -> Fault:
    """The fault that a file which cannot be read makes."""
    return Fault(file, error.line, "invalid_yaml", error.message)


def _text(path: Path) -> str:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise BadYaml(0, f"cannot be read: {error.strerror}") from None
    if len(body) > LARGEST_FILE:
        raise BadYaml(0, f"has {len(body)} bytes; catalogue files have at most {LARGEST_FILE}")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadYaml(body[: error.start].count(b"\n") + 1, "not UTF-8 text") from None
    for number, line in enumerate(text.split("\n"), 1):
        if bad := yaml.reader.Reader.NON_PRINTABLE.search(line):
            raise BadYaml(number, f"holds the control character U+{ord(bad.group()):04X}")
    return text


def _plain(text: str) -> Value:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return text


class _Builder:
    """Folds parser events into plain values without recursion."""

    def __init__(self, lines: Lines | None) -> None:
        self._lines = lines
        self._open: list[tuple[Any, Place]] = []
        self._keys: list[str | None] = []
        self._result: Any = None
        self._documents = 0

    def document(self, events: Iterator[yaml.Event]) -> Value:
        for event in events:
            match event:
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.MappingStartEvent():
                    self._begin(event, {})
                case yaml.SequenceStartEvent():
                    self._begin(event, [])
                case yaml.CollectionEndEvent():
                    self._open.pop()
                    self._keys.pop()
                case yaml.AliasEvent():
                    raise BadYaml(_line(event), "anchors and aliases are not used in catalogue files")
                case yaml.DocumentStartEvent():
                    self._documents += 1
                    if self._documents > 1:
                        raise BadYaml(_line(event), "a catalogue file holds one document")
                case _:
                    pass  # the stream's own beginning and end
        if not self._documents:
            raise BadYaml(1, "the file is empty")
        return self._result

    def _begin(self, event: yaml.CollectionStartEvent, value: dict[str, Any] | list[Any]) -> None:
        _no_tag(event)
        if len(self._open) >= DEEPEST:
            raise BadYaml(_line(event), f"nested more than {DEEPEST} levels deep")
        if self._awaits_key():
            raise BadYaml(_line(event), "a key is a word, not a list or a mapping")
        place = self._put(value, _line(event))
        self._open.append((value, place))
        self._keys.append(None)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        _no_tag(event)
        if self._awaits_key():
            mapping, place = self._open[-1]
            if event.value in mapping:
                raise BadYaml(_line(event), f'the key "{event.value}" is given twice')
            self._keys[-1] = event.value
            if self._lines is not None:
                self._lines[(*place, event.value)] = _line(event)
            return
        self._put(_plain(event.value) if event.implicit[0] else event.value, _line(event))

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0], dict) and self._keys[-1] is None

    def _put(self, value: Value, line: int) -> Place:
        """Place a value in what is open; a mapping's value keeps the line of its key."""
        if not self._open:
            self._result = value
            place: Place = ()
        else:
            holder, above = self._open[-1]
            if isinstance(holder, dict):
                key = self._keys[-1]
                self._keys[-1] = None
                holder[key] = value
                if self._lines is None:
                    return ()
                return (*above, key or "")
            holder.append(value)
            if self._lines is None:
                return ()
            place = (*above, len(holder) - 1)
        if self._lines is not None:
            self._lines[place] = line
        return place


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return 1 if mark is None else mark.line + 1


def _no_tag(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
    if event.anchor is not None:
        raise BadYaml(_line(event), "anchors and aliases are not used in catalogue files")
    if event.tag not in {None, "!"}:
        raise BadYaml(_line(event), "tags are not used in catalogue files")
