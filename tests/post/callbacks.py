"""Callbacks as carriers send them, and a system that takes them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import yaml

from activities.carriers import signing
from activities.carriers.loading import load_carriers
from domain.dossier.history import state_of
from domain.dossier.state import Dossier
from domain.ids import Stream
from runtime import temporal
from runtime.settings import Settings
from store.database import Database
from store.inbox import Inbox
from store.postgres import PostgresJournal
from store.projections.projector import Projector
from store.sequencer import Sequencer
from tests.support.http import System
from workers.inbound import Inbound
from workflows.client import Dossiers

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS10ZXN0cw=="
PATH_SECRET = "path-secret-of-the-tests"
PROXY_CARRIER = "proxied"
CARRIERS = Path(__file__).parents[2] / "catalogue" / "carriers"


def with_post(settings: Settings, directory: Path) -> Settings:
    """The same settings with the shipped carriers and keys for each."""
    keys = {
        "webhook": {"secrets": [SECRET]},
        "ems": {"allow": ["127.0.0.0/8"]},
        "bccp": {"path_secrets": [PATH_SECRET, "the-next-one"]},
    }
    file = directory / "carrier-keys.yaml"
    file.write_text(yaml.safe_dump(keys))
    return msgspec.structs.replace(settings, carrier_keys_file=file)


def local(at: datetime) -> str:
    """As such carriers write a moment."""
    return (at.astimezone(UTC) + timedelta(hours=7)).strftime("%d/%m/%Y %H:%M:%S")


async def send_webhook(
    client: httpx.AsyncClient, tracking: str, status: str, at: datetime, event: str, **more: object
) -> httpx.Response:
    """A signed event."""
    data = {"tracking_number": tracking, "status": status, "occurred_at": at.isoformat(), **more}
    body = json.dumps({"type": "parcel.scanned", "data": data}).encode()
    headers = signing.headers_of((SECRET,), event, datetime.now(UTC), body)
    return await client.post("/post/webhook/callbacks", content=body, headers=headers)


async def send_ems(
    client: httpx.AsyncClient, tracking: str, status: str, at: datetime, event: str, **more: object
) -> httpx.Response:
    """A status with its transaction."""
    body = {"tracking_code": tracking, "status_code": status, "status_date": local(at), **more}
    return await client.post("/post/ems/callbacks", json=body, headers={"X-Transaction-Id": event})


async def send_form(
    client: httpx.AsyncClient, tracking: str, status: str, at: datetime, secret: str = PATH_SECRET
) -> httpx.Response:
    """A form to an address with a secret."""
    form = {"order_number": tracking, "status": status, "time": local(at)}
    return await client.post(f"/post/bccp/callbacks/{secret}", data=form)


@contextlib.asynccontextmanager
async def relaying(settings: Settings, patience: timedelta = timedelta(minutes=5)) -> AsyncIterator[Inbox]:
    """A relay, and the projector that tells it whose a parcel is."""
    async with Database(settings.database_url, size=10, name="test-relay") as database:
        client = await temporal.connect(settings, lazy=True)
        inbox = Inbox(database)
        dossiers = Dossiers(client, PostgresJournal(database), settings.task_queue)
        carriers = load_carriers(settings.carriers_dir, settings.carrier_keys_file)
        inbound = Inbound(inbox, dossiers, carriers, patience=patience)
        tasks = [
            asyncio.create_task(work)
            for work in (
                inbound.run(),
                inbound.run_unparking(),
                Sequencer(database).run(),
                Projector(database).run(),
            )
        ]
        try:
            yield inbox
        finally:
            while running := [task for task in tasks if not task.done()]:
                for task in running:
                    task.cancel()
                await asyncio.wait(running, timeout=1)  # a wait that was just over swallows a cancellation


async def worked_off(inbox: Inbox, seconds: float = 30) -> dict[str, int]:
    """How many rows are in each status once none is open."""
    return await until(lambda counts: not counts.get("new") and not counts.get("waiting"), inbox, seconds)


async def until(condition: Callable[[dict[str, int]], bool], inbox: Inbox, seconds: float = 30) -> dict[str, int]:
    """The counts by status as soon as they fulfil a condition."""
    async with asyncio.timeout(seconds):
        while not condition(counts := total(await inbox.counts())):  # noqa: ASYNC110  # what changes is in the database
            await asyncio.sleep(0.02)
    return counts


def total(counts: dict[str, dict[str, int]]) -> dict[str, int]:
    """The counts of all carriers together."""
    found: dict[str, int] = {}
    for of_carrier in counts.values():
        for status, number in of_carrier.items():
            found[status] = found.get(status, 0) + number
    return found


async def state(system: System, code: str) -> Dossier:
    """A dossier as its events tell."""
    return state_of(await system.parts.journal.read(Stream(code)))


def answer_of(response: httpx.Response) -> Any:  # noqa: ANN401  # JSON
    """The body of a JSON answer."""
    return response.json()
