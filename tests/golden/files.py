"""Where the golden files are, and how they are read."""

from pathlib import Path

import msgspec

from domain.dossier.events import Event

HERE = Path(__file__).parent
EVENTS, HISTORIES = HERE / "events", HERE / "histories"


class GoldenEvent(msgspec.Struct, frozen=True):
    """One stored event of one version of one type, as a database may hold it for ever."""

    type: str
    schema_version: int
    data: msgspec.Raw


def event_path(kind: type[Event]) -> Path:
    """The file of the present version of this type."""
    return EVENTS / f"{kind.type}.v{kind.schema_version}.json"


def golden_events() -> list[Path]:
    """The files of all versions of all types."""
    return sorted(EVENTS.glob("*.json"))


def golden_histories() -> list[Path]:
    """The recorded histories."""
    return sorted(HISTORIES.glob("*.json"))
