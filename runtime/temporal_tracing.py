"""Traces through Temporal: what an update does lies below the request that asked for it.

The SDK puts all that a workflow ever does below the call that started it. A dossier lives for months and is asked many
things by many people, so here each of its updates goes on with the trace of whoever sent it.
"""

from typing import Any

from opentelemetry import context
from opentelemetry.trace import SpanKind
from temporalio.contrib.opentelemetry import TracingInterceptor, TracingWorkflowInboundInterceptor
from temporalio.worker import HandleUpdateInput, WorkflowInboundInterceptor, WorkflowInterceptorClassInput


class RequestTracing(TracingInterceptor):
    """For clients; the workers made with one take it over."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type["_Inbound"]:  # noqa: A002  # the SDK's signature
        """Prepare as the SDK does, and have updates handled by ours."""
        super().workflow_interceptor_class(input)
        return _Inbound


class _Inbound(TracingWorkflowInboundInterceptor):
    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002, ANN401  # the SDK's signature
        header = input.headers.get(self.header_key)
        if header is None:
            return await super().handle_update_handler(input)
        [carrier] = self.payload_converter.from_payloads([header])
        token = context.attach(self._set_on_context(self.text_map_propagator.extract(carrier)))
        try:
            self._completed_span(f"HandleUpdate:{input.update}", kind=SpanKind.SERVER)
            return await WorkflowInboundInterceptor.handle_update_handler(self, input)
        finally:
            context.detach(token)
