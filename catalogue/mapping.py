"""From one published record to a Procedure. Whatever cannot be a field becomes a note; whatever is wrong is said."""

import re
from typing import Any

import msgspec

from catalogue.naming import APPLICANT, DESK, HOLDER, UNKNOWN, Names, unknown_authority
from catalogue.note_rules import rules_in_notes, same_day
from catalogue.printed import merge, read_appointments, read_components, read_fee, read_published
from catalogue.runnable import SUPPLIED, runnable
from catalogue.source import Fields, as_json
from catalogue.stages import Draft, read_step
from catalogue.totals import counted_total, exceeds, promised, total
from domain.authority import AuthorityKind
from domain.ids import AuthorityId, ProcedureCode
from domain.period import Period
from domain.procedure import (
    ChecklistPolicy,
    Effect,
    Procedure,
    Published,
    StageKind,
    Step,
    SuspensionReason,
)

APPOINTMENTS = 2
"""Before and after the citizen's payment."""
MOST_STEPS = 500
"""Steps of one record; the longest real route has 27."""

_RECORD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CODE = re.compile(r"[0-9]\.[0-9]{6}(\.[A-Z][0-9]{2})?")


class CannotMap(Exception):
    """A record that cannot become a procedure; ``reasons`` are all that were found."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def map_record(record: dict[str, Any], names: Names) -> Procedure:
    """Map a record to a Procedure, with its record id for an id until all records are known; raises CannotMap."""
    fields = Fields(record)
    record_id = fields.text("id", required=True)
    if record_id and not _RECORD_ID.fullmatch(record_id):
        fields.problem(f'the id "{record_id[:70]}" is not one: letters, digits, ".", "_" and "-", at most 64')
    name, level = fields.text("name", required=True), fields.text("level")
    printed = fields.text("authority", required=True)
    deciding = _deciding(fields, names, printed, level)
    code = _code(fields)
    steps, step_notes = _steps(fields, names, deciding)
    values = _values(fields)
    published = read_published(fields, record_id, printed)
    if fields.problems:
        raise CannotMap(fields.problems)
    deciding = deciding or _by_its_steps(steps, names)
    if deciding is None:
        raise CannotMap([f'the authority "{printed}" is unknown, and no step tells which one decides'])
    statutory, committed = values["statutory"], values["committed"]
    if statutory and committed and exceeds(total([committed]), total([statutory])):
        raise CannotMap([f"the committed period of {committed} exceeds the statutory one of {statutory}"])
    route = runnable(steps, deciding, names)
    notes = (*values.pop("notes"), *(f"import: {note}" for note in (*fields.notes, *step_notes, *route.notes)))
    procedure = Procedure(
        id=ProcedureCode(record_id),
        authority=deciding,
        route=route.steps,
        name=name,
        level=level,
        code=code,
        notes=notes,
        **values,
    )
    return _with_total(procedure, published)


def _code(fields: Fields) -> str:
    code = fields.text("code")
    if code and not _RECORD_ID.fullmatch(code):
        fields.problem(f'the code "{code[:70]}" cannot be one: letters, digits, ".", "_" and "-", at most 64')
    elif code and not _CODE.fullmatch(code):
        fields.note(f'the code "{code}" has not the form of a published code (1.001193)')
    return code


def _deciding(fields: Fields, names: Names, printed: str, level: str) -> AuthorityId | None:
    """The procedure's authority; none where its steps must tell (a body without a worklist) or it is a problem."""
    if not printed:
        return None
    found = names.meaning(printed, level)
    if found.note:
        fields.note(found.note.replace("works the step", "decides").replace("is worked by", "is"))
    if found.means in {HOLDER, DESK, APPLICANT}:
        fields.note(f'"{printed}" has no worklist of its own: the authority is told by the steps')
        return None
    if found.means == UNKNOWN:
        fields.problem(unknown_authority(printed, level))
        return None
    return AuthorityId(found.means)


def _by_its_steps(steps: list[Step], names: Names) -> AuthorityId | None:
    """The authority of the last approval, else of the last step that is not a desk's."""
    approving = [step for step in steps if step.stage is StageKind.APPROVE]
    inner = [step for step in steps if step.authority and names.kind(step.authority) is not AuthorityKind.ONE_STOP]
    return next((step.authority for step in reversed(approving or inner or steps)), None)


def _steps(fields: Fields, names: Names, deciding: AuthorityId | None) -> tuple[list[Step], list[str]]:
    """The officers' steps in order, and what is to be noted about them and about the applicant's."""
    stages: list[Step] = []
    notes: list[str] = []
    printed = fields.objects("steps")
    if fields.raw("steps") in (None, []):
        fields.problem('"steps" is missing or empty: there is no route')
    if len(printed) > MOST_STEPS:
        fields.problem(f"{len(printed)} steps; a route has at most {MOST_STEPS}")
        return [], []
    holder = deciding or AuthorityId(UNKNOWN)
    for number, values in enumerate(printed, 1):
        where = f"step {values['no']}" if isinstance(values.get("no"), str) and values["no"] else f"step #{number}"
        step = Fields(values, f"{where}: ")
        draft = read_step(step, names, deciding or holder, holder)
        fields.problems += step.problems
        notes += step.notes
        _take(draft, where, stages, notes)
        if draft.stage is not None and draft.stage.authority is not None:
            holder = draft.stage.authority
    if printed and not stages and not fields.problems:
        fields.problem("no step is an officer's: there is nothing to work on")
    return stages, notes


def _take(draft: Draft, where: str, stages: list[Step], notes: list[str]) -> None:
    if draft.stage is not None:
        stages.append(draft.stage)
    elif draft.words:
        notes.append(f"{where}: {draft.words}")


def _values(fields: Fields) -> dict[str, Any]:
    """The fields of a Procedure that are taken over or follow from others."""
    notes = fields.texts("notes")
    components = read_components(fields)
    values: dict[str, Any] = {
        "field": fields.text("field"),
        "case": fields.text("case"),
        "source": fields.text("source"),
        "boundary_free": fields.flag("non_territorial") or False,
        "fee": read_fee(fields),
        "components": components,
        "notes": notes,
    }
    if not values["source"]:
        fields.note("no source is printed")
    if not components:
        values["excess"] = ChecklistPolicy.NOTE
        fields.note("no components are printed: what is handed in is noted, not refused")
    values |= rules_in_notes(notes)
    values |= _periods(fields)
    values |= _suspensions(fields)
    return values


def _periods(fields: Fields) -> dict[str, Any]:
    """Statutory and committed period, and the second appointment's."""
    statutory, committed = _period(fields, "statutory_period"), _period(fields, "committed_period")
    values: dict[str, Any] = {"statutory": statutory, "committed": committed}
    if _is_immediate(fields):
        values |= same_day()
        fields.note(
            "due at once: counted as a same-day procedure, one received from 15:00 on is due the next working day"
        )
    dates = read_appointments(fields)
    if len(dates) == APPOINTMENTS:
        values |= {"committed": dates[0], "after_payment": dates[1]}
        if committed is not None:
            fields.note(f"the committed period of {committed} is split into the two appointments")
    elif dates:
        fields.note(f"{len(dates)} appointments are printed; only two can be promised, so the period is")
    return values


def _period(fields: Fields, key: str) -> Period | None:
    value = fields.raw(key)
    if value is None:
        return None
    if not isinstance(value, dict):
        fields.problem(f'"{key}" is not an amount with a unit but {as_json(value)[:60]}')
        return None
    if key == "statutory_period" and _is_immediate(fields):
        return None
    inner = Fields(value, f"{key}: ")
    inner.text("raw")
    period = inner.period("the period")
    merge(fields, inner, key)
    return period


def _is_immediate(fields: Fields) -> bool:
    """Whether the period is printed as "at once": an amount of 0 that the words or an immediate step explain."""
    value = fields.raw("statutory_period")
    if not isinstance(value, dict) or isinstance(value.get("amount"), bool) or value.get("amount") != 0:
        return False
    raw = value.get("raw")
    said = isinstance(raw, str) and raw.strip().lower().startswith("ngay")
    return said or any(step.get("clock") == "immediate" for step in fields.objects("steps"))


def _suspensions(fields: Fields) -> dict[str, Any]:
    """Clocks that stand still by the steps' own words: while the citizen pays, while a notice is posted."""
    steps = fields.objects("steps")
    effects: dict[SuspensionReason, Effect] = {}
    if any(step.get("pauses_clock") is True for step in steps):
        effects[SuspensionReason.PAYMENT] = Effect.PAUSE
    if any(step.get("public_notice") is True and step.get("clock") == "not_counted" for step in steps):
        effects[SuspensionReason.PUBLIC_POSTING] = Effect.PAUSE
    return {"on_suspend": effects} if effects else {}


def _with_total(procedure: Procedure, published: Published) -> Procedure:
    """Keep the sum of the counted stages beside the printed figures, and say so where it is more than is promised."""
    spent = counted_total(step for step in procedure.route if SUPPLIED not in step.flags)
    notes = procedure.notes
    promise = promised(procedure)
    if promise.amounts and exceeds(spent, promise):
        notes = (
            *notes,
            f"import: the counted steps add up to {spent}, more than the period of {promise}: so in the source",
        )
    kept = msgspec.structs.replace(published, counted_total=str(spent) if spent.amounts else "")
    return msgspec.structs.replace(procedure, notes=notes, published=kept)
