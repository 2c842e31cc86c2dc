"""Every command in every state: taken, or refused under which code. A table, so that nothing is left out."""

from typing import get_args

import pytest

from domain.dossier import commands as c
from domain.dossier.codec import EVENT_OF
from domain.dossier.decider import ACTS
from domain.dossier.events import Event
from domain.errors import Refusal
from domain.ids import ProcedureCode
from tests.domain.dossier.samples import HOA, OFFICE, rules
from tests.domain.dossier.spec import at, lived, moment

RULES = rules()
RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
APPRAISED = at("03-03 09:00", c.CompleteTask("appraise"))
APPROVED = at("03-04 09:00", c.CompleteTask("approve"))
ISSUED = at("03-05 09:00", c.IssueResult())

STATES: dict[str, tuple[c.Order, ...]] = {
    "new": (),
    "submitted": (at("03-02 08:00", c.Submit(ProcedureCode("P1"), components=("don",))),),
    "open": (RECEIVED,),
    "awaited": (RECEIVED, at("03-03 08:00", c.RequestSupplement("…"))),
    "unpaid": (RECEIVED, at("03-03 08:00", c.RequirePayment(1000))),
    "suspended": (RECEIVED, at("03-03 08:00", c.Suspend())),
    "approved": (RECEIVED, APPRAISED, APPROVED),
    "ready": (RECEIVED, APPRAISED, APPROVED, ISSUED),
    "returned": (RECEIVED, APPRAISED, APPROVED, ISSUED, at("03-05 10:00", c.ReturnResult())),
    "withdrawn": (RECEIVED, at("03-03 08:00", c.Withdraw())),
    "refused": (at("03-02 08:00", c.Refuse("…")),),
}

COMMANDS: dict[str, c.Command] = {
    "submit": c.Submit(ProcedureCode("P1")),
    "receive": c.Receive(components=("don",)),
    "refuse": c.Refuse("…"),
    "claim_task": c.ClaimTask(),
    "release_task": c.ReleaseTask(),
    "delegate_task": c.DelegateTask(HOA),
    "complete_task": c.CompleteTask("appraise"),
    "request_supplement": c.RequestSupplement("…"),
    "provide_supplement": c.ProvideSupplement(),
    "require_payment": c.RequirePayment(1000),
    "confirm_payment": c.ConfirmPayment(),
    "suspend": c.Suspend(),
    "resume": c.Resume(),
    "extend": c.Extend(moment("04-20 17:00"), "…"),
    "acknowledge_link": c.AcknowledgeLink(),
    "answer_link": c.AnswerLink(),
    "hand_back_link": c.HandBackLink("…"),
    "take_back_link": c.TakeBackLink("L1", "…"),
    "reopen_link": c.ReopenLink("L1", reason="…"),
    "skip_link": c.SkipLink("L1", "…"),
    "issue_result": c.IssueResult(),
    "return_result": c.ReturnResult(),
    "withdraw": c.Withdraw(),
    "stop": c.Stop("…"),
    "correct": c.Correct(1, "channel", "post", "…", HOA),
    "record_feedback": c.RecordFeedback(5),
    "revise_calendar": c.ReviseCalendar(OFFICE),
}

TAKEN = "taken"
CLOSED = dict.fromkeys(COMMANDS, "dossier_closed") | {
    "correct": TAKEN,
    "record_feedback": TAKEN,
    "revise_calendar": TAKEN,
}
AWAITED = dict.fromkeys(COMMANDS, "supplement_awaited") | dict.fromkeys(
    ("provide_supplement", "extend", "withdraw", "stop", "correct", "revise_calendar"), TAKEN
)
OPEN = {
    "submit": "dossier_exists",
    "receive": "dossier_exists",
    "refuse": "dossier_exists",
    "claim_task": TAKEN,
    "release_task": "task_not_claimed",
    "delegate_task": TAKEN,
    "complete_task": TAKEN,
    "request_supplement": TAKEN,
    "provide_supplement": "no_supplement_awaited",
    "require_payment": TAKEN,
    "confirm_payment": "no_payment_awaited",
    "suspend": TAKEN,
    "resume": "not_suspended",
    "extend": TAKEN,
    "acknowledge_link": "not_a_linked_part",
    "answer_link": "not_a_linked_part",
    "hand_back_link": "not_a_linked_part",
    "take_back_link": "link_unknown",
    "reopen_link": "link_unknown",
    "skip_link": "link_unknown",
    "issue_result": "not_approved",
    "return_result": "result_not_issued",
    "withdraw": TAKEN,
    "stop": TAKEN,
    "correct": TAKEN,
    "record_feedback": "feedback_too_early",
    "revise_calendar": TAKEN,
}
EXPECTED: dict[str, dict[str, str]] = {
    "new": dict.fromkeys(COMMANDS, "dossier_unknown") | dict.fromkeys(("submit", "receive", "refuse"), TAKEN),
    "submitted": dict.fromkeys(COMMANDS, "dossier_not_received")
    | dict.fromkeys(
        ("receive", "refuse", "claim_task", "delegate_task", "request_supplement", "withdraw", "correct"), TAKEN
    )
    | {
        "submit": "dossier_exists",
        "release_task": "task_not_claimed",
        "provide_supplement": "no_supplement_awaited",
        "revise_calendar": TAKEN,
    },
    "open": OPEN,
    "awaited": AWAITED,
    "unpaid": OPEN | {"require_payment": "payment_already_required", "confirm_payment": TAKEN},
    "suspended": OPEN | {"suspend": "already_suspended", "resume": TAKEN},
    "approved": OPEN | {"complete_task": "stage_not_open", "issue_result": TAKEN},
    "ready": OPEN
    | {
        "complete_task": "stage_not_open",
        "request_supplement": "result_already_issued",
        "require_payment": "result_already_issued",
        "suspend": "result_already_issued",
        "extend": "result_already_issued",
        "issue_result": "result_already_issued",
        "return_result": TAKEN,
        "withdraw": "result_already_issued",
        "stop": "result_already_issued",
        "record_feedback": TAKEN,
    },
    "returned": CLOSED,
    "withdrawn": CLOSED,
    "refused": CLOSED | {"correct": "not_correctable"},
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_in_a_state(state: str, name: str) -> None:
    """What the table says."""
    world = lived(RULES, STATES[state])
    world.let_pass(moment("03-06 09:00"))
    before = world.state
    order = at("03-06 09:00", COMMANDS[name])
    if EXPECTED[state][name] == TAKEN:
        world.carry_out(order)
        return
    with pytest.raises(Refusal) as caught:
        world.carry_out(order)
    assert (caught.value.code, world.state) == (EXPECTED[state][name], before)


def test_every_command_has_its_act() -> None:
    """The decider's table holds every command of the union, and nothing else."""
    assert set(ACTS) == set(get_args(c.Command))


def test_every_event_has_a_name_of_its_own() -> None:
    """Stored type names are unique, and every event has one."""
    assert set(EVENT_OF.values()) == set(get_args(Event))
