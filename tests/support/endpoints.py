"""Nexus endpoints: the doors by which neighbouring namespaces reach this one's dossiers."""

from temporalio.api.nexus.v1 import EndpointSpec, EndpointTarget
from temporalio.api.operatorservice.v1 import CreateNexusEndpointRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.nexus import endpoint_of


async def open_door(client: Client, task_queue: str) -> bool:
    """Create the endpoint of this client's namespace, served on this task queue; false where it is there already."""
    worker = EndpointTarget.Worker(namespace=client.namespace, task_queue=task_queue)
    spec = EndpointSpec(name=endpoint_of(client.namespace), target=EndpointTarget(worker=worker))
    try:
        await client.operator_service.create_nexus_endpoint(CreateNexusEndpointRequest(spec=spec))
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            return False
        raise
    return True
