"""Rules that lists of published routes state in their notes and in a period's words rather than in fields."""

import re
from typing import Any

from domain.period import Period, Unit
from domain.procedure import CutOff, CutOffEffect, Effect

SAME_DAY_CUTOFF = "15:00"
"""Same-day procedures received later are returned the next working day (one-stop rules in force from 2025)."""

_NEXT_DAY = re.compile(r"after ([0-2][0-9]:[0-5][0-9]) the count starts on the next working day")
_LOOP = re.compile(r"supplement loop: .*?([0-9]+) days for the applicant, then a fresh [0-9]+")
_RESTARTS = re.compile(r"the clock restarts from zero")
_LIMIT = re.compile(r"dossier closed after ([0-9]+) working days without a supplement")


def rules_in_notes(notes: tuple[str, ...]) -> dict[str, Any]:
    """Fields of a Procedure that the notes state: cut-off, what a supplement does to the clocks, its limit."""
    words = "\n".join(notes)
    fields: dict[str, Any] = {}
    if found := _NEXT_DAY.search(words):
        fields["cutoff"] = CutOff(found[1], CutOffEffect.NEXT_DAY)
    if found := _LOOP.search(words):
        fields |= {"on_supplement": Effect.RESTART, "supplement_limit": Period(int(found[1]), Unit.DAY)}
    if _RESTARTS.search(words):
        fields["on_supplement"] = Effect.RESTART
    if found := _LIMIT.search(words):
        fields["supplement_limit"] = Period(int(found[1]), Unit.WORKING_DAY)
    return fields


def same_day() -> dict[str, Any]:
    """Fields of a procedure whose result is printed as due at once: by the close of the day of receipt."""
    return {
        "statutory": Period(1, Unit.WORKING_DAY),
        "cutoff": CutOff(SAME_DAY_CUTOFF, CutOffEffect.SAME_DAY_RETURN),
    }
