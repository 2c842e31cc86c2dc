"""Upcasts: how an event stored in an old shape is read in the present one.

An event type whose shape changes gets the next ``schema_version`` and one line in ``UPCASTS``: a pure function from the
old JSON object to the next version's. Reading applies them one after another until none is left. Stored rows and their
hashes stay as they are.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from domain.record import Record

Json = dict[str, Any]
Upcasts = Mapping[tuple[str, int], Callable[[Json], Json]]
"""From (type, schema version) to the function that returns the data in the next schema version."""

UPCASTS: Final[Upcasts] = {}
"""The product's upcasts. Never remove one: a stored event is stored for ever."""


def upcast(record: Record, upcasts: Upcasts = UPCASTS) -> Record:
    """The record in the newest shape that ``upcasts`` lead to; its hash remains that of the stored row."""
    if (record.type, record.schema_version) not in upcasts:
        return record
    version, data = record.schema_version, msgspec.json.decode(record.data)
    while (step := upcasts.get((record.type, version))) is not None:
        version, data = version + 1, step(data)
    return replace(record, schema_version=version, data=msgspec.Raw(msgspec.json.encode(data, order="sorted")))
