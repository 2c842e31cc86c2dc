"""Foreign forms, foreign dossiers, foreign sites, markup in names, guessed numbers."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, PHONE, receive
from tests.browser.system import System, client

STRANGER = "lam.lo"
"""A leader of a department that has nothing to do with the dossiers of these tests."""
AUDITOR = "giang.le"
MARKUP = "<img src=x onerror=\"document.title='owned'\"><b>Đậm</b> {{ 7*7 }}"


def taken_in(browser: httpx.Client, name: str = "Phạm Thị Kín", phone: str = PHONE) -> str:
    """Receive a dossier; its code."""
    page = browser.get("/desk/receive/P230").text
    form = page[page.index('class="receive"') :]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    data = {**fields, "do": "receive", "name": name, "phone": phone, "components": ["c1", "c2", "c3"]}
    answer = browser.post("/desk/receive/P230", data=data)
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
    return answer.headers["location"].split("/")[3].partition("?")[0]


@pytest.mark.parametrize(
    "address", ["/desk", "/desk/receive", "/desk/unit", "/desk/register.pdf", "/desk/dossiers/H99.08-260101-0001"]
)
def test_without_a_session_the_desk_leads_to_the_login(system: System, address: str) -> None:
    """And from there back to where one wanted to go."""
    with client(system) as browser:
        answer = browser.get(address)
    assert answer.status_code == httpx.codes.SEE_OTHER
    assert answer.headers["location"] == f"/login?next={address}"


def test_a_dossier_of_others_is_not_shown_nor_acted_on(system: System) -> None:
    """Its page, its forms and its acts are refused alike; an auditor reads it, and sees no person."""
    with client(system, CLERK) as clerk, client(system, STRANGER) as stranger, client(system, AUDITOR) as auditor:
        code = taken_in(clerk)
        for address in (f"/desk/dossiers/{code}", f"/desk/dossiers/{code}/forms/01.pdf"):
            assert stranger.get(address).status_code == httpx.codes.FORBIDDEN
        token = _csrf(stranger.get("/desk").text)
        act = f"/desk/dossiers/{code}/act/claim_task"
        refused = stranger.post(act, data={"csrf": token, "key": "k", "stage": "assign"})
        assert refused.status_code == httpx.codes.FORBIDDEN
        read = auditor.get(f"/desk/dossiers/{code}")
        assert read.status_code == httpx.codes.OK
        assert "Phạm Thị Kín" not in read.text
        assert code in clerk.get(f"/desk/search?q={code[:-1]}").text
        assert code not in stranger.get(f"/desk/search?q={code[:-1]}").text


def test_a_form_needs_its_session_s_token_and_site(system: System) -> None:
    """No token, another session's token, another site: each is refused, in words and without a trace."""
    with client(system, CLERK) as clerk, client(system, LEADER) as leader:
        code = taken_in(clerk)
        act = f"/desk/dossiers/{code}/act/claim_task"
        tokens = {"none": "", "foreign": _csrf(clerk.get("/desk").text)}
        for token in tokens.values():
            answer = leader.post(act, data={"csrf": token, "key": "k"})
            assert answer.status_code == httpx.codes.FORBIDDEN
            assert "không thuộc phiên làm việc" in answer.text
        own = {"csrf": _csrf(leader.get("/desk").text), "key": "k"}
        foreign = leader.post(act, data=own, headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == httpx.codes.FORBIDDEN
        login = leader.post("/login/demo", data={"officer": CLERK}, headers={"Origin": "https://evil.example"})
        assert login.status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(system: System, there: str) -> None:
    """Neither after the login nor after choosing a language nor after an act."""
    with client(system) as browser:
        login = browser.post("/login/demo", data={"officer": CLERK, "next": there})
        assert login.headers["location"] == "/desk"
        language = browser.post("/language", data={"language": "en", "next": there})
        assert language.headers["location"] == "/"
        assert f'name="next" value="{there}' not in browser.get("/login", params={"next": there}).text


def test_a_session_begins_under_a_token_of_its_own_and_ends_everywhere(system: System) -> None:
    """What a stranger has planted is worth nothing; a logout everywhere ends the other browser's session."""
    with client(system) as browser:
        browser.cookies.set("motcua_session", "planted", domain="127.0.0.1")
        browser.post("/login/demo", data={"officer": CLERK})
        assert browser.cookies.get("motcua_session", domain="127.0.0.1", path="/") != "planted"
    with client(system, CLERK) as one, client(system, CLERK) as other:
        assert other.get("/desk").status_code == httpx.codes.OK
        cookie = one.get("/desk").request.headers["cookie"]
        one.post("/logout", data={"csrf": _csrf(one.get("/desk").text), "everywhere": "1"})
        assert other.get("/desk").status_code == httpx.codes.SEE_OTHER
        assert one.get("/desk", headers={"Cookie": cookie}).status_code == httpx.codes.SEE_OTHER


def test_the_session_s_cookie_is_out_of_reach(system: System) -> None:
    """No script reads it, no other site sends it; pages run no script but ours and stand in no frame but the board."""
    with client(system) as browser:
        cookie = browser.post("/login/demo", data={"officer": CLERK}).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        policy = browser.get("/desk").headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "frame-ancestors *" in browser.get("/board").headers["content-security-policy"]


def test_markup_in_a_name_is_text(opens: Opens) -> None:
    """On the dossier's page, in the worklist, in the form that is shown again."""
    clerk, leader = opens(CLERK), opens(LEADER)
    receive(clerk, MARKUP, "0911111111")
    expect(clerk.locator("p.person")).to_have_text(MARKUP)
    leader.goto("/desk")
    expect(leader.locator(".what strong", has_text="Đậm").first).to_have_text(MARKUP)
    assert "owned" not in leader.title()


def test_a_citizen_finds_his_dossier_and_nobody_guesses_one(system: System) -> None:
    """Right code and digits; a wrong code and wrong digits are told alike; soon nobody may guess on."""
    with client(system, CLERK) as clerk, client(system) as citizen:
        code = taken_in(clerk, "Đỗ Thị Tra Cứu", "0977000123")
        found = citizen.get("/track", params={"code": code, "phone_last4": "0123"})
        assert found.status_code == httpx.codes.OK
        assert "Hồ sơ đang được giải quyết." in found.text
        assert "Đỗ Thị Tra Cứu" not in found.text
        wrong = citizen.get("/track", params={"code": code, "phone_last4": "9999"})
        other = citizen.get("/track", params={"code": code[:-4] + "9999", "phone_last4": "0123"})
        assert wrong.status_code == other.status_code == httpx.codes.NOT_FOUND
        assert _told(wrong) == _told(other)
        answers = [citizen.get("/track", params={"code": code, "phone_last4": f"{n:04}"}) for n in range(12)]
        assert answers[-1].status_code == httpx.codes.TOO_MANY_REQUESTS
        assert int(answers[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "address",
    [
        "/desk/dossiers/%00",
        "/desk/dossiers/H99.08-260101-9999",
        "/desk/dossiers/x/act/claim_task",
        "/desk?cursor=xyz",
        "/desk?view=%27&stage=%00",
        "/desk/receive/none",
        "/desk/receive?q=%00%ff",
        "/desk/search?q=%00",
        "/track?code=%00&phone_last4=%E2%98%83",
        "/board?month=9999-99",
        "/board.json?month=%00",
        "/static/x/../../secret",
    ],
)
def test_bad_addresses_get_a_sentence_and_never_a_trace(system: System, address: str) -> None:
    """Whatever stands in the address bar."""
    with client(system, CLERK) as browser:
        answer = browser.get(address)
    assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
    assert "Traceback" not in answer.text


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


def _told(answer: httpx.Response) -> str:
    found = re.search(r'role="alert">([^<]+)', answer.text)
    assert found is not None
    return found[1]
