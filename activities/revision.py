"""A calendar's revision as activities: what is concerned, and the order to each dossier."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog
from temporalio import activity

from activities.revision_messages import (
    COUNT,
    PAGE,
    REVISE,
    Failure,
    Page,
    PageRequest,
    Publication,
    Revised,
    ReviseRequest,
)
from domain.calendar_data import CalendarSpec
from domain.calendar_revision import Concerned
from domain.dossier.commands import Order, ReviseCalendar
from domain.errors import Refusal
from domain.ids import CommandId, Stream
from store.database import Database
from store.references import Kind, References
from store.revision import RevisedDossiers

LOG = structlog.get_logger(__name__)
NO_ANSWER: Final = "dossier_unavailable"
ATTEMPTS: Final = 3
"""Times that one dossier is asked within a pass; what fails is asked again in the next one."""
ANSWER_TIMEOUT: Final = timedelta(seconds=20)
CONCURRENT: Final = 16
"""Orders under way at once: enough for any sensible rate, few enough to leave the workers to the officers."""


HEARTBEAT_SECONDS: Final = 2.0


class Answer(Protocol):
    """A dossier's answer: ``first`` is the version of the first event that the order left, 0 where it left none."""

    @property
    def first(self) -> int:
        """See Answer."""
        ...


class Orders(Protocol):
    """Whoever can send a dossier an order."""

    async def execute(self, stream: Stream, order: Order, timeout: timedelta) -> Answer:  # noqa: ASYNC109  # the RPC's own
        """Send it; raises Refusal where it is refused, anything else where no answer came."""
        ...


class RevisionActivities:
    """Activities over the read models and the dossiers."""

    def __init__(self, database: Database, orders: Orders) -> None:
        """Read through ``database``, send by ``orders``."""
        self._database = database
        self._references = References(database)
        self._orders = orders

    @activity.defn(name=COUNT)
    async def count(self, publication: Publication) -> int:
        """How many streams are concerned now."""
        return await self._dossiers(publication).count()

    @activity.defn(name=PAGE)
    async def page(self, request: PageRequest) -> Page:
        """The next concerned streams."""
        return Page(tuple(await self._dossiers(request.publication).streams(request.after, request.limit)))

    @activity.defn(name=REVISE)
    async def revise(self, request: ReviseRequest) -> Revised:
        """Send each stream its order, once however often this is attempted: the order's id depends on nothing else."""
        publication = request.publication
        spec = await self._references.get(Kind.CALENDAR, publication.calendar, publication.version, CalendarSpec)
        gate = asyncio.Semaphore(CONCURRENT)
        start = asyncio.get_running_loop().time()

        async def one(number: int, concerned: Concerned) -> Failure | bool:
            await asyncio.sleep(start + number / request.rate - asyncio.get_running_loop().time())
            async with gate:
                return await self._revised(publication, spec, concerned)

        async with _beating():
            done = await asyncio.gather(*(one(number, concerned) for number, concerned in enumerate(request.streams)))
        failures = tuple(outcome for outcome in done if isinstance(outcome, Failure))
        return Revised(done.count(True), done.count(False), failures)

    async def _revised(self, publication: Publication, spec: CalendarSpec, concerned: Concerned) -> Failure | bool:
        """Whether the dossier was changed by its order, or why it did not take it."""
        order = order_for(publication, spec, concerned, datetime.now(UTC))
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return (await self._orders.execute(concerned.stream, order, ANSWER_TIMEOUT)).first > 0
            except Refusal as refusal:
                return Failure(concerned.stream, refusal.code, refusal.message)
            except Exception as error:  # noqa: BLE001  # whatever it is, the other dossiers go on
                LOG.warning(NO_ANSWER, stream=concerned.stream, attempt=attempt, error=repr(error))
        return Failure(concerned.stream, NO_ANSWER, f"the dossier gave no answer, {ATTEMPTS} times asked")

    def _dossiers(self, publication: Publication) -> RevisedDossiers:
        return RevisedDossiers(self._database, publication.calendar, publication.version)


def order_for(publication: Publication, spec: CalendarSpec, concerned: Concerned, now: datetime) -> Order:
    """The order to one dossier. Its id names the version published and how far the stream was.

    A repeat is known by it, and publishing an earlier version anew is another order.
    """
    return Order(
        id=CommandId(f"calendar/{publication.calendar}/{publication.version}/{concerned.version}"),
        command=ReviseCalendar(spec, publication.reason),
        recorded_at=now,
        actor=publication.actor,
        correlation_id=concerned.stream.partition("/")[0],
    )


@asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    """Tell Temporal every few seconds that this worker lives; one dossier may keep all others waiting for longer."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
