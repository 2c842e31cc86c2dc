"""Who may do what: one rule, looked up in a table of acts and pure like every other rule.

An officer acts for one authority, in roles. In short:

- administrators may do everything, auditors may read everything but personal data, and change nothing;
- a dossier is read where it was received, where its result is handed over, where it is decided, and by every authority
  that has or had a task or a part of it;
- the desk's acts (receive, refuse, take in a supplement, hand the result over, ...) are those of clerks and sector
  officers there, and of whoever may work the open task;
- a task is worked at its authority in the role that it names; one that names none by any officer there, except that
  approving takes a leader. A leader may stand in for everybody at his authority;
- the deciding authority's officers may besides extend, suspend, stop, charge and issue, whoever holds the task.

Who stands in for an absent colleague (``domain.delegation``) is asked about with that colleague's roles.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from domain.authority import Role
from domain.dossier.state import Dossier
from domain.dossier.view import DossierView, TaskView
from domain.ids import AuthorityId
from domain.procedure import StageKind

READ: Final = "read"
"""The act of looking at a dossier; acts that are not looking are named like their commands."""
SEE_PERSON: Final = "see_person"
"""The act of seeing the applicant's personal data: for officers of the dossier's authorities, not for auditors."""

_DESK_ROLES: Final = frozenset({Role.CLERK, Role.SECTOR_OFFICER})
_OFFICE_ROLES: Final = frozenset({Role.SPECIALIST, Role.LEADER, Role.SECTOR_OFFICER})
_OFFICERS: Final = _DESK_ROLES | _OFFICE_ROLES
_ROLE_NAMES: Final = frozenset(role.value for role in Role)


class OpenTask(msgspec.Struct, frozen=True):
    """What of an open task decides who may work it; ``role`` is empty where the route names none."""

    authority: AuthorityId
    stage: str
    role: str = ""


class Facts(msgspec.Struct, frozen=True):
    """What of a dossier decides who may act on it.

    ``authority`` decides it; ``desks`` received it or hand its result over; ``involved`` are further authorities that
    have or had a task or a part of it.
    """

    authority: AuthorityId
    desks: frozenset[AuthorityId]
    task: OpenTask | None = None
    involved: frozenset[AuthorityId] = frozenset()

    def places(self) -> frozenset[AuthorityId]:
        """Every authority that has to do with the dossier."""
        tasked = {self.task.authority} if self.task else set()
        return self.desks | self.involved | tasked | {self.authority}


def can(roles: Iterable[Role], authority: AuthorityId, action: str, facts: Facts) -> bool:
    """Whether an officer of this authority, in these roles, may do ``action``: READ, SEE_PERSON, or a command's ``do``.

    Raises KeyError for an act that is nobody's to ask for, such as the engine's own.
    """
    held = frozenset(roles)
    permitted = RULES[action]
    return Role.ADMINISTRATOR in held or permitted(held, authority, facts)


def reads_everything(roles: Iterable[Role]) -> bool:
    """Whether these roles see all dossiers and worklists, and not those of one authority alone."""
    return not {Role.ADMINISTRATOR, Role.AUDITOR}.isdisjoint(roles)


def receives(roles: Iterable[Role], authority: AuthorityId) -> bool:
    """Whether an officer of this authority, in these roles, takes dossiers in at its desk."""
    return can(roles, authority, "receive", Facts(authority, frozenset({authority})))


def supervises(roles: Iterable[Role]) -> bool:
    """Whether these roles see how others work, and not only what is to be done."""
    return not {Role.LEADER, Role.ADMINISTRATOR, Role.AUDITOR}.isdisjoint(roles)


def facts_of_view(view: DossierView) -> Facts:
    """The facts as the read model has them: without authorities that are done with it."""
    return Facts(
        authority=view.authority,
        desks=frozenset({view.received_by, view.return_to}),
        task=_open_task(view.tasks),
    )


def facts_of_state(state: Dossier) -> Facts:
    """The facts with everybody who ever held the dossier or was handed a part of it."""
    return Facts(
        authority=state.authority,
        desks=frozenset({state.received_by, state.return_to}),
        task=OpenTask(state.task.authority, state.task.stage.value, state.task.role) if state.task else None,
        involved=frozenset(AuthorityId(span.holder) for span in state.spans) | {link.to for link in state.links},
    )


def _open_task(tasks: tuple[TaskView, ...]) -> OpenTask | None:
    return OpenTask(tasks[0].authority, tasks[0].stage, tasks[0].role) if tasks else None


def _reads(roles: frozenset[Role], authority: AuthorityId, facts: Facts) -> bool:
    return Role.AUDITOR in roles or authority in facts.places()


def _works(roles: frozenset[Role], authority: AuthorityId, facts: Facts) -> bool:
    task = facts.task
    if task is None or authority != task.authority:
        return False
    if Role.LEADER in roles:
        return True
    if task.role in _ROLE_NAMES:
        return task.role in roles
    return task.stage != StageKind.APPROVE and not roles.isdisjoint(_OFFICERS)


def _decides(roles: frozenset[Role], authority: AuthorityId, facts: Facts) -> bool:
    office = authority == facts.authority and not roles.isdisjoint(_OFFICE_ROLES)
    return office or _works(roles, authority, facts)


def _issues(roles: frozenset[Role], authority: AuthorityId, facts: Facts) -> bool:
    registry = authority == facts.authority and Role.CLERK in roles
    return registry or _decides(roles, authority, facts)


def _serves(roles: frozenset[Role], authority: AuthorityId, facts: Facts) -> bool:
    at_desk = authority in facts.desks and not roles.isdisjoint(_DESK_ROLES)
    return at_desk or _works(roles, authority, facts)


def _amends(roles: frozenset[Role], authority: AuthorityId, facts: Facts) -> bool:
    return authority in facts.places() and not roles.isdisjoint(_OFFICERS)


def _works_or_waits(roles: frozenset[Role], authority: AuthorityId, facts: Facts) -> bool:
    """Where no task is open, the deciding officers may ask and are told so; nobody else is concerned."""
    return _works(roles, authority, facts) or (facts.task is None and _decides(roles, authority, facts))


RULES: Final[dict[str, Callable[[frozenset[Role], AuthorityId, Facts], bool]]] = {
    READ: _reads,
    SEE_PERSON: _amends,
    "submit": _serves,
    "receive": _serves,
    "refuse": _serves,
    "provide_supplement": _serves,
    "confirm_payment": _serves,
    "withdraw": _serves,
    "return_result": _serves,
    "record_feedback": _serves,
    "claim_task": _works_or_waits,
    "release_task": _works_or_waits,
    "delegate_task": _works_or_waits,
    "complete_task": _works_or_waits,
    "request_supplement": _works_or_waits,
    "order_collection": _serves,
    "dispatch_result": _serves,
    "cancel_parcel": _serves,
    "record_scan": _serves,
    "require_payment": _decides,
    "suspend": _decides,
    "resume": _decides,
    "extend": _decides,
    "stop": _decides,
    "issue_result": _issues,
    "acknowledge_link": _issues,
    "answer_link": _issues,
    "hand_back_link": _issues,
    "take_back_link": _decides,
    "reopen_link": _decides,
    "skip_link": _decides,
    "correct": _amends,
}
"""Every act that an officer may ask for, and its rule. What is not here is the engine's, or another authority's."""
