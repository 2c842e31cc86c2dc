"""Nexus endpoints: the doors by which neighbouring namespaces reach this one's dossiers."""

import time
from typing import Final

from temporalio.api.nexus.v1 import Endpoint, EndpointSpec, EndpointTarget
from temporalio.api.operatorservice.v1 import (
    CreateNexusEndpointRequest,
    ListNexusEndpointsRequest,
    UpdateNexusEndpointRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

KEEP_SECONDS: Final = 60.0
UNTOLD: Final = {RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED}
"""What a server says that does not tell us of endpoints; they are taken to be there then."""


async def ensure_endpoint(client: Client, name: str, task_queue: str) -> bool:
    """Have the endpoint lead to this client's namespace and task queue; false where it did already. Raises RPCError."""
    worker = EndpointTarget.Worker(namespace=client.namespace, task_queue=task_queue)
    spec = EndpointSpec(name=name, target=EndpointTarget(worker=worker))
    try:
        await client.operator_service.create_nexus_endpoint(CreateNexusEndpointRequest(spec=spec))
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
        return await _lead(client, spec)
    return True


class Doors:
    """``activities.links.Doors`` of a cluster; what was seen is believed for a while."""

    def __init__(self, client: Client) -> None:
        """Ask through any client of the cluster."""
        self._client = client
        self._seen: dict[str, float] = {}

    async def open(self, endpoint: str) -> bool:
        """Whether there is such an endpoint, as far as this client may know. Raises RPCError."""
        if self._seen.get(endpoint, 0.0) > time.monotonic():
            return True
        try:
            there = await _endpoint(self._client, endpoint) is not None
        except RPCError as error:
            if error.status not in UNTOLD:
                raise
            there = True
        if there:
            self._seen[endpoint] = time.monotonic() + KEEP_SECONDS
        return there


async def _lead(client: Client, spec: EndpointSpec) -> bool:
    known = await _endpoint(client, spec.name)
    if known is None or known.spec.target == spec.target:
        return False
    await client.operator_service.update_nexus_endpoint(
        UpdateNexusEndpointRequest(id=known.id, version=known.version, spec=spec)
    )
    return True


async def _endpoint(client: Client, name: str) -> Endpoint | None:
    listed = await client.operator_service.list_nexus_endpoints(ListNexusEndpointsRequest(name=name, page_size=1))
    return next(iter(listed.endpoints), None)
