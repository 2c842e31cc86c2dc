"""Searching without accents, sorting by the Vietnamese alphabet."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.vietnamese import name_key, plain, text_key


@pytest.mark.parametrize(
    ("text", "bare"),
    [("Đăng ký khai tử", "dang ky khai tu"), ("ƯỚC", "uoc"), ("Thuỷ", "thuy"), ("A-1", "a-1"), ("", "")],
)
def test_accents_are_optional_in_a_search(text: str, bare: str) -> None:
    """Composed or decomposed, large or small."""
    assert plain(text) == plain(unicodedata.normalize("NFD", text)) == bare


def test_people_are_sorted_by_given_name_then_family_name() -> None:
    """Letters before tones, đ after d, ă and â after a."""
    names = ["Lê Văn Ân", "Trần Thị Bình", "Đỗ An", "Bùi An", "Ngô Đào", "Vũ Dung", "Hồ Ăn", "Phan Ánh", "Lý Ảnh"]
    expected = ["Bùi An", "Đỗ An", "Lý Ảnh", "Phan Ánh", "Hồ Ăn", "Lê Văn Ân", "Trần Thị Bình", "Vũ Dung", "Ngô Đào"]
    assert sorted(names, key=name_key) == expected


def test_tones_are_sorted_as_in_dictionaries() -> None:
    """Level, falling, dipping, broken, rising, heavy."""
    assert sorted(["mạ", "má", "mã", "mả", "mà", "ma"], key=text_key) == ["ma", "mà", "mả", "mã", "má", "mạ"]


@given(st.text())
def test_any_text_has_a_key_and_a_bare_form(text: str) -> None:
    """Whatever somebody is called."""
    assert isinstance(name_key(text), tuple)
    assert plain(plain(text)) == plain(text)
