"""The worker of batch work: slots of its own, so that a walk over all dossiers never takes those of the officers."""

from datetime import timedelta
from typing import Any, Final

from temporalio.client import Client
from temporalio.worker import Worker

from activities.revision import RevisionActivities
from activities.revision_messages import Page, PageRequest, Publication, Revised, ReviseRequest
from runtime import temporal
from store.database import Database
from workflows.calendar_revision import CalendarRevisionWorkflow
from workflows.client import Dossiers
from workflows.revision_messages import Progress, RevisionStart
from workflows.revisions import batch_queue

OPTIONS: Final[dict[str, Any]] = {
    "max_cached_workflows": 20,
    "max_concurrent_activities": 10,
    "max_concurrent_workflow_tasks": 10,
    "graceful_shutdown_timeout": timedelta(seconds=5),
    "debug_mode": False,
}


def build_batch_worker(
    client: Client,
    database: Database,
    dossiers: Dossiers,
    task_queue: str,
    **options: Any,  # noqa: ANN401  # those of temporalio.worker.Worker
) -> Worker:
    """A worker for batch work on the dossiers of ``task_queue``; ``options`` are preferred to ``OPTIONS``."""
    temporal.prepare(Publication, PageRequest, Page, ReviseRequest, Revised, RevisionStart, Progress)
    revision = RevisionActivities(database, dossiers)
    return Worker(
        client,
        task_queue=batch_queue(task_queue),
        workflows=[CalendarRevisionWorkflow],
        activities=[revision.count, revision.page, revision.revise],
        workflow_runner=temporal.workflow_runner(),
        **{**OPTIONS, **options},
    )
