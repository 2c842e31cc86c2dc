"""Moments: points in time as text, and as whole minutes since 1970 in UTC, which is what the arithmetic works on."""

from datetime import UTC, datetime, timedelta

from domain.errors import InvalidMoment

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MINUTES = 24 * 60
_MINUTE = timedelta(minutes=1)


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 moment with an offset; raise InvalidMoment for anything else, a missing offset included."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f'"{text}" is not a moment: write date, time and offset, e.g. 2026-03-02T08:10+07:00'
        raise InvalidMoment(message, text=text) from None
    if moment.tzinfo is None:
        message = f'"{text}" says no offset: write date, time and offset, e.g. 2026-03-02T08:10+07:00'
        raise InvalidMoment(message, text=text)
    return moment


def epoch_minute(moment: datetime) -> int:
    """Return the whole minutes since 1970-01-01T00:00Z, seconds dropped; raise InvalidMoment without an offset."""
    try:
        return (moment - EPOCH) // _MINUTE
    except TypeError:
        message = f"{moment.isoformat()} says no offset, so it names no moment"
        raise InvalidMoment(message, moment=moment.isoformat()) from None
