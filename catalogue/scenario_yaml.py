"""Scenario files as their writers may write them: anchors, aliases and merge keys, and scalars kept as they stand.

Which text is a number, a moment or a code is for the field to say (``catalogue.coercion``): ``1.001190`` is a
procedure's code in one place and a period in another.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import yaml

from catalogue.yamlfile import BadYaml, Lines, Place, Value

MOST_EVENTS = 400_000
"""Parser events after aliases are filled in; a file of some thousand entries has a tenth of it."""
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
MERGE = "<<"


def as_written(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """The parser's events with aliases filled in and plain scalars kept as text, but for those that mean nothing.

    Raises BadYaml for an unknown alias, one within its own anchor, and more than MOST_EVENTS events.
    """
    anchored: dict[str, list[yaml.Event]] = {}
    open_anchors: list[tuple[str, int]] = []
    depth = 0
    for count, event in enumerate(chain.from_iterable(_filled(event, anchored) for event in events)):
        if count >= MOST_EVENTS:
            raise BadYaml(line_of_event(event), "aliases make this file too large")
        name = getattr(event, "anchor", None)
        if name is not None:
            anchored[name] = []
            open_anchors.append((name, depth))
        plain = _plain(event)
        for known, _ in open_anchors:
            anchored[known].append(plain)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        while open_anchors and depth <= open_anchors[-1][1]:
            open_anchors.pop()
        yield plain


def _filled(event: yaml.Event, anchored: dict[str, list[yaml.Event]]) -> list[yaml.Event]:
    """What an alias stands for; every other event stands for itself."""
    if not isinstance(event, yaml.AliasEvent):
        return [event]
    if event.anchor not in anchored or _unclosed(anchored[event.anchor]):
        message = f'the alias "*{event.anchor}" stands for nothing that is written above it'
        raise BadYaml(line_of_event(event), message)
    return list(anchored[event.anchor])


def line_of_event(event: yaml.Event) -> int:
    """The line of an event, from 1."""
    return event.start_mark.line + 1 if event.start_mark else 1


def _unclosed(events: list[yaml.Event]) -> bool:
    opened = sum(isinstance(event, yaml.CollectionStartEvent) for event in events)
    return opened != sum(isinstance(event, yaml.CollectionEndEvent) for event in events)


def _plain(event: yaml.Event) -> yaml.Event:
    """The event without its anchor, a scalar as text."""
    marks = (event.start_mark, event.end_mark)
    match event:
        case yaml.ScalarEvent():
            implicit = event.implicit[0] and event.value in NOTHING
            value = "" if implicit else event.value
            return yaml.ScalarEvent(None, event.tag, (implicit, not implicit), value, *marks, style=event.style)
        case yaml.SequenceStartEvent():
            return yaml.SequenceStartEvent(None, event.tag, event.implicit, *marks)
        case yaml.MappingStartEvent():
            return yaml.MappingStartEvent(None, event.tag, event.implicit, *marks)
        case _:
            return event


def merged(value: Value, lines: Lines, place: Place = ()) -> Value:
    """The value with merge keys (``<<``) resolved: what a mapping gives itself goes before what it merges in.

    Raises BadYaml where something other than mappings is merged in.
    """
    match value:
        case dict():
            own = {key: merged(item, lines, (*place, key)) for key, item in value.items() if key != MERGE}
            return _merge(merged(value[MERGE], lines, (*place, MERGE)), lines, place) | own if MERGE in value else own
        case list():
            return [merged(item, lines, (*place, index)) for index, item in enumerate(value)]
        case _:
            return value


def _merge(value: Value, lines: Lines, place: Place) -> dict[str, Any]:
    sources = value if isinstance(value, list) else [value]
    if not all(isinstance(source, dict) for source in sources):
        raise BadYaml(lines.get((*place, MERGE), 1), "<< merges mappings in, nothing else")
    result: dict[str, Any] = {}
    for source in reversed(sources):
        result |= source
    return result
