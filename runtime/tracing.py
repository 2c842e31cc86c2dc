"""Traces: one officer's action followed from the HTTP request through workflow and activity to the database.

Off unless MOTCUA_TRACES_URL names where spans go (OTLP over HTTP); then also steered by OpenTelemetry's own variables,
such as OTEL_TRACES_SAMPLER. Spans bear codes, routes and ids of commands, never personal data. Context comes in and
goes out as ``traceparent``.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Final

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind

from runtime.settings import Settings

TRACER: Final = "motcua"
DATABASE: Final = {"db.system.name": "postgresql"}


class Tracing:
    """Whether this process traces; ``configure`` decides that once, as it begins."""

    on = False


def configure(settings: Settings, process: str) -> None:
    """Send this process's spans to ``settings.traces_url``; what is not sent yet is sent as the process ends."""
    if not settings.traces_url:
        return
    # A fifth of a second that commands without traces need not wait for.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({SERVICE_NAME: f"motcua-{process}", SERVICE_NAMESPACE: "motcua"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{settings.traces_url}/v1/traces")))
    trace.set_tracer_provider(provider)
    Tracing.on = True


@contextlib.contextmanager
def served(headers: Iterable[tuple[bytes, bytes]], name: str) -> Iterator[Span]:
    """A span around the answer to a request, below the caller's where its ``headers`` name one."""
    if not Tracing.on:
        yield trace.INVALID_SPAN
        return
    texts = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    tracer, context = trace.get_tracer(TRACER), propagate.extract(texts)
    with tracer.start_as_current_span(name, context, SpanKind.SERVER) as opened:
        yield opened


@contextlib.contextmanager
def stored(name: str) -> Iterator[None]:
    """A span around a piece of work in PostgreSQL."""
    if not Tracing.on:
        yield
        return
    with trace.get_tracer(TRACER).start_as_current_span(name, kind=SpanKind.CLIENT, attributes=DATABASE):
        yield


def trace_id() -> str:
    """The id of the trace that is open here, as collectors show it (empty where there is none)."""
    context = trace.get_current_span().get_span_context() if Tracing.on else None
    return trace.format_trace_id(context.trace_id) if context and context.is_valid else ""
