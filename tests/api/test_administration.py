"""The administrator's pages: what is in force, calendars tried and published, webhooks, callbacks nobody can place."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
import yaml

from domain.calendar_data import CalendarSpec
from runtime import temporal
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from store.database import Database as Pool
from store.inbox import Inbox, Settlement, Status
from store.outbox import Message, Outbox
from tests.support import http
from tests.support.databases import Database
from tests.support.http import PLAIN, System, received
from workers.batch import build_batch_worker
from workers.neighbours import dossiers_of

BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LEASE = timedelta(minutes=1)


@pytest.fixture(scope="module")
async def system(
    module_database: Database, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """A system where anyone may log in as anyone."""
    directory = tmp_path_factory.mktemp("administration")
    async with http.trying_out(module_database, temporal_dev, directory) as served, _revising(served.settings):
        yield served


@asynccontextmanager
async def _revising(settings: Settings) -> AsyncIterator[None]:
    """The worker of batch work."""
    async with Pool(settings.database_url, size=4) as pool:
        client = await temporal.connect(settings)
        async with build_batch_worker(client, pool, dossiers_of(settings, pool, client), settings.task_queue):
            yield


@pytest.fixture
async def boss(system: System) -> AsyncIterator["Boss"]:
    """An administrator at his browser."""
    async with httpx.AsyncClient(base_url=system.url, timeout=30, headers={"Accept-Language": "en"}) as client:
        await client.post("/login/demo", data={"officer": "admin"})
        page = (await client.get("/desk/admin")).text
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert token is not None
        yield Boss(client, token[1])


class Boss:
    """The administrator."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        """Signed in."""
        self._client = client
        self._token = token

    async def sees(self, address: str) -> str:
        """A page as text."""
        answer = await self._client.get(address)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def sends(self, address: str, status: int = 200, **fields: object) -> str:
        """The page that comes of a form, at once or where it leads."""
        answer = await self._client.post(address, data={"csrf": self._token, **fields}, follow_redirects=True)
        assert answer.status_code == status, answer.text
        return answer.text


async def test_procedures_are_found_and_shown(boss: Boss) -> None:
    """With or without accents, by their ids too; each with its route."""
    assert f"/desk/admin/procedures/{PLAIN}" in await boss.sees("/desk/admin")
    assert f"/desk/admin/procedures/{PLAIN}" not in await boss.sees("/desk/admin?q=no+such+words")
    shown = await boss.sees(f"/desk/admin/procedures/{PLAIN}")
    assert PLAIN in shown
    assert "<tbody><tr>" in shown.replace("\n", "").replace("  ", "")


async def test_a_calendar_is_tried_and_then_published(boss: Boss, system: System) -> None:
    """The preview counts what moves and changes nothing; publishing revises the open dossier."""
    async with system.client("clerk") as clerk:
        code = await received(clerk)
        before = (await clerk.get(f"/api/v1/dossiers/{code}")).json()["committed_due"]
        spec = _with_a_day_off(before)
        text = yaml.safe_dump(msgspec.to_builtins(spec), allow_unicode=True)
        broken = await boss.sends("/desk/admin/calendars", 422, text="id: office\nhours: {mon: ['25:00-26:00']}\n")
        assert "calendar.yaml:" in broken
        assert "25:00" in broken, "what was typed is kept"
        unknown = await boss.sends("/desk/admin/calendars", 422, text=text.replace(f"id: {spec.id}", "id: moon"))
        assert "moon" in unknown
        tried = await boss.sends("/desk/admin/calendars", text=text)
        assert "Publish for every open dossier" in tried
        assert (await clerk.get(f"/api/v1/dossiers/{code}")).json()["committed_due"] == before
        assert "published" in await boss.sends("/desk/admin/calendars/publish", text=text, reason="Nghỉ bù")
        await _until_moved(clerk, code, before)
        events = (await clerk.get(f"/api/v1/dossiers/{code}/events")).json()["items"]
        assert any(one["type"] == "calendar.revised" and one["data"]["reason"] == "Nghỉ bù" for one in events)


async def _until_moved(clerk: httpx.AsyncClient, code: str, before: str) -> None:
    """Return when the revision, which goes on by itself, has come to the dossier."""
    async with asyncio.timeout(30):
        while True:
            if (await clerk.get(f"/api/v1/dossiers/{code}")).json()["committed_due"] != before:
                return
            await asyncio.sleep(0.05)


def _with_a_day_off(due: str) -> CalendarSpec:
    """The calendar of all authorities with the appointment's day off."""
    day = datetime.fromisoformat(due).astimezone(ZoneInfo(http.CALENDAR.timezone)).date()
    return msgspec.structs.replace(http.CALENDAR, off=(day,))


async def test_a_subscription_is_made_changed_and_ended(boss: Boss) -> None:
    """Its secret is shown once; what is wrong is named beside the field, and what was typed stays."""
    wrong = await boss.sends("/desk/admin/webhooks", 422, subscription="a b", url="https://example.vn/hook")
    assert 'id="subscription-problem"' in wrong
    assert "https://example.vn/hook" in wrong
    assert 'id="url-problem"' in await boss.sends("/desk/admin/webhooks", 422, subscription="kho", url="nowhere")
    made = await boss.sends(
        "/desk/admin/webhooks", subscription="kho", url="https://example.vn/hook", types="result.issued"
    )
    assert "whsec_" in made
    assert "whsec_" not in await boss.sees("/desk/admin/webhooks")
    changed = await boss.sends("/desk/admin/webhooks", subscription="kho", url="https://example.vn/other")
    assert "https://example.vn/other" in changed
    assert "whsec_" not in changed
    assert "example.vn" not in await boss.sends("/desk/admin/webhooks/end", subscription="kho")


async def test_dead_letters_are_sent_again(boss: Boss, system: System) -> None:
    """The chosen ones; none chosen ends well."""
    outbox = Outbox(system.parts.database)
    await outbox.add([Message("webhook", "0190b7c4@gone", "gone", {})])
    (taken,) = [one for one in await outbox.take(100, LEASE) if one.key == "0190b7c4@gone"]
    await outbox.dead(taken.id, "answered 500")
    assert "answered 500" in await boss.sees("/desk/admin/webhooks")
    assert "answered 500" in await boss.sends("/desk/admin/letters")
    assert "answered 500" not in await boss.sends("/desk/admin/letters", id=taken.id)


async def test_a_parked_callback_is_looked_at_and_given_to_its_dossier(boss: Boss, system: System) -> None:
    """As it came, by the dossier it belongs to; one that is none is named beside the field."""
    inbox = Inbox(system.parts.database)
    number = await inbox.keep("ems", BEGIN, "203.0.113.7", {"content-type": "text/plain"}, b"<b>EM1</b> \xff")
    await inbox.settle([Settlement(number, Status.PARKED, "parcel_unknown")])
    page = await boss.sees(f"/desk/admin/callbacks?raw={number}")
    assert "&lt;b&gt;EM1&lt;/b&gt;" in page
    assert 'id="code-problem"' in await boss.sends("/desk/admin/callbacks", 422, id=number, code="H29.12-260302-9999")
    async with system.client("clerk") as clerk:
        code = await received(clerk)
    await boss.sends("/desk/admin/callbacks", id=number, code=code.lower())
    row = await inbox.row(number)
    assert row is not None
    assert (row.status is not Status.PARKED, row.stream) == (True, code)
    assert "0 callbacks" in await boss.sends("/desk/admin/callbacks")
