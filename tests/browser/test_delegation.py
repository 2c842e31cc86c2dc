"""Absence cover in a browser: the leader goes on leave, a colleague approves for him, and both names are told."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # the package brings no types
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, SPECIALIST, act, receive, show


def test_a_colleague_stands_in(opens: Opens) -> None:
    """Given with a fault first, chosen in the header, worked, told in the history, revoked."""
    clerk, leader, stand_in = opens(CLERK), opens(LEADER), opens(SPECIALIST)
    code = receive(clerk, "Vàng Thị Vắng", "0922000222")
    leader.locator(".account summary").click()
    leader.locator(".account").get_by_role("link").click()
    leader.wait_for_url("**/desk/officers")
    form = leader.locator("#give form")
    form.locator("[name=stand_in]").select_option(SPECIALIST)
    form.locator("[name=reason]").fill("Đi công tác")
    form.get_by_role("button").click()
    expect(leader.locator("#last_day-problem")).to_be_visible()
    expect(form.locator("[name=reason]")).to_have_value("Đi công tác")
    _check(leader, "a form with a fault")
    form.locator("[name=last_day]").fill(form.locator("[name=first_day]").input_value())
    form.get_by_role("button").click()
    expect(leader.get_by_role("status")).to_be_visible()
    _check(leader, "a delegation")
    stand_in.goto("/desk")
    stand_in.locator("#behalf").select_option(LEADER)
    stand_in.locator("form.behalf button").click()
    expect(stand_in.locator(".instead")).to_be_visible()
    _check(stand_in, "standing in")
    show(stand_in, code)
    act(stand_in, "forward")
    line = stand_in.locator(".history li", has_text=" thay ").first
    expect(line).to_contain_text("Phạm Bích Ngọc thay ")
    for page, address in ((stand_in, f"/desk/dossiers/{code}"), (stand_in, "/desk"), (leader, "/desk/officers")):
        page.set_viewport_size({"width": 360, "height": 800})
        page.goto(address)
        overhang = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overhang <= 0, f"{address} is {overhang} pixels too wide"
    leader.locator("#lasting").get_by_role("button").click()
    expect(leader.get_by_role("status")).to_be_visible()
    stand_in.goto("/desk")
    expect(stand_in.locator(".instead")).to_have_count(0)
    stand_in.goto("/desk")
    expect(stand_in.locator("form.behalf")).to_have_count(0)


def _check(page: Page, name: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
