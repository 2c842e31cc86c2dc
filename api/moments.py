"""Moments that clients send: those that nobody can mean are refused before anything is computed from them."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from domain.errors import InvalidMoment

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""What a calendar may ever know; most know less and say so themselves."""


def check_moments(values: msgspec.Struct) -> None:
    """Raise InvalidMoment for a moment of these fields that lies outside this century."""
    for name in values.__struct_fields__:
        value = getattr(values, name)
        if isinstance(value, datetime) and not EARLIEST <= value < LATEST:
            message = f"{name} {value.isoformat()} is outside this century; a moment from 2000 to 2099 is wanted"
            raise InvalidMoment(message, field=name, moment=value.isoformat())
