"""``motcua catalogue check``: every fault of a catalogue at once, with file, line and reason."""

from collections.abc import Iterator
from pathlib import Path

from catalogue.checking_procedures import procedure_faults
from catalogue.faults import Fault, Severity
from catalogue.loading import (
    AUTHORITIES,
    LAW,
    NAMES,
    OFFICERS,
    PROCEDURES,
    SUPERVISION,
    Contents,
    Found,
    read_contents,
)
from catalogue.naming import check_names
from catalogue.shipped import SHIPPED
from domain.authority import Authority
from domain.code import is_agency
from domain.ids import AuthorityId

FILES = (AUTHORITIES, OFFICERS, LAW, SUPERVISION, NAMES)
"""The files at the top of a directory."""


def check_catalogue(directory: Path) -> list[Fault]:
    """List the faults and warnings of a directory by file and line, without those of what it takes from the program."""
    contents = read_contents(directory)
    faults = list(contents.faults)
    faults += _authority_faults(contents)
    faults += _officer_faults(contents)
    faults += procedure_faults(contents)
    faults += _file_faults(directory)
    if (directory / NAMES).is_file():
        faults += check_names(directory / NAMES, {found.item.id for found in contents.authorities})
    if directory.is_dir() and not contents.procedures and not contents.faults:
        faults.append(Fault(str(directory), 0, "no_procedures", "holds no procedures", Severity.WARNING))
    foreign = str(SHIPPED) if directory.resolve() != SHIPPED else None
    return sorted(fault for fault in faults if foreign is None or not fault.file.startswith(foreign))


def _file_faults(directory: Path) -> Iterator[Fault]:
    """Data that nobody would read: a misspelt name, a procedure outside its folder."""
    for path in sorted((*directory.glob("*.yaml"), *directory.glob("*.yml"))):
        if path.name not in FILES:
            message = f"is no file of a catalogue; these are {', '.join(FILES)}, and procedures stand in {PROCEDURES}/"
            yield Fault(str(path), 0, "unknown_file", message)


def _authority_faults(contents: Contents) -> Iterator[Fault]:
    known = {found.item.id: found.item for found in contents.authorities}
    prefixes: dict[str, Found[Authority]] = {}
    for found in contents.authorities:
        authority = found.item
        if authority.calendar and authority.calendar not in contents.calendars:
            message = f'{authority.id}: the calendar "{authority.calendar}" is unknown'
            yield found.fault("unknown_calendar", message, "calendar")
        if authority.parent is not None and authority.parent not in known:
            yield found.fault(
                "unknown_authority", f'{authority.id}: the authority "{authority.parent}" above it is unknown', "parent"
            )
        elif _is_its_own_parent(authority, known):
            yield found.fault("authority_circle", f"{authority.id}: the authorities above it lead back to it", "parent")
        if authority.code_prefix:
            yield from _prefix_faults(found, prefixes)


def _prefix_faults(found: Found[Authority], prefixes: dict[str, Found[Authority]]) -> Iterator[Fault]:
    prefix = found.item.code_prefix
    if not is_agency(prefix):
        message = f'{found.item.id}: "{prefix}" cannot begin a dossier code; write H29, H29.12 or H29.12.03'
        yield found.fault("invalid_code_prefix", message, "code_prefix")
    first = prefixes.setdefault(prefix, found)
    if first is not found:
        message = f'{found.item.id}: the code prefix "{prefix}" is that of {first.item.id}; their codes would collide'
        yield found.fault("duplicate_code", message, "code_prefix")


def _is_its_own_parent(authority: Authority, known: dict[AuthorityId, Authority]) -> bool:
    seen: set[AuthorityId] = set()
    current = authority.parent
    while current is not None and current in known and current not in seen:
        if current == authority.id:
            return True
        seen.add(current)
        current = known[current].parent
    return False


def _officer_faults(contents: Contents) -> Iterator[Fault]:
    known = {found.item.id for found in contents.authorities}
    for found in contents.officers:
        officer = found.item
        if officer.authority not in known:
            yield found.fault(
                "unknown_authority", f'{officer.id}: the authority "{officer.authority}" is unknown', "authority"
            )
        if not officer.roles:
            yield found.fault("no_role", f"{officer.id}: an officer has at least one role", "roles")
