"""From the receipt to the return by three officers in three browsers."""

from http import HTTPStatus

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, PHONE, PROCEDURE, SPECIALIST, act, code_of, receive, show


def test_receive_supplement_appraise_approve_return_by_mouse(opens: Opens) -> None:
    """Each officer does what is his, and sees what the others did."""
    clerk, specialist, leader = opens(CLERK), opens(SPECIALIST), opens(LEADER)
    code = receive(clerk)
    expect(clerk.locator("#news")).to_contain_text("Tiếp nhận hồ sơ")

    show(leader, code)
    act(leader, "forward", note="Giao phòng chuyên môn")

    show(specialist, code)
    act(specialist, "claim_task")
    act(specialist, "request_supplement", reason="Thiếu bản vẽ mặt bằng")
    expect(specialist.locator("h1")).to_contain_text("Chờ bổ sung")

    show(clerk, code)
    act(clerk, "provide_supplement", note="Đã nộp bản vẽ")
    show(specialist, code)
    act(specialist, "forward", note="Đủ điều kiện")

    show(leader, code)
    act(leader, "forward")
    act(leader, "issue_result", number="12/QĐ-SXD")
    expect(leader.locator("h1")).to_contain_text("Đã có kết quả")

    show(clerk, code)
    act(clerk, "return_result", method="direct")
    expect(clerk.locator("h1")).to_contain_text("Đã trả kết quả")
    expect(clerk.locator(".history")).to_contain_text("Thiếu bản vẽ mặt bằng")

    _mark(opens(scripts=False), code)
    show(clerk, code)
    expect(clerk.locator(".history")).to_contain_text("Đánh giá của người dân: 4/5")
    expect(clerk.locator(".history")).to_contain_text("Nhanh <b>gọn</b>")


def _mark(citizen: Page, code: str) -> None:
    """Give feedback without scripts: nobody without the digits, no mark outside 1 to 5, and only once."""
    form: dict[str, str | float | bool] = {
        "code": code,
        "phone_last4": PHONE[-4:],
        "score": "6",
        "words": "Nhanh <b>gọn</b>",
    }
    send = citizen.request.post
    wrong = send("/track/feedback", form={**form, "score": "1", "phone_last4": "0000"})
    assert wrong.status == HTTPStatus.NOT_FOUND
    foreign = send("/track/feedback", form={**form, "score": "1"}, headers={"Origin": "https://evil.example"})
    assert foreign.status == HTTPStatus.FORBIDDEN
    outside = send("/track/feedback", form=form)
    assert outside.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Nhanh &lt;b&gt;gọn" in outside.text()
    citizen.goto(f"/track?code={code}&phone_last4={PHONE[-4:]}")
    citizen.locator("#feedback [name=score][value='4']").check()
    citizen.locator("#words").fill(str(form["words"]))
    citizen.locator("#feedback button").click()
    expect(citizen.get_by_role("status")).to_contain_text("Xin cảm ơn")
    again = send("/track/feedback", form={**form, "score": "1"})
    assert again.status == HTTPStatus.OK
    assert 'id="feedback"' not in again.text()


def test_the_same_by_keyboard_alone(opens: Opens) -> None:
    """No mouse: j, Enter, a, m, Tab and the space bar are enough."""
    clerk, specialist, leader = opens(CLERK), opens(SPECIALIST), opens(LEADER)
    clerk.keyboard.press("n")
    clerk.wait_for_url("**/desk/receive")
    expect(clerk.get_by_label("Tìm thủ tục")).to_be_focused()
    clerk.keyboard.type("nut giao dau noi chap thuan")
    clerk.locator(f'#found a[href$="/{PROCEDURE}"]').wait_for()
    clerk.keyboard.press("Tab")
    clerk.keyboard.press("Tab")
    clerk.keyboard.press("Enter")
    clerk.wait_for_url(f"**/desk/receive/{PROCEDURE}")
    clerk.keyboard.press("m")
    clerk.get_by_label("Họ và tên").focus()
    clerk.keyboard.type("Trần Văn Phím")
    clerk.keyboard.press("Enter")
    clerk.wait_for_url("**/desk/dossiers/**")
    code = code_of(clerk)

    _open_from_the_list(leader, code)
    _send_the_main_act(leader)
    _open_from_the_list(specialist, code, claim=True)
    specialist.keyboard.press("m")
    specialist.keyboard.press("Enter")
    expect(specialist.locator("#news")).to_be_visible()
    _open_from_the_list(leader, code)
    _send_the_main_act(leader)
    specialist.keyboard.press("u")
    show(leader, code)
    leader.keyboard.press("m")
    leader.keyboard.press("Enter")
    expect(leader.locator("h1")).to_contain_text("Đã có kết quả")
    show(clerk, code)
    clerk.locator("#form-return_result button").focus()
    clerk.keyboard.press("Enter")
    expect(clerk.locator("h1")).to_contain_text("Đã trả kết quả")


def _open_from_the_list(page: Page, code: str, *, claim: bool = False) -> None:
    """Walk down the worklist to the dossier, claim it where asked, and open it."""
    page.goto("/desk")
    for _ in range(page.locator("[data-row]").count()):
        page.keyboard.press("j")
        if page.locator(f"[data-row].chosen a:text-is('{code}')").count():
            break
    if claim:
        page.keyboard.press("a")
        page.wait_for_load_state()
        expect(page.locator(f"[data-row]:has(a:text-is('{code}')) .holder")).to_contain_text("tôi")
        page.locator(f"a:text-is('{code}')").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{code}")


def _send_the_main_act(page: Page) -> None:
    """Complete the open task without claiming it first."""
    page.locator("#form-forward button").focus()
    page.keyboard.press("Space")
    expect(page.locator("#news")).to_be_visible()
