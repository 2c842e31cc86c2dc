"""What goes wrong at a desk all day: two officers, impatience, the back button, a lost connection."""

import re

import psycopg
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, SPECIALIST, act, fill, receive, show
from tests.browser.system import System, client


def test_a_stale_screen_is_told_and_what_was_typed_stays(opens: Opens) -> None:
    """Two leaders' screens of one task: the second sees how things stand now, with his own words still there."""
    clerk, first, second = opens(CLERK), opens(LEADER), opens(LEADER)
    code = receive(clerk)
    show(first, code)
    show(second, code)
    act(first, "claim_task")
    form = fill(second, "request_supplement", reason="Cần bản gốc của văn bản")
    form.get_by_role("button").click()
    expect(second.get_by_role("alert")).to_contain_text("Hồ sơ đã thay đổi từ khi bạn mở trang này")
    again = second.locator("#form-request_supplement")
    expect(again.locator("[name=reason]")).to_have_value("Cần bản gốc của văn bản")
    again.get_by_role("button").click()
    expect(second.locator("#news")).to_be_visible()


def test_a_double_click_and_the_back_button_do_it_once(opens: Opens) -> None:
    """One receipt, whatever the hand does."""
    page = opens(CLERK)
    code = receive(page)
    page.go_back()
    page.go_forward()
    show(page, code)
    before = page.locator(".history li").count()
    leader = opens(LEADER)
    show(leader, code)
    leader.locator("#form-claim_task button").dblclick()
    leader.wait_for_url("**done=**")
    assert leader.locator(".history li").count() == before + 1
    leader.go_back()
    leader.reload()
    assert leader.locator(".history li").count() == before + 1


def test_the_same_form_sent_twice_takes_effect_once(system: System) -> None:
    """Without any script to help: the same key, the same dossier."""
    with client(system, CLERK) as browser:
        fields = hidden(browser.get("/desk/receive/P230").text)
        data = {**fields, "name": "Lê Thị Đôi", "components": ["c1", "c2", "c3"]}
        answers = [browser.post("/desk/receive/P230", data={**data, "do": "receive"}) for _ in range(2)]
        assert [one.status_code for one in answers] == [303, 303]
        assert len({one.headers["location"] for one in answers}) == 1


def test_a_wrong_field_is_named_beside_it_and_the_rest_is_kept(opens: Opens) -> None:
    """Nothing typed is lost."""
    page = opens(CLERK)
    page.goto("/desk/receive/P230")
    page.get_by_label("Địa chỉ").fill("Tổ 5, phường Tân Mỹ")
    page.get_by_label("Số điện thoại").fill("12")
    page.get_by_label("Giấy tờ khác").fill("sổ hộ khẩu")
    page.get_by_role("button", name="Tiếp nhận và in giấy hẹn").click()
    expect(page.locator("#name-problem")).to_have_text("Cần điền mục này.")
    expect(page.locator("#phone-problem")).to_contain_text("8 đến 15 chữ số")
    expect(page.get_by_label("Địa chỉ")).to_have_value("Tổ 5, phường Tân Mỹ")
    expect(page.locator("#preview")).to_contain_text("Ngoài danh mục, trả lại cho người nộp: sổ hộ khẩu")


def test_missing_papers_and_a_twin_are_told_while_one_types(opens: Opens) -> None:
    """Before anything is saved."""
    page = opens(CLERK)
    receive(page, "Hoàng Văn Sinh Đôi", "0987654321")
    page.goto("/desk/receive/P230")
    page.locator("#c-2").uncheck()
    page.get_by_label("Họ và tên").fill("hoang van sinh doi")
    page.get_by_label("Số điện thoại").fill("0987 654 321")
    expect(page.locator("#preview")).to_contain_text("Còn thiếu")
    expect(page.locator("#preview")).to_contain_text("Người này đang có hồ sơ cùng thủ tục")
    expect(page.locator("#preview")).to_contain_text("Hẹn trả kết quả")


def test_a_lost_connection_loses_no_words(opens: Opens) -> None:
    """The network is cut while the form is sent; after it is back the words are still there."""
    page = opens(CLERK)
    code = receive(page)
    specialist = opens(LEADER)
    show(specialist, code)
    form = fill(specialist, "request_supplement", reason="Nhiều chữ đã gõ")
    specialist.context.set_offline(True)
    form.get_by_role("button").click()
    specialist.wait_for_timeout(200)
    specialist.context.set_offline(False)
    show(specialist, code)
    expect(specialist.locator("#form-request_supplement [name=reason]")).to_have_value("Nhiều chữ đã gõ")


def test_a_network_cut_while_receiving_loses_nothing_and_makes_no_second_dossier(opens: Opens, system: System) -> None:
    """It is told as it happens and again when one sends; what was typed stays; then it is received, once."""
    before = _dossiers(system)
    page = opens(CLERK)
    _fill_in(page, "Lý Thị Đứt Mạng")
    page.context.set_offline(True)
    expect(page.locator("[data-offline]")).to_contain_text("Mất kết nối")
    page.locator("[data-main]").click()
    expect(page.locator("[data-offline]")).to_be_visible()
    expect(page.locator("[data-main]")).not_to_have_attribute("aria-disabled", "true")
    assert page.url.endswith("/desk/receive/P230")
    _expect_kept(page, "Lý Thị Đứt Mạng")
    page.context.set_offline(False)
    expect(page.locator("[data-offline]")).to_be_hidden()
    page.locator("[data-main]").click()
    page.wait_for_url("**/desk/dossiers/**")
    assert _dossiers(system) == before + 1


def test_an_answer_that_was_lost_makes_no_second_dossier(opens: Opens, system: System) -> None:
    """The form has arrived, the answer has not: opened anew it has everything in it, and sending it is the same act."""
    before = _dossiers(system)
    page = opens(CLERK)

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    _fill_in(page, "Lý Văn Mất Tin")
    page.route("**/desk/receive/P230", lambda route: lose(route) if route.request.is_navigation_request() else None)
    with page.expect_event("requestfailed"):
        page.locator("[data-main]").click()
    page.unroute("**/desk/receive/P230")
    assert _dossiers(system) == before + 1
    page.goto("/desk/receive/P230")
    expect(page.locator("[data-restored]")).to_contain_text("Đã khôi phục")
    _expect_kept(page, "Lý Văn Mất Tin")
    page.locator("[data-main]").click()
    page.wait_for_url("**/desk/dossiers/**")
    assert _dossiers(system) == before + 1
    page.goto("/desk/receive/P230")
    expect(page.locator("#name")).to_have_value("")
    page.locator("#name").fill("Người khác")
    page.reload()
    page.locator("[data-forget]").click()
    expect(page.locator("[data-restored]")).to_be_hidden()
    expect(page.locator("#name")).to_have_value("")


def _fill_in(page: Page, name: str) -> None:
    page.goto("/desk/receive/P230")
    page.locator("#name").fill(name)
    page.locator("#phone").fill("0966000555")
    page.locator("#address").fill("Tổ 9, phường Tân Mỹ")
    page.locator("#channel").select_option("post")


def _expect_kept(page: Page, name: str) -> None:
    expect(page.locator("#name")).to_have_value(name)
    expect(page.locator("#phone")).to_have_value("0966000555")
    expect(page.locator("#address")).to_have_value("Tổ 9, phường Tân Mỹ")
    expect(page.locator("#channel")).to_have_value("post")


def _dossiers(system: System) -> int:
    with psycopg.connect(system.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM dossiers WHERE stream = root").fetchone()
        return int(row[0]) if row else 0


def test_the_main_path_works_without_scripts(opens: Opens) -> None:
    """Receive, claim, and a refusal beside its field."""
    page = opens(CLERK, scripts=False)
    page.goto("/desk/receive?q=nut+giao+chap+thuan")
    page.locator('#found a[href$="/P230"]').click()
    page.get_by_label("Họ và tên").fill("Vũ Không Kịch Bản")
    page.get_by_role("button", name="Tiếp nhận và in giấy hẹn").click()
    page.wait_for_url("**/desk/dossiers/**")
    leader = opens(LEADER, scripts=False)
    leader.goto(page.url.partition("?")[0])
    leader.locator("#form-claim_task button").click()
    expect(leader.locator("#news")).to_be_visible()
    leader.locator("summary", has_text="Yêu cầu bổ sung").click()
    leader.locator("#form-request_supplement button").click()
    expect(leader.locator("#request_supplement-reason-problem")).to_have_text("Cần điền mục này.")


def test_bulk_does_each_for_itself_and_nothing_for_nobody(opens: Opens) -> None:
    """Two are claimed at once; an empty selection ends well."""
    clerk, leader = opens(CLERK), opens(SPECIALIST)
    codes = [receive(clerk, f"Người {n}", f"09000000{n}0") for n in range(2)]
    boss = opens(LEADER)
    for code in codes:
        show(boss, code)
        act(boss, "forward")
    leader.goto("/desk?view=unit")
    for code in codes:
        leader.get_by_label(f"Chọn hồ sơ {code}").check()
    leader.locator("details.bulk summary").click()
    leader.get_by_role("button", name="Thực hiện").click()
    expect(leader.get_by_role("status").first).to_contain_text("Xong: 2")
    leader.goto("/desk?view=unit")
    leader.locator("details.bulk summary").click()
    leader.get_by_role("button", name="Thực hiện").click()
    expect(leader.get_by_role("status").first).to_contain_text("Chưa chọn hồ sơ nào")


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the receiving form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page[page.index('class="receive"') :]))
