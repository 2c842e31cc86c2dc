"""From the inbox of the post to the dossiers: each callback read, its parcel's dossier found, its scan ordered there.

A dossier gets a scan once for each of the carrier's event ids, for the id of the order follows from it. Whatever is cut
short is done again. What cannot be done now waits, longer each time; what nobody ordered waits for ``patience`` and is
then parked, from which an order with its number, or an operator, takes it up again.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from activities.carriers.loading import Known
from activities.carriers.protocol import Callback, Scan, Unreadable
from domain.dossier.commands import Order, RecordScan
from domain.errors import Refusal
from domain.ids import CommandId, Stream
from domain.postal import ScanState
from runtime import logging
from runtime.instruments import CALLBACKS
from runtime.stopping import ending
from store.errors import StoreUnavailable
from store.inbox import UNKNOWN_TRACKING, Inbox, Meaning, Raw, Settlement, Status
from workflows.client import Dossiers, DossiersUnavailable

LOG = logging.logger(__name__)
PARKED: Final = "callback.parked"
FAILED: Final = "callback.failed"
STORE_AWAY: Final = "relay.store_away"

PATIENCE: Final = timedelta(minutes=5)
"""How long a callback about an unknown parcel waits for its order before an operator is told."""
BATCH: Final = 64
"""Callbacks taken up at once, beside the others of their parcels that are known already."""
COMPANY: Final = 640
"""At most so many of those others."""
PAGE: Final = 500
"""Callbacks read at once to learn whose they are."""
AT_ONCE: Final = 32
"""Dossiers that get scans at the same time."""
LEASE: Final = timedelta(seconds=60)
ORDER_TIMEOUT: Final = timedelta(seconds=10)
POLL_SECONDS: Final = 0.25
UNPARK_SECONDS: Final = 2.0
FIRST_DELAY, LONGEST_DELAY = 0.5, 60.0
MOST_FAILURES: Final = 10
"""Defects while one callback is worked on after which it is parked."""

REPEATED: Final = "repeated"
STATUS_UNKNOWN: Final = "status_unknown"
EVENT_ID_REUSED: Final = "event_id_reused"
UNAVAILABLE: Final = "unavailable"
DEFECT: Final = "defect"
WRONG_DOSSIER: Final = frozenset({"parcel_unknown", "dossier_unknown"})
"""Refusals that mean the callback was brought to a dossier that it is not about."""
NOT_YET: Final = "occurred_in_future"
REUSED: Final = "command_id_reused"


class Heard(msgspec.Struct, frozen=True):
    """A callback that could be read."""

    raw: Raw
    scan: Scan

    @property
    def key(self) -> tuple[str, str]:
        """What tells one word of a carrier from another."""
        return self.raw.carrier, self.scan.event_id

    @property
    def parcel(self) -> tuple[str, str]:
        """Carrier and tracking number."""
        return self.raw.carrier, self.scan.tracking

    @property
    def meaning(self) -> Meaning:
        """What it says, and of which dossier where that is known."""
        return Meaning(self.scan.event_id, self.scan.tracking, self.scan.at, self.raw.stream)

    def settled(self, status: Status, reason: str = "", detail: str = "", delay: float = 0.0) -> Settlement:
        """What becomes of it."""
        return Settlement(self.raw.id, status, reason, detail, self.meaning, delay)


class Inbound:
    """Works the inbox off."""

    def __init__(
        self,
        inbox: Inbox,
        dossiers: Dossiers,
        carriers: Mapping[str, Known],
        *,
        patience: timedelta = PATIENCE,
    ) -> None:
        """Read by ``carriers``, order at ``dossiers``."""
        self._inbox = inbox
        self._dossiers = dossiers
        self._carriers = carriers
        self._patience = patience
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Work until cancelled. PostgreSQL and Temporal may be away."""
        while not ending():
            try:
                if await self.step() < BATCH:
                    await self._wait()
                else:
                    await self._look_ahead()
            except StoreUnavailable as error:
                LOG.warning(STORE_AWAY, problem=str(error))
                await asyncio.sleep(1)

    async def run_unparking(self) -> None:
        """Wake what waits for an order as soon as there is one, until cancelled."""
        while not ending():
            try:
                await self._inbox.unpark()
            except StoreUnavailable as error:
                LOG.warning(STORE_AWAY, problem=str(error))
            await asyncio.sleep(UNPARK_SECONDS)

    async def step(self, limit: int = BATCH) -> int:
        """Work on the rows that are due, up to ``limit`` and their company; returns how many they were."""
        rows = await self._inbox.claim(limit, LEASE, company=COMPANY)
        if rows:
            try:
                await self._work_on(rows)
            except asyncio.CancelledError:
                # Told to stop in the middle: another relay need not wait until the lease is over.
                with contextlib.suppress(StoreUnavailable):
                    await self._inbox.release([raw.id for raw in rows])
                raise
        return len(rows)

    async def _look_ahead(self) -> None:
        """Where many wait, note whose they are, so that all of one parcel are taken up together.

        A dossier that is no longer in a worker's memory is replayed once for all of them. It decides on nothing: what
        cannot be read is left to whoever takes it up.
        """
        if self._looking.locked():
            return
        async with self._looking:
            last, full = 0, True
            while full:
                rows = await self._inbox.unread(PAGE, after=last)
                read = [self._read(raw) for raw in rows]
                await self._inbox.note({one.raw.id: one.meaning for one in read if isinstance(one, Heard)})
                full = len(rows) == PAGE
                last = rows[-1].id if rows else last

    async def _work_on(self, rows: Sequence[Raw]) -> None:
        settlements: list[Settlement] = []
        heard: list[Heard] = []
        for raw in rows:
            read = self._read(raw)
            if isinstance(read, Heard):
                heard.append(read)
            else:
                settlements.append(_parked(read) if read.status is Status.PARKED else read)
        settlements += await self._apply(heard)
        await self._inbox.settle(settlements)
        for settlement in settlements:
            CALLBACKS.labels(settlement.status.value).inc()

    def _read(self, raw: Raw) -> Heard | Settlement:
        known = self._carriers.get(raw.carrier)
        if known is None:
            return Settlement(raw.id, Status.PARKED, "carrier_unknown", f"no carrier {raw.carrier} here")
        callback = Callback(raw.carrier, raw.headers, raw.body, raw.remote, raw.received_at)
        try:
            return Heard(raw, known.adapter.read(known.carrier, callback))
        except Unreadable as error:
            return Settlement(raw.id, Status.REFUSED, error.code, error.message)

    async def _apply(self, heard: Sequence[Heard]) -> list[Settlement]:
        if not heard:
            return []
        before = await self._inbox.applied([one.key for one in heard])
        first: dict[tuple[str, str], Heard] = {}
        again: list[Heard] = []
        settlements: list[Settlement] = []
        for one in heard:
            if one.key in before and one.raw.stream is None:
                settlements.append(_repetition(one, before[one.key]))
            elif one.key in first:
                again.append(one)
            else:
                first[one.key] = one
        found = await self._inbox.streams_of(list({one.parcel for one in first.values()}))
        by_stream: dict[str, list[Heard]] = {}
        for one in first.values():
            stream = one.raw.stream or found.get(one.parcel)
            if stream is None:
                settlements.append(self._unknown(one))
            else:
                by_stream.setdefault(stream, []).append(one)
        for done in await asyncio.gather(*(self._bring(stream, group) for stream, group in by_stream.items())):
            settlements += done
        fate = {one.id: one for one in settlements}
        settlements += [_likewise(one, first[one.key], fate[first[one.key].raw.id]) for one in again]
        return settlements

    def _unknown(self, one: Heard) -> Settlement:
        """A parcel that nobody ordered: perhaps it is being ordered just now."""
        detail = f"no dossier has a parcel {one.scan.tracking} of {one.raw.carrier}"
        if datetime.now(UTC) - one.raw.received_at < self._patience:
            return one.settled(Status.WAITING, UNKNOWN_TRACKING, detail, _delay(one.raw))
        return _parked(one.settled(Status.PARKED, UNKNOWN_TRACKING, detail))

    async def _bring(self, stream: str, group: list[Heard]) -> list[Settlement]:
        """Order a dossier's scans there, earliest first by the carrier's time; after an outage the rest waits."""
        settlements = []
        away = False
        async with self._slots:
            for one in sorted(group, key=lambda one: (one.scan.at, one.raw.id)):
                settlement = _waits(one, UNAVAILABLE) if away else await self._order(stream, one)
                away = away or (settlement.status is Status.WAITING and settlement.reason == UNAVAILABLE)
                settlements.append(settlement)
        return settlements

    async def _order(self, stream: str, one: Heard) -> Settlement:
        mapped = Heard(msgspec.structs.replace(one.raw, stream=stream), one.scan)
        try:
            await self._dossiers.execute(Stream(stream), _order(stream, one), ORDER_TIMEOUT)
        except Refusal as refusal:
            return self._refused(one if refusal.code in WRONG_DOSSIER else mapped, refusal)
        except (DossiersUnavailable, StoreUnavailable, TimeoutError):
            return _waits(one, UNAVAILABLE)
        except Exception:
            LOG.exception(FAILED, inbox=one.raw.id, dossier=stream)
            if one.raw.attempts < MOST_FAILURES:
                return _waits(one, DEFECT)
            return _parked(mapped.settled(Status.PARKED, DEFECT, "the scan could not be recorded; see the log"))
        return mapped.settled(Status.APPLIED, STATUS_UNKNOWN if one.scan.state is ScanState.UNKNOWN else "")

    def _refused(self, one: Heard, refusal: Refusal) -> Settlement:
        """What a dossier does not take; a clock that is a little ahead of ours is waited for."""
        if refusal.code in WRONG_DOSSIER:
            return _parked(one.settled(Status.PARKED, refusal.code, refusal.message))
        if refusal.code == NOT_YET and datetime.now(UTC) <= one.scan.at:
            return one.settled(Status.WAITING, NOT_YET, refusal.message, _until(one.scan.at))
        if refusal.code == REUSED:
            return one.settled(Status.REFUSED, EVENT_ID_REUSED, refusal.message)
        return one.settled(Status.REFUSED, refusal.code, refusal.message)

    async def _wait(self) -> None:
        due = await self._inbox.next_due()
        await asyncio.sleep(POLL_SECONDS if due is None else min(POLL_SECONDS, max(due, 0.01)))


def _order(stream: str, one: Heard) -> Order:
    scan, carrier = one.scan, one.raw.carrier
    return Order(
        id=CommandId(f"post/{carrier}/{scan.event_id}"),
        command=RecordScan(
            state=scan.state,
            tracking=scan.tracking,
            carrier=carrier,
            signed=scan.signed,
            reason=scan.reason or (scan.status if scan.state is ScanState.UNKNOWN else ""),
            place=scan.place,
            event_id=scan.event_id,
        ),
        recorded_at=datetime.now(UTC),
        occurred_at=scan.at,
        actor=f"post/{carrier}",
        causation_id=f"inbox/{one.raw.id}",
        correlation_id=stream.partition("/")[0],
    )


def _repetition(one: Heard, before: tuple[str, datetime]) -> Settlement:
    """A word that was heard before; with another content its id is not the carrier's to use."""
    if before == (one.scan.tracking, one.scan.at):
        return one.settled(Status.APPLIED, REPEATED)
    return one.settled(Status.REFUSED, EVENT_ID_REUSED, "this event id stands for another event of this carrier")


def _likewise(one: Heard, first: Heard, fate: Settlement) -> Settlement:
    """What becomes of a repetition that came together with the first."""
    if fate.status is Status.APPLIED:
        return _repetition(one, (first.scan.tracking, first.scan.at))
    return one.settled(fate.status, fate.reason, fate.detail, fate.delay)


def _waits(one: Heard, reason: str) -> Settlement:
    return one.settled(Status.WAITING, reason, "", _delay(one.raw))


def _delay(raw: Raw) -> float:
    """Seconds until a row is looked at again, longer each time."""
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(raw.attempts - 1, 10)))


def _until(moment: datetime) -> float:
    return max(0.1, (moment - datetime.now(UTC)).total_seconds())


def _parked(settlement: Settlement) -> Settlement:
    LOG.warning(PARKED, inbox=settlement.id, reason=settlement.reason)
    return settlement
