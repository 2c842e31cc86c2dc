"""Entries about entries: an earlier one was keyed wrongly, and it stays; and the citizen's mark."""

import pytest

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.view import Timeliness
from domain.ids import OfficerId
from domain.procedure import Effect
from tests.domain.dossier.samples import HOA, rules
from tests.domain.dossier.spec import at, given, moment

RULES = rules()
RECEIVED = at("03-02 08:10", c.Receive(components=("don",)))
DECIDED = (at("03-04 09:00", c.CompleteTask("appraise")), at("03-05 09:00", c.CompleteTask("approve")))
ISSUED = at("03-13 09:00", c.IssueResult())
RETURNED = at("03-13 10:00", c.ReturnResult())


def occurred(event: int | str, value: str, reason: str = "keyed wrongly", by: str = "hoa") -> c.Correct:
    """The correction of a moment."""
    text = value if "T" in value or not value[:1].isdigit() else moment(value).isoformat()
    return c.Correct(event, "occurred_at", text, reason, OfficerId(by))


def test_a_correction_names_old_and_new() -> None:
    """With its reason and who approved it; the clocks follow, and say so."""
    world = (
        given(RULES, RECEIVED)
        .when("03-03 09:00", occurred("dossier.received", "02-27 15:00"))
        .then(
            e.EntryCorrected(
                version=1,
                event="dossier.received",
                field="occurred_at",
                old=moment("03-02 08:10").isoformat(),
                new=moment("02-27 15:00").isoformat(),
                reason="keyed wrongly",
                approved_by=HOA,
            ),
            *["deadline.revised"] * 3,  # the stage that the receipt opened has run since then too
        )
    )
    assert world.due() == "03-11 17:00"
    assert world.facts[0].occurred_at == moment("03-02 08:10")


def test_a_result_keyed_late_is_corrected_after_the_end() -> None:
    """Returned on time but late in the system because it was keyed wrongly: the judgement follows the correction."""
    closed = given(RULES, RECEIVED, *DECIDED, ISSUED, RETURNED)
    assert closed.world.view().timeliness is Timeliness.LATE
    closed.when("03-20 09:00", occurred("result.issued", "03-12 16:00")).then("entry.corrected")
    assert closed.world.view().timeliness is Timeliness.ON_TIME


def test_a_suspension_is_corrected_by_its_act_or_its_clock_entry() -> None:
    """The supplement was asked for a day earlier than keyed: the clock stood a day longer."""
    asked = at("03-05 09:00", c.RequestSupplement("…"))
    given_back = at("03-09 09:00", c.ProvideSupplement())
    for target in ("supplement.requested", "clock.suspended"):
        world = given(RULES, RECEIVED, asked, given_back)
        assert world.world.due() == "03-16 17:00"
        world.when("03-09 10:00", occurred(target, "03-04 09:00")).then("entry.corrected", *["deadline.revised"] * 3)
        assert world.world.due() == "03-17 17:00"


def test_an_act_that_moved_no_clock_is_no_correctable_moment() -> None:
    """A supplement that ran on began no suspension; correcting it must not move another one that follows it."""
    on = rules(on_supplement=Effect.RUN_ON)
    asked = at("03-04 09:00", c.RequestSupplement("…"))
    answered = at("03-05 09:00", c.ProvideSupplement())
    world = given(on, RECEIVED, asked, answered, at("03-06 09:00", c.Suspend()))
    for entry in ("supplement.requested", "supplement.provided"):
        world.when("03-09 09:00", occurred(entry, "03-03 09:00")).then_refused("not_correctable")


def test_plain_fields_are_corrected() -> None:
    """How it came in, and the (sealed) applicant."""
    world = given(RULES, RECEIVED)
    channel = c.Correct("dossier.received", "channel", "post", "…", HOA)
    world.when("03-03 09:00", channel).then("entry.corrected")
    world.when("03-03 09:00", c.Correct(1, "applicant", "sealed", "…", HOA)).then("entry.corrected")
    assert (world.world.state.channel, world.world.state.applicant) == (c.Channel.POST, "sealed")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (c.Correct("dossier.received", "channel", "post", " ", HOA), "reason_missing"),
        (c.Correct("dossier.received", "channel", "post", "…", OfficerId("")), "officer_missing"),
        (c.Correct("dossier.received", "channel", "post", "…", OfficerId("lan")), "self_approved"),
        (c.Correct(99, "channel", "post", "…", HOA), "entry_unknown"),
        (c.Correct(0, "channel", "post", "…", HOA), "entry_unknown"),
        (c.Correct("result.issued", "occurred_at", "…", "…", HOA), "entry_unknown"),
        (c.Correct("task.opened", "due", "…", "…", HOA), "not_correctable"),
        (c.Correct("dossier.received", "procedure", "P2", "…", HOA), "not_correctable"),
        (c.Correct("dossier.received", "channel", "pigeon", "…", HOA), "invalid_value"),
        (occurred("dossier.received", "yesterday"), "invalid_value"),
        (occurred("dossier.received", "2026-03-02T08:00"), "invalid_value"),
        (occurred("dossier.received", "03-03 09:01"), "occurred_in_future"),
        (occurred("dossier.received", "1999-03-02T08:00+07:00"), "outside_calendar"),
        (occurred("dossier.received", "0001-01-01T00:00+14:00"), "outside_calendar"),
    ],
)
def test_a_correction_that_is_none(command: c.Command, code: str) -> None:
    """Each with its own code."""
    given(RULES, RECEIVED).when("03-03 09:00", command).then_refused(code)


def test_nobody_approves_what_is_entered_in_his_name() -> None:
    """Who stands in and whom he stands in for count as one."""
    world = given(RULES, RECEIVED)
    for approver, code in (("lan", "self_approved"), ("mai", "self_approved")):
        channel = c.Correct("dossier.received", "channel", "post", "…", OfficerId(approver))
        world.when("03-03 09:00", channel, by="lan", behalf="mai").then_refused(code)
    channel = c.Correct("dossier.received", "channel", "post", "…", HOA)
    world.when("03-03 09:00", channel, by="lan", behalf="mai").then("entry.corrected")


def test_corrections_keep_the_order_of_things() -> None:
    """Nothing comes to lie before the receipt, the receipt not after the result, no end before its start."""
    ready = given(RULES, RECEIVED, *DECIDED, ISSUED)
    ready.when("03-20 09:00", occurred("result.issued", "03-01 09:00")).then_refused("occurred_before_receipt")
    ready.when("03-20 09:00", occurred("dossier.received", "03-19 09:00")).then_refused("ends_before_start")
    stood = given(RULES, RECEIVED, at("03-04 09:00", c.Suspend()), at("03-06 09:00", c.Resume()))
    stood.when("03-09 09:00", occurred("clock.resumed", "03-03 09:00")).then_refused("ends_before_start")
    stood.when("03-09 09:00", occurred("clock.suspended", "03-07 09:00")).then_refused("ends_before_start")


def test_feedback_is_taken_once_there_is_a_result() -> None:
    """A mark of 1 to 5; a later one replaces it."""
    given(RULES, RECEIVED).when("03-03 09:00", c.RecordFeedback(5)).then_refused("feedback_too_early")
    closed = given(RULES, RECEIVED, *DECIDED, ISSUED, RETURNED)
    for score in (0, 6, -1):
        closed.when("03-20 09:00", c.RecordFeedback(score)).then_refused("invalid_score")
    closed.when("03-20 09:00", c.RecordFeedback(2, "chậm")).then(e.FeedbackRecorded(2, "chậm"))
    closed.when("03-21 09:00", c.RecordFeedback(5)).then("feedback.recorded")
    assert closed.world.state.feedback == 5
