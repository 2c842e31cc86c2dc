"""Who may do what: the rule of access, case by case."""

import itertools
from typing import get_args

import pytest

from domain.access import READ, RULES, SEE_PERSON, Facts, OpenTask, can, reads_everything, supervises
from domain.authority import Role
from domain.dossier import commands as c
from domain.ids import AuthorityId

DESK, OTHER_DESK, OFFICE, DEPARTMENT, STRANGER = (
    AuthorityId(name) for name in ("desk", "other_desk", "office", "department", "stranger")
)
CLERK, SPECIALIST, LEADER, SECTOR, ADMINISTRATOR, AUDITOR = (
    Role.CLERK,
    Role.SPECIALIST,
    Role.LEADER,
    Role.SECTOR_OFFICER,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
)
INTERNAL = {
    c.ReviseCalendar,
    c.PassMoment,
    c.ReceiveLink,
    c.NoteLinkAcknowledged,
    c.NoteLinkAnswered,
    c.NoteLinkSuspended,
    c.NoteLinkResumed,
    c.NoteLinkHandedBack,
    c.NoteLinkUndelivered,
    c.NoteLinkDelivered,
    c.RecallLink,
    c.NotePlaced,
    c.NoteNotPlaced,
}


def _facts(task: OpenTask | None = None, involved: tuple[AuthorityId, ...] = ()) -> Facts:
    """A dossier received at one desk, returned at another, decided by the office."""
    return Facts(OFFICE, frozenset({DESK, OTHER_DESK}), task, frozenset(involved))


NOTHING_OPEN = _facts()
APPRAISAL = _facts(OpenTask(OFFICE, "appraise", "specialist"))
UNNAMED = _facts(OpenTask(OFFICE, "appraise"))
APPROVAL = _facts(OpenTask(OFFICE, "approve"))
NAMED_APPROVAL = _facts(OpenTask(DESK, "approve", "clerk"))
ELSEWHERE = _facts(OpenTask(DEPARTMENT, "consult", "specialist"))
RETURN = _facts(OpenTask(OTHER_DESK, "return", "clerk"))

CASES = [
    # reading
    (READ, CLERK, DESK, NOTHING_OPEN, True),
    (READ, CLERK, OTHER_DESK, NOTHING_OPEN, True),
    (READ, SPECIALIST, OFFICE, NOTHING_OPEN, True),
    (READ, SPECIALIST, DEPARTMENT, NOTHING_OPEN, False),
    (READ, SPECIALIST, DEPARTMENT, ELSEWHERE, True),
    (READ, SPECIALIST, DEPARTMENT, _facts(involved=(DEPARTMENT,)), True),
    (READ, LEADER, STRANGER, APPRAISAL, False),
    (READ, AUDITOR, STRANGER, APPRAISAL, True),
    (READ, ADMINISTRATOR, STRANGER, APPRAISAL, True),
    (SEE_PERSON, CLERK, DESK, NOTHING_OPEN, True),
    (SEE_PERSON, SPECIALIST, DEPARTMENT, ELSEWHERE, True),
    (SEE_PERSON, SPECIALIST, DEPARTMENT, NOTHING_OPEN, False),
    (SEE_PERSON, AUDITOR, OFFICE, APPRAISAL, False),
    # the desk
    ("receive", CLERK, DESK, NOTHING_OPEN, True),
    ("receive", SECTOR, DESK, NOTHING_OPEN, True),
    ("receive", SPECIALIST, DESK, NOTHING_OPEN, False),
    ("receive", CLERK, STRANGER, NOTHING_OPEN, False),
    ("receive", CLERK, OFFICE, NOTHING_OPEN, False),
    ("receive", AUDITOR, DESK, NOTHING_OPEN, False),
    ("refuse", CLERK, DESK, NOTHING_OPEN, True),
    ("return_result", CLERK, OTHER_DESK, RETURN, True),
    ("return_result", LEADER, OFFICE, RETURN, False),
    ("provide_supplement", SPECIALIST, OFFICE, APPRAISAL, True),
    ("provide_supplement", SPECIALIST, DEPARTMENT, APPRAISAL, False),
    # tasks
    ("complete_task", SPECIALIST, OFFICE, APPRAISAL, True),
    ("complete_task", LEADER, OFFICE, APPRAISAL, True),
    ("complete_task", CLERK, OFFICE, APPRAISAL, False),
    ("complete_task", CLERK, OFFICE, UNNAMED, True),
    ("complete_task", AUDITOR, OFFICE, UNNAMED, False),
    ("complete_task", SPECIALIST, OFFICE, APPROVAL, False),
    ("complete_task", LEADER, OFFICE, APPROVAL, True),
    ("complete_task", LEADER, STRANGER, APPROVAL, False),
    ("complete_task", CLERK, DESK, NAMED_APPROVAL, True),
    ("complete_task", LEADER, OFFICE, ELSEWHERE, False),
    ("complete_task", SPECIALIST, DEPARTMENT, ELSEWHERE, True),
    ("complete_task", SPECIALIST, OFFICE, NOTHING_OPEN, True),
    ("complete_task", SPECIALIST, DEPARTMENT, NOTHING_OPEN, False),
    ("complete_task", ADMINISTRATOR, STRANGER, APPROVAL, True),
    # the deciding authority
    ("extend", LEADER, OFFICE, ELSEWHERE, True),
    ("extend", SPECIALIST, DEPARTMENT, ELSEWHERE, True),
    ("extend", CLERK, DESK, ELSEWHERE, False),
    ("stop", SPECIALIST, OFFICE, RETURN, True),
    ("issue_result", CLERK, OFFICE, RETURN, True),
    ("issue_result", CLERK, DESK, RETURN, False),
    ("issue_result", CLERK, OTHER_DESK, RETURN, True),
    # amendments
    ("correct", CLERK, DESK, APPRAISAL, True),
    ("correct", CLERK, STRANGER, APPRAISAL, False),
    ("correct", AUDITOR, OFFICE, APPRAISAL, False),
]


@pytest.mark.parametrize(("action", "role", "authority", "facts", "expected"), CASES)
def test_the_rule(action: str, role: Role, authority: AuthorityId, facts: Facts, expected: bool) -> None:  # noqa: FBT001
    """One role at one authority, one act, one dossier."""
    assert can([role], authority, action, facts) is expected


def test_every_act_has_a_rule_and_the_engines_own_have_none() -> None:
    """What officers may ask for is exactly the commands that are not internal."""
    public = {kind.__struct_config__.tag for kind in get_args(c.Command) if kind not in INTERNAL}
    assert set(RULES) == public | {READ, SEE_PERSON}


def test_internal_acts_are_nobodys() -> None:
    """Not even an administrator may ask for one."""
    with pytest.raises(KeyError):
        can([ADMINISTRATOR], OFFICE, "pass_moment", APPRAISAL)


def test_nobody_without_a_role_acts() -> None:
    """A token without roles reads at most."""
    for action, facts in itertools.product(
        set(RULES) - {READ, SEE_PERSON}, [NOTHING_OPEN, APPRAISAL, UNNAMED, APPROVAL, RETURN]
    ):
        assert not any(can([], place, action, facts) for place in (DESK, OTHER_DESK, OFFICE, DEPARTMENT))


def test_more_roles_never_forbid() -> None:
    """An auditor who is a specialist too is both."""
    for action in RULES:
        for place in (DESK, OFFICE, STRANGER):
            if can([SPECIALIST], place, action, APPRAISAL):
                assert can([SPECIALIST, AUDITOR], place, action, APPRAISAL)


def test_who_sees_all() -> None:
    """Auditors and administrators look beyond their authority, others do not."""
    assert [role for role in Role if reads_everything([role])] == [ADMINISTRATOR, AUDITOR]


@pytest.mark.parametrize("role", Role)
def test_who_sees_how_others_work(role: Role) -> None:
    """Leaders, auditors and administrators."""
    assert supervises([role]) is (role in {LEADER, AUDITOR, ADMINISTRATOR})
