"""The catalogue in memory: procedures, authorities, officers, calendars, the law's defaults, and the house's choices.

A directory holds ``authorities.yaml``, ``officers.yaml``, ``law.yaml``, ``supervision.yaml``, ``calendars/`` and
``procedures/``; what it lacks, but for the procedures, is taken from the catalogue that comes with the program.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from catalogue.decoding import place_line, read_struct
from catalogue.faults import Fault, InvalidCatalogue, Severity
from catalogue.loading_calendars import check_calendars
from catalogue.shipped import SHIPPED, own_or_shipped
from catalogue.yamlfile import Place
from domain.authority import Authority, Officer
from domain.calendar import CalendarSpec
from domain.ids import AuthorityId, CalendarId, OfficerId, ProcedureCode
from domain.law import Law
from domain.procedure import Procedure
from domain.supervision import Supervision

AUTHORITIES, OFFICERS, LAW, NAMES = "authorities.yaml", "officers.yaml", "law.yaml", "authority_names.yaml"
SUPERVISION, PROCEDURES, CALENDARS = "supervision.yaml", "procedures", "calendars"

T = TypeVar("T")


class AuthorityList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of authorities."""

    authorities: tuple[Authority, ...]


class OfficerList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of officers."""

    officers: tuple[Officer, ...]


class Catalogue(msgspec.Struct, frozen=True):
    """Everything of one directory by id. Procedures may name symbolic authorities (``domain.binding``)."""

    procedures: dict[ProcedureCode, Procedure]
    authorities: dict[AuthorityId, Authority]
    officers: dict[OfficerId, Officer]
    calendars: dict[CalendarId, CalendarSpec]
    law: Law
    supervision: Supervision


class Found(msgspec.Struct, Generic[T], frozen=True):
    """One thing and where it stands: its file and the way to it within the file."""

    item: T
    path: Path
    place: Place = ()

    def line(self, *inner: str | int) -> int:
        """The line of a part of it; the file is read again for that, so this is for faults only."""
        return place_line(self.path, (*self.place, *inner))

    def fault(self, code: str, message: str, *inner: str | int, severity: Severity = Severity.FAULT) -> Fault:
        """A fault at a part of it."""
        return Fault(str(self.path), self.line(*inner), code, message, severity)


class Contents(msgspec.Struct, frozen=True):
    """A directory's parts with their places, as far as they can be read, and the faults of the rest."""

    procedures: list[Found[Procedure]]
    authorities: list[Found[Authority]]
    officers: list[Found[Officer]]
    calendars: dict[CalendarId, CalendarSpec]
    law: Law | None
    supervision: Supervision | None
    faults: list[Fault]


def load_catalogue(directory: Path = SHIPPED) -> Catalogue:
    """Load the catalogue of a directory.

    Raises InvalidCatalogue with every fault of every file that cannot be read and every id given twice. What is well
    formed but makes no sense (an unknown authority, a route without an end) is found by ``catalogue.checking``.
    """
    found = read_contents(directory)
    if found.faults or found.law is None or found.supervision is None:
        raise InvalidCatalogue(directory, found.faults)
    return Catalogue(
        {entry.item.id: entry.item for entry in found.procedures},
        {entry.item.id: entry.item for entry in found.authorities},
        {entry.item.id: entry.item for entry in found.officers},
        found.calendars,
        found.law,
        found.supervision,
    )


def load_authorities(directory: Path) -> dict[AuthorityId, Authority]:
    """The authorities of a directory, or the shipped ones; raises InvalidCatalogue."""
    faults: list[Fault] = []
    found = _authorities(directory, faults)
    if faults:
        raise InvalidCatalogue(directory, faults)
    return {entry.item.id: entry.item for entry in found}


def read_contents(directory: Path) -> Contents:
    """Read all that can be read; faults are collected, not raised."""
    faults: list[Fault] = []
    if not directory.is_dir():
        faults.append(Fault(str(directory), 0, "no_catalogue", "is not a directory"))
        return Contents([], [], [], {}, None, None, faults)
    procedures = [found for path in procedure_files(directory) for found in _one(path, Procedure, faults)]
    faults += _twice(procedures)
    authorities = _authorities(directory, faults)
    officers = [
        Found(officer, found.path, ("officers", number))
        for found in _one(own_or_shipped(directory, OFFICERS), OfficerList, faults)
        for number, officer in enumerate(found.item.officers)
    ]
    faults += _twice(officers)
    law = next((found.item for found in _one(own_or_shipped(directory, LAW), Law, faults)), None)
    choices = _one(own_or_shipped(directory, SUPERVISION), Supervision, faults)
    supervision = next((found.item for found in choices), None)
    calendars, calendar_faults = check_calendars(own_or_shipped(directory, CALENDARS))
    folder = own_or_shipped(directory, CALENDARS)
    faults += [msgspec.structs.replace(fault, file=str(folder / fault.file)) for fault in calendar_faults]
    return Contents(procedures, authorities, officers, calendars, law, supervision, faults)


def procedure_files(directory: Path) -> list[Path]:
    """The files of procedures below a directory, in a fixed order; hidden ones are none."""
    return sorted(
        path
        for pattern in ("*.yaml", "*.yml")
        for path in (directory / PROCEDURES).rglob(pattern)
        if not any(part.startswith(".") for part in path.relative_to(directory).parts)
    )


def _authorities(directory: Path, faults: list[Fault]) -> list[Found[Authority]]:
    found = [
        Found(authority, listed.path, ("authorities", number))
        for listed in _one(own_or_shipped(directory, AUTHORITIES), AuthorityList, faults)
        for number, authority in enumerate(listed.item.authorities)
    ]
    faults += _twice(found)
    return found


def _one(path: Path, type_: type[T], faults: list[Fault]) -> list[Found[T]]:
    """The file's thing, or nothing and its faults."""
    item = read_struct(path, str(path), type_)
    if isinstance(item, list):
        faults += item
        return []
    return [Found(item, path)]


def _twice(found: Sequence[Found[Any]]) -> Iterator[Fault]:
    first: dict[str, Found[Any]] = {}
    for entry in found:
        other = first.setdefault(entry.item.id, entry)
        if other is not entry:
            place = f"{other.path}:{other.line('id')}"
            yield entry.fault("duplicate_id", f'the id "{entry.item.id}" is already given in {place}', "id")
