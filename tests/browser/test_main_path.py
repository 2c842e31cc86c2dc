"""From the receipt to the return by three officers in three browsers."""

from playwright.sync_api import expect

from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, SPECIALIST, act, receive, show


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
