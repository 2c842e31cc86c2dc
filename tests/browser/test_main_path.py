"""From the receipt to the return by three officers in three browsers."""

from http import HTTPStatus

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, PHONE, SPECIALIST, act, receive, show


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
