"""Every page for everybody: no fault that axe finds, in both languages; narrow screens; light pages."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # the package brings no types
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import Opens
from tests.browser.paths import ADMINISTRATOR, CLERK, LEADER, SPECIALIST, act, fill, receive, show

LARGEST = 100_000
"""Bytes that a worklist may weigh, everything included."""


@pytest.mark.parametrize("language", ["vi-VN", "en-GB"])
def test_axe_finds_nothing(opens: Opens, language: str) -> None:
    """Public pages, the login, the worklist, receiving with faults, a dossier with an open explanation and a fault."""
    page = opens(language=language)
    for address in ("/", "/login", "/track", "/track?code=H99.08-260101-0001&phone_last4=0000", "/board"):
        page.goto(address)
        _check(page, address)
    clerk = opens(CLERK)
    code = receive(clerk, "Trịnh Thị Rõ", "0933333333")
    leader = opens(LEADER, language=language)
    searches = ("/desk/search?q=H", "/desk/receive?q=dat")
    for address in ("/desk", "/desk?view=citizen", "/desk/unit", "/desk/officers", *searches, "/desk/none"):
        leader.goto(address)
        _check(leader, address)
    show(leader, code)
    leader.locator(".clock summary").first.click()
    fill(leader, "stop").get_by_role("button").click()
    expect(leader.get_by_role("alert")).to_be_visible()
    _check(leader, "a dossier")
    leader.keyboard.press("Escape")
    leader.locator("h1").click()
    leader.keyboard.press("?")
    expect(leader.locator("#help")).to_be_visible()
    _check(leader, "the keys")
    administrator = opens(ADMINISTRATOR, language=language)
    for address in ("", "/procedures/2.002755-P099", "/calendars", "/webhooks", "/callbacks"):
        administrator.goto(f"/desk/admin{address}")
        _check(administrator, f"administration{address}")
    again = opens(CLERK, language=language)
    again.goto("/desk/receive/P230")
    again.locator("[data-main]").click()
    expect(again.locator("#name-problem")).to_be_visible()
    _check(again, "receiving")


def _check(page: Page, name: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


@pytest.mark.parametrize("width", [360, 640])
def test_narrow_screens_need_no_scrolling_sideways(opens: Opens, width: int) -> None:
    """A phone of 360 pixels, and 1280 pixels magnified to 200 %."""
    clerk = opens(CLERK)
    code = receive(clerk, "Nguyễn Trần Lê Phạm Hoàng Thị Tên Rất Dài", "0944444444")
    page = opens(LEADER, width=width)
    desk = ("/desk", f"/desk/dossiers/{code}", "/desk/receive?q=dat", "/desk/receive/P230", "/board", "/track")
    administration = (
        "/desk/admin",
        "/desk/admin/calendars",
        "/desk/admin/webhooks",
        "/desk/admin/callbacks",
        "/desk/admin/officers",
    )
    for address in (*desk, *administration):
        if address == administration[0]:
            page = opens(ADMINISTRATOR, width=width)
        page.goto(address)
        overhang = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overhang <= 0, f"{address} is {overhang} pixels too wide"


def test_a_worklist_is_light(opens: Opens) -> None:
    """Page, style and script together."""
    page = opens(SPECIALIST)
    answers: list[Response] = []
    page.on("response", lambda one: answers.append(one))  # noqa: PLW0108  # the library takes no built-in
    page.goto("/desk?view=unit")
    # Not what is open for good, nor the icon of the tab, which is the page's own image once more.
    counted = [one for one in answers if "/desk/news" not in one.url and one.request.resource_type != "other"]
    sizes = [len(one.body()) for one in counted]
    assert len(sizes) >= 3
    assert sum(sizes) <= LARGEST


def test_the_list_learns_of_news(opens: Opens) -> None:
    """What another officer does appears without reloading."""
    leader, clerk = opens(LEADER), opens(CLERK)
    leader.goto("/desk")
    code = receive(clerk, "Lò Thị Mới", "0955555555")
    expect(leader.locator("#rows")).to_contain_text(code)
    show(leader, code)
    act(leader, "claim_task")
