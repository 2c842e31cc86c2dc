"""From what carriers said to the dossiers: a parcel's scans ordered there, and what each dossier makes of them."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from activities.carriers.protocol import Scan
from domain.dossier.commands import Order, RecordScan
from domain.errors import Refusal
from domain.ids import CommandId, Stream
from domain.postal import ScanState
from runtime import logging
from store.errors import StoreUnavailable
from store.inbox import Meaning, Raw, Settlement, Status
from workflows.client import Dossiers, DossiersUnavailable
from workflows.messages import Reply

LOG = logging.logger(__name__)
PARKED: Final = "callback.parked"
FAILED: Final = "callback.failed"
SINGLY: Final = "callback.singly"

AT_ONCE: Final = 32
"""Dossiers that get scans at the same time."""
AT_A_TIME: Final = 20
"""Scans that a dossier gets in one update."""
ORDER_TIMEOUT: Final = timedelta(seconds=10)
FIRST_DELAY, LONGEST_DELAY = 0.5, 60.0
MOST_FAILURES: Final = 10
"""Defects while one callback is worked on after which it is parked."""

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
        """What of it the inbox keeps beside what came."""
        return Meaning(self.scan.event_id, self.scan.tracking, self.scan.at, self.raw.stream)

    def of(self, stream: str) -> "Heard":
        """The same, said to be of a dossier."""
        return Heard(msgspec.structs.replace(self.raw, stream=stream), self.scan)

    def settled(self, status: Status, reason: str = "", detail: str = "", delay: float = 0.0) -> Settlement:
        """What becomes of it."""
        return Settlement(self.raw.id, status, reason, detail, self.meaning, delay)


class Scans:
    """Brings scans to dossiers, to several dossiers at once."""

    def __init__(self, dossiers: Dossiers) -> None:
        """Order at ``dossiers``."""
        self._dossiers = dossiers
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def bring(self, stream: str, group: list[Heard]) -> list[Settlement]:
        """Order a dossier's scans there, earliest first by the carrier's time; after an outage the rest waits."""
        in_turn = sorted(group, key=lambda one: (one.scan.at, one.raw.id))
        settlements: list[Settlement] = []
        async with self._slots:
            for some in _batches(in_turn):
                if settlements and settlements[-1].reason == UNAVAILABLE:
                    settlements += [_waits(one, UNAVAILABLE) for one in some]
                else:
                    settlements += await self._order_all(stream, some)
        return settlements

    async def _order_all(self, stream: str, some: Sequence[Heard]) -> list[Settlement]:
        """Order several scans at one go. Where that does not work, one cannot be told from the others: each alone."""
        if len(some) > 1:
            orders = [_order(stream, one) for one in some]
            try:
                answers = await self._dossiers.execute_all(Stream(stream), orders, ORDER_TIMEOUT)
            except (DossiersUnavailable, StoreUnavailable, TimeoutError):
                return [_waits(one, UNAVAILABLE) for one in some]
            except Exception:
                LOG.warning(SINGLY, dossier=stream, exc_info=True)
            else:
                return [self._answered(stream, one, answer) for one, answer in zip(some, answers, strict=True)]
        settlements: list[Settlement] = []
        for one in some:
            away = bool(settlements) and settlements[-1].reason == UNAVAILABLE
            settlements.append(_waits(one, UNAVAILABLE) if away else await self._order(stream, one))
        return settlements

    def _answered(self, stream: str, one: Heard, answer: Reply | Refusal) -> Settlement:
        mapped = one.of(stream)
        if isinstance(answer, Refusal):
            return self._refused(one if answer.code in WRONG_DOSSIER else mapped, answer)
        return mapped.settled(Status.APPLIED, STATUS_UNKNOWN if one.scan.state is ScanState.UNKNOWN else "")

    async def _order(self, stream: str, one: Heard) -> Settlement:
        try:
            answer = await self._dossiers.execute(Stream(stream), _order(stream, one), ORDER_TIMEOUT)
        except Refusal as refusal:
            return self._answered(stream, one, refusal)
        except (DossiersUnavailable, StoreUnavailable, TimeoutError):
            return _waits(one, UNAVAILABLE)
        except Exception:
            LOG.exception(FAILED, inbox=one.raw.id, dossier=stream)
            if one.raw.attempts < MOST_FAILURES:
                return _waits(one, DEFECT)
            mapped = one.of(stream)
            return parked(mapped.settled(Status.PARKED, DEFECT, "the scan could not be recorded; see the log"))
        return self._answered(stream, one, answer)

    def _refused(self, one: Heard, refusal: Refusal) -> Settlement:
        """What a dossier does not take; a clock that is a little ahead of ours is waited for."""
        if refusal.code in WRONG_DOSSIER:
            return parked(one.settled(Status.PARKED, refusal.code, refusal.message))
        if refusal.code == NOT_YET and datetime.now(UTC) <= one.scan.at:
            return one.settled(Status.WAITING, NOT_YET, refusal.message, _until(one.scan.at))
        if refusal.code == REUSED:
            return one.settled(Status.REFUSED, EVENT_ID_REUSED, refusal.message)
        return one.settled(Status.REFUSED, refusal.code, refusal.message)


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


def _batches(heard: Sequence[Heard]) -> Iterator[Sequence[Heard]]:
    return (heard[first : first + AT_A_TIME] for first in range(0, len(heard), AT_A_TIME))


def _waits(one: Heard, reason: str) -> Settlement:
    return one.settled(Status.WAITING, reason, "", delay_of(one.raw))


def delay_of(raw: Raw) -> float:
    """Seconds until a row is looked at again, longer each time."""
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(raw.attempts - 1, 10)))


def _until(moment: datetime) -> float:
    return max(0.1, (moment - datetime.now(UTC)).total_seconds())


def parked(settlement: Settlement) -> Settlement:
    """The same, once an operator can see it in the log."""
    LOG.warning(PARKED, inbox=settlement.id, reason=settlement.reason)
    return settlement
