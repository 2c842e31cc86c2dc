"""Whatever a record holds: it is mapped to a file that reads back the same, or refused with reasons."""

import contextlib
import copy

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.links import derive_links
from catalogue.mapping import CannotMap, map_record
from catalogue.rendering import render
from catalogue.yamlfile import parse_yaml
from domain.procedure import Procedure, StageKind
from tests.catalogue.samples import NAMES, STEPS, Record, record, step

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
LIKELY: st.SearchStrategy[object] = st.sampled_from(
    [
        None,
        0,
        -1,
        0.5,
        True,
        "0,5",
        "ngay",
        "receive",
        "return",
        "commune",
        "applicant",
        "UBND cấp xã",
        "shared",
        "day",
        [],
    ]
)
STEP_KEYS = st.sampled_from([*step("other"), "includes", "alternative", "parallel_group", "excluded", "x"])
RECORD_KEYS = st.sampled_from([*record(), "appointments", "sub_periods", "notes", "hours_per_day", "fee", "x"])
CHANGES = st.lists(
    st.tuples(st.none() | st.integers(0, len(STEPS) - 1), st.data(), LIKELY | VALUES, st.booleans()), max_size=4
)


def _changed(changes: list[tuple[int | None, st.DataObject, object, bool]]) -> Record:
    changed = copy.deepcopy(record())
    for at, data, value, remove in changes:
        steps = changed.get("steps")
        inner = at is not None and isinstance(steps, list) and len(steps) > at and isinstance(steps[at], dict)
        target = steps[at] if inner and isinstance(steps, list) and at is not None else changed
        key = data.draw(STEP_KEYS if inner else RECORD_KEYS)
        if remove:
            target.pop(key, None)
        else:
            target[key] = value
    return changed


@settings(max_examples=150, deadline=None)
@given(CHANGES)
def test_a_record_is_mapped_or_refused(changes: list[tuple[int | None, st.DataObject, object, bool]]) -> None:
    """A mapped one has a route that can be run, with and without links, and survives being written."""
    with contextlib.suppress(CannotMap):
        procedure = map_record(_changed(changes), NAMES)
        _check_runnable(procedure)
        _check_runnable(derive_links(procedure, NAMES))


def _check_runnable(procedure: Procedure) -> None:
    assert (procedure.route[0].stage, procedure.route[-1].stage) == (StageKind.RECEIVE, StageKind.RETURN)
    assert msgspec.convert(parse_yaml(render(procedure)), Procedure) == procedure
