"""What a process tells Prometheus of itself: counted in its memory from its start, on a port of its own.

The figures of lateness are not here: those are read from the store (``runtime.metrics``), so that they are exact.
Labels are closed vocabularies: routes by their pattern, projections and senders by their name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, start_http_server

from runtime import logging

LOG = logging.logger(__name__)
PORT_TAKEN: Final = "instruments.port_taken"

REGISTRY: Final = CollectorRegistry()
"""Everything below, and ``process_*``: memory, processor time, open files, start of the process."""
ProcessCollector(registry=REGISTRY)

_QUICK: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Bounds in seconds, for what takes milliseconds as a rule."""

HTTP_SECONDS: Final = Histogram(
    "motcua_http_request_seconds",
    "Time to answer an HTTP request.",
    ("method", "route", "status"),
    registry=REGISTRY,
    buckets=(*_QUICK, 10.0),
)
JOURNAL_SECONDS: Final = Histogram(
    "motcua_journal_append_seconds",
    "Time to store the events of one command, with what officers read back at once.",
    ("outcome",),
    registry=REGISTRY,
    buckets=_QUICK,
)
DATABASE_AWAY: Final = Counter(
    "motcua_database_unavailable", "Calls of the database that failed because it was away.", registry=REGISTRY
)
SEQUENCED: Final = Counter("motcua_sequencer_placed", "Events given a place in the global order.", registry=REGISTRY)
PROJECTED: Final = Counter(
    "motcua_projection_events", "Events applied to a projection.", ("projection",), registry=REGISTRY
)
PROJECTION_SECONDS: Final = Histogram(
    "motcua_projection_step_seconds",
    "Time to apply one batch of events to a projection.",
    ("projection",),
    registry=REGISTRY,
    buckets=_QUICK,
)
CALLBACKS: Final = Counter(
    "motcua_relay_callbacks", "Carriers' callbacks settled, by what became of them.", ("status",), registry=REGISTRY
)
MESSAGES: Final = Counter(
    "motcua_relay_messages", "Attempts to send a message, by what came of them.", ("kind", "outcome"), registry=REGISTRY
)


@contextmanager
def timed(histogram: Histogram, *labels: str) -> Iterator[None]:
    """Observe how many seconds the block takes, failed ones too."""
    began = perf_counter()
    try:
        yield
    finally:
        histogram.labels(*labels).observe(perf_counter() - began)


def serve(host: str, port: int) -> None:
    """Tell it over HTTP from a thread of its own. A port that is taken is logged: nobody stops working for that."""
    try:
        start_http_server(port, addr=host, registry=REGISTRY)
    except OSError as error:
        LOG.warning(PORT_TAKEN, port=port, problem=str(error))
