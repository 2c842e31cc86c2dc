"""Links read out of the changes of authority."""

from catalogue.links import derive_links
from catalogue.totals import counted_total
from domain.period import Period, Unit
from domain.procedure import LinkKind, LinkSpec, Procedure, StageKind, all_links
from tests.catalogue.samples import COMMUNE, DESK, HEALTH, NAMES, PROVINCE, Record, mapped, step

HOURS = Unit.WORKING_HOUR


def _hours(kind: str, authority: str, amount: int | None, level: str, no: str) -> Record:
    return {**step(kind, authority, amount, level=level, no=no), "unit": "working_hour" if amount else None}


ONE_OFF_ALLOWANCE = (
    _hours("receive", DESK, 4, "commune", "B1"),
    _hours("assign", COMMUNE, 4, "commune", "B2"),
    _hours("appraise", COMMUNE, 20, "commune", "B3"),
    _hours("appraise", COMMUNE, 4, "commune", "B4"),
    _hours("sign", COMMUNE, 4, "commune", "B5"),
    _hours("transfer", COMMUNE, 4, "commune", "B6"),
    _hours("receive", DESK, 4, "province", "B7"),
    _hours("assign", "Sở Nội vụ", 4, "province", "B8"),
    _hours("appraise", "Sở Nội vụ", 12, "province", "B9"),
    _hours("consult", "Văn phòng UBND tỉnh", 16, "province", "B10"),
    _hours("appraise", "Sở Nội vụ", 8, "province", "B11"),
    _hours("appraise", "Sở Nội vụ", 4, "province", "B12"),
    _hours("sign", "Sở Nội vụ", 4, "province", "B13"),
    _hours("issue", "Sở Nội vụ", 4, "province", "B14"),
    _hours("return", DESK, None, "province", "B15"),
)
"""The route of 2.002755 (decision 3854/QĐ-UBND, Nghệ An, 26/11/2025): commune 40 hours, province 56 hours."""


def _linked(*steps: Record) -> Procedure:
    return derive_links(mapped(*steps, statutory_period={"amount": 96, "unit": "working_hour"}), NAMES)


def _ids(link: LinkSpec) -> list[str]:
    return [stage.id or (stage.link.id if stage.link else "") for stage in link.route]


def test_commune_and_province_of_2_002755() -> None:
    """The commune works 40 hours; the province's part is a link of 56 hours, the office's opinion one within it."""
    procedure = _linked(*ONE_OFF_ALLOWANCE)
    province, office = all_links(procedure.route)
    assert (province.kind, province.to, province.budget) == (LinkKind.INTER_LEVEL, "so-noi-vu", Period(56, HOURS))
    assert (office.kind, office.to, office.budget) == (LinkKind.HORIZONTAL, "vp-ubnd-tinh", Period(16, HOURS))
    own = [stage for stage in procedure.route if stage.stage is not None]
    assert str(counted_total(own)) == "40 working_hour"
    assert str(counted_total(procedure.route)) == "96 working_hour"
    assert [stage.number for stage in own] == ["B1", "B2", "B3", "B4", "B5", "B6", ""]
    assert _ids(province) == [
        "receive", "assign", "appraise", "L2", "appraise-2", "appraise-3", "approve", "issue", "return",
    ]  # fmt: skip
    assert _ids(office) == ["receive", "consult", "return"]


def test_every_part_begins_with_a_receipt_and_ends_with_a_return() -> None:
    """Supplied where the source prints none, and not timed."""
    procedure = _linked(*ONE_OFF_ALLOWANCE)
    for route in (procedure.route, *(link.route for link in all_links(procedure.route))):
        assert (route[0].stage, route[-1].stage) == (StageKind.RECEIVE, StageKind.RETURN)
    assert procedure.route[-1].authority == "commune.one_stop"
    assert procedure.route[-1].flags == ("supplied",)


def test_a_desk_that_hands_in_or_out_is_no_link() -> None:
    """Provincial centre, department, provincial centre: one authority's work."""
    plain = mapped()
    assert derive_links(plain, NAMES) is plain


def test_coming_back_ends_a_link() -> None:
    """Department, committee, department: the rest is the department's own again."""
    procedure = _linked(
        step("receive", DESK), step("appraise", HEALTH), step("approve", PROVINCE), step("issue", HEALTH),
        step("return", DESK, None),
    )  # fmt: skip
    assert [stage.id or "link" for stage in procedure.route] == ["receive", "appraise", "link", "issue", "return"]


def test_agencies_of_their_ministries_are_sector_links() -> None:
    """The tax office's notice: its own part, without a time of its own."""
    tax = step("consult", "Cơ quan thuế", None, level="sector")
    (link,) = all_links(_linked(step("receive", DESK), step("approve", HEALTH), tax, step("return", DESK, None)).route)
    assert (link.kind, link.to, link.budget) == (LinkKind.SECTOR, "thue-tinh", None)


def test_what_runs_at_once_is_a_parallel_group() -> None:
    """Police and department side by side, as the source marks them."""
    at_once = {"parallel_group": "after B2"}
    procedure = _linked(
        step("receive", DESK, level="commune"),
        step("approve", COMMUNE),
        step("approve", "Công an", 2, level="sector", **at_once),
        step("approve", HEALTH, 5, **at_once),
        step("return", DESK, None, level="commune"),
    )
    assert procedure.route[2].parallel is not None
    assert [link.to for link in procedure.route[2].links()] == ["cong-an-tinh", "so-y-te"]
    assert str(counted_total(procedure.route)) == "7 working_day"
