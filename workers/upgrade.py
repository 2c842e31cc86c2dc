"""A new version of the program takes over under running dossiers: tried out beforehand, then made current.

A run of a dossier stays on the version of the program that began it. So a new version meets only runs that it began
itself: new dossiers, and the next run of each old one, to which every old run makes way as soon as it is asked
something. Old and new workers must both run until no run is left on the old version.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

import msgspec
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from domain.ids import Stream
from store.open_streams import PAGE, OpenStreams
from workflows.client import Dossiers, DossiersUnavailable
from workflows.dossier import DossierWorkflow

AT_ONCE: Final = 8
"""Dossiers looked at together."""

Progress = Callable[[int], None]
"""Told how many more dossiers are done."""


class Differs(msgspec.Struct, frozen=True):
    """A running dossier whose history this program does not repeat."""

    stream: Stream
    message: str


class VersionUnknown(Exception):
    """No worker of this version polls, or the server has never seen one."""


def version_of(deployment: str, build: str) -> WorkerDeploymentVersion:
    """One version of the workers."""
    return WorkerDeploymentVersion(deployment_name=deployment, build_id=build)


class Upgrade:
    """Looks and moves on. Methods raise StoreUnavailable or DossiersUnavailable where either cannot be asked."""

    def __init__(self, streams: OpenStreams, dossiers: Dossiers) -> None:
        """For the open dossiers of this store, in whichever namespace they live."""
        self._streams = streams
        self._dossiers = dossiers

    async def differences(
        self, progress: Progress, workflows: Sequence[type[Any]] = (DossierWorkflow,), limit: int = 0
    ) -> AsyncIterator[Differs]:
        """Replay the history of every running dossier (at most ``limit``, 0: all) with this program's workflow."""
        converter = (await self._dossiers.clients())[0].data_converter
        replayer = Replayer(workflows=workflows, data_converter=converter, workflow_runner=UnsandboxedWorkflowRunner())
        done = 0
        async for chunk in self._chunks():
            for stream in chunk[: limit - done] if limit else chunk:
                difference = await self._replayed(replayer, stream)
                done += 1
                progress(1)
                if difference is not None:
                    yield difference
            if limit and done >= limit:
                return

    async def make_current(self, version: WorkerDeploymentVersion) -> None:
        """Let new runs begin on this version, in every namespace. Raises VersionUnknown where no worker of it polls."""
        for client in await self._dossiers.clients():
            await self._make_current(client, version)

    async def _make_current(self, client: Client, version: WorkerDeploymentVersion) -> None:
        request = SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace,
            deployment_name=version.deployment_name,
            build_id=version.build_id,
            identity=client.identity,
            ignore_missing_task_queues=True,
        )
        try:
            await client.workflow_service.set_worker_deployment_current_version(request)
        except RPCError as error:
            if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION}:
                raise VersionUnknown(error.message) from error
            raise DossiersUnavailable from error

    async def move(self, build: str, progress: Progress) -> int:
        """Ask every open dossier, so that it makes way; how many run on another version than ``build`` after that.

        Those are at work just then, or wait for a linked authority: ask again.
        """
        left = 0
        async for chunk in self._chunks():
            left += sum(await asyncio.gather(*(self._moved(stream, build) for stream in chunk)))
            progress(len(chunk))
        return left

    async def _moved(self, stream: Stream, build: str) -> bool:
        """Ask one dossier where it is not on the version yet; whether it is still not there."""
        if await self._build_of(stream) in {build, None}:
            return False
        await self._dossiers.settle(stream)
        return await self._build_of(stream) not in {build, None}

    async def _build_of(self, stream: Stream) -> str | None:
        """The version that the stream's run is on (empty: none yet); none where none runs."""
        client = await self._dossiers.home(stream)
        try:
            found = await client.get_workflow_handle(stream).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise DossiersUnavailable from error
        if found.close_time is not None:
            return None
        return str(found.raw_description.workflow_execution_info.versioning_info.deployment_version.build_id)

    async def _replayed(self, replayer: Replayer, stream: Stream) -> Differs | None:
        client = await self._dossiers.home(stream)
        try:
            history = await client.get_workflow_handle(stream).fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise DossiersUnavailable from error
        failure = (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure
        return None if failure is None else Differs(stream, " ".join(str(failure).split()))

    async def _chunks(self) -> AsyncIterator[list[Stream]]:
        after = ""
        while page := [row.stream for row in await self._streams.page(after)]:
            for start in range(0, len(page), AT_ONCE):
                yield page[start : start + AT_ONCE]
            after = page[-1]
            if len(page) < PAGE:
                return
