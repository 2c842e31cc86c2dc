"""The process that runs dossiers: a Temporal worker with their workflow and the activities of the store."""

import asyncio
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
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
from store.journal import Journal
from store.postgres import PostgresJournal
from store.rules_source import PinnedRules
from workers.batch import build_batch_worker
from workers.log_context import LogContext
from workflows.client import HERE, Dossiers
from workflows.dossier import DossierWorkflow
from workflows.messages import Glance, Places, Reply, Start
from workflows.nexus import Delivery
from workflows.nexus_handler import DossiersHandler

LOG = logging.logger(__name__)
WAITING_FOR_TEMPORAL: Final = "worker.waiting_for_temporal"
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
    places: Places = HERE,
    **options: Any,  # noqa: ANN401  # those of temporalio.worker.Worker
) -> Worker:
    """A worker for dossiers over this journal; run it with ``async with`` or ``await worker.run()``.

    ``exact`` and ``offset`` are for virtual time only, as in ``Dossiers``; ``places`` too is as there:
    linked streams in other namespaces are reached by Nexus, and this worker answers theirs. ``options`` are those of
    ``temporalio.worker.Worker``, in preference to ``OPTIONS``.
    """
    temporal.prepare(*MESSAGES)
    activities = JournalActivities(journal, rules_source)
    # Without neighbours: what lives in another namespace is reached by Nexus, from the workflow itself.
    here = Dossiers(client, journal, task_queue, exact=exact, offset=offset, places=places)
    links = LinkActivities(here)
    return Worker(
        client,
        task_queue=task_queue,
        activities=[activities.append, activities.load, links.deliver],
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


async def main(settings: Settings) -> None:
    """Run dossiers until cancelled. PostgreSQL and Temporal may be away, at the start and later; both are awaited."""
    async with Database(settings.require_database(), size=settings.database_pool, name="motcua-worker") as database:
        client = await _connected(settings)
        journal = PostgresJournal(database)
        version = versioned(settings.worker_deployment, settings.worker_build)
        worker = build_worker(client, journal, PinnedRules(database), settings.task_queue, **version)
        dossiers = Dossiers(client, journal, settings.task_queue)
        async with build_batch_worker(client, database, dossiers, settings.task_queue):
            process.announce_ready(settings)
            await worker.run()


async def _connected(settings: Settings) -> Client:
    """A client that is connected, however long that takes; a setting that is wrong ends the process at once."""
    while True:
        try:
            return await temporal.connect(settings)
        except temporal.TemporalUnavailable as error:
            LOG.warning(WAITING_FOR_TEMPORAL, problem=str(error))
            await asyncio.sleep(RETRY_SECONDS)
