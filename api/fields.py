"""Kinds of fields that requests and answers share."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

from domain.dossier.commands import MAX_TEXT

LARGEST_EXACT: Final = 2**53 - 1
"""The largest whole number that every JSON parser reads alike."""
Id = Annotated[str, Meta(min_length=1, max_length=200)]
Line = Annotated[str, Meta(max_length=500)]
Text = Annotated[str, Meta(extra_json_schema={"maxLength": MAX_TEXT})]
"""Free text; the domain itself refuses a longer one, by the code ``text_too_long``."""
Whole = Annotated[int, Meta(ge=-LARGEST_EXACT, le=LARGEST_EXACT)]
Moment = Annotated[datetime, Meta(tz=True)]
"""A moment with an offset."""
Components = Annotated[tuple[Id, ...], Meta(max_length=500)]
