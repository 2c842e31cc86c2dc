"""Working time as whole numbers: where every shift opens and closes, and how many working minutes lie before it.

Laid out once, by one loop over the days that a calendar knows; after that every question is one or two binary searches,
whatever the span. Real minutes are counted, so a shift during which the clocks change is as long as it really was.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date

from domain.calendar_data import CalendarSpec, DayOff
from domain.errors import InvalidCalendar, InvalidPeriod, OutsideCalendar
from domain.moment import DAY_MINUTES
from domain.shifts import Shift
from domain.zone import local_minute, midnights, zone_of


class WorkingTime:
    """The working time of a calendar's years.

    A *minute* is a whole minute since 1970 in UTC. A *position* is the number of working minutes since the first year
    began. A *day number* counts days from 1 January of the first year, a *working day's index* counts working days
    from there. Working time is half-open: a closing time is the first minute that is no longer worked. What leaves
    the known years is refused with OutsideCalendar, which names them.
    """

    __slots__ = (
        "_before",
        "_closes",
        "_day_closes",
        "_day_opens",
        "_days_off",
        "_first_day",
        "_indices",
        "_midnights",
        "_opens",
        "_worked",
        "spec",
        "zone",
    )

    def __init__(self, spec: CalendarSpec) -> None:
        self.spec = spec
        self.zone = zone_of(spec.timezone)
        first_year, last_year = spec.known_years()
        self._first_day = date(first_year, 1, 1).toordinal()
        days = date(last_year, 12, 31).toordinal() - self._first_day + 1
        # Four bytes hold every minute of the years that a calendar may know: four years take about 50 kB.
        self._midnights = array("i", midnights(self.zone, self._first_day, days + 1))
        self._opens, self._closes, self._before = array("i"), array("i"), array("i", [0])
        self._worked, self._day_opens, self._day_closes = array("i"), array("i"), array("i")
        self._indices = array("i", [0])
        self._days_off = {entry.date.toordinal() - self._first_day: entry for entry in spec.days_off()}
        self._lay_out(days)
        if not self._opens:
            message = f"the calendar has no working time in the years it knows, {first_year}-{last_year}"
            raise InvalidCalendar(message, where="hours")

    def _lay_out(self, days: int) -> None:
        """Fill the arrays, day by day."""
        special = {day.toordinal() - self._first_day: shifts for day, shifts in self.spec.special_shifts().items()}
        weekly = self.spec.weekly_shifts()
        weekday = (self._first_day - 1) % 7  # ordinal 1 is a Monday
        total = 0
        for day in range(days):
            shifts = list(self._real(day, special.get(day, weekly[(weekday + day) % 7])))
            if shifts:
                self._worked.append(day)
                self._day_opens.append(shifts[0][0])
                self._day_closes.append(shifts[-1][1])
            for opens, closes in shifts:
                self._opens.append(opens)
                self._closes.append(closes)
                total += closes - opens
                self._before.append(total)
            self._indices.append(len(self._worked))

    def _real(self, day: int, shifts: tuple[Shift, ...]) -> Iterator[Shift]:
        """Yield a day's shifts as minutes, without those that a change of clocks swallows whole."""
        midnight = self._midnights[day]
        if self._midnights[day + 1] - midnight == DAY_MINUTES:
            for opens, closes in shifts:
                yield midnight + opens, midnight + closes
            return
        for opens, closes in shifts:
            real_opens, real_closes = self.local_minute(day, opens), self.local_minute(day, closes)
            if real_opens < real_closes:
                yield real_opens, real_closes

    def position(self, minute: int) -> int:
        """Return how many working minutes lie before ``minute``."""
        shift = bisect_right(self._opens, minute) - 1
        if shift < 0:
            return 0
        return self._before[shift] + min(minute, self._closes[shift]) - self._opens[shift]

    def reached(self, position: int) -> int:
        """Return the earliest minute before which ``position`` (at least 1) working minutes lie: a closing time."""
        return self._at(bisect_left(self._before, position) - 1, position)

    def left(self, position: int) -> int:
        """Return the latest minute before which ``position`` working minutes lie: an opening, not a closing time."""
        return self._at(bisect_right(self._before, position) - 1, position)

    def _at(self, shift: int, position: int) -> int:
        if shift >= len(self._opens):
            raise self.outside("the count")
        return self._opens[shift] + position - self._before[shift]

    def advance_minute(self, minute: int, count: int) -> int:
        """Return the minute ``count`` working minutes after ``minute``; 0 is the next minute inside working time."""
        if count > 0:
            return self.reached(self.position(minute) + count)
        _refuse_negative(count)
        return self.left(self.position(minute))

    def retreat_minute(self, minute: int, count: int) -> int:
        """Return the latest minute inside working time that lies ``count`` working minutes before ``minute``."""
        _refuse_negative(count)
        position = self.position(minute) - count
        if position < 0:
            raise self.outside("the count back")
        return self.left(position)

    def check(self, minute: int) -> None:
        """Raise OutsideCalendar unless the minute lies in the known years."""
        if not self._midnights[0] <= minute < self._midnights[-1]:
            raise self.outside("the count")

    def day_of(self, minute: int) -> int:
        """Return the day number of a known minute."""
        return bisect_right(self._midnights, minute) - 1

    def date_of(self, day: int) -> date:
        """Return the date of a day number."""
        return date.fromordinal(self._first_day + day)

    def number_of(self, day: date) -> int:
        """Return the day number of a date; OutsideCalendar where its year is not known."""
        number = day.toordinal() - self._first_day
        if 0 <= number < len(self._midnights) - 1:
            return number
        raise self.outside(day.isoformat())

    def midnight(self, day: int) -> int:
        """Return the minute at which a day begins; the day after the last one is allowed."""
        return self._midnights[day]

    def local_minute(self, day: int, minute_of_day: int) -> int:
        """Return the minute at which a day's clocks first show, or pass, so many minutes after midnight."""
        midnight = self._midnights[day]
        if self._midnights[day + 1] - midnight == DAY_MINUTES:
            return midnight + minute_of_day
        return local_minute(self.zone, self._first_day + day, minute_of_day)

    def is_worked(self, day: int) -> bool:
        """Return whether a day has any working time."""
        return self._indices[day] != self._indices[day + 1]

    def day_off(self, day: int) -> DayOff | None:
        """Return the special day off of that day number; none on working days and on days of weekly rest."""
        return self._days_off.get(day)

    def working_day_from(self, day: int) -> int:
        """Return the index of the first working day on or after a day, which may lie past the last known one."""
        if day < len(self._indices) and self._indices[day] < len(self._worked):
            return self._indices[day]
        raise self.outside("the next working day")

    def working_day_after(self, day: int, count: int) -> int:
        """Return the index of the ``count``-th (1 or more) working day after a day."""
        index = self._indices[day + 1] + count - 1
        if index < len(self._worked):
            return index
        raise self.outside(f"working day {count} after {self.date_of(day).isoformat()}")

    def working_day_before(self, day: int, count: int) -> int:
        """Return the index of the ``count``-th (1 or more) working day before a day."""
        index = self._indices[day] - count
        if index >= 0:
            return index
        raise self.outside(f"working day {count} before {self.date_of(day).isoformat()}")

    def working_days_to(self, day: int) -> int:
        """Return how many working days there are up to and including a day."""
        return self._indices[day + 1]

    def date_of_working_day(self, index: int) -> date:
        """Return the date of a working day."""
        return self.date_of(self._worked[index])

    def opening_of(self, index: int) -> int:
        """Return the minute at which a working day opens."""
        return self._day_opens[index]

    def closing_of(self, index: int) -> int:
        """Return the minute at which a working day closes."""
        return self._day_closes[index]

    def closing_from(self, minute: int) -> int:
        """Return the earliest closing time of a day that is not before ``minute``."""
        index = bisect_left(self._day_closes, minute)
        if index < len(self._day_closes):
            return self._day_closes[index]
        raise self.outside("the closing time")

    def outside(self, what: str) -> OutsideCalendar:
        """Return the refusal of something that leaves the known years."""
        first, last = self.spec.known_years()
        years = f"the year {first}" if first == last else f"the years {first}-{last}"
        message = f"{what} lies outside calendar {self.spec.id}, which knows {years}"
        return OutsideCalendar(message, calendar=self.spec.id, first_year=first, last_year=last)


def _refuse_negative(count: int) -> None:
    if count < 0:
        message = f"working time is counted in 0 minutes or more, not {count}"
        raise InvalidPeriod(message, minutes=count)
