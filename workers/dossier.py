"""The process that runs dossiers: a Temporal worker with their workflow and the activities of the store."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from activities.journal import JournalActivities, RulesSource
from activities.links import LinkActivities
from activities.messages import AppendReply, LoadReply, LoadRequest
from domain.dossier.commands import Order
from domain.link import Message
from domain.record import Append
from runtime import logging, process, temporal
from runtime.settings import Settings
from store.database import Database
from store.errors import StoreUnavailable
from store.journal import Journal
from store.postgres import PostgresJournal
from store.rules_source import PinnedRules
from workers.batch import build_batch_worker
from workers.endpoints import Doors, ensure_endpoint
from workers.log_context import LogContext
from workers.neighbours import Neighbours, dossiers_of
from workflows.client import Dossiers, Fixed, Surroundings
from workflows.dossier import DossierWorkflow
from workflows.messages import Glance, Places, Reply, Start
from workflows.nexus import Delivery, endpoint_of
from workflows.nexus_handler import DossiersHandler

LOG = logging.logger(__name__)
WAITING_FOR_TEMPORAL: Final = "worker.waiting_for_temporal"
WAITING_FOR_STORE: Final = "worker.waiting_for_store"
DOOR_CLOSED: Final = "worker.endpoint_not_opened"
RETRY_SECONDS: Final = 1.0

MESSAGES: Final = (Start, Order, Reply, Glance, Append, AppendReply, LoadRequest, LoadReply, Message, Delivery)
"""Everything that a dossier's workflow and activities are given or answer."""

OPTIONS: Final[dict[str, Any]] = {
    # Bounds memory (bench/memory.py tells how much each costs); an evicted dossier is replayed at its next order.
    "max_cached_workflows": 2000,
    # Several times the pool of connections: while PostgreSQL is away, waiting appends must not hold all the slots.
    "max_concurrent_activities": 100,
    "max_concurrent_workflow_tasks": 100,
    "max_concurrent_workflow_task_polls": 5,
    "max_concurrent_activity_task_polls": 5,
    # An append that was begun is given time to end, so that its answer is not lost; longer than a statement takes.
    "graceful_shutdown_timeout": timedelta(seconds=5),
    # The append starts in the same round trip as the workflow task that asks for it, on the worker that runs it.
    "disable_eager_activity_execution": False,
    # When a worker is lost, what was on its own queue goes to others after this; the default is ten seconds.
    "sticky_queue_schedule_to_start_timeout": timedelta(seconds=5),
    "debug_mode": False,
    "interceptors": [LogContext()],
    # The sandbox would cost two fifths of a worker's time. Purity is linted, and the tests live lives in the sandbox.
    "workflow_runner": UnsandboxedWorkflowRunner(),
}
"""Options of every worker; ``build_worker`` takes others on top."""


def build_worker(
    client: Client,
    journal: Journal,
    rules_source: RulesSource,
    task_queue: str,
    *,
    exact: bool = False,
    offset: timedelta = timedelta(0),
    around: Surroundings | None = None,
    **options: Any,  # noqa: ANN401  # those of temporalio.worker.Worker
) -> Worker:
    """A worker for dossiers over this journal; run it with ``async with`` or ``await worker.run()``.

    ``exact`` and ``offset`` are for virtual time only, as in ``Dossiers``; ``around`` too is as there, but linked
    streams in other namespaces are reached by Nexus only, and this worker answers theirs. ``options`` are those of
    ``temporalio.worker.Worker``, in preference to ``OPTIONS``.
    """
    temporal.prepare(*MESSAGES)
    activities = JournalActivities(journal, rules_source)
    here = Dossiers(client, journal, task_queue, exact=exact, offset=offset, around=_OnlyHere(around or Fixed()))
    links = LinkActivities(here, Doors(client))
    return Worker(
        client,
        task_queue=task_queue,
        activities=[activities.append, activities.load, links.deliver, links.find_door],
        nexus_service_handlers=[DossiersHandler(here)],
        **{"workflows": [DossierWorkflow], **OPTIONS, **options},
    )


def versioned(deployment: str, build: str) -> dict[str, Any]:
    """Options of a worker that is one version of a deployment; none where ``build`` is empty.

    A run stays on the version that began it, so changed code never meets an old history; the next run of a dossier
    begins on the version that is current then (``workers.upgrade``).
    """
    if not build:
        return {}
    version = WorkerDeploymentVersion(deployment_name=deployment, build_id=build)
    config = WorkerDeploymentConfig(
        version=version, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.PINNED
    )
    return {"deployment_config": config}


class _OnlyHere:
    """Surroundings as a worker sees them: what lives elsewhere is reached by Nexus, from the workflow itself."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def places(self) -> Places:
        return await self._around.places()

    async def client(self, _: str) -> None:
        return None


async def main(settings: Settings) -> None:
    """Run dossiers until cancelled. PostgreSQL and Temporal may be away, at the start and later; both are awaited.

    Those of every namespace that the catalogue names, or of the ones that the settings name; batch work only where the
    settings' own namespace is among them.
    """
    async with (
        Database(settings.require_database(), size=settings.database_pool, name="motcua-worker") as database,
        contextlib.AsyncExitStack() as running,
    ):
        client = await _connected(settings, settings.temporal_namespace)
        around = Neighbours(settings, database, client)
        journal, rules = PostgresJournal(database), PinnedRules(database)
        version = versioned(settings.worker_deployment, settings.worker_build)

        def worker_in(own: Client) -> Worker:
            return build_worker(own, journal, rules, settings.task_queue, around=around, **version)

        async with asyncio.TaskGroup() as group:
            if client.namespace in _named(settings, client.namespace):
                dossiers = dossiers_of(settings, database, client)
                await running.enter_async_context(build_batch_worker(client, database, dossiers, settings.task_queue))
                group.create_task(worker_in(client).run())
            process.announce_ready(settings)
            # Who else is to be served stands in the store, which may be away; nobody at home waits for that.
            for namespace in await _served(settings, around):
                own = client if namespace == client.namespace else await _connected(settings, namespace)
                await _open_door(own, settings, around)
                if own is not client:
                    group.create_task(worker_in(own).run())


def _named(settings: Settings, home: str) -> tuple[str, ...]:
    """The namespaces that the settings name to be served; the process's own where they name none."""
    return tuple(name for name in settings.worker_namespaces.split(",") if name) or (home,)


async def _connected(settings: Settings, namespace: str) -> Client:
    """A client that is connected, however long that takes; a setting that is wrong ends the process at once."""
    while True:
        try:
            return await temporal.connect(settings, namespace=namespace)
        except temporal.TemporalUnavailable as error:
            LOG.warning(WAITING_FOR_TEMPORAL, problem=str(error))
            await asyncio.sleep(RETRY_SECONDS)


async def _served(settings: Settings, around: Neighbours) -> tuple[str, ...]:
    """The namespaces whose dossiers this process runs, its own first."""
    if settings.worker_namespaces:
        return _named(settings, settings.temporal_namespace)
    while True:
        try:
            others = {*(await around.places()).namespaces.values()} - {settings.temporal_namespace}
        except StoreUnavailable as error:
            LOG.warning(WAITING_FOR_STORE, problem=str(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return (settings.temporal_namespace, *sorted(others))


async def _open_door(client: Client, settings: Settings, around: Neighbours) -> None:
    """Let neighbouring namespaces in, where there are any. Who may not open doors leaves that to the operator."""
    if not settings.worker_namespaces and not (await around.places()).namespaces:
        return
    try:
        await ensure_endpoint(client, endpoint_of(client.namespace), settings.task_queue)
    except RPCError as error:
        LOG.warning(DOOR_CLOSED, namespace=client.namespace, endpoint=endpoint_of(client.namespace), problem=str(error))
