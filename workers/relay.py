"""The process that carries messages in and out: callbacks of carriers to dossiers, and what leaves us."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import msgspec

from activities import portal, webhooks
from activities.carriers.loading import Known, load_carriers
from activities.notifications import MAIL, SMS, Lookup, Mail, Notice, Notices, Person, TextMessages
from activities.outside import NotYet, Sender
from activities.portal import Portal
from activities.postal import CANCEL, ORDER, CarrierOrders
from activities.webhooks import Webhooks
from domain.dossier.commands import Order
from domain.ids import Stream
from runtime import logging, process, temporal
from runtime.settings import Settings
from runtime.stopping import ending
from store.database import Database
from store.errors import Shredded, StoreUnavailable
from store.inbox import Inbox
from store.keys import Vault, wrapping_keys_of
from store.outbox import Outbox
from store.postgres import PostgresJournal
from store.strongbox import strongbox_of
from store.subscriptions import Subscriptions
from workers.inbound import STORE_AWAY, Inbound
from workers.neighbours import dossiers_of
from workers.outbound import APPLICANT, Announcer, Courier, reconcile_portal
from workers.watchman import Watchman
from workflows.client import Dossiers, DossiersUnavailable

LOG = logging.logger(__name__)
RECONCILED: Final = "portal.reconciled"
PORTAL_AWAY: Final = "portal.away"
HANDS: Final = 2
"""How many batches of callbacks are worked on at once, so that one slow dossier does not hold up all others."""
ORDER_TIMEOUT: Final = timedelta(seconds=10)
RECONCILE_SECONDS: Final = 3600.0


async def main(settings: Settings) -> None:
    """Carry until cancelled. PostgreSQL and Temporal may be away, at the start and later. Any number may run.

    Raises SettingError for a carrier's file that is wrong.
    """
    carriers = load_carriers(settings.carriers_dir, settings.carrier_keys_file)
    async with (
        Database(settings.require_database(), size=settings.database_pool, name="motcua-relay") as database,
        httpx.AsyncClient() as client,
    ):
        journal, outbox = PostgresJournal(database), Outbox(database)
        subscriptions = Subscriptions(database, strongbox_of(settings))
        dossiers = dossiers_of(settings, database, await temporal.connect(settings, lazy=True))
        inbound = Inbound(Inbox(database), dossiers, carriers)
        people = _lookup(settings, database, journal) if settings.smtp_address or settings.sms_url else None
        found = senders(settings, client, subscriptions, dossiers, carriers)
        found |= notices(settings, client, people) if people else {}
        kinds = [kind for kind in (MAIL, SMS) if kind in found]
        tells_portal = bool(settings.portal_url)
        announcer = Announcer(database, journal, outbox, subscriptions, tells_portal=tells_portal, notices=kinds)
        courier = Courier(outbox, found)
        process.announce_ready(settings)
        async with asyncio.TaskGroup() as group:
            for _ in range(HANDS):
                group.create_task(inbound.run())
            group.create_task(inbound.run_unparking())
            group.create_task(announcer.run())
            group.create_task(courier.run())
            group.create_task(Watchman(database, journal, dossiers, settings).run())
            if settings.portal_url:
                group.create_task(_reconcile(journal, outbox, Portal(client, settings.portal_url)))


def senders(
    settings: Settings,
    client: httpx.AsyncClient,
    subscriptions: Subscriptions,
    dossiers: Dossiers,
    carriers: Mapping[str, Known],
) -> dict[str, Sender]:
    """Whoever sends messages of each kind; webhooks and orders always, states where there is a portal."""

    async def execute(stream: Stream, order: Order) -> None:
        try:
            await dossiers.execute(stream, order, ORDER_TIMEOUT)
        except (DossiersUnavailable, TimeoutError) as error:
            raise NotYet("the dossier does not answer") from error

    orders = CarrierOrders(client, carriers, execute)
    allow = tuple(text.strip() for text in settings.webhook_allow.split(",") if text.strip())
    found: dict[str, Sender] = {
        ORDER: orders,
        CANCEL: orders,
        webhooks.KIND: Webhooks(client, subscriptions.signing, subscriptions.disable, allow),
    }
    if settings.portal_url:
        found[portal.KIND] = Portal(client, settings.portal_url)
    return found


def notices(
    settings: Settings,
    client: httpx.AsyncClient,
    find: Lookup,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, Sender]:
    """Whoever tells people: by e-mail, by text message, whichever is set."""
    found: dict[str, Sender] = {}
    language = settings.notice_language
    if settings.smtp_address:
        host, _, port = settings.smtp_address.rpartition(":")
        found[MAIL] = Notices(find, Mail(host, int(port), settings.mail_from).deliver, language=language, now=now)
    if settings.sms_url:
        found[SMS] = Notices(find, TextMessages(client, settings.sms_url).deliver, language=language, now=now)
    return found


def _lookup(settings: Settings, database: Database, journal: PostgresJournal) -> Lookup:
    return person_finder(Vault(database, wrapping_keys_of(settings)), journal, settings)


def person_finder(vault: Vault, journal: PostgresJournal, settings: Settings) -> Lookup:
    """Finds whom a notice is for: an officer by his id, an applicant by opening what is sealed."""

    async def find(notice: Notice) -> Person | None:
        if notice.to != APPLICANT:
            domain = settings.officer_mail_domain
            return Person(email=f"{notice.to}@{domain}") if domain else None
        view = await journal.view(Stream(notice.stream))
        if view is None or not view.applicant:
            return None
        try:
            return msgspec.json.decode(await vault.open(notice.stream, view.applicant), type=Person)
        except Shredded:
            return None

    return find


async def _reconcile(journal: PostgresJournal, outbox: Outbox, told: Portal) -> None:
    """Every hour, tell the portal again what it has otherwise."""
    while not ending():
        await asyncio.sleep(RECONCILE_SECONDS)
        try:
            LOG.info(RECONCILED, told_again=await reconcile_portal(journal, outbox, told))
        except StoreUnavailable as error:
            LOG.warning(STORE_AWAY, problem=str(error))
        except NotYet as error:
            LOG.warning(PORTAL_AWAY, problem=str(error))
