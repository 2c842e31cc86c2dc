"""A slow and obvious second implementation of the rules of counting: it looks at every minute and every day.

It shares no code with the domain. What is worked is decided minute by minute by looking at what the local clocks
show; what is due is found by stepping forward until the budget is used up.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hours = list[tuple[str, str]]


@dataclass
class SlowCalendar:
    """Working time within ``first``..``last``, one boolean a minute."""

    timezone: str
    hours: dict[str, Hours]
    first: date
    last: date
    off: set[date] = field(default_factory=set)
    worked: dict[date, Hours] = field(default_factory=dict)
    hours_per_day: float = 8

    def __post_init__(self) -> None:
        """Look at every minute: worked if what the clocks show lies in a shift.

        While the clocks repeat an hour they are taken to stand still, so a shift that ends in that hour ends once.
        """
        self.zone = ZoneInfo(self.timezone)
        self.origin = datetime.combine(self.first, datetime.min.time(), self.zone).astimezone(UTC)
        end = datetime.combine(self.last + DAY, datetime.min.time(), self.zone).astimezone(UTC)
        self.days: list[date] = []
        self.is_worked: list[bool] = []
        shown = datetime.min  # noqa: DTZ901  # what a clock on the wall shows has no zone
        moment = self.origin
        while moment < end:
            shown = max(shown, moment.astimezone(self.zone).replace(tzinfo=None, fold=0))
            time = f"{shown:%H:%M}"
            self.days.append(shown.date())
            self.is_worked.append(any(start <= time < stop for start, stop in self.shifts(shown.date())))
            moment += MINUTE

    def shifts(self, day: date) -> Hours:
        """Return the shifts of a day."""
        if day in self.off:
            return []
        return self.worked.get(day, self.hours.get(WEEK[day.weekday()], []))

    def index(self, moment: datetime) -> int:
        """Return a moment as the number of minutes from the first one."""
        return (moment - self.origin) // MINUTE

    def moment(self, index: int) -> datetime:
        """Return a number of minutes as a moment."""
        return (self.origin + index * MINUTE).astimezone(self.zone)

    def between(self, a: int, b: int) -> int:
        """Return how many worked minutes there are from ``a`` up to ``b``."""
        return sum(self.is_worked[a:b]) if a <= b else -sum(self.is_worked[b:a])

    def advance(self, start: int, minutes: int) -> int:
        """Step forward until so many worked minutes have passed."""
        at = start
        if minutes == 0:
            while not self.is_worked[at]:
                at += 1
        while minutes:
            minutes -= self.is_worked[at]
            at += 1
        return at

    def retreat(self, end: int, minutes: int) -> int:
        """Step back to the latest worked minute from which so many worked minutes are left."""
        at = end
        while not (self.is_worked[at] and self.between(at, end) == minutes):
            at -= 1
        return at

    def works(self, day: date) -> bool:
        """Return whether any minute of the day is worked."""
        return any(worked for worked, its_day in zip(self.is_worked, self.days, strict=True) if its_day == day)

    def closing(self, day: date) -> int:
        """Return the end of the day's last worked minute."""
        return max(at + 1 for at, its_day in enumerate(self.days) if its_day == day and self.is_worked[at])

    def opening(self, day: date) -> int:
        """Return the day's first worked minute."""
        return min(at for at, its_day in enumerate(self.days) if its_day == day and self.is_worked[at])

    def day_after(self, day: date, count: int) -> date:
        """Step forward over so many working days."""
        while count:
            day += DAY
            count -= self.works(day)
        return day

    def first_working_day_from(self, day: date) -> date:
        """Return the day itself if it is worked, else the next one that is."""
        return day if self.works(day) else self.day_after(day, 1)


@dataclass(frozen=True)
class Rule:
    """What is counted: amount and unit, the policy, and the cut-off as (time, effect)."""

    amount: float
    unit: str
    count: str = "day_end"
    cutoff: tuple[str, str] | None = None

    @property
    def ends_with_day(self) -> bool:
        """Whether a pause leaves the due moment at a closing time."""
        if self.cutoff is not None and self.cutoff[1] == "same_day_return":
            return True
        if self.count != "day_end" or self.unit not in {"working_day", "day", "month"}:
            return False
        return self.unit != "working_day" or self.amount == int(self.amount)


def due(calendar: SlowCalendar, rule: Rule, start: int) -> int:
    """Count a budget from its start, after the cut-off rule."""
    if rule.cutoff is None:
        return count(calendar, rule, start)
    day = calendar.days[start]
    time, effect = rule.cutoff
    past = f"{calendar.moment(start):%H:%M}" >= time
    if effect == "same_day_return":
        same = not past and calendar.works(day) and start < calendar.closing(day)
        return calendar.closing(day if same else calendar.day_after(day, 1))
    return count(calendar, rule, calendar.opening(calendar.day_after(day, 1)) if past else start)


def count(calendar: SlowCalendar, rule: Rule, start: int) -> int:
    """Count a budget from its start."""
    if rule.unit in {"minute", "hour"}:
        return start + round(rule.amount * {"minute": 1, "hour": 60}[rule.unit])
    if rule.unit == "working_hour":
        return calendar.advance(start, round(60 * rule.amount))
    if rule.unit == "working_day" and (rule.count == "hours" or rule.amount != int(rule.amount)):
        return calendar.advance(start, round(60 * calendar.hours_per_day * rule.amount))
    day = calendar.days[start]
    if rule.unit == "working_day":
        return calendar.closing(calendar.day_after(day, int(rule.amount)))
    last = day + rule.amount * DAY if rule.unit == "day" else months_after(day, int(rule.amount))
    return calendar.closing(calendar.first_working_day_from(last))


def months_after(day: date, months: int) -> date:
    """Return the same day that many months on, or the last one before it that exists."""
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    for wanted in range(day.day, 0, -1):
        try:
            return date(year, month, wanted)
        except ValueError:
            continue
    raise AssertionError


def paused(calendar: SlowCalendar, rule: Rule, start: int, pauses: list[tuple[int, int]]) -> int:
    """Apply pauses, given in order and apart from each other, to a due moment."""
    moved = due(calendar, rule, start)
    for a, b in pauses:
        begin = max(a, start)
        if begin >= moved or b <= start:
            continue
        moved = calendar.advance(b, calendar.between(begin, moved))
        if rule.ends_with_day:
            moved = calendar.closing(calendar.days[moved - 1])
    return moved


def stopwatch(calendar: SlowCalendar, minutes: int, start: int, pauses: list[tuple[int, int]]) -> int:
    """Let a stopwatch run through worked minutes that no pause holds until it has used up ``minutes``."""
    at = start
    while minutes:
        held = any(a <= at < b for a, b in pauses)
        minutes -= calendar.is_worked[at] and not held
        at += 1
    return at


def merge(pauses: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join pauses that overlap or touch, minute by minute."""
    held = sorted({minute for a, b in pauses for minute in range(a, b)})
    joined: list[tuple[int, int]] = []
    for minute in held:
        if joined and joined[-1][1] == minute:
            joined[-1] = (joined[-1][0], minute + 1)
        else:
            joined.append((minute, minute + 1))
    return joined
