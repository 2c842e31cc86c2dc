"""Orders to carriers: a parcel is asked for once, whatever is retried, and its number noted in the dossier.

The carrier's side: ``POST {orders}/orders`` with an ``Idempotency-Key`` answers the same number for the same key, and
``POST {orders}/orders/{reference}/cancel`` takes an order back.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import httpx
import msgspec

from activities.carriers.loading import Known
from activities.outside import TIMEOUT, Never, NotYet, check_answer
from domain.dossier.commands import Command, NoteNotPlaced, NotePlaced, Order
from domain.errors import Refusal
from domain.ids import CommandId, Stream
from store.outbox import Taken

ORDER: Final = "postal.order"
CANCEL: Final = "postal.cancel"
LONGEST_NUMBER: Final = 100
Execute = Callable[[Stream, Order], Awaitable[None]]
"""Has a dossier carry an order out; raises Refusal, NotYet."""


class Placing(msgspec.Struct, frozen=True):
    """What a carrier is asked: which parcel of which dossier, and what for."""

    stream: str
    parcel: str
    carrier: str
    purpose: str = ""

    @property
    def reference(self) -> str:
        """Our name of the parcel, the same however often we ask."""
        return f"{self.stream}-{self.parcel}".replace("/", "-")


class _Placed(msgspec.Struct, frozen=True):
    tracking: str


class CarrierOrders:
    """``Sender`` of orders and of their cancellation."""

    def __init__(self, client: httpx.AsyncClient, carriers: Mapping[str, Known], execute: Execute) -> None:
        """Ask ``carriers`` over ``client``; note their answers by ``execute``."""
        self._client = client
        self._carriers = carriers
        self._execute = execute

    async def send(self, message: Taken) -> None:
        """Place the order, or cancel it."""
        placing = msgspec.convert(message.payload, Placing)
        known = self._carriers.get(placing.carrier)
        if known is None or not known.carrier.orders:
            raise Never("this carrier takes no orders over HTTP")
        base = known.carrier.orders.rstrip("/")
        cancelling = message.kind == CANCEL
        path = f"{base}/orders/{placing.reference}/cancel" if cancelling else f"{base}/orders"
        response = await self._ask(path, known, placing, message.key)
        if not cancelling:
            tracking = _number(response)
            await self._note(placing, NotePlaced(placing.parcel, tracking))

    async def given_up(self, message: Taken, reason: str) -> None:
        """An order that will not be taken is an officer's to see to."""
        placing = msgspec.convert(message.payload, Placing)
        if message.kind == ORDER:
            await self._note(placing, NoteNotPlaced(placing.parcel, reason))

    async def _ask(self, url: str, known: Known, placing: Placing, key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        if known.keys.orders_token:
            headers["Authorization"] = f"Bearer {known.keys.orders_token}"
        body = {"reference": placing.reference, "purpose": placing.purpose}
        try:
            response = await self._client.post(url, json=body, headers=headers, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise NotYet(f"the carrier does not answer: {type(error).__name__}") from error
        check_answer(response)
        return response

    async def _note(self, placing: Placing, command: Command) -> None:
        stream = Stream(placing.stream)
        order = Order(
            id=CommandId(f"post/{placing.carrier}/{placing.parcel}/{type(command).__name__}"),
            command=command,
            recorded_at=datetime.now(UTC),
            actor=f"post/{placing.carrier}",
            correlation_id=stream.partition("/")[0],
        )
        try:
            await self._execute(stream, order)
        except Refusal as refusal:
            raise Never(f"the dossier refuses the carrier's answer: {refusal.code}") from refusal


def _number(response: httpx.Response) -> str:
    """The parcel's number in a carrier's answer; raises NotYet for an answer without one."""
    try:
        placed = msgspec.json.decode(response.content, type=_Placed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotYet("the carrier's answer has no number") from error
    number = placed.tracking.strip()
    if not number or len(number) > LONGEST_NUMBER or not number.isprintable():
        raise NotYet("the carrier's answer has no usable number")
    return number
