"""The printed forms of a dossier (Circular 03/2025/TT-VPCP, Annex I): which there are, and what stands in them.

01 receipt and appointment, 02 request for a supplement, 03 refusal, 04 apology and new date, 05 stop, 06 the control
slip with one line for each hop, 07 the desk's register. All of it follows from the dossier's events.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from domain.deadline import judge
from domain.dossier import events as e
from domain.dossier.events import Fact
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.view import Timeliness
from domain.ids import AuthorityId


class FormNumber(StrEnum):
    """The forms that belong to one dossier."""

    RECEIPT = "01"
    SUPPLEMENT = "02"
    REFUSAL = "03"
    APOLOGY = "04"
    STOP = "05"
    CONTROL = "06"


class Hop(msgspec.Struct, frozen=True):
    """One line of the control slip: a stage, from its hand-over to its end (none: it is open)."""

    authority: AuthorityId
    stage: str
    title: str
    handed_over: datetime
    giver: str
    receiver: str
    due: datetime | None
    ended: datetime | None
    timeliness: Timeliness | None
    note: str


_FORM_OF: dict[type[e.Event], FormNumber] = {
    e.DossierReceived: FormNumber.RECEIPT,
    e.SupplementRequested: FormNumber.SUPPLEMENT,
    e.DossierRefused: FormNumber.REFUSAL,
    e.DossierExtended: FormNumber.APOLOGY,
    e.DossierStopped: FormNumber.STOP,
}


def available(state: Dossier) -> tuple[FormNumber, ...]:
    """The forms that can be printed for this dossier."""
    forms = {kind.type: form for kind, form in _FORM_OF.items()}
    found = {forms[entry] for entry in state.entries if entry in forms}
    if state.received_at is not None:
        found.add(FormNumber.CONTROL)
    return tuple(sorted(found))


def occasion(facts: Sequence[Fact], form: FormNumber) -> Fact | None:
    """The latest entry that the form is about (none: there is none)."""
    return next((fact for fact in reversed(facts) if _FORM_OF.get(type(fact.event)) is form), None)


def hops(rules: Rules, facts: Sequence[Fact]) -> tuple[Hop, ...]:
    """The lines of the control slip, in order."""
    found: dict[str, Hop] = {}
    giver = ""
    for fact in facts:
        match fact.event:
            case e.DossierReceived() | e.LinkReceived():
                giver = fact.actor
            case e.TaskOpened() as opened:
                found[opened.task] = Hop(
                    authority=opened.authority,
                    stage=opened.stage.value,
                    title=opened.title,
                    handed_over=fact.occurred_at,
                    giver=giver,
                    receiver="",
                    due=opened.due,
                    ended=None,
                    timeliness=None,
                    note="",
                )
            case e.TaskClaimed() | e.TaskDelegated() as taken if taken.task in found:
                found[taken.task] = msgspec.structs.replace(found[taken.task], receiver=taken.officer)
            case e.DeadlineRevised(task=str(task), new=new) if task in found:
                found[task] = msgspec.structs.replace(found[task], due=new)
            case e.TaskCompleted() as done if done.task in found:
                giver = fact.actor
                found[done.task] = _ended(found[done.task], done, fact, rules)
            case _:
                pass
    return tuple(found.values())


def _ended(hop: Hop, done: e.TaskCompleted, fact: Fact, rules: Rules) -> Hop:
    zone = rules.calendar().zone
    judged = judge(hop.due, fact.occurred_at, zone) if hop.due is not None else None
    return msgspec.structs.replace(
        hop, ended=fact.occurred_at, timeliness=judged, note=done.note, receiver=hop.receiver or fact.actor
    )
