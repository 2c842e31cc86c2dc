"""From the login to the return by the keyboard alone, by the keys that the desk's own table names."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, PROCEDURE, SPECIALIST, code_of

STEPS = 100
"""Presses after which one is lost."""


class Hands:
    """An officer without a mouse: presses keys and looks, nothing else."""

    def __init__(self, page: Page, officer: str) -> None:
        """Sit down and sign in."""
        self._page = page
        page.goto("/login")
        self.press("/")
        self.type(officer)
        self._tab_to(f"document.activeElement.value === '{officer}'")
        self.press("Enter")
        page.wait_for_url("**/desk")

    def _tab_to(self, reached: str) -> None:
        """Go from control to control until the condition holds."""
        for _ in range(STEPS):
            self.press("Tab")
            if self._page.evaluate(reached):
                return
        pytest.fail(f"Tab does not lead to {reached}")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self._page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type where the cursor is."""
        self._page.keyboard.type(text)

    def walk_to(self, text: str, key: str = "j") -> None:
        """Walk along the list until the line with this text is the chosen one."""
        line = self._page.locator("[data-row].chosen").filter(has_text=text)
        for _ in range(STEPS):
            if line.count():
                return
            self.press(key)
        pytest.fail(f"no line with {text}: {self._page.locator('main').inner_text()}")

    def do(self, act: str) -> None:
        """Go from main act to main act until this one is reached, and do it."""
        for _ in range(STEPS):
            self.press("m")
            if self._page.evaluate("document.activeElement.form?.id") == f"form-{act}":
                self.press("Enter")
                expect(self._page.locator("#news")).to_be_visible()
                return
        pytest.fail(f"m does not lead to {act}")

    def open(self, code: str) -> None:
        """Open a dossier of the list that is shown."""
        self.walk_to(code)
        self.press("Enter")
        self._page.wait_for_url(f"**/{code}*")

    def back(self) -> None:
        """Go back to the list."""
        self.press("u")
        self._page.wait_for_url("**/desk")


def test_receive_appraise_approve_return_by_keyboard_alone(opens: Opens) -> None:
    """Three officers: n, j, k, Enter, a, m, u and the search are all they need."""
    pages = {name: opens() for name in (CLERK, SPECIALIST, LEADER)}
    clerk, specialist, leader = (Hands(pages[name], name) for name in (CLERK, SPECIALIST, LEADER))
    code = _received(clerk, pages[CLERK])

    pages[LEADER].reload()
    leader.open(code)
    leader.do("forward")

    pages[SPECIALIST].reload()
    specialist.walk_to(code)
    specialist.press("a")
    mine = pages[SPECIALIST].locator("[data-row].chosen").filter(has_text=code)
    expect(mine.locator(".holder")).to_contain_text("tôi")
    expect(mine.get_by_role("link")).to_be_focused()
    specialist.press("Enter")
    pages[SPECIALIST].wait_for_url(f"**/{code}")
    specialist.do("forward")
    specialist.back()

    leader.back()
    leader.press("/")
    leader.type(code)
    leader.press("Enter")
    pages[LEADER].wait_for_url(f"**/{code}")
    leader.do("forward")
    leader.do("issue_result")
    expect(pages[LEADER].locator("h1")).to_contain_text("Đã có kết quả")

    clerk.back()
    clerk.open(code)
    clerk.do("return_result")
    expect(pages[CLERK].locator("h1")).to_contain_text("Đã trả kết quả")


def _received(clerk: Hands, page: Page) -> str:
    clerk.press("n")
    page.wait_for_url("**/desk/receive")
    expect(page.locator("#q")).to_be_focused()
    clerk.type("nut giao dau noi chap thuan")
    page.locator(f'#found a[href$="/{PROCEDURE}"]').wait_for()
    clerk.press("Escape")
    line = page.locator("[data-row]").filter(has=page.locator(f'a[href$="/{PROCEDURE}"]'))
    clerk.walk_to(line.inner_text().split("\n")[0])
    clerk.press("Enter")
    page.wait_for_url(f"**/desk/receive/{PROCEDURE}")
    expect(page.locator("#name")).to_be_focused()
    clerk.type("Trần Văn Phím")
    clerk.press("Tab")
    clerk.type("0977222111")
    clerk.press("Escape", "m")
    expect(page.locator("[data-main]")).to_be_focused()
    clerk.press("Enter")
    page.wait_for_url("**/desk/dossiers/**")
    return code_of(page)


def test_the_table_of_keys_tells_every_key(opens: Opens) -> None:
    """Every key that the script or a page listens to is named there; Escape closes it; walking back goes up again."""
    page = opens()
    leader = Hands(page, LEADER)
    leader.press("?")
    expect(page.locator("#help")).to_be_visible()
    told = set(page.locator("#help kbd").all_inner_texts())
    script = page.request.get(str(page.locator("script").first.get_attribute("src"))).text()
    keys = re.search(r"const keys = \{(.*?)\n  \};", script, re.DOTALL)
    assert keys is not None
    listened = set(re.findall(r'^    "?([^"\s:]+)"?: \(\)', keys[1], re.MULTILINE))
    assert {"j", "k", "a", "m", "/", "?", "Enter"} <= listened
    assert listened | {"n", "u", "r", "]", "Esc"} == told
    leader.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_j_and_k_walk_both_ways_and_a_list_remembers_where_one_was(opens: Opens) -> None:
    """Back from a dossier one stands on its line."""
    page, desk = opens(), opens()
    clerk = Hands(desk, CLERK)
    codes = []
    for _ in range(2):
        codes.append(_received(clerk, desk))
        clerk.back()
    leader = Hands(page, LEADER)
    leader.walk_to(codes[1])
    leader.walk_to(codes[0], "k")
    leader.press("j")
    leader.walk_to(codes[1])
    leader.press("Enter")
    page.wait_for_url(f"**/{codes[1]}")
    leader.back()
    expect(page.locator("[data-row].chosen")).to_contain_text(codes[1])
    expect(page.locator("[data-row].chosen").get_by_role("link")).to_be_focused()
