"""Calendar revisions as callers see them: begin one, or join the one that runs, and see how far it is."""

from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.revision_messages import Publication
from workflows.calendar_revision import CalendarRevisionWorkflow
from workflows.options import REVISE_AGAIN, REVISION_PROGRESS
from workflows.revision_messages import Progress, RevisionStart

BATCH = "batch"


class RevisionsUnavailable(Exception):
    """Temporal gives no answer now; the revision, if it was begun, goes on or will."""


def batch_queue(task_queue: str) -> str:
    """The task queue of batch work, apart from that of the officers' orders."""
    return f"{task_queue}-{BATCH}"


def revision_id(publication: Publication) -> str:
    """The workflow's id: one revision at a time for each version of a calendar."""
    return f"calendar-revision/{publication.calendar}/{publication.version}"


class Revisions:
    """Revisions through a Temporal client. Every method raises RevisionsUnavailable where Temporal cannot be asked."""

    def __init__(self, client: Client, task_queue: str) -> None:
        """``task_queue`` is that of the dossiers."""
        self._client = client
        self._queue = batch_queue(task_queue)

    async def begin(self, publication: Publication, rate: float) -> None:
        """Begin to revise at ``rate`` dossiers a second; one of this version that runs tries again what failed."""
        try:
            await self._client.start_workflow(
                CalendarRevisionWorkflow.run,
                RevisionStart(publication, rate),
                id=revision_id(publication),
                task_queue=self._queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_signal=REVISE_AGAIN,
            )
        except RPCError as error:
            raise RevisionsUnavailable(str(error)) from error

    async def progress(self, publication: Publication) -> Progress:
        """How far the latest revision of this version is. Raises LookupError where there has been none."""
        handle: WorkflowHandle[Any, Progress] = self._client.get_workflow_handle(
            revision_id(publication), result_type=Progress
        )
        try:
            found: Progress = await handle.query(REVISION_PROGRESS, result_type=Progress)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise LookupError(revision_id(publication)) from error
            raise RevisionsUnavailable(str(error)) from error
        return found
