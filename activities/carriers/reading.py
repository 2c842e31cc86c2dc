"""Reading what carriers send without trusting any of it: every fault is an ``Unreadable`` with a stable code."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import msgspec

from activities.carriers.protocol import Callback, Carrier, Scan, Unreadable
from domain.postal import ScanState

LONGEST_ID: Final = 100
LONGEST_TEXT: Final = 500
LARGEST: Final = 10**18
AHEAD: Final = timedelta(minutes=10)
"""How far a carrier's clock may be ahead of ours."""
MOST_FIELDS: Final = 200
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LOCAL: Final = re.compile(r"(\d{2})/(\d{2})/(\d{4}) (\d{2}):(\d{2}):(\d{2})")
Fields = Mapping[str, Any]


def json_fields(body: bytes) -> Fields:
    """The body as one JSON object."""
    try:
        found = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("body_unreadable", "the body is not one JSON object in UTF-8") from None
    return found


def form_fields(body: bytes) -> Fields:
    """The body as the fields of a form; of a name given twice the last counts."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except (UnicodeDecodeError, ValueError):
        raise Unreadable("body_unreadable", "the body is not a form in UTF-8") from None


def name_of(fields: Fields, key: str, code: str) -> str:
    """A short name without spaces around it (an id, a tracking number, a status); numbers are taken as their digits."""
    value = fields.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST:
        value = str(value)
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        raise Unreadable(f"{code}_missing", f"{key} is missing")
    if len(text) > LONGEST_ID or not text.isprintable() or not _encodes(text):
        raise Unreadable(f"{code}_invalid", f"{key} is not a name of at most {LONGEST_ID} printable characters")
    return text


def text_of(fields: Fields, key: str) -> str:
    """A free text, cut to what is kept of it; what is no text is none."""
    value = fields.get(key)
    if not isinstance(value, str):
        return ""
    return "".join(character for character in value[:LONGEST_TEXT] if character.isprintable() and _encodes(character))


def check_weight(fields: Fields, key: str) -> None:
    """Refuse a weight that is none: below zero, or no number."""
    value = fields.get(key)
    if value is None or value == "":
        return
    try:
        weight = float(value)
    except (TypeError, ValueError, OverflowError):
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise Unreadable("weight_invalid", f"{key} is not a weight of 0 or more")


def moment_of(carrier: Carrier, callback: Callback, text: str) -> datetime:
    """A moment: ISO 8601, or ``dd/mm/yyyy hh:mm:ss``; without an offset it is the carrier's local time."""
    match = _LOCAL.fullmatch(text)
    try:
        if match is not None:
            day, month, year, hour, minute, second = map(int, match.groups())
            moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # local; the zone follows
        else:
            moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(carrier.timezone))
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("time_invalid", "the time of the event is not a moment") from None
    if moment > callback.received_at + AHEAD:
        raise Unreadable("occurred_in_future", f"the time of the event, {moment.isoformat()}, is yet to come")
    if moment < EARLIEST:
        raise Unreadable("time_invalid", f"the time of the event, {moment.isoformat()}, is too long ago to be meant")
    return moment


def scan(carrier: Carrier, callback: Callback, fields: Fields, event_id: str, names: Mapping[str, str]) -> Scan:
    """The scan in some fields; ``names`` says which field holds tracking, status, time, reason, place and weight."""
    tracking = name_of(fields, names["tracking"], "tracking")
    status = name_of(fields, names["status"], "status")
    check_weight(fields, names["weight"])
    signed = fields.get(names.get("signed", ""))
    return Scan(
        event_id=event_id,
        tracking=tracking,
        status=status,
        state=carrier.statuses.get(status, ScanState.UNKNOWN),
        at=moment_of(carrier, callback, name_of(fields, names["time"], "time")),
        signed=status in carrier.signed or signed in (True, "true", "1"),
        reason=text_of(fields, names["reason"]),
        place=text_of(fields, names["place"]),
    )


def _encodes(text: str) -> bool:
    """Whether the text is one that UTF-8 can hold: half of a surrogate pair is not."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
