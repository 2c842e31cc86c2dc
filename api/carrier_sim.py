"""A carrier to try the post with: it takes orders, and calls back late, twice, out of order and with failures.

It is a real HTTP server and a real HTTP client; ``motcua carrier-sim`` runs it, and so do the tests.
"""

import asyncio
import base64
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import msgspec
from litestar import Litestar, Request, Response, post
from litestar.datastructures import State

from activities.carriers.signing import headers_of
from api.main import listen
from api.server import serve

Plain = Request[Any, Any, State]
WORDS: Final = {
    "ems": {
        "accepted": "EMA",
        "in_transit": "EMC",
        "at_delivery_office": "EMG",
        "out_for_delivery": "EDG",
        "available_for_pickup": "EDH",
        "attempt_failed": "EMH",
        "delivered": "EMI",
        "returning": "RET",
        "returned": "RTS",
        "lost": "LST",
        "cancelled": "CNL",
    },
    "bccp": {
        "registered": "10",
        "accepted": "20",
        "in_transit": "30",
        "at_delivery_office": "40",
        "out_for_delivery": "50",
        "available_for_pickup": "51",
        "attempt_failed": "60",
        "delivered": "71",
        "returning": "80",
        "returned": "90",
        "exception": "95",
        "lost": "96",
        "cancelled": "99",
    },
}
"""Our states in the words of each carrier; one that is not here uses our own."""
COURSE: Final = ("accepted", "in_transit", "at_delivery_office", "delivered")
RETRY_SECONDS: Final = 0.2
ATTEMPTS: Final = 10_000


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How the carrier behaves.

    ``carrier`` says how it speaks; ``target`` is the API's address. ``slow`` is the most seconds that an order's answer
    takes, ``fails`` the share of orders that it answers by 503 first, ``repeats`` how often it sends each callback,
    ``shuffles`` whether it mixes them, ``step`` the virtual time between two scans of a parcel.
    """

    carrier: str = "ems"
    target: str = ""
    secret: str = ""
    signing: str = "whsec_" + base64.b64encode(b"carrier-sim-and-nobody-else").decode()
    slow: float = 0.0
    fails: float = 0.0
    repeats: int = 2
    shuffles: bool = True
    step: timedelta = timedelta(minutes=10)
    course: tuple[str, ...] = COURSE
    seed: int = 1


class Word(msgspec.Struct, frozen=True):
    """One callback: what the carrier says of a parcel, as of when."""

    tracking: str
    state: str
    at: datetime
    event_id: str


class CarrierSim:
    """The carrier."""

    def __init__(self, manners: Manners, client: httpx.AsyncClient) -> None:
        """Call back over ``client``."""
        self._manners = manners
        self._client = client
        self._chance = random.Random(manners.seed)  # noqa: S311  # the same course for the same seed
        self._numbers = itertools.count(1)
        self.placed: dict[str, str] = {}
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self._failed: set[str] = set()
        self._calls: set[asyncio.Task[int]] = set()

    def app(self) -> Litestar:
        """The carrier's own interface."""

        @post("/orders", status_code=HTTPStatus.CREATED)
        async def order(request: Plain) -> Response[dict[str, str]]:
            return await self._order(request)

        @post("/orders/{reference:str}/cancel", status_code=HTTPStatus.OK)
        async def cancel(request: Plain) -> Response[dict[str, str]]:
            reference = str(request.path_params["reference"])
            self.cancelled.append(reference)
            return Response({"reference": reference})

        return Litestar([order, cancel], openapi_config=None, logging_config=None)

    async def _order(self, request: Plain) -> Response[dict[str, str]]:
        """The same number for the same key, however often it is asked for."""
        body, key = await request.json(), request.headers.get("idempotency-key", "")
        await asyncio.sleep(self._chance.uniform(0, self._manners.slow))
        self.asked.append(key)
        if key not in self._failed and self._chance.random() < self._manners.fails:
            self._failed.add(key)
            return Response({"error": "busy"}, status_code=503, headers={"Retry-After": "1"})
        fresh = key not in self.placed
        tracking = self.placed.setdefault(key, f"SIM{self._manners.seed:04d}{next(self._numbers):06d}VN")
        if fresh and self._manners.target:
            call = asyncio.create_task(self.call(self.words(tracking, datetime.now(UTC) - timedelta(hours=2))))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        return Response({"tracking": tracking, "reference": str(body.get("reference", ""))})

    def words(self, tracking: str, since: datetime, course: Sequence[str] = ()) -> list[Word]:
        """What is said of one parcel, in its own order."""
        states = course or self._manners.course
        return [
            Word(tracking, state, since.replace(microsecond=0) + number * self._manners.step, f"{tracking}-{number}")
            for number, state in enumerate(states)
        ]

    async def call(self, words: Sequence[Word], at_once: int = 16) -> int:
        """Say all words, each as often as the manners want, until each was taken; returns how many were taken."""
        saying = [word for word in words for _ in range(self._manners.repeats)]
        if self._manners.shuffles:
            self._chance.shuffle(saying)
        slots = asyncio.Semaphore(at_once)

        async def say(word: Word) -> None:
            async with slots:
                await self._say(word)

        await asyncio.gather(*(say(word) for word in saying))
        return len(saying)

    async def _say(self, word: Word) -> None:
        """Say one word until it is taken: what the carrier is not told has arrived it says again."""
        for _ in range(ATTEMPTS):
            with contextlib.suppress(httpx.HTTPError):
                if (await self._send(word)).is_success:
                    return
            await asyncio.sleep(RETRY_SECONDS)

    async def _send(self, word: Word) -> httpx.Response:
        manners = self._manners
        status = WORDS.get(manners.carrier, {}).get(word.state, word.state)
        url = f"{manners.target}/post/{manners.carrier}/callbacks"
        local = (word.at.astimezone(UTC) + timedelta(hours=7)).strftime("%d/%m/%Y %H:%M:%S")
        match manners.carrier:
            case "bccp":
                body = urlencode({"order_number": word.tracking, "status": status, "time": local}).encode()
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
            case "webhook":
                data = {"tracking_number": word.tracking, "status": status, "occurred_at": word.at.isoformat()}
                signed = {**data, "signed": word.state == "delivered"}
                body = msgspec.json.encode({"type": "parcel.scanned", "data": signed})
                headers = headers_of((manners.signing,), word.event_id, datetime.now(UTC), body)
            case _:
                said = {"tracking_code": word.tracking, "status_code": status, "status_date": local}
                body, headers = msgspec.json.encode(said), {"X-Transaction-Id": word.event_id}
        if manners.secret:
            url = f"{url}/{manners.secret}"
        return await self._client.post(url, content=body, headers=headers)


@contextlib.asynccontextmanager
async def running(manners: Manners, port: int = 0) -> AsyncIterator[tuple[CarrierSim, str]]:
    """A carrier that listens; gives it and its address."""
    listener, ready = listen("127.0.0.1", port), asyncio.Event()
    async with httpx.AsyncClient(timeout=30) as client:
        carrier = CarrierSim(manners, client)
        server = asyncio.create_task(serve(carrier.app(), listener, on_ready=ready.set, on_stop=lambda: None))
        await ready.wait()
        try:
            yield carrier, f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await server


async def stay(manners: Manners, port: int) -> None:
    """Run a carrier until cancelled."""
    async with running(manners, port):
        await asyncio.Event().wait()
