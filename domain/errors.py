"""Refusals: what the domain says no to, each under a stable code.

A refusal is an answer, not a bug: it leaves no event behind, its ``code`` never changes once published (clients and
tests rely on it), its message tells an officer what is wrong and what to do, and its ``details`` are plain values
that a machine can read. Anything else that is raised is a defect and must stay one.
"""

from typing import ClassVar

Detail = str | int | float | bool | None | list[str]


class Refusal(Exception):
    """Base of every domain refusal; subclasses set ``code`` and build their message from typed fields."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, **details: Detail) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Detail] = details


class InvalidPeriod(Refusal):
    """A period that is not one: unknown unit, zero, negative, not a number, or out of all proportion."""

    code = "invalid_period"


class InvalidCalendar(Refusal):
    """A calendar whose data contradict themselves: overlapping shifts, an end before a start, a day off and worked."""

    code = "invalid_calendar"


class OutsideCalendar(Refusal):
    """A moment or a count that leaves the years the calendar knows; the message names those years."""

    code = "outside_calendar"


class InvalidSuspension(Refusal):
    """A suspension that ends before it starts."""

    code = "invalid_suspension"


class InvalidProcedure(Refusal):
    """A procedure whose data contradict themselves, e.g. a route without an end."""

    code = "invalid_procedure"


class InvalidMoment(Refusal):
    """A moment without an offset, unparsable, or outside what can be represented."""

    code = "invalid_moment"
