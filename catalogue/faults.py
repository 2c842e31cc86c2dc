"""Faults of catalogue files: where, what, and under which stable code."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec

from domain.errors import Refusal


class Severity(StrEnum):
    """A fault keeps a catalogue from being used; a warning tells what its maker should know."""

    FAULT = "fault"
    WARNING = "warning"


class Fault(msgspec.Struct, frozen=True, order=True):
    """One fault: ``line`` counts from 1, 0 where none can be named (a missing file)."""

    file: str
    line: int
    code: str
    message: str
    severity: Severity = Severity.FAULT

    def __str__(self) -> str:
        """``path:line: message``, the form that editors jump to."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        warning = "warning: " if self.severity is Severity.WARNING else ""
        return f"{place}: {warning}{self.message}"


class InvalidCatalogue(Refusal):
    """A catalogue with faults; all of them are in ``faults``."""

    code = "invalid_catalogue"

    def __init__(self, directory: Path, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        lines = [str(fault) for fault in self.faults]
        count = f"{len(lines)} fault{'s' if len(lines) != 1 else ''}"
        super().__init__("\n".join([f"the catalogue in {directory} has {count}:", *lines]), faults=lines)
