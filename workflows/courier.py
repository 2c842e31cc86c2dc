"""Brings what a dossier has to tell linked streams there, to each in order; part of its workflow.

What has not arrived in the time that the law gives for it is noted in the dossier's stream, and noted again when it
has arrived; delivering goes on meanwhile, for however long it takes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from temporalio import workflow
from temporalio.exceptions import ActivityError, NexusOperationError, RetryState, WorkflowAlreadyStartedError
from temporalio.exceptions import TimeoutError as OutOfTime

from workflows.options import (
    DELIVERY_RETRY,
    DELIVERY_RETRY_SOON,
    DELIVERY_TIMEOUT,
    DOOR_RETRY,
    DOSSIER,
    NEXUS_AGAIN,
    NEXUS_PATIENCE,
    SHORTEST_PATIENCE,
)

with workflow.unsafe.imports_passed_through():
    from msgspec.structs import replace

    from activities.messages import DELIVER, FIND_DOOR
    from domain.dossier.clocks import synchronised_by
    from domain.dossier.commands import NoteLinkDelivered, NoteLinkUndelivered, Order, name_of
    from domain.dossier.rules import Rules
    from domain.dossier.state import Dossier
    from domain.ids import CommandId, Stream
    from domain.link import ENGINE, Message, told_of
    from workflows.messages import Start
    from workflows.nexus import Delivery, DossiersService, endpoint_of


class Outlook(NamedTuple):
    """The dossier as it is just now, by the dossier's clock."""

    rules: Rules
    state: Dossier
    now: datetime


class Courier:
    """Delivers ``outgoing``, which the workflow adds to, as long as its run lives."""

    def __init__(
        self, start: Start, outlook: Callable[[], Outlook], record: Callable[[Order], Awaitable[None]]
    ) -> None:
        """Begin with what an earlier run left; ``record`` gives the dossier an order of the engine's."""
        self.outgoing: list[Message] = list(start.outgoing)
        self._start = start
        self._outlook = outlook
        self._record = record

    async def run(self) -> None:
        """Deliver messages until cancelled: to each stream in order, to several streams at once.

        An authority that is away holds up its own messages only. What is cut short is delivered again by the next run.
        """
        couriers: dict[Stream, asyncio.Task[None]] = {}

        def to_do() -> bool:
            idle = any(message.to not in couriers for message in self.outgoing)
            return idle or any(task.done() for task in couriers.values())

        try:
            while True:
                await workflow.wait_condition(to_do)
                for to in [to for to, task in couriers.items() if task.done()]:
                    couriers.pop(to).result()
                for message in self.outgoing:
                    if message.to not in couriers:
                        couriers[message.to] = asyncio.create_task(self._deliver_to(message.to))
        finally:
            for task in couriers.values():
                task.cancel()

    async def _deliver_to(self, to: Stream) -> None:
        while (message := next((known for known in self.outgoing if known.to == to), None)) is not None:
            await self._deliver(message)
            self.outgoing.remove(message)

    async def _deliver(self, message: Message) -> None:
        told = told_of(message)
        if told is None:
            await self._bring(message)
            return
        side = self._outlook().state.side_of(*told)
        if side is None or side.undelivered is None:
            due = self._due(message)
            if await self._brought(message, due):
                return
            await self._note(message, NoteLinkUndelivered(*told, due))
        await self._bring(message)
        await self._note(message, NoteLinkDelivered(*told))

    # -- in time, or not -------------------------------------------------------------------------------------------

    def _due(self, message: Message) -> datetime:
        """Until when the message should be there; what is taken up later than that gets the whole time anew."""
        rules, _, now = self._outlook()
        due = synchronised_by(rules, message.order.recorded_at)
        return due if due > now else synchronised_by(rules, now)

    async def _brought(self, message: Message, due: datetime) -> bool:
        """Deliver by then; false, and not before then, where that could not be done."""
        try:
            await self._bring(message, due)
        except (ActivityError, NexusOperationError) as error:
            if isinstance(error, ActivityError) and not _out_of_time(error):
                raise
            # The server gives up when its next attempt would come too late.
            await workflow.sleep(max(due - self._outlook().now, timedelta(0)))
            return False
        return True

    async def _note(self, message: Message, command: NoteLinkUndelivered | NoteLinkDelivered) -> None:
        _, state, now = self._outlook()
        order = Order(
            id=CommandId(f"{message.order.id}/{name_of(command)}/{now.isoformat()}"),
            command=command,
            recorded_at=now,
            actor=ENGINE,
            authority=state.authority,
            correlation_id=message.order.correlation_id,
        )
        await self._record(order)

    def _left(self, due: datetime | None) -> timedelta | None:
        """The time until then (none: for ever), enough to try once."""
        return max(due - self._outlook().now, SHORTEST_PATIENCE) if due else None

    # -- the ways there --------------------------------------------------------------------------------------------

    async def _bring(self, message: Message, due: datetime | None = None) -> None:
        """Deliver, until ``due`` where that is given. Raises ActivityError or NexusOperationError after that."""
        namespace = self._start.places.namespace_of(message.authority)
        if namespace and namespace != workflow.info().namespace:
            await self._deliver_abroad(message, namespace, due)
        elif message.opens is None:
            await self._deliver_here(message, due)
        else:
            await self._open_here(message)

    async def _deliver_abroad(self, message: Message, namespace: str, due: datetime | None) -> None:
        """Call the other namespace, when there is a door to it: naming one that is missing would stop this run's tasks.

        Nothing that goes wrong there may end this run: what the server gives up for good is tried again later.
        """
        endpoint = endpoint_of(namespace)
        client = workflow.create_nexus_client(service=DossiersService, endpoint=endpoint)
        start = replace(self._start_of_part(message), first=None) if message.opens else None
        while True:
            await workflow.execute_activity(
                FIND_DOOR,
                endpoint,
                start_to_close_timeout=DELIVERY_TIMEOUT,
                schedule_to_close_timeout=self._left(due),
                retry_policy=DELIVERY_RETRY_SOON if due else DOOR_RETRY,
            )
            try:
                await client.execute_operation(
                    DossiersService.deliver,
                    Delivery(message, start),
                    schedule_to_close_timeout=self._left(due) or NEXUS_PATIENCE,
                )
            except NexusOperationError as error:
                workflow.logger.error("%s cannot be reached: %s", message.to, error.cause or error)
                if due is not None:
                    raise
                await workflow.sleep(NEXUS_AGAIN)
            else:
                return

    async def _deliver_here(self, message: Message, due: datetime | None) -> None:
        await workflow.execute_activity(
            DELIVER,
            message,
            result_type=str,
            start_to_close_timeout=DELIVERY_TIMEOUT,
            schedule_to_close_timeout=self._left(due),
            retry_policy=DELIVERY_RETRY_SOON if due else DELIVERY_RETRY,
        )

    async def _open_here(self, message: Message) -> None:
        part = self._start_of_part(message)
        try:
            child = await workflow.start_child_workflow(
                DOSSIER, part, id=message.to, result_type=int, parent_close_policy=workflow.ParentClosePolicy.ABANDON
            )
            child.add_done_callback(_leave)
        except WorkflowAlreadyStartedError:
            return  # an earlier delivery opened it

    def _start_of_part(self, message: Message) -> Start:
        return Start(
            message.to,
            rules=self._outlook().rules.for_link(message.opens or "", message.authority),
            first=message.order,
            exact=self._start.exact,
            offset=self._start.offset,
            events_per_run=self._start.events_per_run,
            places=self._start.places,
        )


def _out_of_time(error: ActivityError) -> bool:
    """Whether the time for it was over, between two attempts or during one."""
    return error.retry_state == RetryState.TIMEOUT or isinstance(error.cause, OutOfTime)


def _leave(child: "asyncio.Future[int]") -> None:
    """How a part's run ends is no concern of its parent: what the part has to say comes as an order."""
    if not child.cancelled():
        child.exception()
