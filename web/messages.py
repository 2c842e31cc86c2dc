"""The words of the pages: one file for each language, the same keys in each (a test sees to it)."""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = {"vi": "Tiếng Việt", "en": "English"}
"""Languages by their own names, the default first."""
DEFAULT: Final = "vi"

Translate = Callable[..., str]
"""``t("key", name=value)``: the words for a key, with values put in.

Words that follow a number's form stand as ``{n} [day|days]``: the first for one, the second for every other number.
"""
_COUNTED: Final = re.compile(r"\{(\w+)\} \[([^|\]]*)\|([^\]]*)\]")


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
        return _numbered(known[key], values).format(**values) if values else known[key]

    return translate


def _numbered(text: str, values: dict[str, object]) -> str:
    """The text with each counted word in the form for its number."""

    def form(found: re.Match[str]) -> str:
        name, one, many = found.groups()
        return f"{{{name}}} {one if str(values.get(name)) == '1' else many}"

    return _COUNTED.sub(form, text) if "[" in text else text


def has(language: str, key: str) -> bool:
    """Whether the language has words for this key."""
    return key in words(language)
