"""A scenario: calendars, procedures and a timeline of commands, to be lived through in virtual time."""

from datetime import datetime
from typing import get_args

import msgspec

from domain.authority import Authority
from domain.binding import bind
from domain.calendar import CalendarSpec
from domain.dossier import commands as c
from domain.dossier.rules import Rules, make_rules
from domain.errors import Refusal
from domain.ids import AuthorityId, CalendarId, ProcedureCode
from domain.law import Law
from domain.procedure import Procedure

WAIT = "wait"
REVISE_CALENDAR = "revise_calendar"
INTERNAL = frozenset(
    {
        c.PassMoment,
        c.NotePlaced,
        c.NoteNotPlaced,
        c.ReceiveLink,
        c.NoteLinkAcknowledged,
        c.NoteLinkAnswered,
        c.NoteLinkSuspended,
        c.NoteLinkResumed,
        c.NoteLinkHandedBack,
        c.NoteLinkUndelivered,
        c.NoteLinkDelivered,
        c.RecallLink,
    }
)
"""Commands that only the engine gives itself."""
COMMANDS: dict[str, type[c.Command]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(c.Command) if kind not in INTERNAL
}
"""What ``do`` may say, besides ``wait``."""


class ProcedureUnknown(Refusal):
    """A dossier under a procedure that neither the scenario nor the catalogue has."""

    code = "procedure_unknown"

    def __init__(self, procedure: str) -> None:
        super().__init__(f'there is no procedure "{procedure}" in the scenario or the catalogue', procedure=procedure)


class ProcedureMissing(Refusal):
    """A new dossier without a procedure."""

    code = "procedure_missing"

    def __init__(self, do: str) -> None:
        super().__init__(f"{do} of a new dossier names its procedure", do=do)


class Entry(msgspec.Struct, frozen=True):
    """One line of the timeline.

    ``at`` is when the command is recorded, ``occurred_at`` when it happened in the world (none: the same). ``dossier``
    is empty where the command is for all (``wait``, ``revise_calendar``); ``link`` addresses a linked part, ``L1`` or
    ``L1/L2``. ``command`` is none for ``wait``. ``by`` acts for ``authority``, ``on_behalf_of`` another officer.
    """

    at: datetime
    do: str
    command: c.Command | None = None
    occurred_at: datetime | None = None
    dossier: str = ""
    link: str = ""
    by: str = ""
    authority: str = ""
    on_behalf_of: str = ""


class Scenario(msgspec.Struct, frozen=True):
    """All of a scenario. ``timeline`` is in order of ``at``; entries of one instant keep the order of the file.

    ``calendars`` holds those that authorities name and ``default_calendar``, by which all others count. ``procedures``
    may be called by their id or, where only one has it, by their published code.
    """

    law: Law
    calendars: dict[CalendarId, CalendarSpec]
    default_calendar: CalendarId
    procedures: dict[ProcedureCode, Procedure]
    timeline: tuple[Entry, ...]
    authorities: dict[AuthorityId, Authority] = {}
    title: str = ""
    source: str = ""

    def procedure(self, name: str) -> Procedure:
        """The procedure of an id or of a code. Raises ProcedureUnknown."""
        known = self.procedures.get(ProcedureCode(name))
        if known is not None:
            return known
        coded = [procedure for procedure in self.procedures.values() if procedure.code == name]
        if len(coded) != 1:
            raise ProcedureUnknown(name)
        return coded[0]


def rules_for(scenario: Scenario, calendars: dict[CalendarId, CalendarSpec], entry: Entry) -> Rules:
    """The rules that a new dossier pins; ``calendars`` are those in force by now.

    A procedure for every commune is bound to the one that receives. Raises ProcedureMissing, ProcedureUnknown and what
    ``domain.binding.bind`` raises.
    """
    name = getattr(entry.command, "procedure", None)
    if not name:
        raise ProcedureMissing(entry.do)
    desk = getattr(entry.command, "received_by", None) or entry.authority
    procedure = bind(scenario.procedure(name), AuthorityId(desk or ""), scenario.authorities)
    calendar_of = {known.id: known.calendar for known in scenario.authorities.values() if known.calendar in calendars}
    return make_rules(scenario.law, procedure, calendars, scenario.default_calendar, calendar_of)
