"""Forms of other sites, sessions of others, addresses of others: what the desk refuses whoever sends it."""

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from api.app import litestar_app
from api.desk.settings import DeskSettings
from domain.ids import OfficerId
from runtime.embedded.temporal import EmbeddedTemporal
from store.sessions import Sessions
from tests.support import http
from tests.support.databases import Database
from tests.support.http import System, keyed, received, token

EVIL = "https://evil.example"
SESSION = "motcua_session"


@pytest.fixture(scope="module")
async def system(
    module_database: Database, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """A system where anyone may log in as anyone."""
    async with http.trying_out(module_database, temporal_dev, tmp_path_factory.mktemp("forms")) as running:
        yield running


@asynccontextmanager
async def browser(system: System, officer: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts; signed in, where an officer is named."""
    async with httpx.AsyncClient(base_url=system.url, timeout=30) as found:
        if officer:
            assert (await found.post("/login/demo", data={"officer": officer})).status_code == httpx.codes.SEE_OTHER
        yield found


async def csrf_of(one: httpx.AsyncClient) -> str:
    """What the forms of this session bear."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await one.get("/desk")).text)
    assert found is not None
    return found[1]


def _forms(system: System) -> list[str]:
    """The address of every form that a page can send, with something in the place of its parameters."""
    routes = litestar_app(system.parts, DeskSettings()).routes
    writing = [route.path for route in routes if not {"POST", "PUT", "DELETE", "PATCH"}.isdisjoint(route.methods)]
    pages = [path for path in writing if not path.startswith(("/api/", "/post/"))]
    return [re.sub(r"{\w+:\w+}", "1.000001", path) for path in pages]


OPEN = {"/login/demo", "/language", "/track/feedback"}
"""Forms that who is not signed in sends too: they bear no session's token."""


async def test_no_form_is_taken_without_its_session_s_token(system: System) -> None:
    """Each form of the desk: no token, nonsense, another session's token; by who may send all of them."""
    forms = set(_forms(system)) - OPEN
    assert {"/logout", "/desk/bulk", "/desk/receive/1.000001"} <= forms
    async with browser(system, "admin") as one, browser(system, "admin") as other:
        for path, csrf in itertools.product(forms, ["", "0" * 64, "é", await csrf_of(other)]):
            answer = await one.post(path, data={"csrf": csrf})
            assert answer.status_code == httpx.codes.FORBIDDEN, path
            assert "không thuộc phiên làm việc" in answer.text
        assert (await one.get("/desk")).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_no_form_is_taken_from_another_site(system: System, headers: dict[str, str]) -> None:
    """Each form, those of everybody too, even with the right token."""
    async with browser(system, "admin") as one:
        data = {"csrf": await csrf_of(one), "officer": "leader", "language": "en"}
        for path in _forms(system):
            answer = await one.post(path, data=data, headers=headers)
            assert answer.status_code == httpx.codes.FORBIDDEN, path
            assert "set-cookie" not in answer.headers


ELSEWHERE = [
    EVIL,
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\r\nLocation: https://evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "http:evil.example",
    "",
]


@pytest.mark.parametrize("there", ELSEWHERE)
async def test_nobody_is_sent_elsewhere(system: System, there: str) -> None:
    """After the login, after the choice of a language, after an act; nor is he offered to be."""
    async with browser(system, "clerk") as one:
        code = await _received(system)
        login = await one.post("/login/demo", data={"officer": "clerk", "next": there})
        assert login.headers["location"] == "/desk"
        language = await one.post("/language", data={"language": "vi", "next": there})
        assert language.headers["location"] == "/"
        form = {"csrf": await csrf_of(one), "reason": "Xin rút", "next": there, **keyed()}
        act = await one.post(f"/desk/dossiers/{code}/act/withdraw", data=form)
        assert act.status_code == httpx.codes.SEE_OTHER
        assert act.headers["location"].partition("?")[0] == ("/desk" if there else f"/desk/dossiers/{code}")
        page = (await one.get("/login", params={"next": there})).text
        assert 'name="next" value="/desk"' in page


@pytest.mark.parametrize("there", ["/desk?view=late", "/desk/dossiers/H99.20-260101-0001", "/desk/search?q=đ%20x"])
async def test_everybody_gets_to_where_he_wanted_to_go(system: System, there: str) -> None:
    """Addresses of our own are followed, whatever letters they have."""
    async with browser(system) as one:
        answer = await one.post("/login/demo", data={"officer": "clerk", "next": there})
        assert answer.status_code == httpx.codes.SEE_OTHER
        assert httpx.URL(answer.headers["location"]) == httpx.URL(there)


async def test_a_login_begins_a_new_session_and_ends_the_old_one(system: System) -> None:
    """A token that somebody knew before is worth nothing after: neither planted, nor of an earlier login."""
    async with browser(system, "clerk") as one, browser(system) as thief:
        before = one.cookies[SESSION]
        await one.post("/login/demo", data={"officer": "leader"})
        assert one.cookies[SESSION] != before
        for known in (before, "planted", "", "x" * 5000):
            answer = await thief.get("/desk", headers={"Cookie": f"{SESSION}={known}"})
            assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/desk")
        stolen = {"Cookie": f"{SESSION}={one.cookies[SESSION]}"}
        assert (await thief.get("/desk", headers=stolen)).status_code == httpx.codes.OK
        await one.post("/logout", data={"csrf": await csrf_of(one)})
        assert (await thief.get("/desk", headers=stolen)).status_code == httpx.codes.SEE_OTHER


async def test_a_session_is_worth_what_its_officer_is_today(system: System) -> None:
    """Whom the catalogue no longer knows is signed out, however long his session would have lived."""
    now = datetime.now(UTC)
    ghost = await Sessions(system.parts.database).begin(OfficerId("ghost"), now)
    async with browser(system) as one:
        answer = await one.get("/desk", headers={"Cookie": f"{SESSION}={ghost}"})
        assert answer.headers["location"] == "/login?next=/desk"


async def test_tokens_are_for_programs_and_sessions_for_pages(system: System) -> None:
    """So that no other site's form can use what a browser sends by itself."""
    async with browser(system, "clerk") as one:
        assert (await one.get("/api/v1/tasks")).status_code == httpx.codes.UNAUTHORIZED
    async with browser(system) as other:
        answer = await other.get("/desk", headers={"Authorization": f"Bearer {token('clerk')}"})
        assert answer.status_code == httpx.codes.SEE_OTHER


async def test_over_tls_the_cookie_is_this_host_s_alone(system: System) -> None:
    """Its name makes browsers refuse one that another host or plain HTTP has set."""
    desk = DeskSettings(public_url="https://desk.example", demo_login=True)
    async with http.serving(system.settings, desk=desk) as tls, browser(tls) as one:
        cookie = (await one.post("/login/demo", data={"officer": "clerk"})).headers["set-cookie"]
    assert cookie.startswith(f"__Host-{SESSION}=")
    for part in ("Secure", "HttpOnly", "Path=/", "samesite=lax"):
        assert part.lower() in cookie.lower()
    assert "domain" not in cookie.lower()


async def test_nobody_looks_through_all_codes(system: System) -> None:
    """One address may ask about twenty dossiers at once, whatever it says that it speaks for."""
    async with http.serving(system.settings) as fresh, browser(fresh) as one:
        for number in range(20):
            asked = {"code": f"H99.20-260101-{number:04}", "phone_last4": "0001"}
            assert (await one.get("/track", params=asked)).status_code == httpx.codes.NOT_FOUND
        for route in ("GET /track", "POST /track/feedback"):
            method, path = route.split()
            asked = {"code": "H99.20-260101-0099", "phone_last4": "0001"}
            given = {"params": asked} if method == "GET" else {"data": asked}
            answer = await one.request(method, path, headers={"X-Forwarded-For": "198.51.100.7"}, **given)  # type: ignore[arg-type]
            assert answer.status_code == httpx.codes.TOO_MANY_REQUESTS
            assert int(answer.headers["retry-after"]) > 0


async def _received(system: System) -> str:
    async with system.client("clerk") as clerk:
        return await received(clerk)


async def test_how_a_foreign_dossier_ended_is_not_told(system: System) -> None:
    """Whatever is asked of a closed dossier, by whomever it does not concern: as of an open one."""
    code = await _received(system)
    async with system.client("clerk") as clerk, system.client("other") as other:
        path = f"/api/v1/dossiers/{code}"
        assert (await clerk.post(f"{path}/withdraw", json={}, headers=keyed())).status_code == httpx.codes.OK
        for command, body in (("claim-task", {}), ("withdraw", {}), ("stop", {"reason": "x"})):
            answer = await other.post(f"{path}/{command}", json=body, headers=keyed())
            assert answer.status_code == httpx.codes.FORBIDDEN
            item = {"command": command, "fields": body, "items": [{"code": code}]}
            if command != "withdraw":
                told = (await other.post("/api/v1/tasks/bulk", json=item, headers=keyed())).json()["results"]
                assert [one["problem"]["code"] for one in told] == ["forbidden"]
        assert (await clerk.post(f"{path}/withdraw", json={}, headers=keyed())).status_code == httpx.codes.CONFLICT


async def test_who_was_here_before_is_told_at_the_desk_alone(system: System) -> None:
    """The receiving form finds a person's open dossiers: for the desk's clerks, at their own desk."""
    code = await _received(system)
    person = {"name": "Nguyễn Thị An", "phone": "0912345678", "id_number": "001199000123", "look": "1"}
    seen = {}
    for officer in ("clerk", "lan", "auditor", "other"):
        async with browser(system, officer) as one:
            csrf = await csrf_of(one)
            answer = await one.post("/desk/receive/1.000001", data={**person, "csrf": csrf})
            seen[officer] = (answer.status_code, code in answer.text)
    assert seen == {"clerk": (200, True), "lan": (403, False), "auditor": (403, False), "other": (200, False)}
