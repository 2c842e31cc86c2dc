"""What ``motcua doctor`` finds: one thing and how it stands; and what the store's figures say of it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from store.gauges import Figures

LAG_SECONDS: Final = 60.0
LAG_EVENTS: Final = 10_000
BACKUP_SECONDS: Final = 26 * 3600
"""The limits that the alarms have too."""


class Verdict(StrEnum):
    """How one thing stands; ``unknown``: it could not be looked at, because of something else that is wrong."""

    SOUND = "sound"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "unknown"


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at: what was found, and, unless it is sound, what to do."""

    subject: str
    verdict: Verdict
    found: str
    advice: str = ""


def of_figures(figures: "Figures") -> Iterator[Finding]:
    """What the figures say, each with what to do where that is needed."""
    yield _lag(figures)
    yield _timers(figures)
    yield _hand_overs(figures)
    yield _callbacks(figures)
    yield _messages(figures)
    yield _backup(figures)


def _lag(figures: "Figures") -> Finding:
    found = f"{figures.projection_lag} events behind, the oldest unplaced one {figures.sequencer_lag:.0f} s old"
    if figures.sequencer_lag > LAG_SECONDS or figures.projection_lag > LAG_EVENTS:
        advice = "see that 'motcua projector' runs (its log says why not), and that no transaction is open for long"
        return Finding("projections", Verdict.WRONG, found, advice)
    return Finding("projections", Verdict.SOUND, found)


def _timers(figures: "Figures") -> Finding:
    late = sum(row.drifting for row in figures.open)
    if late:
        found = f"{late} open dossiers have a moment that passed unnoticed"
        return Finding("timers", Verdict.WRONG, found, "see that workers run, then 'motcua reconcile --fix'")
    return Finding("timers", Verdict.SOUND, "no moment of an open dossier has passed unnoticed")


def _hand_overs(figures: "Figures") -> Finding:
    from store.projections.hand_overs import Missing

    arriving = [row for row in figures.outstanding if row.missing != Missing.ACKNOWLEDGEMENT and row.unsynchronised]
    if arriving:
        untold = sum(row.unsynchronised for row in arriving)
        places = ", ".join(sorted({row.authority for row in arriving}))
        found = f"{untold} hand-overs or answers are not known on the other side in time ({places})"
        advice = "see that workers run in every namespace, then 'motcua reconcile' names what has not arrived"
        return Finding("hand-overs", Verdict.WRONG, found, advice)
    late = sum(row.overdue for row in figures.outstanding)
    if late:
        places = ", ".join(sorted({row.authority for row in figures.outstanding if row.overdue}))
        found = f"{late} are not acknowledged in time ({places})"
        return Finding("hand-overs", Verdict.WARNING, found, "call these authorities: the parts are in their worklists")
    return Finding("hand-overs", Verdict.SOUND, "all have arrived and are acknowledged, or not overdue")


def _callbacks(figures: "Figures") -> Finding:
    parked = figures.exchange.inbox_parked
    if parked:
        found = f"{parked} of carriers' callbacks are parked"
        return Finding("callbacks", Verdict.WARNING, found, "'motcua post parked' says why, and how each goes on")
    return Finding("callbacks", Verdict.SOUND, f"none is parked, {figures.exchange.inbox_waiting} are on their way")


def _messages(figures: "Figures") -> Finding:
    dead = {row.kind: row.dead for row in figures.exchange.outgoing if row.dead}
    if dead:
        found = "given up: " + ", ".join(f"{number} of {kind}" for kind, number in sorted(dead.items()))
        return Finding("messages", Verdict.WARNING, found, "'motcua webhook dead' lists them with the last answer")
    waiting = sum(row.waiting for row in figures.exchange.outgoing)
    return Finding("messages", Verdict.SOUND, f"none is given up, {waiting} are on their way")


def _backup(figures: "Figures") -> Finding:
    from store.upkeep import WHOLE, Task

    made = (note.age for note in figures.exchange.upkeep if (note.task, note.detail) == (Task.BACKUP, WHOLE))
    age = next(made, None)
    if age is None:
        return Finding("backup", Verdict.WARNING, "none was ever made", "run 'motcua backup' every day")
    found = f"the last one was made {age / 3600:.0f} hours ago"
    if age > BACKUP_SECONDS:
        return Finding("backup", Verdict.WARNING, found, "run 'motcua backup', and see why the schedule did not")
    return Finding("backup", Verdict.SOUND, found)
