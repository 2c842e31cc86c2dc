"""The process that tells Prometheus the figures of lateness: read from the tables at every scrape, never kept.

So they are exact over restarts of this process and of all others. While the database cannot be asked a scrape is
answered with 503, which Prometheus shows as ``up == 0``, rather than with figures that are not known.
"""

import asyncio
import contextlib
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from domain.dossier.view import Timeliness
from domain.lateness import BEYOND, BUCKETS, Measure
from runtime import logging, metrics, process
from runtime.errors import PortTaken
from runtime.metrics import Metric
from runtime.settings import Settings
from store.database import Database
from store.errors import StoreUnavailable
from store.gauges import Figures, Gauges

LOG = logging.logger(__name__)
NO_FIGURES: Final = "metrics.database_unavailable"
GRACE_SECONDS: Final = 5
HOUR_MINUTES: Final = 60

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
Who = tuple[str, str, str]
"""Authority, field, level."""
Message = MutableMapping[str, Any]

COUNTERS: Final[Mapping[Measure, Metric]] = {
    Measure.RECEIVED: metrics.RECEIVED,
    Measure.RESOLVED: metrics.RESOLVED,
    Measure.OVERDUE: metrics.OVERDUE,
    Measure.STAGE_OVERDUE: metrics.STAGE_OVERDUE,
    Measure.KEYED_LATE: metrics.KEYED_LATE,
    Measure.LATE_WITH_APOLOGY: metrics.LATE_WITH_APOLOGY,
    Measure.LATE_WITHOUT_APOLOGY: metrics.LATE_WITHOUT_APOLOGY,
    Measure.PAST_FIRST_APPOINTMENT: metrics.PAST_FIRST_APPOINTMENT,
    Measure.REJUDGED_FROM: metrics.REJUDGED_FROM,
    Measure.REJUDGED_TO: metrics.REJUDGED_TO,
    Measure.EXTENDED: metrics.EXTENDED,
    Measure.SUPPLEMENT_REQUESTED: metrics.SUPPLEMENTS_REQUESTED,
    Measure.SUPPLEMENT_EXPIRED: metrics.SUPPLEMENTS_EXPIRED,
    Measure.UNJUDGEABLE: metrics.UNJUDGEABLE,
    Measure.PART_RECEIVED: metrics.PARTS_RECEIVED,
    Measure.PART_RESOLVED: metrics.PARTS_RESOLVED,
    Measure.PART_OVERDUE: metrics.PARTS_OVERDUE,
    Measure.PART_REJUDGED_FROM: metrics.PARTS_REJUDGED_FROM,
    Measure.PART_REJUDGED_TO: metrics.PARTS_REJUDGED_TO,
}
"""The metric of each measure that is told as it is counted; the two of the histogram are told together."""

FROM_ZERO: Final[Mapping[Measure, tuple[str, ...]]] = {
    Measure.RESOLVED: (Timeliness.EARLY, Timeliness.ON_TIME, Timeliness.LATE),
    Measure.OVERDUE: ("",),
    Measure.KEYED_LATE: ("",),
}
"""What is told as 0 where dossiers were received and none counted: else the first one of all would be no increase."""


class FiguresCollector(Collector):
    """Figures as Prometheus's metric families."""

    def __init__(self, figures: Figures) -> None:
        """Tell these figures."""
        self._figures = figures

    def collect(self) -> Iterator[Family]:
        """Every metric of ``runtime.metrics``."""
        yield from self._counters()
        yield self._lateness()
        yield from self._open()
        for metric, number in (
            (metrics.PROJECTION_LAG, float(self._figures.projection_lag)),
            (metrics.SEQUENCER_LAG, self._figures.sequencer_lag),
            (metrics.TIMER_DRIFT, float(sum(row.drifting for row in self._figures.open))),
        ):
            family = GaugeMetricFamily(metric.name, metric.help)
            family.add_metric([], number)
            yield family

    def _who(self, authority: str, field: str) -> Who:
        return authority, field, self._figures.levels.get(authority, "")

    def _counters(self) -> Iterator[Family]:
        samples: dict[Measure, dict[tuple[str, ...], int]] = defaultdict(dict)
        for row in self._figures.counts:
            if row.measure == Measure.RECEIVED:
                for measure, details in FROM_ZERO.items():
                    for detail in details:
                        samples[measure].setdefault(self._labels(row.authority, row.field, detail), 0)
        for row in self._figures.counts:
            samples[Measure(row.measure)][self._labels(row.authority, row.field, row.detail)] = row.count
        for measure, metric in COUNTERS.items():
            family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
            for labels, number in samples[measure].items():
                family.add_metric(labels, number)
            yield family

    def _labels(self, authority: str, field: str, detail: str) -> tuple[str, ...]:
        return (*self._who(authority, field), detail) if detail else self._who(authority, field)

    def _lateness(self) -> Family:
        metric = metrics.LATENESS
        family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        buckets: dict[Who, dict[str, int]] = defaultdict(dict)
        minutes: dict[Who, int] = {}
        for row in self._figures.counts:
            if row.measure == Measure.LATENESS:
                buckets[self._who(row.authority, row.field)][row.detail] = row.count
            elif row.measure == Measure.LATENESS_MINUTES:
                minutes[self._who(row.authority, row.field)] = row.count
        for who, counts in buckets.items():
            family.add_metric(who, list(_cumulative(counts)), minutes.get(who, 0) / HOUR_MINUTES)
        return family

    def _open(self) -> Iterator[Family]:
        soon = GaugeMetricFamily(metrics.DUE_SOON.name, metrics.DUE_SOON.help, labels=metrics.DUE_SOON.labels)
        for metric, part in ((metrics.OPEN, False), (metrics.PARTS_OPEN, True)):
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for row in self._figures.open:
                if row.part is part:
                    who = self._who(row.authority, row.field)
                    family.add_metric((*who, "within"), row.within)
                    family.add_metric((*who, "overdue"), row.overdue)
                    if not part:
                        soon.add_metric(who, row.soon)
            yield family
        yield soon
        waiting = metrics.UNACKNOWLEDGED
        family = GaugeMetricFamily(waiting.name, waiting.help, labels=waiting.labels)
        for link in self._figures.unacknowledged:
            family.add_metric(self._who(link.authority, link.field), link.count)
        yield family


def _cumulative(counts: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """A histogram's buckets, each with all below it."""
    total = 0
    for bound in (*map(str, BUCKETS), BEYOND):
        total += counts.get(bound, 0)
        yield "+Inf" if bound == BEYOND else str(float(bound)), total


class Exposition:
    """The ASGI application: ``/metrics``, and ``/healthz`` for whoever watches the process itself."""

    def __init__(self, gauges: Gauges) -> None:
        """Tell what ``gauges`` reads."""
        self._gauges = gauges
        self._reading = asyncio.Lock()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        del receive
        status, content_type, body = await self._answer(scope)
        headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status.value, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Message) -> tuple[HTTPStatus, str, bytes]:
        if scope["method"] not in {"GET", "HEAD"}:
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is answered here")
        match scope["path"]:
            case "/metrics":
                return await self._metrics(_header(scope["headers"], b"accept"))
            case "/healthz":
                return _plain(HTTPStatus.OK, "ok")
            case _:
                return _plain(HTTPStatus.NOT_FOUND, "there is /metrics, and /healthz")

    async def _metrics(self, accept: str) -> tuple[HTTPStatus, str, bytes]:
        try:
            async with self._reading:  # many scrapers at once must not become many readers of the same tables
                figures = await self._gauges.read(datetime.now(UTC))
        except StoreUnavailable as error:
            LOG.warning(NO_FIGURES, problem=str(error))
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE, "the database cannot be asked now")
        registry = CollectorRegistry()
        registry.register(FiguresCollector(figures))
        encode, content_type = choose_encoder(accept)
        return HTTPStatus.OK, content_type, encode(registry)


def _plain(status: HTTPStatus, sentence: str) -> tuple[HTTPStatus, str, bytes]:
    return status, "text/plain; charset=utf-8", f"{sentence}\n".encode()


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


class _Server(uvicorn.Server):
    """Signals belong to the process (``runtime.process``)."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self._on_ready()


async def main(settings: Settings) -> None:
    """Serve until cancelled. The database may be away, at the start and later. Raises PortTaken, SettingError."""
    listener = _listen(settings.metrics_host, settings.metrics_port)
    async with Database(settings.require_database(), size=2, name="motcua-metrics") as database:
        config = uvicorn.Config(
            Exposition(Gauges(database)),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = _Server(config, lambda: process.announce_ready(settings))
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(port, "metrics") from error
    return listener
