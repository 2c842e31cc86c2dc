"""Moments, periods and working time in words, in both languages."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.period import Period
from domain.zone import zone_of
from web.messages import Translate

HOME: Final[ZoneInfo] = zone_of("Asia/Ho_Chi_Minh")
"""The state's local time, in which everything is shown."""
HOUR: Final = 60


def local(moment: datetime) -> datetime:
    """The moment in the state's local time."""
    return moment.astimezone(HOME)


def moment_words(t: Translate, moment: datetime) -> str:
    """Time, day of the week and date."""
    here = local(moment)
    return t(
        "time.moment",
        time=here.strftime("%H:%M"),
        weekday=t(f"time.weekday.{here.isoweekday()}"),
        date=day_words(t, here.date()),
    )


def short_words(t: Translate, moment: datetime) -> str:
    """Time and date for tables; the year is left out."""
    here = local(moment)
    return t("time.short", time=f"{here.hour:02}:{here.minute:02}", day=f"{here.day:02}", month=f"{here.month:02}")


def day_words(t: Translate, day: date) -> str:
    """A date."""
    return t("time.date", day=f"{day.day:02}", month=f"{day.month:02}", year=day.year)


def minutes_words(t: Translate, minutes: int, day_minutes: float) -> str:
    """Working minutes as days and hours; minutes are said only where there is less than a day."""
    minutes = abs(minutes)
    days, rest = divmod(minutes, int(day_minutes))
    hours, rest = divmod(rest, HOUR)
    parts = []
    if days:
        parts.append(t("time.days", n=days))
    if hours:
        parts.append(t("time.hours", n=hours))
    if not days and (rest or not hours):
        parts.append(t("time.minutes", n=rest))
    return " ".join(parts)


def left_words(t: Translate, minutes: int, day_minutes: float) -> str:
    """How much working time is left, or by how much it is exceeded."""
    key = "time.left" if minutes >= 0 else "time.over"
    return t(key, time=minutes_words(t, minutes, day_minutes))


def period_words(t: Translate, period: Period) -> str:
    """``10 working days``."""
    return t(f"period.{period.unit.value}", n=str(period.amount).replace(".", t("period.point")))
