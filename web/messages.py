"""The words of the pages: one file for each language, the same keys in each (a test sees to it)."""

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = {"vi": "Tiếng Việt", "en": "English"}
"""Languages by their own names, the default first."""
DEFAULT: Final = "vi"

Translate = Callable[..., str]
"""``t("key", name=value)``: the words for a key, with values put in."""


@cache
def words(language: str) -> dict[str, str]:
    """All words of a language by their dotted keys."""
    text = files("web").joinpath("i18n", f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(text), ""))


def _flat(table: dict[str, object], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        found += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, str(value))]
    return found


def translator(language: str) -> Translate:
    """The words of one language; raises KeyError for a key that it has not."""
    known = words(language)

    def translate(key: str, **values: object) -> str:
        return known[key].format(**values) if values else known[key]

    return translate


def has(language: str, key: str) -> bool:
    """Whether the language has words for this key."""
    return key in words(language)
