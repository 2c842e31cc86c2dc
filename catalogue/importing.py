"""``motcua catalogue import``: a list of published records becomes files, one each; nothing is dropped silently."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from catalogue.links import derive_links
from catalogue.loading import NAMES, PROCEDURES, load_authorities, procedure_files
from catalogue.mapping import CannotMap, map_record
from catalogue.naming import Names, load_names, slug
from catalogue.records import Line, UnreadableList, read_records
from catalogue.rendering import render
from catalogue.shipped import own_or_shipped
from catalogue.yamlfile import BadYaml, read_yaml
from domain.errors import Refusal
from domain.ids import ProcedureCode
from domain.procedure import Procedure

_Codes = dict[str, set[str]]
"""Which records bear a code."""


class Written(msgspec.Struct, frozen=True):
    """One procedure's file; ``changed`` tells whether its bytes are new. ``notes`` are the importer's own."""

    record: str
    id: str
    path: str
    changed: bool
    notes: tuple[str, ...] = ()


class Unmapped(msgspec.Struct, frozen=True):
    """One line that became nothing, and why; ``id`` is empty where the line has none."""

    line: int
    id: str
    reason: str


class Imported(msgspec.Struct, frozen=True):
    """What an import did. ``records`` counts the lines that were not blank: written plus unmapped."""

    records: int
    written: tuple[Written, ...]
    unmapped: tuple[Unmapped, ...]


class CannotWrite(Refusal):
    """The directory of the catalogue cannot be written."""

    code = "cannot_write"


class _Mapped(msgspec.Struct, frozen=True):
    line: int
    procedure: Procedure


def import_records(
    file: Path, directory: Path, *, links: bool = False, progress: Callable[[int], None] = lambda _: None
) -> Imported:
    """Map every record of ``file`` into ``directory``/procedures; ``progress`` is told the number of each line read.

    With ``links`` the stages of other authorities become links of the route. Raises UnreadableList, InvalidCatalogue
    (the directory's own authorities are faulty) or CannotWrite.
    """
    authorities = load_authorities(directory)
    names = load_names(own_or_shipped(directory, NAMES), authorities)
    codes: _Codes = {}
    mapped, unmapped = _map_lines(file, names, codes, progress)
    if not mapped and not unmapped:
        message = f"{file} holds no records"
        raise UnreadableList(message, file=str(file))
    if links:
        mapped = [replace(item, procedure=derive_links(item.procedure, names)) for item in mapped]
    existing = _existing(directory)
    mapped, foreign = _without_foreign(mapped, existing)
    records = frozenset(item.procedure.id.casefold() for item in mapped)
    named = [_named(item.procedure, codes, records, existing) for item in mapped]
    try:
        written = tuple(_write(directory, procedure, existing) for procedure in named)
    except OSError as error:
        message = f"{directory} cannot be written: {error.strerror}"
        raise CannotWrite(message, directory=str(directory)) from None
    return Imported(
        len(mapped) + len(unmapped) + len(foreign), written, tuple(sorted(unmapped + foreign, key=_by_line))
    )


def _by_line(item: Unmapped) -> int:
    return item.line


def _map_lines(
    file: Path, names: Names, codes: _Codes, progress: Callable[[int], None]
) -> tuple[list[_Mapped], list[Unmapped]]:
    """Map each line; ``codes`` is told which records, mapped or not, bear which code."""
    mapped: list[_Mapped] = []
    unmapped: list[Unmapped] = []
    first_lines: dict[str, int] = {}
    for line in read_records(file):
        progress(line.number)
        _note_code(line, codes)
        outcome = _map_line(line, names, first_lines)
        if isinstance(outcome, Unmapped):
            unmapped.append(outcome)
        else:
            mapped.append(outcome)
    return mapped, unmapped


def _note_code(line: Line, codes: _Codes) -> None:
    record = line.record or {}
    code, name = record.get("code"), record.get("id")
    if isinstance(code, str) and code.strip():
        bearer = name.casefold() if isinstance(name, str) and name else f"line {line.number}"
        codes.setdefault(code.strip().casefold(), set()).add(bearer)


def _map_line(line: Line, names: Names, first_lines: dict[str, int]) -> _Mapped | Unmapped:
    known = line.record.get("id") if line.record else None
    name = known if isinstance(known, str) else ""
    if line.record is None or line.reason:
        return Unmapped(line.number, name, line.reason)
    key = name.casefold()
    if key and key in first_lines:
        return Unmapped(line.number, name, f'the id "{name}" is already used in line {first_lines[key]}')
    if key:
        first_lines[key] = line.number
    try:
        return _Mapped(line.number, map_record(line.record, names))
    except CannotMap as error:
        return Unmapped(line.number, name, str(error))
    except Refusal as refusal:
        return Unmapped(line.number, name, refusal.message)


class _Existing(msgspec.Struct, frozen=True):
    """The procedures that the directory holds already.

    ``ids`` tells for each id the record that it came from (empty: written by hand), ``records`` for each record its
    file, name and source.
    """

    ids: dict[str, str]
    records: dict[str, tuple[Path, str, str]]


def _existing(directory: Path) -> _Existing:
    """What is there; files that cannot be read are left to ``motcua catalogue check``."""
    ids: dict[str, str] = {}
    records: dict[str, tuple[Path, str, str]] = {}
    for path in procedure_files(directory):
        try:
            value = read_yaml(path)
        except BadYaml:
            continue
        if not isinstance(value, dict):
            continue
        published = value.get("published")
        record = str(published.get("record") or "") if isinstance(published, dict) else ""
        ids[str(value.get("id")).casefold()] = record
        if record:
            records[record] = (path, str(value.get("name")), str(value.get("source")))
    return _Existing(ids, records)


def _without_foreign(mapped: list[_Mapped], existing: _Existing) -> tuple[list[_Mapped], list[Unmapped]]:
    """Leave out records that would overwrite another list's procedure, or one that was written by hand."""
    kept: list[_Mapped] = []
    foreign: list[Unmapped] = []
    for item in mapped:
        reason = _clash(item.procedure, existing)
        if reason:
            foreign.append(Unmapped(item.line, item.procedure.id, reason))
        else:
            kept.append(item)
    return kept, foreign


def _clash(procedure: Procedure, existing: _Existing) -> str:
    record = procedure.id
    path, name, source = existing.records.get(record, (None, procedure.name, procedure.source))
    if name != procedure.name and source != procedure.source:
        return f'the id "{record}" is already used in {path} for another procedure, imported from another list'
    if not procedure.code and existing.ids.get(record.casefold(), record) != record:
        return f'the id "{record}" is already that of a procedure which is not this record'
    return ""


def _named(procedure: Procedure, codes: _Codes, records: frozenset[str], existing: _Existing) -> Procedure:
    """Give the procedure its id: the code where no other record has it, else both; without a code the record id."""
    record, code = procedure.id, procedure.code
    if not code:
        return procedure
    key = code.casefold()
    alone = len(codes.get(key, ())) == 1 and key not in records and existing.ids.get(key, record) == record
    return replace(procedure, id=ProcedureCode(code if alone else f"{code}-{record}"))


def _write(directory: Path, procedure: Procedure, existing: _Existing) -> Written:
    """Write the file if its bytes are new; a file that held the same record elsewhere is removed."""
    path = directory / PROCEDURES / slug(procedure.field) / f"{procedure.id}.yaml"
    record = procedure.published.record if procedure.published else ""
    body = render(procedure).encode()
    changed = not path.is_file() or path.read_bytes() != body
    if changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.tmp")
        draft.write_bytes(body)
        draft.replace(path)
    old = existing.records.get(record)
    if old is not None and old[0].resolve() != path.resolve():
        old[0].unlink(missing_ok=True)
    notes = tuple(note.removeprefix("import: ") for note in procedure.notes if note.startswith("import: "))
    return Written(record, procedure.id, str(path), changed, notes)
