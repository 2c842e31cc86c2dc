"""Answers tell moments in local time, as receipts and screens do; the store keeps and returns them in UTC."""

from datetime import datetime
from typing import Any, Final

import msgspec

from domain.zone import zone_of

HOME: Final = zone_of("Asia/Ho_Chi_Minh")
"""Where the dossiers are."""


def in_local_time(value: Any) -> Any:  # noqa: ANN401  # whatever an answer is made of
    """The same value with every moment in it at its local offset."""
    match value:
        case datetime():
            return value.astimezone(HOME)
        case msgspec.Struct():
            fields = {name: in_local_time(getattr(value, name)) for name in value.__struct_fields__}
            return type(value)(**fields)
        case tuple():
            return tuple(in_local_time(item) for item in value)
        case dict():
            return {name: in_local_time(item) for name, item in value.items()}
        case _:
            return value
