"""A dossier's history as sentences."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from api.desk.directory import Directory
from domain.dossier.codec import decode_event
from domain.dossier.commands import CITIZEN
from domain.period import Period
from domain.record import Record
from store.keys import is_sealed
from web.messages import Translate
from web.timewords import moment_words, period_words

ENGINE: Final = "engine"
QUOTED: Final = ("reason", "note", "words", "legal_basis", "number", "receipt")
"""Fields that are somebody's own words."""
SAME: Final = 60.0
"""Seconds within which what happened and what was recorded count as one moment."""


class Line(msgspec.Struct, frozen=True):
    """One entry; ``recorded`` is none where it was recorded as it happened."""

    version: int
    at: datetime
    recorded: datetime | None
    text: str
    quoted: tuple[str, ...]
    who: str
    place: str
    automatic: bool


def timeline(records: Sequence[Record], directory: Directory, t: Translate, titles: dict[str, str]) -> list[Line]:
    """The lines, newest first. ``titles`` are the route's own names of stages, by their ids."""
    return [_line(record, directory, t, titles) for record in reversed(records)]


def _line(record: Record, directory: Directory, t: Translate, titles: dict[str, str]) -> Line:
    event = decode_event(record.type, record.data)
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    values = {name: _words(name, value, directory, t) for name, value in fields.items()}
    values["stage"] = titles.get(str(fields.get("stage_id", ""))) or values.get("stage", "")
    apart = abs((record.recorded_at - record.occurred_at).total_seconds()) > SAME
    return Line(
        version=record.version,
        at=record.occurred_at,
        recorded=record.recorded_at if apart else None,
        text=t(f"event.{record.type.replace('.', '_')}", **values),
        quoted=tuple(str(fields[name]) for name in QUOTED if isinstance(fields.get(name), str) and _free(name, fields)),
        who=_who(record, directory, t),
        place=directory.authority_name(record.authority),
        automatic=record.actor == ENGINE or not record.actor,
    )


def _who(record: Record, directory: Directory, t: Translate) -> str:
    """Who did it, and for whom (empty: nobody, the engine)."""
    if record.actor == CITIZEN:
        return t("person.citizen")
    name = "" if record.actor == ENGINE else directory.officer_name(record.actor)
    absent = directory.officer_name(record.on_behalf_of)
    return t("person.for_another", name=name, absent=absent) if absent else name


def _free(name: str, fields: dict[str, Any]) -> bool:
    """Whether the field holds words, and not one word of a closed vocabulary."""
    return bool(fields[name]) and type(fields[name]) is str


_WORDS: Final[dict[str, str]] = {
    "stage": "stage",
    "outcome": "outcome",
    "ending": "ending",
    "clock": "clock",
    "method": "return_method",
    "channel": "channel",
    "effect": "effect",
    "state": "scan",
    "purpose": "purpose",
    "problem": "problem",
    "what": "missing",
}
"""Fields whose values are words of a vocabulary, and under which keys these are translated."""


def _words(name: str, value: Any, directory: Directory, t: Translate) -> str:  # noqa: ANN401  # any field
    match value:
        case None:
            return "—"
        case datetime():
            return moment_words(t, value)
        case Period():
            return period_words(t, value)
        case tuple():
            return ", ".join(map(str, value))
        case str() if is_sealed(value):
            return "•••"
        case _:
            return _named(name, str(value), directory, t)


def _named(name: str, value: str, directory: Directory, t: Translate) -> str:
    people: dict[str, Callable[[str], str]] = {
        "officer": directory.officer_name,
        "previous": directory.officer_name,
        "approved_by": directory.officer_name,
        "to": directory.authority_name,
        "authority": directory.authority_name,
        "received_by": directory.authority_name,
        "procedure": directory.procedure_name,
    }
    if name in people:
        return people[name](value)
    if name in _WORDS and value:
        return t(f"{_WORDS[name]}.{value}")
    return value
