"""Logging in with a provider: authorization code and PKCE, against a real one."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from oidc_provider_mock import run_server_in_thread  # type: ignore[import-untyped]  # the package brings no types

from tests.browser.paths import CLERK
from tests.browser.system import System, another_api, client

# The provider runs in this process, and what it is made of warns of its own future.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def provided(system: System) -> Iterator[System]:
    """An API whose officers log in with a provider."""
    with run_server_in_thread(require_nonce=True) as server:
        secret = system.directory / "client-secret"
        secret.write_text("a secret of the client\n")
        settings = {
            "MOTCUA_DEMO_LOGIN": "0",
            "MOTCUA_OIDC_ISSUER": f"http://localhost:{server.server_port}",
            "MOTCUA_OIDC_CLIENT_ID": "motcua-desk",
            "MOTCUA_OIDC_CLIENT_SECRET_FILE": str(secret),
            "MOTCUA_OIDC_CLAIM": "sub",
        }
        with another_api(system, **settings) as found:
            yield found


def at_provider(browser: httpx.Client, officer: str, address: str = "/desk/unit") -> str:
    """Go to the provider and say there who one is; the address that it sends one back to."""
    there = browser.get("/login/oidc", params={"next": address}).headers["location"]
    asked = parse_qs(urlsplit(there).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    back = httpx.post(there, data={"sub": officer})
    assert back.status_code == httpx.codes.FOUND, back.text
    return back.headers["location"]


def test_an_officer_logs_in_and_lands_where_he_wanted_to_go(provided: System) -> None:
    """The provider says who he is, the catalogue what he may do."""
    with client(provided) as browser:
        assert "/login/oidc" in browser.get("/login").text
        answer = browser.get(at_provider(browser, CLERK))
        assert answer.status_code == httpx.codes.SEE_OTHER
        assert answer.headers["location"] == "/desk/unit"
        assert "Bùi Văn Bảo" in browser.get("/desk").text


def test_somebody_whom_the_catalogue_does_not_know_stays_outside(provided: System) -> None:
    """A valid account is not yet an officer."""
    with client(provided) as browser:
        answer = browser.get(at_provider(browser, "nobody"))
        assert answer.status_code == httpx.codes.UNAUTHORIZED
        assert "Không đăng nhập được" in answer.text
        assert browser.get("/desk").status_code == httpx.codes.SEE_OTHER


def test_another_browser_s_way_back_is_worth_nothing(provided: System) -> None:
    """Neither with a cookie of its own attempt, nor without any, nor with an altered one, nor a second time."""
    with client(provided) as one, client(provided) as other:
        back = at_provider(one, CLERK)
        assert other.get(back).status_code == httpx.codes.UNAUTHORIZED
        other.get("/login/oidc")
        assert other.get(back).status_code == httpx.codes.UNAUTHORIZED
        other.cookies.set("motcua_login", "x.y", domain="127.0.0.1")
        assert other.get(back).status_code == httpx.codes.UNAUTHORIZED
        assert one.get(back).status_code == httpx.codes.SEE_OTHER
        assert one.get(back).status_code == httpx.codes.UNAUTHORIZED


def test_a_provider_that_is_away_is_told(system: System) -> None:
    """In words, on the login page."""
    settings = {"MOTCUA_OIDC_ISSUER": "http://127.0.0.1:1", "MOTCUA_OIDC_CLIENT_ID": "x", "MOTCUA_DEMO_LOGIN": "0"}
    with another_api(system, **settings) as found, client(found) as browser:
        answer = browser.get("/login/oidc")
        assert answer.status_code == httpx.codes.UNAUTHORIZED
        assert "Không đăng nhập được" in answer.text


def test_nobody_chooses_an_officer_where_a_provider_decides(provided: System) -> None:
    """The way to try things out is shut."""
    with client(provided) as browser:
        assert browser.post("/login/demo", data={"officer": CLERK}).status_code == httpx.codes.NOT_FOUND
