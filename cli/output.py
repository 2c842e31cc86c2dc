"""What every command does alike: print results, name what went wrong, end with the right status."""

import sys
from collections.abc import Iterable
from typing import Annotated, Any, NoReturn

import msgspec
import typer

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
"""The type of every command's ``--json`` option: ``json: Json = False``."""


class BadInput(Exception):
    """What the user gave cannot be used: status 2. ``code`` is stable, ``str()`` one sentence."""

    def __init__(self, message: str, *, code: str = "bad_input") -> None:
        super().__init__(message)
        self.code = code


class Failed(Exception):
    """The command was understood and did not succeed: status 1. ``code`` is stable, ``str()`` one sentence."""

    def __init__(self, message: str, *, code: str = "failed") -> None:
        super().__init__(message)
        self.code = code


def print_json(value: Any) -> None:  # noqa: ANN401  # whatever msgspec can encode
    """Print one value as one line of JSON on stdout."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def print_json_lines(values: Iterable[Any]) -> None:
    """Print JSON Lines on stdout, each as soon as it is there."""
    for value in values:
        print_json(value)
        sys.stdout.flush()


def fail(message: str, *, code: str, status: int, as_json: bool) -> NoReturn:
    """End the command: the sentence on stderr, with ``as_json`` also ``{"error": {"code", "message"}}`` on stdout."""
    if as_json:
        print_json({"error": {"code": code, "message": message}})
    sys.stderr.write(f"motcua: {message}\n")
    raise SystemExit(status)
