"""A collector of traces: a real HTTP server that takes OTLP and remembers the spans."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from runtime.embedded.ports import LOOPBACK


class Seen(msgspec.Struct, frozen=True):
    """A span as a process sent it."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, str]


class Collector:
    """What has come so far."""

    def __init__(self, port: int) -> None:
        """Nothing yet, at this port."""
        self.url = f"http://{LOOPBACK}:{port}"
        self.spans: list[Seen] = []
        self.raw: list[bytes] = []

    def take(self, body: bytes) -> None:
        """One request of an exporter."""
        self.raw.append(body)
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            service = _texts(resource.resource.attributes).get("service.name", "")
            for scope in resource.scope_spans:
                self.spans += [
                    Seen(
                        service, span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(),
                        _texts(span.attributes),
                    )
                    for span in scope.spans
                ]  # fmt: skip


@contextmanager
def collecting() -> Iterator[Collector]:
    """A running collector."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    collector = Collector(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _texts(attributes: object) -> dict[str, str]:
    return {each.key: each.value.string_value or str(each.value.int_value) for each in attributes}  # type: ignore[attr-defined]
