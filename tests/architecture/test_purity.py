"""The domain is pure and workflows are deterministic: no clock, no chance, no environment, no input or output.

The workflow sandbox does not guard what is passed through it, and ``domain`` is; so this is checked in the source.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE_STANDARD_LIBRARY = {
    "abc", "array", "bisect", "calendar", "collections", "dataclasses", "datetime", "decimal", "enum", "functools",
    "hashlib", "heapq", "itertools", "json", "math", "operator", "re", "string", "types", "typing", "unicodedata",
    "zoneinfo",
}  # fmt: skip
BANNED_CALLS = {
    "datetime.now", "datetime.today", "datetime.utcnow", "date.today", "datetime.datetime.now", "datetime.date.today",
    "datetime.datetime.today", "datetime.datetime.utcnow", "uuid.uuid1", "uuid.uuid4", "uuid1", "uuid4",
    "open", "print", "input", "exec", "eval", "__import__",
}  # fmt: skip
BANNED_MODULES = {"os", "random", "secrets", "socket", "subprocess", "sys", "threading", "time"}
"""Neither in the domain nor in workflows."""


def _modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def _label(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def _called(tree: ast.AST) -> Iterator[str]:
    return (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", _modules("domain"), ids=_label)
def test_the_domain_imports_nothing_but_values(path: Path) -> None:
    """Only msgspec and the pure part of the standard library; a new name is added to the list when it is pure."""
    assert set(_imported(ast.parse(path.read_text()))) <= PURE_STANDARD_LIBRARY | {"domain", "msgspec"}


@pytest.mark.parametrize("path", [*_modules("domain"), *_modules("workflows")], ids=_label)
def test_neither_clock_nor_chance_nor_environment(path: Path) -> None:
    """The same input gives the same output: in replays, in rebuilds, in tests."""
    tree = ast.parse(path.read_text())
    assert not BANNED_MODULES & set(_imported(tree))
    assert not BANNED_CALLS & set(_called(tree))


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from random import choice",
        "x = datetime.now()",
        "y = uuid.uuid4()",
        "open('f')",
        "import os.path",
    ],
)
def test_the_check_sees_what_it_is_for(source: str) -> None:
    """A check that finds nothing must be able to find something."""
    tree = ast.parse(source)
    assert BANNED_MODULES & set(_imported(tree)) or BANNED_CALLS & set(_called(tree))
