"""The checklist: neither missing nor in excess, refused or noted as the procedure says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.checklist import (
    Comparison,
    ExcessComponents,
    Given,
    InvalidQuantity,
    MissingComponents,
    check,
    compare,
)
from domain.ids import AuthorityId, ProcedureCode
from domain.procedure import ChecklistPolicy, Component, Procedure, StageKind, Step

LISTED = (Component("don"), Component("bansao", copies=2), Component("anh", required=False))


def _procedure(**policy: ChecklistPolicy) -> Procedure:
    plain = Procedure(
        id=ProcedureCode("P1"),
        authority=AuthorityId("X1"),
        route=(Step(stage=StageKind.RECEIVE), Step(stage=StageKind.RETURN)),
        components=LISTED,
    )
    return replace(plain, **policy)


@pytest.mark.parametrize(
    ("handed_in", "missing", "excess"),
    [
        (["don", "bansao"], (), ()),
        (["bansao", "anh", "don"], (), ()),
        (["don"], ("bansao",), ()),
        ([], ("don", "bansao"), ()),
        (["don", "bansao", "hochieu", "anhcuoi"], (), ("hochieu", "anhcuoi")),
        (["don", "don", "bansao"], (), ()),
        (["don", Given("bansao", 1)], ("bansao",), ()),
        (["don", Given("bansao", 1), Given("bansao", 1)], (), ()),
        (["don", Given("bansao", 3)], (), ("bansao",)),
        ([Given("don", 2), "bansao"], (), ("don",)),
        (["don", "bansao", Given("anh", 1)], (), ()),
    ],
)
def test_what_is_missing_and_what_is_in_excess(
    handed_in: list[str | Given], missing: tuple[str, ...], excess: tuple[str, ...]
) -> None:
    """By component and by number of copies; a bare id is the listed quantity."""
    assert compare(handed_in, LISTED) == Comparison(missing, excess)


def test_missing_is_refused_with_its_list() -> None:
    """The refusal names both lists, so that the desk says it once."""
    with pytest.raises(MissingComponents) as refused:
        check(["don", "hochieu"], _procedure())
    assert refused.value.code == "missing_components"
    assert refused.value.details == {"missing": ["bansao"], "excess": ["hochieu"]}
    assert "bansao" in refused.value.message


def test_excess_is_refused_with_its_list() -> None:
    """What the procedure does not list is given back."""
    with pytest.raises(ExcessComponents) as refused:
        check(["don", "bansao", "hochieu"], _procedure())
    assert refused.value.code == "excess_components"
    assert refused.value.details == {"excess": ["hochieu"]}


def test_both_are_noted_where_the_procedure_says_so() -> None:
    """What is returned is for the record."""
    lenient = _procedure(missing=ChecklistPolicy.NOTE, excess=ChecklistPolicy.NOTE)
    assert check(["don", "hochieu"], lenient) == Comparison(("bansao",), ("hochieu",))


def test_noted_excess_does_not_hide_missing() -> None:
    """Only what is refused is named in the refusal."""
    with pytest.raises(MissingComponents) as refused:
        check(["hochieu"], _procedure(excess=ChecklistPolicy.NOTE))
    assert refused.value.details["excess"] == []


@pytest.mark.parametrize("copies", [0, -1, 10_000])
def test_a_number_of_copies_that_is_none_is_refused(copies: int) -> None:
    """Zero copies are not handed in, ten thousand are a keying error."""
    with pytest.raises(InvalidQuantity) as refused:
        compare([Given("don", copies)], LISTED)
    assert refused.value.code == "invalid_quantity"


@given(st.lists(st.sampled_from(["don", "bansao", "anh", "x", "y"])))
def test_a_list_is_complete_or_something_is_named(handed_in: list[str]) -> None:
    """Missing are listed and not given, excess given and not listed; order of handing in does not matter."""
    found = compare(handed_in, LISTED)
    assert set(found.missing) == {"don", "bansao"} - set(handed_in)
    assert set(found.excess) == set(handed_in) - {"don", "bansao", "anh"}
    assert set(compare(reversed(handed_in), LISTED).excess) == set(found.excess)
