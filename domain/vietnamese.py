"""Vietnamese text: searching it without its accents, and sorting it by its own alphabet.

Sorting compares letters first (a < ă < â < b ..., đ after d) and tones only where all letters agree, in the order of
dictionaries: level, falling, dipping, broken, rising, heavy. People are sorted by their given name, which stands last.
"""

import unicodedata
from typing import Final

ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONES: Final = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
"""Combining marks of the tones; a syllable without one is level, 0."""
_RANK: Final = {letter: rank for rank, letter in enumerate(ALPHABET, start=1000)}

SyllableKey = tuple[tuple[int, ...], tuple[int, ...]]
"""A syllable's letters, then its tones."""
NameKey = tuple[tuple[SyllableKey, ...], tuple[SyllableKey, ...]]
"""The given name, then all that stands before it."""


def plain(text: str) -> str:
    """The text in small letters without any accent: ``"Đăng ký"`` becomes ``"dang ky"``."""
    letters = unicodedata.normalize("NFD", text.lower()).replace("đ", "d")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def text_key(text: str) -> tuple[SyllableKey, ...]:
    """What a text is sorted by."""
    return tuple(_syllable_key(word) for word in text.lower().split())


def name_key(name: str) -> NameKey:
    """What a person's name is sorted by: the given name, then family and middle names."""
    *before, given = text_key(name) or (((), ()),)
    return (given,), tuple(before)


def _syllable_key(word: str) -> SyllableKey:
    letters: list[int] = []
    tones: list[int] = []
    for letter in unicodedata.normalize("NFC", word):
        bare, tone = _without_tone(letter)
        letters.append(_RANK.get(bare, ord(bare[0])))
        tones.append(tone)
    return tuple(letters), tuple(tones)


def _without_tone(letter: str) -> tuple[str, int]:
    marks = unicodedata.normalize("NFD", letter)
    tone = next((TONES[mark] for mark in marks if mark in TONES), 0)
    return unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in TONES)) or letter, tone
