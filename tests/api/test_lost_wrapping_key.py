"""The wrapping key is lost for good: names are gone, and nothing else is; work goes on under a new key."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from typer.testing import CliRunner

from api.desk.settings import DeskSettings
from cli import main
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings, environment
from store.database import Database as Pool
from tests.support import http
from tests.support.databases import Database
from tests.support.http import APPLICANT, System, keyed, received

WEBHOOK = "/api/v1/webhooks/archive"
TARGET = {"url": "https://archive.example.org/hook"}
SECRET = "whsec_" + base64.b64encode(b"what signs webhooks from now on").decode()
NEW_KEY = bytes(range(32, 64)).hex()


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[System]:
    async with http.working(settings), http.serving(settings, desk=DeskSettings(demo_login=True)) as running:
        yield running


@pytest.fixture
async def settings(database: Database, temporal_dev: EmbeddedTemporal, tmp_path: Path) -> Settings:
    """Of a system whose Temporal is in its own hands."""
    async with Pool(database.app_url, size=2) as pool:
        await http.publish(pool)
    chosen = http.settings_of(database.app_url, temporal_dev.address, tmp_path)
    return msgspec.structs.replace(chosen, temporal_encryption=False)


async def _do(system: System, officer: str, code: str, command: str, **fields: object) -> httpx.Response:
    async with system.client(officer) as one:
        return await one.post(f"/api/v1/dossiers/{code}/{command}", json=fields, headers=keyed())


async def _applicant(system: System, code: str) -> object:
    async with system.client("clerk") as clerk:
        answer = await clerk.get(f"/api/v1/dossiers/{code}")
        assert answer.status_code == 200, answer.text
        return answer.json()["applicant"]


async def test_work_goes_on_without_the_names(settings: Settings, database: Database) -> None:
    """Old dossiers are worked to their end, new ones are read; what must be signed anew says so."""
    async with _running(settings) as system, system.client("clerk") as clerk, system.client("admin") as admin:
        old = await received(clerk)
        online = await received(clerk, do="submit", channel="online")
        assert (await admin.put(WEBHOOK, json=TARGET)).status_code == 200
        assert await _applicant(system, old) == APPLICANT
    assert settings.wrapping_key_file is not None
    settings.wrapping_key_file.write_text(NEW_KEY)

    async with _running(settings) as system, system.client("clerk") as clerk, system.client("admin") as admin:
        assert await _applicant(system, old) is None
        new = await received(clerk)
        assert await _applicant(system, new) == APPLICANT
        sealed = await _do(system, "lan", old, "request-supplement", reason="thiếu bản sao")
        assert sealed.status_code == 200, sealed.text
        for officer, command, fields in (
            ("clerk", "provide-supplement", {"components": ["bansao"]}),
            ("lan", "complete-task", {"stage": "appraise"}),
            ("leader", "complete-task", {"stage": "approve"}),
            ("leader", "issue-result", {}),
            ("clerk", "return-result", {}),
        ):
            answer = await _do(system, officer, old, command, **fields)
            assert answer.status_code == 200, answer.text
        refused = await _do(system, "clerk", online, "receive", components=["don"], applicant=APPLICANT)
        assert (refused.status_code, refused.json()["code"]) == (409, "wrapping_key_unknown")
        assert (await _do(system, "clerk", online, "receive", components=["don"])).status_code == 200
        await _pages(system, old)
        assert (await admin.get("/api/v1/webhooks")).status_code == 200
        assert (await admin.put(WEBHOOK, json={**TARGET, "secret": SECRET})).status_code == 200
        found = await system.parts.subscriptions.signing("archive")
        assert found is not None
        assert found.secrets[0] == SECRET
    assert await asyncio.to_thread(_verified, database) == []
    assert await asyncio.to_thread(_diagnosed, settings) == ("warning", 2)


async def _pages(system: System, code: str) -> None:
    """Every page that would show the name, or the secret's subscription, is shown without."""
    async with httpx.AsyncClient(base_url=system.url, timeout=30, follow_redirects=True) as browser:
        for officer, addresses in (
            ("clerk", ("/desk", f"/desk/dossiers/{code}", f"/desk/search?q={code}")),
            ("admin", ("/desk/admin/webhooks",)),
        ):
            assert (await browser.post("/login/demo", data={"officer": officer})).status_code == 200
            for address in addresses:
                page = await browser.get(address)
                assert page.status_code == 200, (address, page.text)
                assert APPLICANT["name"] not in page.text


def _verified(database: Database) -> list[object]:
    result = CliRunner().invoke(
        main.build("verify"), ["verify", "--json"], env={"MOTCUA_DATABASE_URL": database.app_url}
    )
    findings: list[object] = msgspec.json.decode(result.stdout)["findings"]
    return findings


def _diagnosed(settings: Settings) -> tuple[str, int]:
    """What the doctor says of personal data, and of how many dossiers."""
    result = CliRunner().invoke(main.build("doctor"), ["doctor", "--json"], env=environment(settings))
    (found,) = [one for one in msgspec.json.decode(result.stdout)["findings"] if one["subject"] == "personal data"]
    return found["verdict"], int(found["found"].split(" dossiers")[0].rpartition(" ")[2])
