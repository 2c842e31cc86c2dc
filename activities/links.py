"""Delivery to linked streams as an activity: an order to another dossier workflow, by its id."""

from typing import Protocol

import structlog
from temporalio import activity

from activities.messages import DELIVER
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


class LinkActivities:
    """Activities that cross to other streams."""

    def __init__(self, delivery: Delivery) -> None:
        """Deliver by this means."""
        self._delivery = delivery

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
