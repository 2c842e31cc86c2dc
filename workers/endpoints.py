"""Nexus endpoints: the doors by which neighbouring namespaces reach this one's dossiers."""

from temporalio.api.nexus.v1 import Endpoint, EndpointSpec, EndpointTarget
from temporalio.api.operatorservice.v1 import (
    CreateNexusEndpointRequest,
    ListNexusEndpointsRequest,
    UpdateNexusEndpointRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode


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
