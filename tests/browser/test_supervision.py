"""The supervisor's view: what lies with whom, what was completed too quickly, each led back to its dossiers."""

import httpx
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # the package brings no types
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, SPECIALIST, act, receive, show
from tests.browser.system import System, client

AUDITOR, STRANGER = "giang.le", "lam.lo"
PLACE = "so-xay-dung"


def test_a_stage_that_took_no_time_is_pointed_at_and_led_back_to(opens: Opens) -> None:
    """From the figure to the list, from the list to the dossier; and the load to its worklist."""
    clerk, leader, specialist = opens(CLERK), opens(LEADER), opens(SPECIALIST)
    code = receive(clerk, "Lương Thị Nhanh", "0922000111")
    show(leader, code)
    act(leader, "forward")
    show(specialist, code)
    act(specialist, "claim_task")
    act(specialist, "forward")
    _until_projected(leader)
    leader.locator("#swift tr", has_text="Phạm Bích Ngọc").get_by_role("link").click()
    line = leader.get_by_role("row").filter(has_text=code)
    expect(line).to_contain_text("Thẩm định")
    _check(leader, "the list of completions")
    line.get_by_role("link").click()
    leader.wait_for_url(f"**/desk/dossiers/{code}")
    leader.goto("/desk/unit")
    _check(leader, "the supervisor's view")
    row = leader.locator("#holders tr").filter(has_text="Phê duyệt").first
    row.get_by_role("link").first.click()
    expect(leader.locator("#rows")).to_contain_text(code)


def _until_projected(page: Page) -> None:
    """Ask until the projector has seen it."""
    page.goto("/desk/unit")
    for _ in range(100):
        if page.locator("#swift tr", has_text="Phạm Bích Ngọc").count():
            return
        page.reload()
    raise AssertionError(page.locator("main").inner_text())


def _check(page: Page, name: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_who_sees_how_others_work(system: System) -> None:
    """Leaders of their own authority, auditors of any; officers see the load alone, and nobody another's unasked."""
    swift = f"/desk/unit/swift?authority={PLACE}&officer=x&stage=appraise"
    burst = f"/desk/unit/burst?authority={PLACE}&officer=x&since=2026-01-01T00:00Z&until=2026-01-02T00:00Z"
    with client(system, LEADER) as leader, client(system, SPECIALIST) as officer:
        assert 'id="swift-title"' in leader.get("/desk/unit").text
        assert 'id="swift-title"' not in officer.get("/desk/unit").text
        for address in (swift, burst):
            assert leader.get(address).status_code == httpx.codes.OK
            assert officer.get(address).status_code == httpx.codes.FORBIDDEN
    with client(system, STRANGER) as stranger, client(system, AUDITOR) as auditor:
        for address in (swift, burst, f"/desk/unit?authority={PLACE}"):
            assert stranger.get(address).status_code == httpx.codes.FORBIDDEN
            assert auditor.get(address).status_code == httpx.codes.OK
        for bad in ("since=x&until=y", "since=2026-01-01&until=2026-01-02", ""):
            assert auditor.get(f"/desk/unit/burst?officer=x&{bad}").status_code == httpx.codes.NOT_FOUND
        assert auditor.get("/desk/unit/swift?officer=x&stage=none").status_code == httpx.codes.NOT_FOUND
        assert auditor.get("/desk/unit?authority=none").status_code == httpx.codes.NOT_FOUND
