"""One printed step as a stage: its kind, its place, its time, who works it, and what else is printed."""

import re
from typing import Any

import msgspec

from catalogue.naming import APPLICANT, DESK, HOLDER, UNKNOWN, Names, fold, unknown_authority
from catalogue.source import Fields, as_json
from domain.authority import AuthorityKind, Role
from domain.ids import AuthorityId
from domain.procedure import StageKind, Step

SIGN = "sign"
KINDS = {SIGN: StageKind.APPROVE} | {kind.value: kind for kind in StageKind}
"""The printed kinds; signing is an approval."""
CLOCKS = frozenset({"counted", "not_counted", "shared", "unstated", "immediate"})
LEVELS = frozenset({"commune", "province", "central", "sector", "applicant"})

_LEADER = re.compile(
    r"-? ?(lanh dao|truong|pho truong|giam doc|pho giam doc|chu tich|pho chu tich|thu truong|bo truong|cuc truong"
    r"|nguoi dung dau)\b"
)
_CLERK = re.compile(r"-? ?(van thu|bo phan (van thu|tiep nhan|tra|mot cua|tn))")
_DESK_WORK = frozenset({StageKind.RECEIVE, StageKind.RETURN})


class Draft(msgspec.Struct, frozen=True):
    """A printed step on its way into a route: the stage, or (``stage`` none) words about an applicant's step."""

    stage: Step | None
    words: str = ""


def read_step(fields: Fields, names: Names, deciding: AuthorityId, holder: AuthorityId) -> Draft:
    """Read one step; what is wrong with it is in ``fields.problems``.

    ``deciding`` is the procedure's authority, ``holder`` the one that worked the step before.
    """
    number, title = fields.label("no"), fields.text("title")
    level, agency, actor = fields.text("level"), fields.text("authority"), fields.text("actor")
    kind, clock, raw = fields.text("kind", required=True), fields.text("clock"), fields.text("raw")
    budget = fields.period()
    if kind and kind not in KINDS:
        fields.problem(f'the kind "{kind}" is unknown; known are {", ".join(KINDS)}')
    clock = _clock(fields, clock, timed=budget is not None)
    if level and level not in LEVELS:
        fields.note(f'the level "{level}" is unknown; the authority is found by its name alone')
    means = names.meaning(agency, level) if agency else None
    if level == APPLICANT or (means is not None and means.means == APPLICANT):
        return Draft(None, _applicants(fields, f"{title}; {actor}; {raw}".strip("; ")))
    authority = _authority(fields, names, agency, level, deciding, holder)
    if fields.problems or authority is None:
        return Draft(None)
    stage = KINDS[kind]
    flags = ((SIGN,) if kind == SIGN else ()) + _flags(fields.left_over())
    role = role_of(stage, names.kind(authority), actor)
    return Draft(
        Step(
            stage=stage,
            budget=budget,
            role=role,
            authority=authority,
            title=title,
            actor=actor,
            raw=raw,
            clock=clock,
            flags=flags,
            number=number,
            level=level,
            agency=agency,
        )
    )


def role_of(stage: StageKind, kind: AuthorityKind, actor: str) -> Role:
    """Who works a stage: the desk's clerks at a desk, leaders where the printed actor is one or the stage approves."""
    if kind is AuthorityKind.ONE_STOP:
        return Role.CLERK
    who = fold(actor)
    if stage is StageKind.APPROVE or (_LEADER.match(who) and stage not in _DESK_WORK):
        return Role.LEADER
    if kind is AuthorityKind.SECTOR:
        return Role.SECTOR_OFFICER
    if stage is StageKind.ASSIGN:
        return Role.LEADER
    if stage in _DESK_WORK or _CLERK.match(who):
        return Role.CLERK
    return Role.SPECIALIST


def _clock(fields: Fields, clock: str, *, timed: bool) -> str:
    if not clock:
        return "counted" if timed else "unstated"
    if clock not in CLOCKS:
        fields.problem(f'the clock "{clock}" is unknown; known are {", ".join(sorted(CLOCKS))}')
    return clock


def _authority(
    fields: Fields, names: Names, agency: str, level: str, deciding: AuthorityId, holder: AuthorityId
) -> AuthorityId | None:
    if not agency:
        fields.note("no authority is printed: worked where the step before was")
        return holder
    found = names.meaning(agency, level)
    if found.note:
        fields.note(found.note)
    match found.means:
        case means if means == UNKNOWN:
            fields.problem(unknown_authority(agency, level))
            return None
        case means if means == DESK:
            return names.desk(deciding)
        case means if means == HOLDER:
            fields.note(f'"{agency}" has no worklist of its own: worked by {holder}')
            return holder
        case means:
            return AuthorityId(means)


def _applicants(fields: Fields, words: str) -> str:
    left = "".join(f"; {flag}" for flag in _flags(fields.left_over()))
    return f"the applicant's own step, no officer's task: {words}{left}"


def _flags(left: dict[str, Any]) -> tuple[str, ...]:
    """Every further key of a step as words: ``conditional``, ``pauses_clock:false``, ``includes:appraise``."""
    flags: list[str] = []
    for key, value in left.items():
        match value:
            case True:
                flags.append(key)
            case str():
                flags.append(f"{key}:{value}")
            case list() if all(isinstance(item, str) for item in value):
                flags += [f"{key}:{item}" for item in value]
            case _:
                flags.append(f"{key}:{as_json(value)}")
    return tuple(flags)
