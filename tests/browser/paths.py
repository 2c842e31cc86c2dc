"""The way of one dossier across the desk, step by step: by the officers of one procedure of the catalogue."""

import re

from playwright.sync_api import Page, expect

PROCEDURE = "P230"
"""Four stages after the receipt: assign (leader), appraise (specialist), approve (leader), return (clerk)."""
CLERK, SPECIALIST, LEADER, ADMINISTRATOR = "bao.bui", "ngoc.pham", "hoa.hoang", "trung.nguyen"
PHONE = "0912345678"


def receive(page: Page, name: str = "Nguyễn Thị Ánh", phone: str = PHONE) -> str:
    """Receive a dossier with all its papers; its code."""
    page.goto("/desk/receive")
    page.get_by_label("Tìm thủ tục").fill("chap thuan thiet ke nut giao")
    page.locator("#found a").first.wait_for()
    page.locator(f'#found a[href$="/{PROCEDURE}"]').click()
    page.get_by_label("Họ và tên").fill(name)
    page.get_by_label("Số điện thoại").fill(phone)
    page.get_by_role("button", name="Tiếp nhận và in giấy hẹn").click()
    page.wait_for_url("**/desk/dossiers/**")
    return code_of(page)


def code_of(page: Page) -> str:
    """The code of the dossier that is shown."""
    found = re.search(r"/dossiers/([^/?]+)", page.url)
    assert found is not None
    return found[1]


def show(page: Page, code: str) -> None:
    """Open a dossier."""
    page.goto(f"/desk/dossiers/{code}")


def act(page: Page, name: str, **fields: str) -> None:
    """Fill in an act's form and send it; what it says must be taken."""
    form = fill(page, name, **fields)
    before = page.url
    form.get_by_role("button").click()
    page.wait_for_url(lambda url: url != before)
    expect(page.locator("#news")).to_be_visible()


def fill(page: Page, name: str, **fields: str):  # type: ignore[no-untyped-def]  # noqa: ANN201  # a locator
    """The form of an act, filled in."""
    form = page.locator(f"#form-{name}")
    folded = page.locator(f"details.act:not([open]):has(#form-{name}) > summary")
    if folded.count():
        folded.click()
    for field, value in fields.items():
        control = form.locator(f"[name={field}]")
        if control.evaluate("one => one.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    return form
