"""Whatever was stored once can be read for ever."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from domain.dossier.codec import EVENT_OF, decode_event, encode_event
from domain.dossier.events import Event
from store.codec.upcasts import upcast
from tests.golden.files import GoldenEvent, event_path, golden_events
from tests.store.samples import a_record


def read(path: Path) -> GoldenEvent:
    """The file's event."""
    return msgspec.json.decode(path.read_bytes(), type=GoldenEvent)


@pytest.mark.parametrize("path", golden_events(), ids=lambda path: path.stem)
def test_a_golden_event_is_read_whole(path: Path) -> None:
    """Upcast and decoded, no field of it is lost: encoded again it is the same, or its newest version's golden file."""
    golden = read(path)
    stored = msgspec.structs.replace(
        a_record(), type=golden.type, schema_version=golden.schema_version, data=golden.data
    )
    newest = upcast(stored)
    event = decode_event(newest.type, newest.data)
    assert newest.schema_version == event.schema_version
    assert msgspec.json.decode(encode_event(event)) == msgspec.json.decode(newest.data)


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.type)
def test_every_version_has_its_golden_file(kind: type[Event]) -> None:
    """A new type or version is accompanied by its file: ``python -m tests.golden.write`` writes it."""
    golden = read(event_path(kind))
    assert (golden.type, golden.schema_version) == (kind.type, kind.schema_version)
    for version in range(1, kind.schema_version):
        assert event_path(kind).with_name(f"{kind.type}.v{version}.json").exists()


@pytest.mark.parametrize("path", golden_events(), ids=lambda path: path.stem)
def test_no_type_is_ever_dropped(path: Path) -> None:
    """An event type that was stored once stays known."""
    assert read(path).type in EVENT_OF
