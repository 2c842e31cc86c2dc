"""The dossiers as callers see them: send an order, get what came of it. The one place where callers meet Temporal."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import QueryRejectCondition, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.dossier.codec import order_digest
from domain.dossier.commands import Order
from domain.dossier.rules import Rules
from domain.dossier.view import DossierView
from domain.errors import Refusal
from domain.ids import AuthorityId, CommandId, Stream
from domain.link import Message
from domain.record import Record
from store.errors import StoreUnavailable
from workflows.dossier import REUSED, DossierWorkflow
from workflows.messages import Glance, Places, Reply, Start
from workflows.options import DOSSIER, EXECUTE, SETTLE

DELIVERY = timedelta(seconds=25)
"""How long a linked stream may take to answer before delivery is tried again."""
DEFINITE = {
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.UNIMPLEMENTED,
}
"""What Temporal says of a call that will never do.

Everything else (restarting, overloaded, too many orders in flight, a run that is just ending) passes: repeat the call.
"""
SILENT = {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION}
"""What Temporal says of a workflow that gives no answer; the last where its tasks fail again and again."""
LOST = "AcceptedUpdateCompletedWorkflow"
"""Temporal's answer to an order whose run was ended from outside before it was carried out."""


NEVER_CONNECTED = "Failed client connect"
"""How the SDK says that a lazy client has not found its server yet: a plain RuntimeError."""


HERE = Places()
NO_NEIGHBOURS: Mapping[str, Client] = {}


class Refused(Refusal):
    """A refusal that came back from a dossier; ``code`` is the domain's stable code."""

    def __init__(self, code: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(message, **details)
        self.code = code  # type: ignore[misc]  # the code is the answer's, not the class's


class DossiersUnavailable(Exception):
    """Temporal, or the store behind it, gives no answer now.

    The order may still take effect, so repeat it with its id.
    """


class NotAnswering(DossiersUnavailable):
    """Temporal is there, but the dossier's workflow does not answer."""


class StoredCommands(Protocol):
    """The part of the journal that remembers which commands took effect."""

    async def read_command(self, stream: Stream, command_id: CommandId) -> list[Record]:
        """The rows of a command; empty where it left none."""
        ...

    async def read_digest(self, stream: Stream, command_id: CommandId) -> bytes | None:
        """The digest of its content; none where it left nothing."""
        ...

    async def view(self, stream: Stream) -> DossierView | None:
        """The stream's read model; none where there is no such stream."""
        ...


class Surroundings(Protocol):
    """Where else dossiers live."""

    async def places(self) -> Places:
        """Who lives where. Raises StoreUnavailable where that cannot be known now."""
        ...

    async def client(self, namespace: str) -> Client | None:
        """A client of a namespace; none where this process does not reach into it."""
        ...


class Fixed:
    """Surroundings that never change."""

    def __init__(self, places: Places = HERE, clients: Mapping[str, Client] = NO_NEIGHBOURS) -> None:
        """``clients`` by namespace; one that has none is not reached from here."""
        self._places = places
        self._clients = clients

    async def places(self) -> Places:
        """Who lives where."""
        return self._places

    async def client(self, namespace: str) -> Client | None:
        """The client of a namespace."""
        return self._clients.get(namespace)


class Dossiers:
    """Orders to dossiers, each carried out once however often it is sent."""

    def __init__(
        self,
        client: Client,
        commands: StoredCommands,
        task_queue: str,
        *,
        exact: bool = False,
        offset: timedelta = timedelta(0),
        around: Surroundings | None = None,
    ) -> None:
        """``exact``: times in orders are trusted; ``offset``: see ``Start`` (both in virtual time only).

        ``around`` is for authorities that have a namespace of their own (none: all live in the client's).
        """
        self._client = client
        self._around = around or Fixed()
        self._commands = commands
        self._task_queue = task_queue
        self._exact = exact
        self._offset = offset

    async def begin(self, stream: Stream, rules: Rules, order: Order, timeout: timedelta) -> Reply:  # noqa: ASYNC109  # the RPC's own
        """Send the first order of a new dossier, starting its workflow.

        Raises Refused, or DossiersUnavailable when no answer came within ``timeout``.
        """
        client = await self._client_of(rules.procedure.authority)
        start = await self._start(stream, rules.slim())
        return await self._answer(self._with_start(client, start, order, timeout), stream, order)

    async def execute(self, stream: Stream, order: Order, timeout: timedelta) -> Reply:  # noqa: ASYNC109  # the RPC's own
        """Send an order to an existing dossier; one without a running workflow is taken up from the store.

        Raises Refused, or DossiersUnavailable when no answer came within ``timeout``.
        """
        return await self._answer(self._update(await self.home(stream), stream, order, timeout), stream, order)

    async def glance(
        self,
        stream: Stream,
        timeout: timedelta | None = None,  # noqa: ASYNC109  # the RPC's own
    ) -> Glance | None:
        """The running workflow's own view (none: none is running).

        Raises NotAnswering where Temporal is there but the workflow is silent for ``timeout``, DossiersUnavailable.
        """
        client = await self.home(stream)
        handle: WorkflowHandle[DossierWorkflow, int] = client.get_workflow_handle_for(DossierWorkflow.run, stream)
        try:
            return await handle.query(
                DossierWorkflow.glance, reject_condition=QueryRejectCondition.NOT_OPEN, rpc_timeout=timeout
            )
        except WorkflowQueryRejectedError:
            return None
        except WorkflowQueryFailedError as error:
            raise NotAnswering from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            silent = error.status in SILENT
            raise (NotAnswering if silent else DossiersUnavailable) from error

    async def deliver(self, message: Message) -> None:
        """Give a linked stream its order; one without a running workflow is taken up from the store."""
        await self.execute(message.to, message.order, DELIVERY)

    async def open(self, start: Start, order: Order, timeout: timedelta) -> Reply:  # noqa: ASYNC109  # the RPC's own
        """Begin a linked part's run with its hand-over, and return once that is stored; repeats change nothing.

        Raises Refused, or DossiersUnavailable when no answer came within ``timeout``.
        """
        return await self._answer(self._with_start(self._client, start, order, timeout), start.stream, order)

    async def settle(self, stream: Stream) -> bool:
        """Wait until the dossier's messages to linked streams are delivered; false where none is running."""
        client = await self.home(stream)
        handle: WorkflowHandle[DossierWorkflow, int] = client.get_workflow_handle_for(DossierWorkflow.run, stream)
        try:
            while not await handle.execute_update(SETTLE, result_type=bool):
                pass
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def revive(self, stream: Stream) -> bool:
        """Start the workflow of a stream from the store; false where one runs already. Raises DossiersUnavailable."""
        client = await self.home(stream)
        try:
            await client.start_workflow(
                DossierWorkflow.run,
                await self._start(stream),
                id=stream,
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            return False
        except RPCError as error:
            raise DossiersUnavailable from error
        return True

    async def renew(self, stream: Stream) -> None:
        """End the stream's workflow, if it runs, and start one from the store. Raises DossiersUnavailable.

        Nothing is lost: an order that was under way is stored or not, and is carried out once when it is sent again.
        """
        client = await self.home(stream)
        try:
            await client.get_workflow_handle(stream).terminate("begun anew from the store")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise DossiersUnavailable from error
        await self.revive(stream)

    async def running(self) -> AsyncIterator[Stream]:
        """Every stream that has a running workflow here, as Temporal lists them. Raises DossiersUnavailable.

        What has just begun or ended may be wrong in it. A server that keeps no list (that of virtual time) names none.
        """
        query = f"WorkflowType = '{DOSSIER}' AND ExecutionStatus = 'Running' AND TaskQueue = '{self._task_queue}'"
        try:
            for client in await self.clients():
                async for execution in client.list_workflows(query):
                    yield Stream(execution.id)
        except RPCError as error:
            if error.status is not RPCStatusCode.UNIMPLEMENTED:
                raise DossiersUnavailable from error

    async def end(self, stream: Stream) -> None:
        """End the workflow of a stream, if it runs, and begin none. Raises DossiersUnavailable."""
        client = await self.home(stream)
        try:
            await client.get_workflow_handle(stream).terminate("knows what the store does not")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise DossiersUnavailable from error

    async def manned(self) -> bool:
        """Whether a worker is there to run dossiers, in every namespace. Raises DossiersUnavailable."""
        return not await self.unmanned()

    async def unmanned(self) -> tuple[str, ...]:
        """The namespaces in which nobody polls. Raises DossiersUnavailable."""
        return tuple([client.namespace for client in await self.clients() if not await self._polled(client)])

    async def _polled(self, client: Client) -> bool:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=self._task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            return bool((await client.workflow_service.describe_task_queue(request)).pollers)
        except RPCError as error:
            raise DossiersUnavailable from error

    async def clients(self) -> tuple[Client, ...]:
        """A client of every namespace that dossiers live in and this process reaches. Raises DossiersUnavailable."""
        others = sorted({*(await self._places()).namespaces.values()} - {self._client.namespace})
        found = [await self._around.client(namespace) for namespace in others]
        return (self._client, *(client for client in found if client is not None))

    async def home(self, stream: Stream) -> Client:
        """The client of the namespace in which a stream lives: that of its authority. Raises DossiersUnavailable."""
        if not (await self._places()).namespaces:
            return self._client
        try:
            view = await self._commands.view(stream)
        except StoreUnavailable as error:
            raise DossiersUnavailable from error
        return await self._client_of(view.authority) if view else self._client

    async def _places(self) -> Places:
        try:
            return await self._around.places()
        except StoreUnavailable as error:
            raise DossiersUnavailable from error

    async def _start(self, stream: Stream, rules: Rules | None = None) -> Start:
        return Start(stream, rules, exact=self._exact, offset=self._offset, places=await self._places())

    async def _client_of(self, authority: AuthorityId) -> Client:
        namespace = (await self._places()).namespace_of(authority)
        if namespace in {"", self._client.namespace}:
            return self._client
        return await self._around.client(namespace) or self._client

    async def _update(
        self,
        client: Client,
        stream: Stream,
        order: Order,
        timeout: timedelta,  # noqa: ASYNC109  # the RPC's own
    ) -> Reply:
        handle: WorkflowHandle[DossierWorkflow, int] = client.get_workflow_handle_for(DossierWorkflow.run, stream)
        try:
            reply: Reply = await handle.execute_update(
                EXECUTE, order, id=_update_id(order), result_type=Reply, rpc_timeout=timeout
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            return reply
        return await self._with_start(client, await self._start(stream), order, timeout)

    async def _with_start(
        self,
        client: Client,
        start: Start,
        order: Order,
        timeout: timedelta,  # noqa: ASYNC109  # the RPC's own
    ) -> Reply:
        operation = WithStartWorkflowOperation(
            DossierWorkflow.run,
            start,
            id=start.stream,
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        reply: Reply = await client.execute_update_with_start_workflow(
            EXECUTE,
            order,
            start_workflow_operation=operation,
            id=_update_id(order),
            result_type=Reply,
            rpc_timeout=timeout,
        )
        return reply

    async def _answer(self, call: Awaitable[Reply], stream: Stream, order: Order) -> Reply:
        try:
            return await call
        except WorkflowUpdateFailedError as failed:
            refused = _refused(failed)
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise DossiersUnavailable from error
        except RPCError as error:
            if error.status in DEFINITE:
                raise
            raise DossiersUnavailable from error
        except RuntimeError as error:
            if not str(error).startswith(NEVER_CONNECTED):
                raise
            raise DossiersUnavailable from error
        try:
            return await self._repeat_or_refuse(refused, stream, order)
        except StoreUnavailable as error:
            raise DossiersUnavailable from error

    async def _repeat_or_refuse(self, refused: Refused, stream: Stream, order: Order) -> Reply:
        """A repeat of a command that took effect long ago may look forbidden now; its first answer stands."""
        digest = await self._commands.read_digest(stream, order.id)
        if digest is None:
            raise refused
        if digest != order_digest(order):
            message = f"the id {order.id} was already used for another command; use a new one"
            raise Refused(REUSED, message, {"command_id": order.id})
        records = await self._commands.read_command(stream, order.id)
        return Reply(stream, records[0].version, records[-1].version)


def _update_id(order: Order) -> str:
    """Temporal answers an update id it knows with the first answer, whatever the content, and for a run's whole life.

    So the content is part of it, and so are the expected version and the request that the order came by: whoever has
    looked again, or asks again after a refusal, must be heard again. One effect per command is the store's affair.
    """
    parts = (order.id, order_digest(order).hex(), order.expected_version, order.causation_id)
    return ":".join(str(part) for part in parts if part not in {None, ""})


def _refused(failed: WorkflowUpdateFailedError) -> Refused:
    cause = failed.cause
    if not isinstance(cause, ApplicationError):
        raise failed
    if cause.type == LOST:
        raise DossiersUnavailable from failed
    if cause.type is None or not cause.non_retryable:
        raise failed  # not an answer but a defect
    details = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
    return Refused(cause.type, cause.message, details)
