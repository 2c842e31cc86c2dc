"""The receiving side of the Nexus service: gives linked streams of this namespace what their neighbours send."""

from datetime import timedelta

import nexusrpc
import structlog
from nexusrpc.handler import StartOperationContext, service_handler, sync_operation

from domain.errors import Refusal
from workflows.client import Dossiers, DossiersUnavailable
from workflows.nexus import Delivery, DossiersService

REFUSED = "nexus.message_refused"
PATIENCE = timedelta(seconds=8)
"""How long a dossier may take to answer: Nexus gives a synchronous handler ten seconds."""

log = structlog.get_logger(__name__)


@service_handler(service=DossiersService)
class DossiersHandler:
    """Delivers to this namespace's dossiers; delivered twice takes effect once."""

    def __init__(self, dossiers: Dossiers) -> None:
        """Deliver through this namespace's client."""
        self._dossiers = dossiers

    @sync_operation
    async def deliver(self, _: StartOperationContext, delivery: Delivery) -> str:
        """Give one message to its stream; returns the stable code where that refuses it: repeating changes nothing.

        A stream that does not answer in time is a retryable error: Temporal delivers again.
        """
        message = delivery.message
        try:
            if delivery.start is not None:
                await self._dossiers.open(delivery.start, message.order, PATIENCE)
            else:
                await self._dossiers.execute(message.to, message.order, PATIENCE)
        except Refusal as refusal:
            log.warning(REFUSED, stream=message.to, order=message.order.id, code=refusal.code)
            return refusal.code
        except DossiersUnavailable as error:
            problem = f"{message.to} does not answer now"
            raise nexusrpc.HandlerError(problem, type=nexusrpc.HandlerErrorType.UNAVAILABLE) from error
        return ""
