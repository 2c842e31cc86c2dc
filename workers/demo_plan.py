"""What a demonstration is made of: which dossiers arrive when, where, under which procedure. All from a seed."""

from collections import Counter
from datetime import datetime
from random import Random
from typing import Final

import msgspec

from catalogue.loading import Catalogue
from domain.authority import AuthorityKind, Level
from domain.binding import bind, needs_commune, receiving_desk
from domain.calendar import compile_calendar
from domain.code import format_code
from domain.dossier import commands as c
from domain.dossier.rules import Rules, make_rules
from domain.ids import AuthorityId, CalendarId, OfficerId, Stream
from domain.procedure import Procedure

CALENDAR: Final = CalendarId("vn-state")
START: Final = datetime.fromisoformat("2026-01-05T07:30:00+07:00")
LAST_ARRIVAL: Final = datetime.fromisoformat("2026-03-24T17:30:00+07:00")
END: Final = datetime.fromisoformat("2026-03-31T17:30:00+07:00")
"""The first quarter of 2026: Tết lies in it, and a Saturday that is worked."""
ONLINE, SUBMITTED_FIRST, BY_POST = 0.5, 0.7, 0.08
"""Shares: of dossiers that come online, of these that wait for the desk's answer, of dossiers that come by post."""
FALLBACK_AGENCY: Final = "H99"


class Arrival(msgspec.Struct, frozen=True):
    """A dossier to come: its code, the rules it will be under, and the first command."""

    at: datetime
    stream: Stream
    rules: Rules
    command: c.Submit | c.Receive
    desk: AuthorityId


def plan(catalogue: Catalogue, dossiers: int, seed: int) -> list[Arrival]:
    """So many arrivals in order of time; every procedure of the catalogue comes before any comes twice."""
    chance = Random(seed)  # noqa: S311  # repeatable by purpose
    procedures = sorted(catalogue.procedures.values(), key=lambda procedure: procedure.id)
    calendar = compile_calendar(catalogue.calendars[CALENDAR])
    length = calendar.between(START, LAST_ARRIVAL)
    moments = sorted(calendar.advance(START, chance.randrange(1, length)) for _ in range(dossiers))
    chosen: list[Procedure] = []
    while len(chosen) < dossiers:
        chosen += chance.sample(procedures, k=min(len(procedures), dossiers - len(chosen)))
    serials: Counter[tuple[str, str]] = Counter()
    return [_arrival(catalogue, chance, at, procedure, serials) for at, procedure in zip(moments, chosen, strict=True)]


def officers_of(catalogue: Catalogue) -> dict[AuthorityId, list[OfficerId]]:
    """The officers of each authority, by id."""
    found: dict[AuthorityId, list[OfficerId]] = {}
    for officer in sorted(catalogue.officers.values(), key=lambda officer: officer.id):
        found.setdefault(officer.authority, []).append(officer.id)
    return found


def _arrival(
    catalogue: Catalogue, chance: Random, at: datetime, procedure: Procedure, serials: Counter[tuple[str, str]]
) -> Arrival:
    bound = bind(procedure, _place(catalogue, chance, procedure), catalogue.authorities)
    desk = receiving_desk(bound)
    calendar_of = {known.id: known.calendar for known in catalogue.authorities.values() if known.calendar}
    rules = make_rules(catalogue.law, bound, catalogue.calendars, CALENDAR, calendar_of)
    known = catalogue.authorities.get(bound.authority)
    agency = (known.code_prefix if known else "") or FALLBACK_AGENCY
    serials[agency, f"{at:%y%m%d}"] += 1
    code = format_code(agency, at.date(), serials[agency, f"{at:%y%m%d}"])
    return Arrival(at, Stream(code), rules, _first(chance, bound, desk), desk)


def _place(catalogue: Catalogue, chance: Random, procedure: Procedure) -> AuthorityId:
    """Where the citizen goes: one of the communes' desks, unless the procedure has a desk of its own."""
    if not needs_commune(procedure):
        return procedure.authority
    desks = sorted(
        known.id
        for known in catalogue.authorities.values()
        if known.level is Level.COMMUNE and known.kind is AuthorityKind.ONE_STOP
    )
    return chance.choice(desks) if desks else procedure.authority


def _first(chance: Random, procedure: Procedure, desk: AuthorityId) -> c.Submit | c.Receive:
    components = tuple(component.id for component in procedure.components if component.required)
    channel = c.Channel.ONLINE if chance.random() < ONLINE else c.Channel.DIRECT
    if channel is c.Channel.ONLINE and chance.random() < SUBMITTED_FIRST:
        return c.Submit(procedure=procedure.id, channel=channel, components=components, received_by=desk)
    if chance.random() < BY_POST:
        channel = c.Channel.POST
    return c.Receive(procedure=procedure.id, channel=channel, components=components, received_by=desk)
