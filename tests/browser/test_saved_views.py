"""Worklists under a name: saved, opened by their address, forgotten, each officer's own, with and without scripts."""

import re

import httpx
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # the package brings no types
from playwright.sync_api import expect

from store.saved_views import MOST
from tests.browser.conftest import Opens
from tests.browser.paths import LEADER, SPECIALIST
from tests.browser.system import System, client

NAME = "Thẩm định <b>gấp</b> & khác"


def test_a_view_is_saved_opened_and_forgotten_without_scripts(opens: Opens) -> None:
    """Sorted the Vietnamese way, markup in a name is text, and a second of the same name takes the first's place."""
    page = opens(LEADER, scripts=False, width=360)
    page.goto("/desk?view=late&stage=appraise")
    page.locator(".saving summary").click()
    for name in ("Đến", NAME, "Của em", NAME):
        page.get_by_label("Tên", exact=True).fill(name)
        page.get_by_role("button", name="Lưu bộ lọc hiện tại").click()
        expect(page.locator(".saved")).to_contain_text(name)
        page.locator(".saving summary").click()
    expect(page.locator(".saved a")).to_have_text(["Của em", "Đến", NAME])
    overhang = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overhang <= 0
    page.goto("/desk")
    page.locator(".saved a", has_text="gấp").click()
    page.wait_for_url("**/desk?view=late&stage=appraise")
    expect(page.locator(".saved a[aria-current]")).to_have_count(3)
    for name in ("Của em", "Đến", NAME):
        page.locator(".saving summary").click()
        page.get_by_role("button", name=f"Xóa danh sách {name}").click()
    expect(page.locator(".saved")).to_have_count(0)
    assert page.url.endswith("/desk?view=late&stage=appraise")


def test_axe_finds_nothing_with_saved_views(opens: Opens) -> None:
    """In both languages, with a name that was not taken."""
    for language, save in (("vi-VN", "Lưu bộ lọc hiện tại"), ("en-GB", "Save the present filters")):
        page = opens(LEADER, language=language)
        page.goto("/desk")
        page.locator(".saving summary").click()
        page.locator("#saved-name").fill("Tất cả")
        page.get_by_role("button", name=save).click()
        page.locator(".saving summary").click()
        page.locator("#saved-name").fill("  ")
        page.get_by_role("button", name=save).click()
        expect(page.locator("#saved-name")).to_be_focused()
        expect(page.locator("#saved-problem")).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_views_are_each_officer_s_own_and_not_without_end(system: System) -> None:
    """Another sees and deletes none of them; one more than the most is refused; foreign forms are."""
    with client(system, SPECIALIST) as one, client(system, LEADER) as other:
        token = _csrf(one.get("/desk").text)
        for number in range(MOST):
            answer = one.post("/desk/views?view=mine", data={"csrf": token, "name": f"Số {number}"})
            assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        again = one.post("/desk/views?view=free", data={"csrf": token, "name": "Số 0"})
        assert again.headers["location"] == "/desk?view=free"
        over = one.post("/desk/views?view=mine", data={"csrf": token, "name": "Một nữa"})
        assert over.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert "quá nhiều danh sách" in over.text
        assert 'value="Một nữa"' in over.text
        long = one.post("/desk/views", data={"csrf": token, "name": "x" * 61})
        assert "dài quá 60 ký tự" in long.text
        assert "Số 0" not in other.get("/desk").text
        other.post("/desk/views/delete", data={"csrf": _csrf(other.get("/desk").text), "name": "Số 0"})
        assert "Số 0" in one.get("/desk").text
        foreign = one.post("/desk/views?view=mine", data={"csrf": "", "name": "Lạ"})
        assert foreign.status_code == httpx.codes.FORBIDDEN
        strange = one.post("/desk/views/delete?view=%3Cscript%3E&stage=x", data={"csrf": token, "name": "Số 1"})
        assert strange.headers["location"] == "/desk?view=unit&stage=x"


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]
