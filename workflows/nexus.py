"""The Nexus service by which dossiers reach linked streams in another namespace: one short synchronous operation."""

import nexusrpc
from msgspec import Struct

from domain.link import Message
from workflows.messages import Start


def endpoint_of(namespace: str) -> str:
    """The Nexus endpoint behind which a namespace's dossiers are."""
    return f"dossiers-{namespace}"


class Delivery(Struct, frozen=True, omit_defaults=True):
    """One message across namespaces; ``start`` is the run to begin where the message opens a part."""

    message: Message
    start: Start | None = None


@nexusrpc.service(name="dossiers")
class DossiersService:
    """What a namespace offers its neighbours."""

    deliver: nexusrpc.Operation[Delivery, str] = nexusrpc.Operation(name="deliver")
