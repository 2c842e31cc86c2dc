"""A procedure as the text of its file: the same procedure is always the same bytes, and people read it first."""

from typing import Any

import msgspec
import yaml

from catalogue.yamlfile import Value
from domain.procedure import Procedure

WIDTH = 130
HEADER = "# Imported from a published decision by `motcua catalogue import`; see catalogue/README.md.\n"
_FIRST = (
    "id",
    "code",
    "name",
    "case",
    "field",
    "level",
    "authority",
    "source",
    "statutory",
    "committed",
    "after_payment",
)
_LAST = ("notes", "published")
_STEP = (
    "stage",
    "link",
    "parallel",
    "id",
    "number",
    "title",
    "budget",
    "raw",
    "clock",
    "authority",
    "agency",
    "level",
    "actor",
)
_FLOW = frozenset({"amount", "unit", "time", "effect"})
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Inline(dict[str, Any]):
    """A mapping that is written on one line."""


class _InlineList(list[Any]):
    """A list that is written on one line."""


class _Dumper(_DUMPER):  # type: ignore[misc,valid-type]
    """Knows which mappings and lists are short; every value is an object of its own, so nothing becomes an alias."""


_Dumper.add_representer(
    _Inline, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)
)
_Dumper.add_representer(
    _InlineList, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


def render(procedure: Procedure) -> str:
    """The file's text, ending with a line feed."""
    values = msgspec.to_builtins(procedure)
    values["route"] = [_step(step) for step in values["route"]]
    if "components" in values:
        values["components"] = [_Inline(component) for component in values["components"]]
    body = yaml.dump(
        _inline(_ordered(values, _FIRST, _LAST)),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
        width=WIDTH,
    )
    return HEADER + str(body)


def _ordered(values: dict[str, Any], first: tuple[str, ...], last: tuple[str, ...] = ()) -> dict[str, Any]:
    """The mapping with ``first`` at the top and ``route`` and ``last`` at the end."""
    end = [key for key in ("route", *last) if key in values]
    head = [key for key in first if key in values]
    middle = [key for key in values if key not in head and key not in end]
    return {key: values[key] for key in (*head, *middle, *end)}


def _step(step: dict[str, Any]) -> dict[str, Any]:
    ordered = _ordered(step, _STEP)
    if "link" in ordered:
        ordered["link"] = _link(ordered["link"])
    if "parallel" in ordered:
        ordered["parallel"] = [_step(inner) for inner in ordered["parallel"]]
    if "flags" in ordered:
        ordered["flags"] = _InlineList(ordered["flags"])
    return ordered


def _link(link: dict[str, Any]) -> dict[str, Any]:
    return {**_ordered(link, ("id", "kind", "to", "budget")), "route": [_step(step) for step in link["route"]]}


def _inline(value: Value) -> Value:
    """Periods and cut-offs on one line."""
    match value:
        case _Inline() | _InlineList():
            return value
        case dict():
            inner = {key: _inline(item) for key, item in value.items()}
            return _Inline(inner) if inner and set(inner) <= _FLOW else inner
        case list() | tuple():
            return [_inline(item) for item in value]
        case _:
            return value
