"""From a published record to a procedure: what each field becomes, and that nothing is dropped silently."""

from typing import Any

import pytest

from domain.period import Period, Unit
from domain.procedure import ChecklistPolicy, CutOff, CutOffEffect, Effect, Procedure, StageKind, SuspensionReason
from tests.catalogue.samples import COMMUNE, DESK, HEALTH, PROVINCE, STEPS, mapped, notes, reasons, step


def _ids(procedure: Procedure) -> list[str]:
    return [stage.id for stage in procedure.route]


def _authorities(procedure: Procedure) -> list[str | None]:
    return [stage.authority for stage in procedure.route]


def test_a_plain_record_maps_field_by_field() -> None:
    """Periods, route, checklist and source; signing is an approval, the desk is the provincial centre."""
    procedure = mapped()
    assert (procedure.id, procedure.code, procedure.authority) == ("P900", "1.900001", "so-y-te")
    assert procedure.statutory == Period(10, Unit.WORKING_DAY)
    assert procedure.committed is None
    assert procedure.boundary_free
    assert _ids(procedure) == ["receive", "assign", "appraise", "approve", "issue", "return"]
    assert [stage.role for stage in procedure.route] == ["clerk", "leader", "specialist", "leader", "clerk", "clerk"]
    assert _authorities(procedure) == ["ttpvhcc-tinh", *["so-y-te"] * 4, "ttpvhcc-tinh"]
    assert procedure.route[3].flags == ("sign",)
    assert procedure.route[0].budget == Period(0.5, Unit.WORKING_DAY)
    assert procedure.route[5].budget is None
    assert [(part.id, part.required) for part in procedure.components] == [("c1", True), ("c2", False)]
    assert procedure.source == "1/QĐ-UBND Thanh Giang 01/12/2025"
    assert notes(procedure) == ""


def test_what_is_printed_beside_the_fields_is_kept() -> None:
    """Raw times, actors, step numbers, totals, shares, and keys that nobody knows."""
    procedure = mapped(
        sub_periods=[{"level": "commune", "amount": 40, "unit": "working_hour"}],
        reduction_percent=12.5,
        code_local="1.900001.H12",
        article=25,
        invented={"a": [1]},
    )
    published = procedure.published
    assert published is not None
    assert (published.record, published.step_total, published.sum_matches_period) == ("P900", 10, True)
    assert (published.counted_total, published.statutory) == ("10 working_day", "10 ngày làm việc")
    assert published.shares[0].period == Period(40, Unit.WORKING_HOUR)
    assert (published.reduction_percent, published.code_local) == (12.5, "1.900001.H12")
    assert published.other == {"article": "25", "invented": '{"a": [1]}'}
    assert procedure.route[2].number == "B3"
    assert procedure.route[2].raw == "7 ngày làm việc"
    assert (procedure.route[2].agency, procedure.route[2].level) == (HEALTH, "province")


def test_repeated_kinds_get_numbered_ids() -> None:
    """The second stage of a kind is ``appraise-2``."""
    assert _ids(mapped(*STEPS[:3], *STEPS[2:])) == [
        "receive",
        "assign",
        "appraise",
        "appraise-2",
        "approve",
        "issue",
        "return",
    ]


def test_stages_of_other_authorities_stay_in_the_route() -> None:
    """Each in its own authority's worklist; a commune is the one that receives."""
    procedure = mapped(
        step("receive", DESK, level="commune"),
        step("appraise", COMMUNE),
        step("consult", "Cơ quan thuế", None, level="sector"),
        step("approve", PROVINCE, actor="Lãnh đạo UBND tỉnh"),
        step("return", DESK, None, level="commune"),
    )
    assert _authorities(procedure) == ["commune.one_stop", "commune", "thue-tinh", "ubnd-tinh", "commune.one_stop"]
    assert procedure.route[2].role == "sector_officer"


def test_every_further_key_of_a_step_is_a_flag() -> None:
    """Known or not: as words."""
    extra: dict[str, Any] = {
        "includes": ["appraise", "approve"],
        "decided_by": PROVINCE,
        "pauses_clock": False,
        "conditional": True,
        "alternative": "nhánh 2",
        "level_of_detail": 3,
    }
    flags = mapped(STEPS[0], step("approve", **extra), STEPS[5]).route[1].flags
    assert flags == (
        "includes:appraise",
        "includes:approve",
        f"decided_by:{PROVINCE}",
        "pauses_clock:false",
        "conditional",
        "alternative:nhánh 2",
        "level_of_detail:3",
    )


def test_an_applicants_step_is_a_note_and_no_stage() -> None:
    """Its words and what is printed with it are kept."""
    waiting = step("other", "Người nộp hồ sơ", None, no="B9", level="applicant", pauses_clock=True)
    procedure = mapped(*STEPS[:3], waiting, *STEPS[3:])
    assert "other" not in _ids(procedure)
    assert "step B9: the applicant's own step, no officer's task: other it" in notes(procedure)
    assert "pauses_clock" in notes(procedure)
    assert procedure.on_suspend == {SuspensionReason.PAYMENT: Effect.PAUSE}


def test_receipt_and_return_are_supplied_where_they_go_without_saying() -> None:
    """At the desk of the first step's authority, not timed, flagged and noted."""
    procedure = mapped(step("appraise", COMMUNE), step("approve", PROVINCE))
    assert _ids(procedure) == ["receive", "appraise", "approve", "return"]
    assert _authorities(procedure) == ["commune.one_stop", "commune", "ubnd-tinh", "commune.one_stop"]
    assert procedure.route[0].flags == procedure.route[3].flags == ("supplied",)
    assert procedure.route[0].budget is None
    assert "no receipt is printed" in notes(procedure)
    assert "no return of the result is printed" in notes(procedure)


def test_an_agency_of_its_ministry_receives_itself() -> None:
    """Social insurance has no desk at the provincial centre."""
    insurance = step("sign", "Cơ quan Bảo hiểm xã hội", level="sector")
    assert _authorities(mapped(insurance)) == ["bhxh-tinh"] * 3


@pytest.mark.parametrize(
    ("inner", "deciding"),
    [
        ([step("appraise"), step("issue")], 2),
        ([step("appraise", includes=["appraise", "approve"]), step("issue")], 1),
        ([step("appraise"), step("transfer")], 2),
        ([step("appraise"), step("issue", "Cơ quan thuế", level="sector")], 1),
    ],
)
def test_the_step_that_decides_approves_where_no_step_is_printed_as_an_approval(
    inner: list[dict[str, Any]], deciding: int
) -> None:
    """By its own words, else the last that issues, else the last; never the tax office's notice."""
    procedure = mapped(STEPS[0], *inner, STEPS[5])
    stage = procedure.route[deciding]
    assert (stage.stage, stage.role) == (StageKind.APPROVE, "leader")
    assert any(flag.startswith("published_kind:") for flag in stage.flags)
    assert "no step is printed as an approval" in notes(procedure)


def test_an_approval_is_supplied_where_nothing_is_decided() -> None:
    """A route of receipt and return alone."""
    procedure = mapped(STEPS[0], STEPS[5])
    assert _ids(procedure) == ["receive", "approve", "return"]
    assert procedure.route[1].authority == "so-y-te"
    assert "no step decides" in notes(procedure)


def test_what_follows_the_return_untimed_is_noted() -> None:
    """The dossier has ended by then."""
    procedure = mapped(*STEPS, step("other", HEALTH, 5, no="B7", clock="not_counted", excluded=True))
    assert _ids(procedure)[-1] == "return"
    assert "step B7 is printed after the return, outside the counted time" in notes(procedure)


def test_what_follows_the_return_in_counted_time_is_done_before_it() -> None:
    """It is part of the period, so it is part of the work."""
    procedure = mapped(*STEPS, step("transfer", no="B7"))
    assert _ids(procedure)[-2:] == ["transfer", "return"]
    assert "after_return" in procedure.route[-2].flags


def test_an_inner_return_hands_on() -> None:
    """Only the last return ends the route; an earlier one passes the result to the next authority."""
    procedure = mapped(*STEPS[:5], step("return", HEALTH, no="B5b"), STEPS[5])
    assert _ids(procedure)[-2:] == ["transfer", "return"]
    assert "published_kind:return" in procedure.route[-2].flags
    assert "step B5b" in notes(procedure)


def test_two_appointments_are_the_promises_before_and_after_the_payment() -> None:
    """The first is the committed period; the whole stays the statutory one."""
    procedure = mapped(
        appointments=[{"no": 2, "amount": 3, "unit": "working_day"}, {"no": 1, "amount": 7, "unit": "working_day"}]
    )
    assert procedure.committed == Period(7, Unit.WORKING_DAY)
    assert procedure.after_payment == Period(3, Unit.WORKING_DAY)
    assert procedure.statutory == Period(10, Unit.WORKING_DAY)
    assert procedure.published is not None
    assert procedure.published.appointments == (Period(7, Unit.WORKING_DAY), Period(3, Unit.WORKING_DAY))


def test_an_immediate_procedure_is_due_the_same_day() -> None:
    """A period of 0 that is printed as "at once"; received from 15:00 on it is due the next working day."""
    procedure = mapped(statutory_period={"amount": 0, "unit": "working_hour", "raw": "Ngay sau khi nhận đủ hồ sơ"})
    assert procedure.cutoff == CutOff("15:00", CutOffEffect.SAME_DAY_RETURN)
    assert procedure.statutory == Period(1, Unit.WORKING_DAY)
    assert "due at once" in notes(procedure)


def test_rules_that_stand_in_the_notes_are_rules() -> None:
    """A cut-off, a restart, a limit for the answer; the notes themselves stay."""
    said = (
        "after 15:00 the count starts on the next working day",
        "supplement loop: 5 working days to ask, 30 days for the applicant, then a fresh 10 days",
    )
    procedure = mapped(notes=list(said))
    assert procedure.cutoff == CutOff("15:00", CutOffEffect.NEXT_DAY)
    assert (procedure.on_supplement, procedure.supplement_limit) == (Effect.RESTART, Period(30, Unit.DAY))
    assert procedure.notes[:2] == said


def test_posting_outside_the_count_pauses_the_clock() -> None:
    """As the step's own words say."""
    posting = step("other", COMMUNE, None, public_notice=True)
    assert mapped(*STEPS[:3], posting, *STEPS[3:]).on_suspend == {SuspensionReason.PUBLIC_POSTING: Effect.PAUSE}


def test_without_printed_components_what_is_handed_in_is_noted() -> None:
    """A list that the source does not print cannot refuse anything."""
    procedure = mapped(components=[])
    assert procedure.excess is ChecklistPolicy.NOTE
    assert "no components are printed" in notes(procedure)


def test_components_may_be_objects() -> None:
    """Name, copies and whether they are required; further keys are noted."""
    procedure = mapped(components=[{"name": "Đơn", "quantity": 2, "required": False, "form": "M1"}])
    part = procedure.components[0]
    assert (part.name, part.copies, part.required) == ("Đơn", 2, False)
    assert 'component c1: form "M1"' in notes(procedure)


def test_figures_that_do_not_match_are_both_kept_and_said() -> None:
    """They are not mended."""
    procedure = mapped(*STEPS[:2], step("approve", days=12), STEPS[5], step_total=13, sum_matches_period=False)
    assert procedure.statutory == Period(10, Unit.WORKING_DAY)
    assert procedure.published is not None
    assert procedure.published.counted_total == "13 working_day"
    assert "the counted steps add up to 13 working_day, more than the period of 10 working_day" in notes(procedure)


def test_a_body_without_a_worklist_works_where_the_step_before_was() -> None:
    """A council is called together by the department."""
    procedure = mapped(*STEPS[:3], step("appraise", "Hội đồng tư vấn"), *STEPS[3:])
    assert procedure.route[3].authority == "so-y-te"
    assert '"Hội đồng tư vấn" has no worklist of its own' in notes(procedure)


def test_the_steps_tell_who_decides_where_the_record_names_a_body_without_a_worklist() -> None:
    """The authority of the last approval."""
    assert mapped(authority="Cơ quan có thẩm quyền").authority == "so-y-te"


def test_numbers_written_as_text_are_read() -> None:
    """With the decimal comma of the source; said in a note."""
    procedure = mapped(STEPS[0], step("approve", amount="0,5"), STEPS[5])
    assert procedure.route[1].budget == Period(0.5, Unit.WORKING_DAY)
    assert 'is printed as the text "0,5"' in notes(procedure)


def test_a_step_number_may_be_a_number() -> None:
    """Some lists count 1, 2, 3."""
    assert mapped(STEPS[0], step("approve", no=2), STEPS[5]).route[1].number == "2"


def test_missing_keys_that_can_be_done_without_are_no_fault() -> None:
    """What is not printed is empty; a missing source is said."""
    procedure = mapped(
        {"kind": "receive", "authority": DESK, "level": "province"},
        {"kind": "approve", "amount": 3, "unit": "working_day"},
        code=None, field=None, level=None, source=None, components=None, agencies=None, non_territorial=None,
    )  # fmt: skip
    assert procedure.route[1].clock == "counted"
    assert procedure.route[1].authority == "ttpvhcc-tinh"
    assert "no source is printed" in notes(procedure)
    assert "no authority is printed: worked where the step before was" in notes(procedure)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": ""}, '"id" is empty'),
        ({"id": "../../etc"}, 'the id "../../etc" is not one'),
        ({"id": 7}, '"id" is not a text but 7'),
        ({"name": None}, '"name" is missing'),
        ({"name": "  "}, '"name" is empty'),
        ({"code": "1.9/x"}, 'the code "1.9/x" cannot be one'),
        ({"authority": None}, '"authority" is missing'),
        ({"authority": "Sở Phép thuật"}, 'the authority "Sở Phép thuật" (level province) is unknown'),
        ({"authority": "UBND huyện"}, 'the authority "UBND huyện" (level province) is unknown'),
        ({"steps": []}, '"steps" is missing or empty'),
        ({"steps": None}, '"steps" is missing or empty'),
        ({"steps": "B1"}, '"steps" is not a list of objects'),
        ({"statutory_period": "10 ngày"}, '"statutory_period" is not an amount with a unit'),
        ({"statutory_period": {"amount": 0, "unit": "working_day"}}, "a period is more than 0"),
        ({"statutory_period": {"amount": -1, "unit": "working_day"}}, "not -1"),
        ({"statutory_period": {"amount": 10000, "unit": "day"}}, "at most 5000"),
        ({"statutory_period": {"amount": 2, "unit": "weeks"}}, 'the unknown unit "weeks"'),
        ({"statutory_period": {"amount": 2}}, "the period of 2 has no unit"),
        ({"statutory_period": {"amount": True, "unit": "day"}}, '"amount" is not a number but true'),
        ({"statutory_period": {"amount": 1.5, "unit": "month"}}, "whole number"),
        ({"committed_period": {"amount": 12, "unit": "working_day"}}, "the committed period of 12 working_day exceeds"),
        ({"non_territorial": "yes"}, '"non_territorial" is neither true nor false'),
        ({"notes": "one"}, '"notes" is not a list of texts'),
        ({"components": [7]}, "component c1 is neither a text nor an object"),
        ({"components": [{"name": "Đơn", "copies": 0.5}]}, "copies cannot be handed in"),
        ({"components": [{"name": "Đơn", "copies": 0}]}, "copies cannot be handed in"),
        ({"step_total": 1e300}, "out of all proportion"),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_mapped_says_why(changes: dict[str, Any], reason: str) -> None:
    """In a sentence that names the key or the value."""
    assert reason in "; ".join(reasons(**changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "verify"}, 'step B: the kind "verify" is unknown; known are sign, receive'),
        ({"kind": None}, 'step B: "kind" is missing'),
        ({"clock": "perhaps"}, 'step B: the clock "perhaps" is unknown'),
        ({"unit": None}, "step B: a time of 1 has no unit"),
        ({"unit": "fortnight"}, 'step B: a time has the unknown unit "fortnight"'),
        ({"amount": 0}, "step B: a period is more than 0"),
        ({"amount": -3}, "step B: a period is more than 0"),
        ({"amount": "many"}, 'step B: "amount" is not a number but "many"'),
        ({"authority": "Sở Phép thuật"}, 'step B: the authority "Sở Phép thuật" (level province) is unknown'),
        ({"title": ["x"]}, 'step B: "title" is not a text'),
    ],
)
def test_a_step_that_cannot_be_mapped_is_named(changes: dict[str, Any], reason: str) -> None:
    """By its number; the whole record waits for it."""
    assert reason in "; ".join(reasons(STEPS[0], {**step("approve"), **changes}, STEPS[5]))


def test_all_reasons_are_given_at_once() -> None:
    """Nobody has to try five times."""
    found = reasons(STEPS[0], {**step("verify"), "unit": "week"}, step("nod"), name=None)
    assert len(found) == 4


def test_only_the_applicants_steps_leave_nothing_to_work_on() -> None:
    """There is no route for officers."""
    assert reasons(step("other", "Người nộp hồ sơ", None, level="applicant")) == [
        "no step is an officer's: there is nothing to work on"
    ]
