"""Every scenario file beside this one comes out as it expects, by both engines alike.

A file's ``expect`` holds: ``summaries`` (fields by dossier), ``events`` (in this order, others may lie between),
``count`` (how many of a type there are), ``refused`` (all refused commands, in order; none where it is left out).
"""

import contextlib
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import pytest
import yaml
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from catalogue.loading_scenarios import load_scenario
from domain.procedure import Procedure
from domain.simulation import Answer, Line, Request, lines, simulate
from workers.simulation import TemporalEngine, lines_by_temporal, temporal_engine, time_skipping_server

FILES = sorted(Path(__file__).parent.glob("*.yaml"))
FEWEST = 40
NAMES = [path.stem for path in FILES]
LINKED = [path for path in FILES if path.stem.startswith("link")]


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


@pytest.mark.parametrize("path", LINKED, ids=[path.stem for path in LINKED])
async def test_comes_out_the_same_by_nexus(path: Path, virtual_time: WorkflowEnvironment) -> None:
    """What crosses between authorities leaves the same events whether they share a namespace or not."""
    scenario = load_scenario(path)
    assert any(linked(procedure) for procedure in scenario.procedures.values())
    by_nexus = [line async for line in lines_by_temporal(scenario, virtual_time, by_nexus=True)]
    assert by_nexus == list(lines(scenario))


async def test_between_namespaces_nothing_is_a_child(virtual_time: WorkflowEnvironment) -> None:
    """Every message of a dossier that hands over goes by a Nexus operation, and its part is nobody's child."""
    scenario = load_scenario(Path(__file__).parent / "link-inter-level.yaml")
    async with temporal_engine(scenario, virtual_time, by_nexus=True) as engine:
        streams = await _lived(simulate(scenario), engine)
        kinds = [await _kinds(virtual_time, stream) for stream in sorted(streams)]
    assert len(kinds) > 1
    for found in kinds:
        assert "EVENT_TYPE_NEXUS_OPERATION_COMPLETED" in found
        assert not any("CHILD_WORKFLOW" in kind for kind in found)


async def _lived(course: Generator[Line | Request, Answer | None, None], engine: TemporalEngine) -> set[str]:
    """The streams that a scenario leaves, lived through by this engine."""
    streams: set[str] = set()
    answer: Answer | None = None
    with contextlib.suppress(StopIteration):
        while True:
            item = course.send(answer)
            answer = None if isinstance(item, dict) else await engine.answer(item)
            streams |= {happening.stream for happening in answer} if isinstance(answer, tuple) else set()
    return streams


async def _kinds(environment: WorkflowEnvironment, stream: str) -> set[str]:
    """The types of events in the history of a stream's run."""
    history = environment.client.get_workflow_handle(stream).fetch_history_events()
    return {EventType.Name(event.event_type) async for event in history}


def linked(procedure: Procedure) -> bool:
    """Whether a procedure's route hands something over."""
    return any(step.links() for step in procedure.route)


@pytest.fixture(scope="module")
async def virtual_time() -> AsyncIterator[WorkflowEnvironment]:
    """One time-skipping server for all files; each lives through its own dates on it."""
    async with time_skipping_server() as environment:
        yield environment
