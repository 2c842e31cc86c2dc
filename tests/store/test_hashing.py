"""Canonical JSON agrees with RFC 8785, survives jsonb, and a changed row no longer verifies."""

import math

import msgspec
import psycopg
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store.errors import UnstorableData
from store.hashing import LARGEST_EXACT, canonical, verifies
from tests.store.samples import a_record
from tests.support.databases import Database

text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
numbers = st.integers(-LARGEST_EXACT, LARGEST_EXACT) | st.floats(
    allow_nan=False, allow_infinity=False, min_value=-9e15, max_value=9e15
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
@example({"\ue000": 1, "\U0001f600": 2, "é": [1e-7, -0.0, 1.5e-7, 0.1, 4503599627370496.5]})
@example("\\u0000")
@example({"tracking": "1234567890123456789012", "n": 9007199254740991})
def test_equals_the_reference_implementation(value: object) -> None:
    """Our canonical form is the rfc8785 package's, byte for byte."""
    assert canonical(msgspec.json.encode(value)) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(json_values)
def test_is_a_fixed_point(value: object) -> None:
    """The canonical form of a canonical form is itself."""
    once = canonical(msgspec.json.encode(value))
    assert canonical(once) == once


def test_survives_jsonb(module_database: Database) -> None:
    """What comes back from a jsonb column has the canonical form of what went in."""
    with psycopg.connect(module_database.url, autocommit=True) as connection:

        @settings(max_examples=150, deadline=None)
        @given(json_values)
        def round_trip(value: object) -> None:
            sent = canonical(msgspec.json.encode(value))
            row = connection.execute("SELECT %s::jsonb::text", (sent.decode(),)).fetchone()
            assert row is not None
            assert canonical(row[0]) == sent

        round_trip()


@pytest.mark.parametrize(
    "raw",
    [b"9007199254740992", b"1e22", b"1e400", b'{"a":"\\u0000"}', b'"\\ud800x"', b'"\xff"', b"{", b"[" * 10_000, b""],
)
def test_refuses_what_has_no_form(raw: bytes) -> None:
    """Numbers beyond 2^53, NUL, broken text and broken JSON are refused and not altered."""
    with pytest.raises(UnstorableData):
        canonical(raw)


def test_text_that_spells_a_nul_is_no_nul() -> None:
    """Six characters behind an escaped backslash are text."""
    assert canonical(rb'"\\u0000"') == rb'"\\u0000"'


@pytest.mark.parametrize("field", [f for f in a_record().__struct_fields__ if f not in {"hash", "prev_hash"}])
def test_every_field_is_covered(field: str) -> None:
    """A row of which any field was changed no longer verifies."""
    record = a_record()
    assert verifies(record)
    value = getattr(record, field)
    changed: object
    match value:
        case int():
            changed = value + 1
        case str():
            changed = value + "x"
        case msgspec.Raw():
            changed = msgspec.Raw(b'{"changed":true}')
        case _:
            changed = value.replace(year=value.year + 1)
    assert not verifies(msgspec.structs.replace(record, **{field: changed}))


def test_nan_never_gets_in() -> None:
    """NaN is no JSON; encoded as null it is null."""
    assert canonical(msgspec.json.encode(math.nan)) == b"null"
