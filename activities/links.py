"""Delivery to linked streams as an activity: an order to another dossier workflow, by its id."""

from typing import Protocol

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.messages import DELIVER, FIND_DOOR
from domain.errors import Refusal
from domain.link import Message

REFUSED = "link_message_refused"

log = structlog.get_logger(__name__)


class Delivery(Protocol):
    """Whoever can reach the other stream."""

    async def deliver(self, message: Message) -> None:
        """Give the order to the stream.

        Raises Refusal when it does not take it, anything else when it cannot be reached.
        """


class Doors(Protocol):
    """Whoever knows by which endpoints other namespaces are reached."""

    async def open(self, endpoint: str) -> bool:
        """Whether there is such an endpoint now. Raises where that cannot be asked."""


class LinkActivities:
    """Activities that cross to other streams."""

    def __init__(self, delivery: Delivery, doors: Doors) -> None:
        """Deliver by this means, and look for these doors."""
        self._delivery = delivery
        self._doors = doors

    @activity.defn(name=FIND_DOOR)
    async def find_door(self, endpoint: str) -> None:
        """Return when there is an endpoint of this name; a retryable error where there is none yet."""
        if not await self._doors.open(endpoint):
            problem = f"there is no Nexus endpoint {endpoint}: a worker of its namespace opens it, or an operator"
            raise ApplicationError(problem, type="no_endpoint", category=ApplicationErrorCategory.BENIGN)

    @activity.defn(name=DELIVER)
    async def deliver(self, message: Message) -> str:
        """Deliver one message.

        Returns the stable code where the other stream refuses it, which repeating would not change.
        """
        try:
            await self._delivery.deliver(message)
        except Refusal as refusal:
            log.warning(REFUSED, stream=message.to, order=message.order.id, code=refusal.code)
            return refusal.code
        return ""
