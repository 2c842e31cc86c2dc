"""A clock: a budget, a start and the ledger of what happened to it. Its due moment is derived, never stored."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.errors import InvalidMoment, InvalidSuspension
from domain.moment import epoch_minute
from domain.period import Period
from domain.procedure import CountPolicy, CutOff, Effect


class Suspension(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One stretch in which the clock did not simply run. ``end`` is none while it is open; ``reason`` is any text.

    Raises InvalidSuspension where it ends before it starts, InvalidMoment without an offset.
    """

    start: datetime
    end: datetime | None
    effect: Effect
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse a suspension that ends before it starts."""
        if self.end is None:
            return
        try:
            backwards = self.end < self.start
        except TypeError:
            message = "a suspension's start and end both need an offset"
            raise InvalidMoment(message) from None
        if backwards:
            message = f"the suspension ends ({self.end.isoformat()}) before it starts ({self.start.isoformat()})"
            raise InvalidSuspension(message, start=self.start.isoformat(), end=self.end.isoformat())


Extension = tuple[datetime, datetime, str]
"""Form 04: from the first moment on the clock is due at the second; the reason given."""


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One of a dossier's clocks. ``start`` is when the full and valid dossier was accepted, or the stage opened.

    Suspensions may overlap and come in any order; of several extensions only the last counts; ``domain.deadline``
    says how they move the due moment.
    """

    budget: Period
    start: datetime
    count: CountPolicy = CountPolicy.DAY_END
    cutoff: CutOff | None = None
    suspensions: tuple[Suspension, ...] = ()
    extension: Extension | None = None


class Stop(NamedTuple):
    """A suspension in whole minutes, pauses that overlap merged into one."""

    start: int
    end: int | None
    effect: Effect
    reasons: tuple[str, ...]


class NewDate(NamedTuple):
    """An extension in whole minutes."""

    at: int
    due: int
    reason: str


def ledger(clock: Clock) -> list[Stop | NewDate]:
    """Return what happened to the clock in the order in which it took effect: stops by their ends, open ones last.

    Pauses that overlap or touch are one. Suspensions of effect ``run_on`` are left out: they change nothing.
    """
    if not clock.suspensions and clock.extension is None:
        return []
    pauses: list[Stop] = []
    entries: list[Stop | NewDate] = []
    for suspension in clock.suspensions:
        end = suspension.end
        stop = Stop(
            epoch_minute(suspension.start),
            None if end is None else epoch_minute(end),
            suspension.effect,
            (suspension.reason,) if suspension.reason else (),
        )
        if suspension.effect is Effect.PAUSE:
            pauses.append(stop)
        elif suspension.effect is Effect.RESTART:
            entries.append(stop)
    entries += _merged(pauses)
    if clock.extension is not None:
        at, due, reason = clock.extension
        entries.append(NewDate(epoch_minute(at), epoch_minute(due), reason))
    if len(entries) > 1:
        entries.sort(key=_effective)
    return entries


def _merged(pauses: list[Stop]) -> list[Stop]:
    pauses.sort(key=lambda pause: pause.start)
    merged: list[Stop] = []
    for pause in pauses:
        last = merged[-1] if merged else None
        if last is None or (last.end is not None and pause.start > last.end):
            merged.append(pause)
            continue
        end = None if last.end is None or pause.end is None else max(last.end, pause.end)
        reasons = tuple(dict.fromkeys(last.reasons + pause.reasons))
        merged[-1] = Stop(last.start, end, Effect.PAUSE, reasons)
    return merged


def _effective(entry: Stop | NewDate) -> tuple[bool, int]:
    """Return when an entry takes effect, to sort by; of one moment, the new date keeps its place after the stops."""
    if isinstance(entry, NewDate):
        return False, entry.at
    return (True, entry.start) if entry.end is None else (False, entry.end)
