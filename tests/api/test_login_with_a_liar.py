"""Logging in with a provider that lies, and with a browser that does: nobody gets in, and is told so on a page."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from api.desk import oidc
from api.desk.settings import DeskSettings
from api.desk.settings import Provider as Registered
from store.database import Database as Pool
from tests.support import http, oidc_provider
from tests.support.databases import Database
from tests.support.http import SECRET, System
from tests.support.oidc_provider import CLIENT, KEYS, KID, Claims, Provider

SESSION, ATTEMPT = "motcua_session", "motcua_login"
BACK = "/login/oidc/back"


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    with oidc_provider.running() as found:
        yield found


@pytest.fixture
def provider(_provider: Provider) -> Provider:
    """A provider that tells the truth until it is told to lie."""
    _provider.tell_the_truth()
    return _provider


@pytest.fixture(scope="module")
async def system(
    module_database: Database, _provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """A desk whose officers log in with the provider; logging in takes neither a worker nor Temporal."""
    directory: Path = tmp_path_factory.mktemp("login")
    settings = http.settings_of(module_database.app_url, "127.0.0.1:1", directory)
    async with Pool(settings.database_url, size=2) as pool:
        await http.publish(pool)
    registered = Registered(_provider.issuer, CLIENT, oidc_provider.SECRET)
    desk = DeskSettings(public_url="http://127.0.0.1", provider=registered)
    async with http.serving(settings, desk=desk) as running:
        yield running


@asynccontextmanager
async def browser(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that goes nowhere by itself."""
    async with httpx.AsyncClient(base_url=system.url, timeout=30) as found:
        yield found


async def at_provider(one: httpx.AsyncClient) -> str:
    """Go to the provider; the address that it sends one back to, here."""
    there = (await one.get("/login/oidc", params={"next": "/desk/unit"})).headers["location"]
    async with httpx.AsyncClient() as elsewhere:
        back = (await elsewhere.get(there)).headers["location"]
    assert back.startswith(f"http://127.0.0.1{BACK}?")
    return back.removeprefix("http://127.0.0.1")


async def check_refused(one: httpx.AsyncClient, answer: httpx.Response) -> None:
    """A page that says so, without a trace; and no session."""
    assert answer.status_code == httpx.codes.UNAUTHORIZED, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "Không đăng nhập được" in answer.text
    assert "Traceback" not in answer.text
    assert SESSION not in answer.headers.get("set-cookie", "")
    assert (await one.get("/desk")).headers["location"] == "/login?next=/desk"


@pytest.mark.parametrize("algorithm", KEYS)
async def test_the_truth_lets_in(system: System, provider: Provider, algorithm: str) -> None:
    """Whatever the provider signs with; all refusals below differ from this in one thing."""
    provider.algorithm = algorithm
    async with browser(system) as one:
        answer = await one.get(await at_provider(one))
        assert (answer.status_code, answer.headers["location"]) == (httpx.codes.SEE_OTHER, "/desk/unit")
        assert (await one.get("/desk")).status_code == httpx.codes.OK


def claiming(**lies: Any) -> Callable[[Claims], Claims]:  # noqa: ANN401  # any JSON
    """Other claims than the true ones; ``...`` leaves one out."""
    return lambda honest: {name: value for name, value in {**honest, **lies}.items() if value is not ...}


NOW = int(time.time())
CLAIMS = [
    ("wrong nonce", {"nonce": "another"}),
    ("wrong nonce", {"nonce": ...}),
    ("wrong nonce", {"nonce": None}),
    ("wrong nonce", {"nonce": [""]}),
    ("wrong issuer", {"iss": "https://evil.example"}),
    ("wrong issuer", {"iss": ...}),
    ("wrong audience", {"aud": "another-client"}),
    ("wrong audience", {"aud": ["another-client", "a-third"]}),
    ("wrong audience", {"aud": ...}),
    ("wrong audience", {"aud": {"a": CLIENT}}),
    ("wrong authorised party", {"aud": [CLIENT, "another-client"]}),
    ("wrong authorised party", {"aud": [CLIENT, "another-client"], "azp": "another-client"}),
    ("wrong authorised party", {"azp": "another-client"}),
    ("wrong expiry", {"exp": NOW - 120}),
    ("wrong expiry", {"exp": ...}),
    ("wrong expiry", {"exp": "tomorrow"}),
    ("wrong expiry", {"exp": True}),
    ("wrong issuer, audience, nonce", {"iss": "x", "aud": "x", "nonce": "x"}),
    ("no claim preferred_username", {"preferred_username": ...}),
    ("no claim preferred_username", {"preferred_username": 7}),
    ("no such officer", {"preferred_username": "nobody"}),
    ("no such officer", {"preferred_username": ""}),
]


@pytest.mark.parametrize(("reason", "lies"), CLAIMS)
async def test_a_token_that_says_wrong_things(
    system: System, provider: Provider, capsys: pytest.CaptureFixture[str], reason: str, lies: dict[str, object]
) -> None:
    """Another's token, another login's, an old one: refused for this very reason, which the log tells."""
    provider.claims = claiming(**lies)
    async with browser(system) as one:
        await check_refused(one, await one.get(await at_provider(one)))
    assert reason in capsys.readouterr().out


def part(value: object) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _altered(token: str) -> str:
    head, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{head}.{part({**claims, 'preferred_username': 'leader'})}.{signature}"


def _with_a_secret(secret: bytes, claims: Claims) -> str:
    signed = f"{part({'alg': 'HS256', 'kid': KID})}.{part(claims)}"
    mac = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


_FORGER = RSAKey.generate_key(2048, {"kid": KID})
_PUBLIC = KEYS["RS256"].as_pem(private=False)
FORGERIES: dict[str, Callable[[Provider, Claims], str]] = {
    "another's key under the same name": lambda _, told: jwt.encode({"alg": "RS256", "kid": KID}, told, _FORGER),
    "a key that is not published": lambda _, told: jwt.encode({"alg": "RS256", "kid": "k2"}, told, _FORGER),
    "altered after it was signed": lambda one, told: _altered(one.signed(told)),
    "not signed": lambda _, told: f"{part({'alg': 'none'})}.{part(told)}.",
    "signature left out": lambda one, told: one.signed(told).rpartition(".")[0] + ".",
    "signed with the public key": lambda _, told: _with_a_secret(_PUBLIC, told),
    "signed with the client's secret": lambda _, told: _with_a_secret(oidc_provider.SECRET.encode(), told),
    "no token": lambda _, __: "",
    "no token either": lambda _, __: "a.b.c",
    "its claims are a list": lambda _, told: f"{part({'alg': 'RS256', 'kid': KID})}.{part([told])}.x",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_token_that_nobody_has_signed(
    system: System, provider: Provider, capsys: pytest.CaptureFixture[str], forgery: str
) -> None:
    """Right claims under a signature that is not the provider's."""
    provider.sign = lambda told: FORGERIES[forgery](provider, told)
    async with browser(system) as one:
        await check_refused(one, await one.get(await at_provider(one)))
    assert "does not verify" in capsys.readouterr().out


NONSENSE = [b"", b"<html>", b"[]", b"null", b'{"keys": 7}', b'{"keys": [7]}', b'{"keys": [{"kty": "x"}]}', b"\xff"]


@pytest.mark.parametrize("body", [*NONSENSE, b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "AAAA"}]}'])
@pytest.mark.parametrize("where", ["tokens", "keys"])
async def test_an_answer_that_makes_no_sense(system: System, provider: Provider, where: str, body: bytes) -> None:
    """The tokens' or the keys'."""
    setattr(provider, where, lambda *_: body)
    async with browser(system) as one:
        await check_refused(one, await one.get(await at_provider(one)))


@pytest.mark.parametrize("lies", [{"issuer": "https://evil.example"}, {"token_endpoint": ...}, {"jwks_uri": 7}])
async def test_a_description_of_another_provider(system: System, provider: Provider, lies: dict[str, object]) -> None:
    """Nobody is sent there."""
    provider.configuration = claiming(**lies)
    async with browser(system) as one:
        answer = await one.get("/login/oidc")
        assert "location" not in answer.headers
        await check_refused(one, answer)


async def test_a_state_counts_once(system: System, provider: Provider) -> None:
    """The way back is gone once: neither the same browser nor one that has copied its cookie goes it again."""
    async with browser(system) as one, browser(system) as thief:
        back = await at_provider(one)
        copied = {"Cookie": f"{ATTEMPT}={one.cookies[ATTEMPT]}"}
        assert (await one.get(back)).status_code == httpx.codes.SEE_OTHER
        assert ATTEMPT not in one.cookies
        await check_refused(thief, await thief.get(back, headers=copied))
    assert not provider.codes


async def test_a_code_is_worth_nothing_without_its_verifier(
    system: System, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stolen code, slipped into another's login or taken to the provider itself."""
    async with browser(system) as victim, browser(system) as thief, httpx.AsyncClient() as program:
        stolen = httpx.URL(await at_provider(victim)).params["code"]
        asked = {"redirect_uri": f"http://127.0.0.1{BACK}", "code": stolen}
        auth = httpx.BasicAuth(CLIENT, oidc_provider.SECRET.replace(" ", "+"))
        known = provider.codes[stolen]
        for more in ({}, {"code_verifier": ""}, {"code_verifier": "guessed"}):
            provider.codes[stolen] = known
            answer = await program.post(f"{provider.issuer}/token", data={**asked, **more}, auth=auth)
            assert answer.status_code == httpx.codes.BAD_REQUEST
        provider.codes[stolen] = known
        own = httpx.URL(await at_provider(thief))
        await check_refused(thief, await thief.get(str(own.copy_merge_params({"code": stolen}))))
    assert "HTTPStatusError" in capsys.readouterr().out


async def test_a_way_back_without_what_belongs_to_it(system: System, provider: Provider) -> None:
    """No state, another state, no code, the provider's refusal; a cookie that is altered, foreign or old."""
    assert provider.officer == "clerk"
    async with browser(system) as one:
        back = httpx.URL(await at_provider(one))
        for params in ({"code": "x"}, {"code": "x", "state": "đ"}, {"state": back.params["state"]}, {}):
            await check_refused(one, await one.get(BACK, params=params))
        denied = {"error": "access_denied", "error_description": "<script>", "state": back.params["state"]}
        answer = await one.get(BACK, params=denied)
        assert "<script>" not in answer.text
        await check_refused(one, answer)
    now = datetime.now(UTC)
    old = oidc.attempt("/desk", now - timedelta(seconds=oidc.SECONDS + 1))
    foreign = oidc.sealed(b"another secret", oidc.attempt("/desk", now))
    for cookie in ("", "x", "x.y", ".", foreign, oidc.sealed(SECRET.encode(), old)):
        async with browser(system) as other:
            answer = await other.get(f"{BACK}?code=x&state={old.state}", headers={"Cookie": f"{ATTEMPT}={cookie}"})
            await check_refused(other, answer)
