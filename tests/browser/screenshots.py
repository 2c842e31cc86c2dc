"""Pictures of the main pages, to be looked at: ``make screenshots`` writes them into build/screenshots."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from runtime.embedded import ports
from runtime.embedded.postgres import TEST_OPTIONS, EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.paths import ADMINISTRATOR, CLERK, LEADER, SPECIALIST, act, code_of, fill, receive, show
from tests.browser.system import System, running
from tests.support import databases
from web.timewords import HOME

PEOPLE = (
    ("Nguyễn Thị Ánh", "0912345678"),
    ("Trần Văn Đạt", "0903111222"),
    ("Lò Thị Hương", "0977333444"),
    ("Phạm Quốc Bảo", "0988555666"),
    ("Hoàng Thị Mỹ Duyên", "0966777888"),
)


def main(target: Path) -> None:
    """Start a system, let officers work a little, and take the pictures."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, _system(Path(name)) as system, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for language in ("vi", "en"):
            _take(browser, system, language, target)
        browser.close()


@contextmanager
def _system(directory: Path) -> Iterator[System]:
    for name in ("postgres", "temporal", "desk"):
        (directory / name).mkdir()
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "postgres", port=ports.free_port(), options=TEST_OPTIONS)
    temporal = EmbeddedTemporal(directory / "temporal", port=ports.free_port(), durable=False)
    server.start()
    temporal.start()
    try:
        databases.build_template(server)
        fresh = databases.clone(server)
        address = temporal.address
        with running(directory / "desk", fresh.app_url, fresh.url, address, MOTCUA_DEMO_LOGIN="1") as system:
            yield system
    finally:
        temporal.stop()
        server.stop()


def _take(browser: Browser, system: System, language: str, target: Path) -> None:
    def shoot(page: Page, name: str, *, whole: bool = True) -> None:
        page.wait_for_load_state("load")
        page.screenshot(path=target / f"{name}.{language}.png", full_page=whole)

    visitor = _page(browser, system, language)
    clerk, leader = (_page(browser, system, "vi", officer) for officer in (CLERK, LEADER))
    codes = _work(clerk, leader, _page(browser, system, "vi", SPECIALIST), language)
    for address, name in (("/", "home"), ("/login", "login"), ("/board", "board"), ("/track", "track")):
        visitor.goto(address)
        shoot(visitor, name, whole=name != "login")
    digits = [f"{phone[-4:-1]}{len(language)}" for _, phone in PEOPLE]
    visitor.goto(f"/track?code={codes[0]}&phone_last4={digits[0]}")
    shoot(visitor, "track-found")
    officer = _page(browser, system, language, SPECIALIST)
    officer.goto("/desk")
    officer.keyboard.press("j")
    shoot(officer, "worklist")
    show(officer, codes[2])
    officer.locator(".clock summary").nth(1).click()
    fill(officer, "stop").get_by_role("button").click()
    officer.locator("#problem").wait_for()
    shoot(officer, "dossier")
    show(officer, codes[0])
    shoot(officer, "dossier-waiting")
    boss = _page(browser, system, language, LEADER)
    boss.goto("/desk/unit")
    shoot(boss, "unit")
    desk = _page(browser, system, language, CLERK)
    desk.goto("/desk/receive?q=dat+dai")
    shoot(desk, "receive-search", whole=False)
    desk.goto("/desk/receive/P230")
    desk.locator("#name").fill(PEOPLE[0][0])
    desk.locator("#phone").fill(f"{PEOPLE[0][1][:-1]}{len(language)}")
    desk.locator("#c-2").uncheck()
    desk.locator("#preview .warning").wait_for()
    shoot(desk, "receive")
    _small(browser, system, language, codes[2], shoot)
    _administer(browser, system, language, shoot)
    show(clerk, codes[1])
    act(clerk, "dispatch_result", carrier="ems", tracking=f"EM{len(codes)}00111222VN")
    for page, name, address in (
        (desk, "dossier-post", f"/desk/dossiers/{codes[1]}"),
        (visitor, "track-post", f"/track?code={codes[1]}&phone_last4={digits[1]}"),
    ):
        page.goto(address)
        shoot(page, name)
    if language == "vi":
        _print(leader, clerk, codes, target)


def _work(clerk: Page, leader: Page, specialist: Page, language: str) -> list[str]:
    """Dossiers at every stage."""
    codes = [receive(clerk, name, f"{phone[:-1]}{len(language)}") for name, phone in PEOPLE]
    for code in codes[:4]:
        show(leader, code)
        act(leader, "forward", note="Giao phòng Quản lý hạ tầng giao thông")
    show(specialist, codes[0])
    act(specialist, "claim_task")
    act(specialist, "request_supplement", reason="Bản vẽ thiếu mặt cắt ngang", legal_basis="Điều 9")
    show(specialist, codes[1])
    act(specialist, "forward", note="Đủ điều kiện chấp thuận")
    show(leader, codes[1])
    act(leader, "forward")
    act(leader, "issue_result", number="12/QĐ-SXD")
    return codes


def _administer(browser: Browser, system: System, language: str, shoot: Callable[[Page, str], None]) -> None:
    """The administrator's pages and absence cover, wide and on a phone."""
    pages = {
        "admin-catalogue": "/desk/admin?q=dat+dai",
        "admin-procedure": "/desk/admin/procedures/2.002755-P099",
        "admin-calendars": "/desk/admin/calendars",
        "admin-webhooks": "/desk/admin/webhooks",
        "admin-callbacks": "/desk/admin/callbacks",
        "admin-officers": "/desk/admin/officers?authority=so-noi-vu&officer=my.nguyen",
        "absence": "/desk/officers",
    }
    for width, suffix in ((1280, ""), (360, "-360")):
        page = _page(browser, system, language, ADMINISTRATOR, width=width)
        for name, address in pages.items():
            page.goto(address)
            shoot(page, f"{name}{suffix}")


def _small(browser: Browser, system: System, language: str, code: str, shoot: Callable[[Page, str], None]) -> None:
    """On a phone, and at twice the size."""
    pages = {"worklist": "/desk", "dossier": f"/desk/dossiers/{code}", "unit": "/desk/unit", "board": "/board"}
    for width, kind in ((360, "360"), (640, "200-percent")):
        page = _page(browser, system, language, LEADER, width=width)
        for name, address in pages.items():
            page.goto(address)
            shoot(page, f"{name}-{kind}")


def _print(leader: Page, clerk: Page, codes: list[str], target: Path) -> None:
    """The printed forms 01 to 07, as pictures too where there is a program for that."""
    show(leader, codes[2])
    due = (datetime.now(HOME) + timedelta(days=14)).strftime("%Y-%m-%dT15:00")
    act(leader, "extend", new_due=due, reason="Phải lấy thêm ý kiến của đơn vị quản lý đường")
    show(leader, codes[3])
    act(leader, "stop", reason="Người nộp đề nghị dừng để điều chỉnh thiết kế")
    clerk.goto("/desk/receive/P230")
    clerk.locator("#name").fill("Bế Thị Từ Chối")
    clerk.locator("details.grave summary").click()
    clerk.locator("#reason").fill("Không thuộc thẩm quyền giải quyết của Sở")
    clerk.locator("[name=do][value=refuse]").click()
    clerk.wait_for_url("**/desk/dossiers/**")
    refused = code_of(clerk)
    of = {"01": codes[0], "02": codes[0], "03": refused, "04": codes[2], "05": codes[3], "06": codes[1]}
    addresses = {number: f"/desk/dossiers/{code}/forms/{number}.pdf" for number, code in of.items()}
    for number, address in {**addresses, "07": "/desk/register.pdf"}.items():
        file = target / f"form-{number}.pdf"
        file.write_bytes(clerk.request.get(address).body())
        if pictures := shutil.which("pdftoppm"):
            subprocess.run([pictures, "-r", "80", "-png", file, file.with_suffix("")], check=True)


def _page(browser: Browser, system: System, language: str, officer: str = "", *, width: int = 1280) -> Page:
    context = browser.new_context(
        base_url=system.url,
        locale={"vi": "vi-VN", "en": "en-GB"}[language],
        viewport={"width": width, "height": 860},
    )
    page = context.new_page()
    if officer:
        page.goto("/login")
        page.locator(f'button[value="{officer}"]').click()
        page.wait_for_url("**/desk")
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots"))
