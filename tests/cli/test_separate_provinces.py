"""``motcua up --separate-provinces``: a dossier that crosses namespaces, as its officers live it over HTTP."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from tests.support.running import MODULE, Running, up

CLERK, ADMINISTRATOR = "xuan.ta", "trung.nguyen"
PROCEDURE = "2.002755-P099"
"""40 hours at the commune, 56 at the department and, within that, the office of the province's people's committee."""
PATIENCE = 60.0
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A system whose province and centre have namespaces of their own."""
    with up(tmp_path_factory.mktemp("provinces") / "state", "--separate-provinces", "--empty") as running:
        yield running


def _command(*arguments: str, directory: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "MOTCUA_STATE_DIR": str(directory)}
    done = subprocess.run(
        [sys.executable, *MODULE, *arguments], capture_output=True, text=True, check=False, env=environment, cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


class Office:
    """Officers at work on one dossier."""

    def __init__(self, system: Running) -> None:
        """Log the officers in."""
        self._url = system.urls["desk"].rstrip("/") + "/api/v1/dossiers"
        self._tokens = {name: _command("token", "--officer", name, directory=system.directory) for name in OFFICERS}
        self.code = ""

    def post(self, officer: str, path: str, **fields: object) -> dict[str, Any]:
        """Give an order that is taken."""
        headers = {"Authorization": f"Bearer {self._tokens[officer]}", "Idempotency-Key": str(uuid.uuid4())}
        answer = httpx.post(self._url + path, json=fields, headers=headers)
        assert answer.is_success, f"{path} {fields}: {answer.text}"
        told: dict[str, Any] = answer.json()
        return told

    def shown(self, link: str = "") -> dict[str, Any] | None:
        """The dossier, or a part of it (none: it is not there yet)."""
        headers = {"Authorization": f"Bearer {self._tokens[ADMINISTRATOR]}"}
        query = {"link": link} if link else {}
        answer = httpx.get(f"{self._url}/{self.code}", params=query, headers=headers)
        return answer.json() if answer.is_success else None

    def live(self) -> list[str]:
        """Work on whatever is open, wherever it is, until the dossier is closed; the parts that were met."""
        deadline = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < deadline, self.shown()
            root = self.shown()
            assert root is not None
            parts = list(self._parts(""))
            if root["status"] == "closed":
                return parts
            for part in ("", *parts):
                self._work(part)

    def _parts(self, of: str) -> Iterator[str]:
        for part in (self.shown(of) or {"parts": ()})["parts"]:
            yield part["link"]
            yield from self._parts(part["link"])

    def _work(self, part: str) -> None:
        shown = self.shown(part)
        for task in shown["tasks"] if shown else ():
            stage = task["stage"]
            where = {"link": part} if part else {}
            match stage, bool(part):
                case "receive", True:
                    self._order("acknowledge-link", where)
                case "return", True:
                    self._order("answer-link", where)
                case "return", False:
                    self._order("issue-result", {"number": "1/QĐ"})
                    self._order("return-result", {})
                case _:
                    self._order("complete-task", {"stage": stage, **where})

    def _order(self, command: str, fields: dict[str, str]) -> None:
        self.post(ADMINISTRATOR, f"/{self.code}/{command}", **fields)


OFFICERS = (CLERK, ADMINISTRATOR)


async def _runs(address: str, namespace: str) -> set[str]:
    """The dossiers that a namespace has run."""
    client = await Client.connect(address, namespace=namespace)
    return {execution.id async for execution in client.list_workflows("WorkflowType = 'dossier'")}


async def _until_run(address: str, namespace: str, wanted: set[str]) -> set[str]:
    """The same once Temporal's list, which lags a little, has these."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await _runs(address, namespace)
            if wanted <= found:
                return found
            await asyncio.sleep(0.1)


def test_a_dossier_crosses_namespaces_and_comes_back(system: Running) -> None:
    """Its parts run with their authorities; store and workflows agree, and still do after a restart."""
    office = Office(system)
    office.code = office.post(CLERK, "", procedure=PROCEDURE, components=[], applicant={"name": "An"})["code"]
    assert office.live() == ["L1", "L1/L2"]
    address = f"127.0.0.1:{system.part('Temporal')['port']}"
    province = asyncio.run(_until_run(address, "province", {f"{office.code}/L1", f"{office.code}/L1/L2"}))
    assert not province & asyncio.run(_runs(address, "default"))
    for command in ("verify", "reconcile"):
        _command(command, directory=system.directory)
    found = json.loads(_command("doctor", "--json", directory=system.directory))
    (workers,) = [one for one in found["findings"] if one["subject"] == "workers"]
    assert (workers["verdict"], "province" in workers["found"], "centre" in workers["found"]) == ("sound", True, True)


def test_a_system_keeps_the_namespaces_that_it_was_begun_with(tmp_path: Path) -> None:
    """Without being told again; and one that has a single namespace is not separated under its dossiers."""
    directory = tmp_path / "state"
    with up(directory, "--empty") as running:
        assert running.end(signal.SIGTERM) == 0
    command = [sys.executable, *MODULE, "up", "--dir", str(directory), "--separate-provinces"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=60)
    assert refused.returncode == 1
    assert "begun with one namespace" in refused.stderr
    assert "Traceback" not in refused.stderr
