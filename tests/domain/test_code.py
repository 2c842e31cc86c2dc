"""Dossier codes: both printed forms, what is none, and making one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.code import CodeForm, InvalidCode, alias, format_code, is_agency, is_code, parse_code


@pytest.mark.parametrize(
    ("text", "form", "agency", "day", "serial"),
    [
        ("H29-260302-0001", CodeForm.CURRENT, "H29", date(2026, 3, 2), 1),
        ("H29.12-260302-0001", CodeForm.CURRENT, "H29.12", date(2026, 3, 2), 1),
        ("H55.242-251231-12345", CodeForm.CURRENT, "H55.242", date(2025, 12, 31), 12345),
        ("G12.18-260302-0042", CodeForm.CURRENT, "G12.18", date(2026, 3, 2), 42),
        ("H99.21.01-260302-0042", CodeForm.CURRENT, "H99.21.01", date(2026, 3, 2), 42),
        ("000.00.01.H29-210302-0001", CodeForm.LEGACY, "000.00.01.H29", date(2021, 3, 2), 1),
        ("000.12.345.H29-210302-10000", CodeForm.LEGACY, "000.12.345.H29", date(2021, 3, 2), 10000),
        ("H29-269999-0001", CodeForm.CURRENT, "H29", None, 1),
    ],
)
def test_both_forms_are_read(text: str, form: CodeForm, agency: str, day: date | None, serial: int) -> None:
    """Agency, day and serial; six digits that are no date are taken, for upstream systems issue such codes."""
    parsed = parse_code(f"  {text}\n")
    assert (parsed.code, parsed.form, parsed.agency, parsed.day, parsed.serial) == (text, form, agency, day, serial)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H29",
        "H29-260302-001",
        "H29-26030-0001",
        "h29-260302-0001",
        "H29.1-260302-0001",
        "H29.12.345-260302-0001",
        "H29-260302-0001/L1",
        "H29-260302-0001\nH29-260302-0002",
        "H29-٢٦٠٣٠٢-0001",
        "00.00.01.H29-210302-0001",
        "H29-260302-" + "1" * 100,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """The refusal shows what codes look like."""
    assert not is_code(text)
    with pytest.raises(InvalidCode, match=r"H29\.12-260302-0001") as refused:
        parse_code(text)
    assert refused.value.code == "invalid_code"


def test_a_code_is_made_of_agency_day_and_serial() -> None:
    """The serial has at least four digits and grows beyond them."""
    assert format_code("H29.12", date(2026, 3, 2), 7) == "H29.12-260302-0007"
    assert format_code("H29.12", date(2026, 3, 2), 12345) == "H29.12-260302-12345"


@pytest.mark.parametrize(
    ("agency", "day", "serial"),
    [
        ("h29", date(2026, 3, 2), 1),
        ("H29", date(2026, 3, 2), 0),
        ("H29", date(1999, 3, 2), 1),
        ("", date(2026, 3, 2), 1),
    ],
)
def test_no_code_is_made_of_what_none_can_be_made_of(agency: str, day: date, serial: int) -> None:
    """A wrong agency, a serial before the first, a year of another century."""
    with pytest.raises(InvalidCode):
        format_code(agency, day, serial)


def test_an_alias_has_one_spelling() -> None:
    """Upstream codes are kept as they are searched: trimmed, in capitals."""
    assert alias(" 000.00.01.h29-210302-0001 ") == "000.00.01.H29-210302-0001"
    with pytest.raises(InvalidCode):
        alias("not a code")


@given(
    st.from_regex(r"[A-Z][0-9]{2}(\.[0-9]{2,3})?(\.[0-9]{2})?", fullmatch=True),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.integers(1, 10**9),
)
def test_made_codes_read_back(agency: str, day: date, serial: int) -> None:
    """Formatting and parsing are inverse."""
    assert is_agency(agency)
    parsed = parse_code(format_code(agency, day, serial))
    assert (parsed.agency, parsed.day, parsed.serial) == (agency, day, serial)
