"""Every scenario file beside this one comes out as it expects, by both engines alike.

A file's ``expect`` holds: ``summaries`` (fields by dossier), ``events`` (in this order, others may lie between),
``count`` (how many of a type there are), ``refused`` (all refused commands, in order; none where it is left out).
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from temporalio.testing import WorkflowEnvironment

from catalogue.loading_scenarios import load_scenario
from domain.simulation import Line, lines
from workers.simulation import lines_by_temporal, time_skipping_server

FILES = sorted(Path(__file__).parent.glob("*.yaml"))
FEWEST = 40
NAMES = [path.stem for path in FILES]


def _expectations(path: Path) -> dict[str, Any]:
    expected: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.BaseLoader)["expect"]  # noqa: S506  # text only
    return expected


def _text(value: object) -> str:
    """A value as the files write it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _agrees(expected: object, actual: object) -> bool:
    """Whether all that is expected is there; more may be."""
    match expected:
        case dict():
            return isinstance(actual, dict) and all(_agrees(item, actual.get(key)) for key, item in expected.items())
        case list():
            return (
                isinstance(actual, list)
                and len(expected) == len(actual)
                and all(_agrees(item, other) for item, other in zip(expected, actual, strict=True))
            )
        case _:
            return expected == _text(actual)


def _of(printed: list[Line], kind: str) -> list[dict[str, Any]]:
    return [line[kind] for line in printed if kind in line]


def test_there_are_enough_of_them() -> None:
    """The rules are documented by examples."""
    assert len(FILES) >= FEWEST


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_names_its_source(path: Path) -> None:
    """Each file says which rule it shows and where that rule stands."""
    scenario = load_scenario(path)
    assert scenario.title
    assert scenario.source


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_comes_out_as_expected(path: Path) -> None:
    """Summaries, events and refusals are those that the rules give by hand."""
    printed, expected = list(lines(load_scenario(path))), _expectations(path)
    summaries = {summary["dossier"]: summary for summary in _of(printed, "summary")}
    for dossier, fields in expected.get("summaries", {}).items():
        found = {name: summaries[dossier].get(name) for name in fields}
        assert _agrees(fields, found), (dossier, found)
    events = iter(_of(printed, "event"))
    for wanted in expected.get("events", []):
        assert any(_agrees(wanted, event) for event in events), f"{wanted} is not among the events, in this place"
    for kind, number in expected.get("count", {}).items():
        found_number = sum(event["type"] == kind for event in _of(printed, "event"))
        assert _text(found_number) == number, (kind, found_number)
    assert _agrees(expected.get("refused", []), _of(printed, "refused")), _of(printed, "refused")


@pytest.mark.parametrize("path", FILES, ids=NAMES)
async def test_comes_out_the_same_by_temporal(path: Path, virtual_time: WorkflowEnvironment) -> None:
    """Real workflows and timers print what the pure engine prints, line by line."""
    scenario = load_scenario(path)
    assert [line async for line in lines_by_temporal(scenario, virtual_time)] == list(lines(scenario))


@pytest.fixture(scope="module")
async def virtual_time() -> AsyncIterator[WorkflowEnvironment]:
    """One time-skipping server for all files; each lives through its own dates on it."""
    async with time_skipping_server() as environment:
        yield environment
