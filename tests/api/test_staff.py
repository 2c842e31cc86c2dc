"""Officers as administrators keep them: added, changed and ended from a day on, by a page and for everybody at once."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.local import HOME
from runtime.embedded.temporal import EmbeddedTemporal
from tests.support import http
from tests.support.databases import Database
from tests.support.http import DEPARTMENT, DESK, OFFICE, System, keyed, received

ADDRESS = "/desk/admin/officers"
TODAY = datetime.now(UTC).astimezone(HOME).date()
NEW = {"id": "thu.le", "name": "Lê Thị Thu", "authority": DESK, "unit": "", "day": str(TODAY), "roles": ["clerk"]}


@pytest.fixture
async def system(
    database: Database, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """A system where anyone may log in as anyone."""
    async with http.trying_out(database, temporal_dev, tmp_path_factory.mktemp("staff")) as running:
        yield running


class Browser:
    """A browser without scripts that follows where it is sent."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        """Not signed in."""
        self._client = client

    async def login(self, officer: str) -> int:
        """Sign in; the status of where that leads."""
        return (await self._client.post("/login/demo", data={"officer": officer})).status_code

    async def sees(self, address: str) -> httpx.Response:
        """A page."""
        return await self._client.get(address)

    async def sends(self, address: str, **fields: object) -> httpx.Response:
        """A form, with the token of its page."""
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await self._client.get(ADDRESS)).text)
        assert token is not None
        return await self._client.post(address, data={"csrf": token[1], **fields})


@asynccontextmanager
async def browser(system: System, officer: str = "") -> AsyncIterator[Browser]:
    """A browser, signed in where an officer is named."""
    english = {"Accept-Language": "en"}
    async with httpx.AsyncClient(base_url=system.url, timeout=30, follow_redirects=True, headers=english) as client:
        found = Browser(client)
        if officer:
            assert await found.login(officer) == 200
        yield found


async def test_a_new_officer_can_work_at_once(system: System) -> None:
    """Shown in the table; logs in; nobody else's rights have changed."""
    async with browser(system, "admin") as boss, browser(system) as fresh:
        kept = await boss.sends(ADDRESS, **NEW)
        assert kept.status_code == 200
        assert "Kept: Lê Thị Thu." in kept.text
        assert await fresh.login("thu.le") == 200
        assert (await fresh.sees("/desk/receive")).status_code == 200
        assert (await fresh.sees(ADDRESS)).status_code == 403


async def test_a_change_ends_the_sessions_that_know_it_otherwise(system: System) -> None:
    """The clerk who becomes a specialist elsewhere signs in again, and then sees the other worklist."""
    async with browser(system, "admin") as boss, browser(system, "clerk") as clerk:
        assert "Clerk" in (await clerk.sees("/desk")).text
        changed = {**NEW, "id": "clerk", "name": "Clerk", "authority": OFFICE, "roles": ["specialist"]}
        assert (await boss.sends(ADDRESS, **changed)).status_code == 200
        assert str((await clerk.sees("/desk")).url).split("?")[0].endswith("/login")
        await clerk.login("clerk")
        assert (await clerk.sees("/desk/receive")).status_code == 403


async def test_a_change_from_a_later_day_waits_for_it(system: System) -> None:
    """It is announced; until then all is as it was."""
    later = TODAY + timedelta(days=30)
    async with browser(system, "admin") as boss, browser(system, "clerk") as clerk:
        moved = {**NEW, "id": "clerk", "name": "Clerk", "authority": DEPARTMENT, "day": str(later)}
        await boss.sends(ADDRESS, **moved)
        shown = (await boss.sees(f"{ADDRESS}?authority={DESK}")).text
        assert f"from {later:%d/%m/%Y}" in shown or f"from {later.day}" in shown
        assert (await clerk.sees("/desk/receive")).status_code == 200


async def test_an_end_of_service(system: System) -> None:
    """No login any more, what he has claimed is named, and his name stays in the histories."""
    async with system.client("clerk") as clerk, system.client("lan") as lan:
        code = await received(clerk)
        claimed = await lan.post(f"/api/v1/dossiers/{code}/claim-task", json={}, headers=keyed())
        assert claimed.status_code == 200, claimed.text
    async with (
        browser(system, "admin") as boss,
        browser(system, "lan") as specialist,
        browser(system, "leader") as head,
    ):
        asked = (await boss.sees(f"{ADDRESS}?authority={OFFICE}&officer=lan")).text
        assert "Has claimed 1 open" in asked
        ended = await boss.sends(f"{ADDRESS}/end", id="lan", day=str(TODAY))
        assert "no longer serves" in ended.text
        assert str((await specialist.sees("/desk")).url).split("?")[0].endswith("/login")
        assert await specialist.login("lan") != 200
        assert "Lan" in (await head.sees(f"/desk/dossiers/{code}")).text


WRONG = [
    ({"id": "-x"}, "id-problem"),
    ({"name": " "}, "name-problem"),
    ({"authority": "nowhere"}, "authority-problem"),
    ({"roles": []}, "roles-problem"),
    ({"day": "2020-01-01"}, "day-problem"),
    ({"day": "tomorrow"}, "day-problem"),
]


@pytest.mark.parametrize(("change", "problem"), WRONG, ids=[problem for _, problem in WRONG])
async def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    system: System, change: dict[str, object], problem: str
) -> None:
    """Beside the field; nothing is changed."""
    async with browser(system, "admin") as boss:
        answer = await boss.sends(ADDRESS, **{**NEW, "unit": "Tổ <một>", **change})
        assert answer.status_code == 422
        assert f'id="{problem}"' in answer.text
        assert "Tổ &lt;một&gt;" in answer.text
        assert await boss.login("thu.le") != 200


async def test_somebody_is_left_who_administers(system: System) -> None:
    """The only administrator can neither end his service nor give the role away."""
    async with browser(system, "admin") as boss:
        ended = await boss.sends(f"{ADDRESS}/end", id="admin", day=str(TODAY))
        assert (ended.status_code, "No administrator would be left" in ended.text) == (422, True)
        given = await boss.sends(ADDRESS, **{**NEW, "id": "admin", "authority": OFFICE})
        assert (given.status_code, "No administrator would be left" in given.text) == (422, True)
        unknown = await boss.sends(f"{ADDRESS}/end", id="nobody", day=str(TODAY))
        assert unknown.status_code == 422


async def test_somebody_administers_on_every_day_to_come(system: System) -> None:
    """Of two, each might be ended from a day on which the other one still serves: not both."""
    first, second = (TODAY + timedelta(days=days) for days in (10, 5))
    async with browser(system, "admin") as boss:
        other = {**NEW, "id": "thu.le", "authority": OFFICE, "roles": ["administrator"]}
        assert (await boss.sends(ADDRESS, **other)).status_code == 200
        assert (await boss.sends(f"{ADDRESS}/end", id="thu.le", day=str(first))).status_code == 200
        ended = await boss.sends(f"{ADDRESS}/end", id="admin", day=str(second))
        assert (ended.status_code, "No administrator would be left" in ended.text) == (422, True)


async def test_a_token_ends_with_the_service(system: System) -> None:
    """However long it was to hold."""
    async with system.client("mai") as mai, browser(system, "admin") as boss:
        await boss.sends(f"{ADDRESS}/end", id="mai", day=str(TODAY))
        answer = await mai.get("/api/v1/tasks")
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_a_change_is_logged_as_it_was_and_will_be(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    """By whom, and from which day on."""
    async with browser(system, "admin") as boss:
        await boss.sends(ADDRESS, **{**NEW, "id": "clerk", "name": "Clerk", "authority": OFFICE})
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "officer.changed" in line]
    assert all(part in line for part in ("by=admin", f"day={TODAY}", f"'authority': '{DESK}'", f"'{OFFICE}'"))
