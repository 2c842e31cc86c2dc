"""How long the desk's server takes for a page while a million dossiers are open.

Real HTTP to a ``motcua api`` on this machine, officers who are signed in, one page after another over one connection
each; what is measured is from the request to the page's last byte, the client's own work included. The store is that of
``bench.worklist``: authorities as unequal as a province's, the officers who ask are those of the largest ones.
"""

import asyncio
import random
import re
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from bench import worklist
from bench.server import Server, benchmark_server
from catalogue.loading import load_catalogue
from catalogue.shipped import SHIPPED
from domain.authority import Authority, AuthorityKind, Level, Officer, Role
from domain.ids import AuthorityId, CalendarId, OfficerId
from runtime.embedded import ports
from runtime.settings import Settings
from store.database import Database
from store.keys import Vault, wrapping_keys_of
from store.references import Kind, References
from tests.chaos.house import Process
from tests.support import http

OFFICERS: Final = 12
REQUIRED_MS: Final = 50.0
ROUNDS: Final = 40
"""Of every page, by every officer."""
STATE: Final = CalendarId("vn-state")
CODE: Final = re.compile(r"/desk/dossiers/(H29[^\"?/]+)\"")
NOBODY: Final = "127.0.0.1:1"
"""No Temporal is asked for a page."""


def run(scale: float = 1.0) -> dict[str, Any]:
    """Measure; ``scale`` multiplies the number of open dossiers."""
    number = max(10_000, int(worklist.OPEN * scale))
    with benchmark_server() as server:
        worklist.fill(server, number, now=datetime.now(UTC))
        times = asyncio.run(_measure(server))
    p99 = {name: worklist.percentile(found, 99) for name, found in times.items()}
    slowest = max(p99, key=lambda name: p99[name])
    row = {
        "name": f"page of the desk, p99 of the slowest kind ({slowest}), {number} open dossiers",
        "value": round(p99[slowest], 1),
        "unit": "ms",
        "required": f"<= {REQUIRED_MS:g}",
        "passed": p99[slowest] <= REQUIRED_MS,
    }
    details = {
        name: {"p50_ms": round(statistics.median(found), 1), "p99_ms": round(p99[name], 1)}
        for name, found in times.items()
    }
    return {"row": row, "details": details}


async def _measure(server: Server) -> dict[str, list[float]]:
    """Milliseconds of every page, by its kind; officers and pages take turns."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        async with Database(server.owner_url, size=2) as owner:
            await _publish(owner)
        settings = msgspec.structs.replace(
            http.settings_of(server.app_url, NOBODY, directory), api_port=ports.free_port(), demo_login=True
        )
        desk = Process("api", directory, settings)
        await asyncio.to_thread(desk.start)
        stack.callback(desk.stop)
        address = f"http://127.0.0.1:{settings.api_port}"
        clients = []
        for number in range(OFFICERS):
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=30))
            await client.post("/login/demo", data={"officer": f"o{number}"})
            clients.append(client)
        chance = random.Random(1)  # noqa: S311  # the same questions each time
        shown = [await _asked(client, page) for client in clients for page in _addresses(chance).values()]
        await _seal_names(server, settings, {code for _, text in shown for code in CODE.findall(text)})
        times: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for client in clients:
                for name, page in _addresses(chance).items():
                    times.setdefault(name, []).append((await _asked(client, page))[0])
        return times


async def _asked(client: httpx.AsyncClient, page: str) -> tuple[float, str]:
    """How many milliseconds a page took, and what it says."""
    began = time.perf_counter()
    answer = await client.get(page)
    took = time.perf_counter() - began
    answer.raise_for_status()
    return took * 1000, answer.text


async def _seal_names(server: Server, settings: Settings, codes: set[str]) -> None:
    """Give the dossiers that the pages list an applicant, sealed as the system seals them: each name is opened anew."""
    async with Database(server.owner_url, size=2) as owner:
        vault = Vault(owner, wrapping_keys_of(settings))
        for number, code in enumerate(sorted(codes)):
            person = {"name": f"Nguyễn Thị Số {number}", "phone": "0912345678"}
            sealed = await vault.seal(code, msgspec.json.encode(person))
            async with owner.connection() as connection:
                await connection.execute("UPDATE dossiers SET applicant = %s WHERE stream = %s", (sealed, code))


def _addresses(chance: random.Random) -> dict[str, str]:
    code = f"H29.{chance.randrange(100):02d}-260302-00012"
    return {
        "mine": "/desk?view=mine",
        "unit": "/desk?view=unit",
        "free": "/desk?view=free",
        "due today": "/desk?view=today",
        "late": "/desk?view=late",
        "waiting for the citizen": "/desk?view=citizen",
        "waiting for an authority": "/desk?view=authority",
        "one stage": f"/desk?view=unit&stage={chance.choice(worklist.STAGES)}",
        "search": f"/desk/search?q={code}",
        "receive": "/desk/receive?q=dat+dai",
    }


async def _publish(owner: Database) -> None:
    """The catalogue that comes with the program, with authorities and officers of the benchmark beside its own."""
    references, day = References(owner), date(2000, 1, 1)
    contents = load_catalogue(SHIPPED)
    for kind, found in (
        (Kind.CALENDAR, contents.calendars),
        (Kind.PROCEDURE, contents.procedures),
        (Kind.AUTHORITY, contents.authorities),
    ):
        for name, one in found.items():
            await references.publish(kind, name, one, day)
    for number in range(worklist.AUTHORITIES):
        place = AuthorityId(f"X{number}")
        desk = Authority(place, Level.COMMUNE, AuthorityKind.ONE_STOP, f"Xã {number}", calendar=STATE)
        await references.publish(Kind.AUTHORITY, place, desk, day)
    for number in range(OFFICERS):
        roles = (Role.LEADER, Role.CLERK)
        officer = Officer(OfficerId(f"o{number}"), f"Cán bộ {number}", AuthorityId(f"X{number}"), roles)
        await references.publish(Kind.OFFICER, officer.id, officer, day)
