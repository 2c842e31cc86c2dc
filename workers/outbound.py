"""From events to the world outside: what each event leads to is put into the outbox, and sent until it has arrived."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from activities import portal, webhooks
from activities.outside import Never, NotYet, Sender
from activities.postal import CANCEL, ORDER
from domain.dossier import events as e
from domain.dossier.codec import decode_event, fact_of
from domain.dossier.events import PostalCancelled, PostalOrdered
from domain.dossier.evolve import evolve
from domain.dossier.history import state_of
from domain.dossier.state import NEW, Dossier
from domain.dossier.summary import portal_state
from domain.ids import Stream
from domain.record import Record
from runtime import logging
from runtime.instruments import MESSAGES
from runtime.stopping import ending
from store.database import Database
from store.errors import StoreUnavailable
from store.journal import Journal, Positioned
from store.outbox import Message, Outbox, Taken
from store.subscriptions import Subscription, Subscriptions
from store.wake import POSITIONS, Wake
from workers.inbound import STORE_AWAY

LOG = logging.logger(__name__)
DEAD: Final = "message.dead"
FAILED: Final = "message.failed"
BATCH: Final = 200
AT_ONCE: Final = 16
LEASE: Final = timedelta(seconds=60)
POLL_SECONDS: Final = 0.5
JITTER: Final = 0.2
APPLICANT: Final = "applicant"
SCHEDULE: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Standard Webhooks' schedule: after the first failure 5 s, then 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h."""


class Announcer:
    """Makes messages from events."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        outbox: Outbox,
        subscriptions: Subscriptions,
        *,
        tells_portal: bool = False,
        notices: Sequence[str] = (),
    ) -> None:
        """Follow ``journal``; the portal is told where there is one, people by these kinds of notices."""
        self._notices = notices
        self._database = database
        self._journal = journal
        self._outbox = outbox
        self._subscriptions = subscriptions
        self._tells_portal = tells_portal

    async def run(self) -> None:
        """Follow the events until cancelled."""
        async with Wake(self._database.url, POSITIONS) as wake:
            while not ending():
                try:
                    if await self.step() < BATCH:
                        await wake.wait(POLL_SECONDS)
                except StoreUnavailable as error:
                    LOG.warning(STORE_AWAY, problem=str(error))
                    await asyncio.sleep(1)

    async def step(self) -> int:
        """Turn the next events into messages; returns how many events they were."""
        batch = await self._journal.read_all(await self._outbox.position(), BATCH)
        if batch:
            await self._outbox.follow(batch, self._messages)
        return len(batch)

    async def _messages(self, batch: Sequence[Positioned]) -> list[Message]:
        subscriptions = [one for one in await self._subscriptions.all() if one.enabled]
        found: list[tuple[str, Message]] = []
        by_stream: dict[Stream, list[Record]] = {}
        for row in batch:
            by_stream.setdefault(row.record.stream, []).append(row.record)
        for stream, records in by_stream.items():
            found += await self._of_stream(stream, records, subscriptions)
        order = {row.record.event_id: row.position for row in batch}
        return [message for _, message in sorted(found, key=lambda pair: order[pair[0]])]

    async def _of_stream(
        self, stream: Stream, records: Sequence[Record], subscriptions: Sequence[Subscription]
    ) -> list[tuple[str, Message]]:
        """The messages of a stream's new events, each with its event's id."""
        wanted = {record.version: record for record in records}
        last = max(wanted)
        state = NEW
        found: list[tuple[str, Message]] = []
        stored = await self._journal.read(stream)
        now = state_of(stored)
        for record in stored[:last]:
            before, state = state, evolve(state, fact_of(record))
            if record.version in wanted:
                found += [(record.event_id, one) for one in self._of_event(record, before, state, subscriptions)]
                found += [(record.event_id, one) for one in notices_of(record, now, self._notices)]
        return found

    def _of_event(
        self, record: Record, before: Dossier, after: Dossier, subscriptions: Sequence[Subscription]
    ) -> list[Message]:
        found = [_webhook(record, after, one) for one in subscriptions if _concerns(record, after, one)]
        if self._tells_portal and after.origin is None and portal_state(after) not in {0, portal_state(before)}:
            found.append(portal_message(record.stream, after, record.version, record.recorded_at))
        if record.type in {PostalOrdered.type, PostalCancelled.type}:
            found += _postal(record, before)
        return found


def portal_message(stream: str, state: Dossier, version: int, at: datetime) -> Message:
    """The portal is told where a dossier stands."""
    payload = portal.status_of(stream, portal_state(state), version, at.isoformat())
    return Message(portal.KIND, f"{stream}@{version}", f"portal/{stream}", payload)


def _concerns(record: Record, state: Dossier, subscription: Subscription) -> bool:
    places = {state.authority, state.received_by, state.return_to, record.authority}
    at_place = not subscription.authority or subscription.authority in places
    return at_place and (not subscription.types or record.type in subscription.types)


def _webhook(record: Record, state: Dossier, subscription: Subscription) -> Message:
    event = webhooks.cloud_event(record.event_id, record.type, record.stream, record.recorded_at, state.authority)
    payload = {"subscription": subscription.id, "event": event}
    root = record.stream.partition("/")[0]
    return Message(webhooks.KIND, f"{subscription.id}/{record.event_id}", f"{subscription.id}/{root}", payload)


def _postal(record: Record, before: Dossier) -> list[Message]:
    """An order without a number is to be placed; one that is taken back while the carrier knows of it, cancelled."""
    event = decode_event(record.type, record.data)
    lane = f"post/{record.stream}"
    match event:
        case PostalOrdered() if not event.tracking:
            payload = {
                "stream": record.stream,
                "parcel": event.parcel,
                "carrier": event.carrier,
                "purpose": event.purpose.value,
            }
            return [Message(ORDER, f"{record.stream}/{event.parcel}", lane, payload)]
        case PostalCancelled() if not record.actor.startswith("post/"):
            parcel = next((known for known in before.parcels if known.id == event.parcel), None)
            if parcel is None:
                return []
            payload = {"stream": record.stream, "parcel": parcel.id, "carrier": parcel.carrier}
            return [Message(CANCEL, f"{record.stream}/{parcel.id}", lane, payload)]
        case _:
            return []


NOTICES: Final = {
    e.DossierReceived.type: "accepted",
    e.SupplementRequested.type: "supplement",
    e.DossierExtended.type: "extended",
    e.ResultIssued.type: "ready",
    e.DossierReminded.type: "due_soon",
    e.TaskReminded.type: "due_soon",
}
"""What people are told of."""


def notices_of(record: Record, now: Dossier, kinds: Sequence[str]) -> list[Message]:
    """One notice by each kind, if the event is one to tell people of; ``now`` is the dossier as it stands today.

    Applicants are told of the dossier, officers of what is due soon.
    """
    if record.type not in NOTICES:
        return []
    event = decode_event(record.type, record.data)
    root = record.stream.partition("/")[0]
    to = APPLICANT
    match event:
        case e.DossierReceived():
            due = now.promise(e.ClockName.COMMITTED)
        case e.SupplementRequested():
            due = event.expires_at
        case e.DossierExtended():
            due = event.new_due
        case e.DossierReminded() | e.TaskReminded():
            due = event.due
            to = (now.task.officer or now.task.authority) if now.task else now.authority
        case _:
            due = None
    payload = {"notice": NOTICES[record.type], "stream": root, "to": to, "due": due.isoformat() if due else None}
    return [Message(kind, f"{record.event_id}/{kind}", f"{kind}/{root}", payload) for kind in kinds]


class Courier:
    """Sends what is in the outbox."""

    def __init__(
        self,
        outbox: Outbox,
        senders: Mapping[str, Sender],
        *,
        schedule: Sequence[timedelta] = SCHEDULE,
        chance: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Send by ``senders``, by kind; ``chance`` gives the jitter."""
        self._outbox = outbox
        self._senders = senders
        self._schedule = schedule
        self._chance = chance

    async def run(self) -> None:
        """Send until cancelled."""
        while not ending():
            try:
                if await self.step() == 0:
                    await asyncio.sleep(POLL_SECONDS)
            except StoreUnavailable as error:
                LOG.warning(STORE_AWAY, problem=str(error))
                await asyncio.sleep(1)

    async def step(self) -> int:
        """Send what is due; returns how many messages that were."""
        taken = await self._outbox.take(AT_ONCE, LEASE)
        await asyncio.gather(*(self._send(message) for message in taken))
        return len(taken)

    async def _send(self, message: Taken) -> None:
        sender = self._senders.get(message.kind)
        if sender is None:
            await self._outbox.later(message.id, "nobody here sends this", timedelta(minutes=1))
            return
        try:
            await sender.send(message)
        except Never as error:
            await self._give_up(sender, message, str(error))
        except NotYet as error:
            await self._again(sender, message, str(error), error.after)
        except StoreUnavailable:
            raise
        except Exception as error:
            LOG.exception(FAILED, message=message.id)
            await self._again(sender, message, f"a defect: {type(error).__name__}", None)
        else:
            await self._outbox.sent(message.id)
            MESSAGES.labels(message.kind, "sent").inc()

    async def _again(self, sender: Sender, message: Taken, reason: str, after: timedelta | None) -> None:
        """By the schedule and a little beside it, so that not all come back at once; no sooner than asked."""
        if message.attempts > len(self._schedule):
            await self._give_up(sender, message, reason)
            return
        planned = self._schedule[message.attempts - 1] * (1 + self._chance(0, JITTER))
        await self._outbox.later(message.id, reason, max(planned, after or timedelta(0)))
        MESSAGES.labels(message.kind, "later").inc()

    async def _give_up(self, sender: Sender, message: Taken, reason: str) -> None:
        LOG.warning(DEAD, message=message.id, kind=message.kind, reason=reason)
        await sender.given_up(message, reason)
        await self._outbox.dead(message.id, reason)
        MESSAGES.labels(message.kind, "dead").inc()


async def reconcile_portal(journal: Journal, outbox: Outbox, told: portal.Portal) -> int:
    """Tell the portal again where it has another state than the dossier; returns how many were told."""
    wrong: list[Message] = []
    after = ""
    while heads := await journal.heads(after):
        after = heads[-1].stream
        for head in heads:
            if "/" in head.stream:
                continue
            records = await journal.read(Stream(head.stream))
            state = state_of(records)
            known = await told.told(head.stream)
            if known != portal_state(state):
                message = portal_message(head.stream, state, head.version, records[-1].recorded_at)
                wrong.append(msgspec.structs.replace(message, key=f"{message.key}/again/{known}"))
    if wrong:
        await outbox.add(wrong)
    return len(wrong)
