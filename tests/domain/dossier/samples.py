"""Procedures, calendars and laws to try rules on: small, and as real ones are built."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import yaml

from domain.calendar_data import CalendarSpec, Weekday
from domain.dossier.rules import Rules, make_rules
from domain.ids import AuthorityId, CalendarId, OfficerId, ProcedureCode
from domain.law import Law
from domain.period import parse_period
from domain.procedure import Component, LinkKind, LinkSpec, Procedure, Reminder, StageKind, Step

CATALOGUE = Path(__file__).parents[3] / "catalogue"
LAW: Law = msgspec.convert(yaml.safe_load((CATALOGUE / "law.yaml").read_text()), Law)

HOURS = ("07:30-11:30", "13:30-17:00")
WEEK = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
OFFICE = CalendarSpec(
    id=CalendarId("office"),
    timezone="Asia/Ho_Chi_Minh",
    hours=dict.fromkeys(WEEK, HOURS),
    off=(date(2026, 4, 27), date(2026, 4, 30), date(2026, 5, 1)),
    worked={"2026-08-22": HOURS},
)

X1, S1, S2 = AuthorityId("X1"), AuthorityId("S1"), AuthorityId("S2")
"""A commune's desk and two departments."""
LAN, HOA = OfficerId("lan"), OfficerId("hoa")


def stage(kind: str, budget: str | None = None, **more: object) -> Step:
    """A stage, its budget as text."""
    plain: dict[str, Any] = {"stage": StageKind(kind), "budget": parse_period(budget) if budget else None}
    return Step(**{**plain, **more})


def link(name: str, to: AuthorityId = S1, budget: str | None = "16 working_hour", **more: object) -> Step:
    """A link whose part is received, appraised and answered."""
    plain: dict[str, Any] = {
        "id": name,
        "kind": LinkKind.HORIZONTAL,
        "to": to,
        "route": (stage("receive"), stage("appraise", "8 working_hour"), stage("return")),
        "budget": parse_period(budget) if budget else None,
    }
    return Step(link=LinkSpec(**{**plain, **more}))


FOUR_STEPS = (
    stage("receive", "2 working_hour"),
    stage("appraise", "40 working_hour", role="specialist"),
    stage("approve", "8 working_hour", role="leader"),
    stage("return"),
)


def procedure(*route: Step, **changes: object) -> Procedure:
    """Ten working days by law, eight promised, a reminder half a day before; ``changes`` replace fields."""
    plain: dict[str, Any] = {
        "id": ProcedureCode("P1"),
        "authority": X1,
        "statutory": parse_period("10 working_day"),
        "committed": parse_period("8 working_day"),
        "components": (Component("don"), Component("bansao", required=False)),
        "reminders": (Reminder(parse_period("4 working_hour")),),
        "route": route or FOUR_STEPS,
    }
    return Procedure(**{**plain, **changes})


def rules(*route: Step, calendar: CalendarSpec = OFFICE, **changes: object) -> Rules:
    """Rules for such a procedure, everyone in one calendar."""
    return make_rules(LAW, procedure(*route, **changes), {calendar.id: calendar}, calendar.id)
