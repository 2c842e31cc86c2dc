"""How much one address may ask, and whose word is taken for which address it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from api.desk.routes import LOGIN, VISITOR
from api.desk.settings import DeskSettings, Provider
from runtime.embedded import ports
from runtime.peers import source_of, within
from store.database import Database as Pool
from tests.support import http
from tests.support.databases import Database

NOBODY = "127.0.0.1:1"
PROXY = "127.0.0.0/8"


@asynccontextmanager
async def serving(database: Database, directory: Path, settings: DeskSettings) -> AsyncIterator[httpx.AsyncClient]:
    """The desk, and a visitor."""
    chosen = http.settings_of(database.app_url, NOBODY, directory)
    async with Pool(database.app_url, size=2) as pool:
        await http.publish(pool)
    async with (
        http.serving(chosen, desk=settings) as system,
        httpx.AsyncClient(base_url=system.url, timeout=30) as client,
    ):
        yield client


async def _asks(client: httpx.AsyncClient, address: str, number: int, forwarded: str) -> list[int]:
    """The statuses of so many questions, each about another dossier."""
    found = []
    for one in range(number):
        header = {"X-Forwarded-For": forwarded}
        question = {"code": f"H10.20-260302-{one:04d}", "phone_last4": "1234"} if address == "/track" else {}
        found.append((await client.get(address, params=question, headers=header)).status_code)
    return found


@pytest.mark.parametrize(("proxies", "other"), [((PROXY,), 404), ((), 429)], ids=["a known proxy", "anybody"])
async def test_a_forwarded_address_is_believed_of_known_proxies_only(
    database: Database, tmp_path: Path, proxies: tuple[str, ...], other: int
) -> None:
    """Who makes one up is counted by the address that he really has."""
    async with serving(database, tmp_path, DeskSettings(proxies=proxies)) as client:
        asked = await _asks(client, "/track", VISITOR.burst + 1, "198.51.100.1, 203.0.113.7")
        assert (set(asked[:-1]), asked[-1]) == ({404}, 429)
        assert await _asks(client, "/track", 1, "203.0.113.7, 203.0.113.8") == [other]


async def test_logins_are_bounded(database: Database, tmp_path: Path) -> None:
    """By the visitor's address, before the provider is asked for anything."""
    provider = Provider(f"http://127.0.0.1:{ports.free_port()}", "desk")
    async with serving(database, tmp_path, DeskSettings("http://desk", provider=provider, proxies=(PROXY,))) as client:
        asked = [await _asks(client, "/login/oidc/back", LOGIN.burst // 4, "203.0.113.7") for _ in range(8)]
        assert set(asked[0]) == {401}
        assert set(asked[-1]) <= {401, 429}  # what is given back while one asks is used up at once
        assert 429 in asked[-1]
        assert 429 in await _asks(client, "/login/oidc", 5, "203.0.113.7")
        assert await _asks(client, "/login/oidc/back", 1, "203.0.113.8") == [401]


def test_the_last_address_is_the_proxys_own_word() -> None:
    """What stands before it may be made up; what is no address lies in no network."""
    assert source_of("10.0.0.1", "1.1.1.1, 2.2.2.2", ("10.0.0.0/8",)) == "2.2.2.2"
    assert source_of("10.0.0.1", "", ("10.0.0.0/8",)) == "10.0.0.1"
    assert source_of("::ffff:10.0.0.1", "2.2.2.2", ("10.0.0.0/8",)) == "2.2.2.2"
    assert source_of("11.0.0.1", "2.2.2.2", ("10.0.0.0/8",)) == "11.0.0.1"
    assert not within("nonsense", ("0.0.0.0/0", "::/0"))
