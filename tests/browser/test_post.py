"""A result goes by post from the desk, and everybody can read where it is, on small screens and by ear."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # the package brings no types
from playwright.sync_api import Page, expect

from catalogue.loading import load_catalogue
from domain.ids import OfficerId
from runtime.tokens import issue_token
from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, SPECIALIST, act, receive, show
from tests.browser.system import System

PHONE = "0911222333"


def test_a_result_goes_by_post(opens: Opens, system: System) -> None:
    """Ordered by a form, scanned by the carrier, read at the desk and by the citizen."""
    clerk, leader, specialist = opens(CLERK), opens(LEADER), opens(SPECIALIST)
    code = receive(clerk, "Vi Thị Bưu", PHONE)
    for page in (leader, specialist, leader):
        show(page, code)
        act(page, "forward")
    act(leader, "issue_result", number="7/GP-SXD")
    show(clerk, code)
    act(clerk, "dispatch_result", carrier="ems", tracking="EM111222333VN")
    expect(clerk.locator(".parcel")).to_contain_text("bưu chính chưa báo gì")
    _scan(system, code, state="out_for_delivery", place="Bưu cục Tân Mỹ")
    for language, word in (("vi-VN", "Đang đi phát"), ("en-GB", "Out for delivery")):
        desk = opens(CLERK, language=language, width=360)
        show(desk, code)
        expect(desk.locator(".parcel")).to_contain_text(word)
        expect(desk.locator(".history")).to_contain_text(word)
        _check(desk, f"the dossier in {language}")
    for language, words in (("vi-VN", "Bưu tá đang đi phát kết quả"), ("en-GB", "on the way to you with the result")):
        citizen = opens(language=language, width=360, scripts=language != "vi-VN")
        citizen.goto(f"/track?code={code}&phone_last4={PHONE[-4:]}")
        expect(citizen.locator(".post")).to_contain_text(words)
        if language != "vi-VN":
            _check(citizen, "the citizen's page")


def _scan(system: System, code: str, **said: str) -> None:
    secret = Path(system.environ["MOTCUA_SECRET_FILE"]).read_text().strip()
    officer = load_catalogue().officers[OfficerId(CLERK)]
    token = issue_token(secret.encode(), officer, datetime.now(UTC))
    at = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "scan-1"}
    answer = httpx.post(
        f"{system.url}/api/v1/dossiers/{code}/record-scan", json={**said, "occurred_at": at}, headers=headers
    )
    assert answer.status_code == httpx.codes.OK, answer.text


def _check(page: Page, name: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    overhang = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overhang <= 0, f"{name} is {overhang} pixels too wide"
