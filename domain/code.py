"""Dossier codes: the citizen's one code, its printed forms, and upstream codes that are kept as aliases.

The form of today is ``H29.12-260302-0001``: the deciding agency's identifier, the date of receipt, a daily serial of at
least four digits. The legacy form, still on older receipts, is ``000.00.01.H29-210302-0001``. Codes are never reused or
renumbered.
"""

import re
from datetime import date
from enum import StrEnum

import msgspec

from domain.errors import Refusal
from domain.ids import DossierCode

_AGENCY = r"[A-Z][0-9]{2}(?:\.[0-9]{2,3})?(?:\.[0-9]{2})?"
_LEGACY_AGENCY = r"[0-9]{3}\.[0-9]{2}\.[0-9]{2,3}\.[A-Z][0-9]{2}"
_TAIL = r"-([0-9]{6})-([0-9]{4,})"
_CURRENT_CODE = re.compile(f"({_AGENCY}){_TAIL}")
_LEGACY_CODE = re.compile(f"({_LEGACY_AGENCY}){_TAIL}")
_AGENCY_ONLY = re.compile(_AGENCY)
LONGEST_CODE = 64
"""Characters; the serial has no upper limit of its own, a stored name needs one."""


class InvalidCode(Refusal):
    """A text that is no dossier code, or an agency identifier or serial that none can be made of."""

    code = "invalid_code"


class CodeForm(StrEnum):
    """The two printed forms."""

    CURRENT = "current"
    LEGACY = "legacy"


class ParsedCode(msgspec.Struct, frozen=True):
    """A code taken apart; ``day`` is the date of receipt, none where the six digits are no date (seen upstream)."""

    code: DossierCode
    form: CodeForm
    agency: str
    day: date | None
    serial: int


def parse_code(text: str) -> ParsedCode:
    """Read a code of either form, spaces around it ignored; raise InvalidCode that says what is expected."""
    trimmed = text.strip()
    if len(trimmed) <= LONGEST_CODE:
        for form, pattern in ((CodeForm.CURRENT, _CURRENT_CODE), (CodeForm.LEGACY, _LEGACY_CODE)):
            if found := pattern.fullmatch(trimmed):
                agency, digits, serial = found.groups()
                return ParsedCode(DossierCode(trimmed), form, agency, _day(digits), int(serial))
    shown = text[:LONGEST_CODE]
    message = f'"{shown}" is not a dossier code; codes look like H29.12-260302-0001 or 000.00.01.H29-210302-0001'
    raise InvalidCode(message, text=shown)


def is_code(text: str) -> bool:
    """Whether the text is a code of either form."""
    try:
        parse_code(text)
    except InvalidCode:
        return False
    return True


def alias(text: str) -> DossierCode:
    """An upstream code in the one spelling under which it is kept and searched; raise InvalidCode if it is none."""
    return parse_code(text.upper()).code


def format_code(agency: str, day: date, serial: int) -> DossierCode:
    """The code of the ``serial``-th dossier (from 1) that ``agency`` receives on the local date ``day``."""
    if not is_agency(agency):
        message = f'"{agency}" is not an agency identifier; identifiers look like H29, H29.12 or H29.12.03'
        raise InvalidCode(message, agency=agency)
    if serial < 1:
        message = f"a daily serial counts from 1, not {serial}"
        raise InvalidCode(message, serial=serial)
    if not 2000 <= day.year <= 2099:  # noqa: PLR2004 - the printed year has two digits
        message = f"a dossier code prints a year of this century, not {day.year}"
        raise InvalidCode(message, year=day.year)
    return DossierCode(f"{agency}-{day:%y%m%d}-{serial:04d}")


def is_agency(text: str) -> bool:
    """Whether the text can stand as the agency's identifier in a code of today's form."""
    return _AGENCY_ONLY.fullmatch(text) is not None


def _day(digits: str) -> date | None:
    try:
        return date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return None
