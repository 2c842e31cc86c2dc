"""Local time of a time zone in whole UTC minutes, changes of the clocks included.

A local time that occurs twice is its first occurrence; one that the clocks skip is the moment of the change.
"""

from bisect import bisect_left
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.errors import InvalidCalendar
from domain.moment import DAY_MINUTES, EPOCH

EPOCH_DAY = EPOCH.toordinal()
MINUTE = timedelta(minutes=1)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name; raise InvalidCalendar where there is none of that name."""
    if not name:
        message = "the calendar says no timezone; write its IANA name, e.g. Asia/Ho_Chi_Minh"
        raise InvalidCalendar(message, where="timezone")
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        message = f'"{name}" is not a time zone; write its IANA name, e.g. Asia/Ho_Chi_Minh'
        raise InvalidCalendar(message, where="timezone") from None


def local_minute(zone: ZoneInfo, day: int, minute_of_day: int) -> int:
    """Return the UTC minute at which a zone's clocks first show a local time, or pass it.

    ``day`` is a proleptic ordinal, as of ``date.toordinal``; ``minute_of_day`` counts from its midnight and may be 24
    × 60.
    """
    wall = datetime.fromordinal(day) + timedelta(minutes=minute_of_day)
    naive = (day - EPOCH_DAY) * DAY_MINUTES + minute_of_day
    before, after = _offset(zone, wall, 0), _offset(zone, wall, 1)
    # The two agree except at a change of clocks. In a gap the offset grows, and the skipped time is the moment
    # of change.
    return naive - before if before >= after else _change(zone, naive - after, naive - before)


def midnights(zone: ZoneInfo, first: int, count: int) -> list[int]:
    """Return the UTC minutes at which ``count`` days from the ordinal ``first`` begin.

    Where the offset is the same the day before, that day and the day after, it is taken as it is: one look-up a day.
    """
    walls = (datetime.fromordinal(day) for day in range(first - 1, first + count + 1))
    offsets = [_offset(zone, wall, 0) for wall in walls]
    naive = (first - EPOCH_DAY) * DAY_MINUTES
    return [
        naive + day * DAY_MINUTES - offset if earlier == offset == later else local_minute(zone, first + day, 0)
        for day, (earlier, offset, later) in enumerate(zip(offsets, offsets[1:], offsets[2:], strict=False))
    ]


def _offset(zone: ZoneInfo, wall: datetime, fold: int) -> int:
    offset = wall.replace(tzinfo=zone, fold=fold).utcoffset()
    return 0 if offset is None else offset // MINUTE


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the first minute from ``low`` to ``high`` at which the zone has the offset that it has at ``high``."""

    def offset(minute: int) -> timedelta | None:
        return datetime.fromtimestamp(minute * 60, zone).utcoffset()

    final = offset(high)
    return low + bisect_left(range(low, high + 1), 1, key=lambda minute: int(offset(minute) == final))
