"""Figures read from the store, and what Temporal says, as Prometheus families: every one of ``runtime.metrics``."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from domain.attribution import Where
from domain.dossier.view import Timeliness
from domain.lateness import BEYOND, BUCKETS, Measure
from runtime import metrics
from runtime.metrics import Metric
from store.gauges import Figures
from store.projections.hand_overs import Missing
from store.upkeep import WHOLE, Task

HOUR_MINUTES: Final = 60

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
L = TypeVar("L", bound=tuple[str, ...])
Who = tuple[str, str, str]
"""Authority, field, level."""

COUNTERS: Final[Mapping[Measure, Metric]] = {
    Measure.RECEIVED: metrics.RECEIVED,
    Measure.RESOLVED: metrics.RESOLVED,
    Measure.OVERDUE: metrics.OVERDUE,
    Measure.STAGE_OVERDUE: metrics.STAGE_OVERDUE,
    Measure.KEYED_LATE: metrics.KEYED_LATE,
    Measure.LATE_WITH_APOLOGY: metrics.LATE_WITH_APOLOGY,
    Measure.LATE_WITHOUT_APOLOGY: metrics.LATE_WITHOUT_APOLOGY,
    Measure.LATE_CAUSED: metrics.LATE_CAUSED,
    Measure.LATE_BY: metrics.LATE_BY,
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

_PART_MEASURES: Final = frozenset(measure for measure in COUNTERS if measure.startswith("part_"))
_OPEN_ENDED: Final = frozenset({Measure.STAGE_OVERDUE, Measure.LATE_BY})
_JUDGEMENTS: Final = (Timeliness.EARLY, Timeliness.ON_TIME, Timeliness.LATE)
_JUDGED: Final = (Measure.RESOLVED, Measure.REJUDGED_FROM, Measure.REJUDGED_TO)
_PARTS_JUDGED: Final = (Measure.PART_RESOLVED, Measure.PART_REJUDGED_FROM, Measure.PART_REJUDGED_TO)
FROM_ZERO: Final[Mapping[Measure, Mapping[Measure, tuple[str, ...]]]] = {
    Measure.RECEIVED: {
        **dict.fromkeys(COUNTERS.keys() - {Measure.RECEIVED, *_OPEN_ENDED, *_PART_MEASURES}, ("",)),
        **dict.fromkeys(_JUDGED, _JUDGEMENTS),
        Measure.LATE_CAUSED: tuple(Where),
    },
    Measure.PART_RECEIVED: {Measure.PART_OVERDUE: ("",), **dict.fromkeys(_PARTS_JUDGED, _JUDGEMENTS)},
}
"""What is told as 0 where dossiers, or parts, were received and none counted: else the first one of all would be no
increase. Stages and causes are told as they are counted, for nobody knows beforehand which there will be."""


class FiguresCollector(Collector):
    """Figures as Prometheus's metric families."""

    def __init__(self, figures: Figures, *, manned: bool | None = None) -> None:
        """Tell these figures; ``manned``: whether a worker polls (none: Temporal does not say)."""
        self._figures = figures
        self._manned = manned

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
            yield _alone(metric, number)
        yield from self._exchange()
        yield _labelled(metrics.MANNED, {} if self._manned is None else {(): float(self._manned)})

    def _held(self) -> Iterator[Family]:
        """Whose time open dossiers run on, and how old the oldest is."""
        oldest: dict[Who, float] = defaultdict(float)
        for row in self._figures.held:
            who = self._who(row.authority, row.field)
            oldest[who] = max(oldest[who], row.oldest)
        yield _labelled(
            metrics.HELD, {(*self._who(row.authority, row.field), row.holder): row.count for row in self._figures.held}
        )
        yield _labelled(metrics.OLDEST, oldest)

    def _exchange(self) -> Iterator[Family]:
        """What comes in and goes out, and upkeep: what was never done is not told."""
        exchange = self._figures.exchange
        yield _alone(metrics.INBOX_PARKED, exchange.inbox_parked)
        yield _alone(metrics.INBOX_WAITING, exchange.inbox_waiting)
        yield _alone(metrics.INBOX_OLDEST, exchange.inbox_oldest)
        yield _alone(metrics.OUTBOX_LAG, exchange.outbox_lag)
        yield _labelled(metrics.PARCELS, {(row.purpose, row.state): row.count for row in exchange.parcels})
        yield _labelled(metrics.OUTBOX_WAITING, {(row.kind,): row.waiting for row in exchange.outgoing})
        yield _labelled(metrics.OUTBOX_DEAD, {(row.kind,): row.dead for row in exchange.outgoing})
        yield _labelled(metrics.OUTBOX_OLDEST, {(row.kind,): row.oldest for row in exchange.outgoing})
        noted = {(note.task, note.detail): note for note in exchange.upkeep}
        backup, compared = noted.get((Task.BACKUP, WHOLE)), noted.get((Task.RECONCILE, WHOLE))
        findings = {(note.detail,): note.number for key, note in noted.items() if key[0] == Task.RECONCILE and key[1]}
        yield _labelled(metrics.BACKUP_AGE, {(): backup.age} if backup else {})
        yield _labelled(metrics.BACKUP_BYTES, {(): backup.number} if backup else {})
        yield _labelled(metrics.RECONCILE_AGE, {(): compared.age} if compared else {})
        yield _labelled(metrics.RECONCILE_FINDINGS, findings)

    def _who(self, authority: str, field: str) -> Who:
        return authority, field, self._figures.levels.get(authority, "")

    def _counters(self) -> Iterator[Family]:
        samples: dict[Measure, dict[tuple[str, ...], int]] = defaultdict(dict)
        for row in self._figures.counts:
            for measure, details in FROM_ZERO.get(Measure(row.measure), {}).items():
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
        yield from self._held()
        yield from self._hand_overs()

    def _hand_overs(self) -> Iterator[Family]:
        waiting, late, untold = (
            GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for metric in (metrics.UNACKNOWLEDGED, metrics.UNACKNOWLEDGED_OVERDUE, metrics.UNSYNCHRONISED)
        )
        found = {(self._who(row.authority, row.field), row.missing): row for row in self._figures.outstanding}
        for who in {who for who, _ in found}:
            confirmed = found.get((who, Missing.ACKNOWLEDGEMENT))
            waiting.add_metric(who, confirmed.count if confirmed else 0)
            late.add_metric(who, confirmed.overdue if confirmed else 0)
            for missing in (Missing.ARRIVAL, Missing.HEARING):
                row = found.get((who, missing))
                untold.add_metric((*who, missing.value), row.unsynchronised if row else 0)
        yield from (waiting, late, untold)


def _alone(metric: Metric, number: float) -> Family:
    """A gauge without labels."""
    return _labelled(metric, {(): number})


def _labelled(metric: Metric, samples: Mapping[L, float]) -> Family:
    """A gauge by its labels."""
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, number in samples.items():
        family.add_metric(labels, number)
    return family


def _cumulative(counts: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """A histogram's buckets, each with all below it."""
    total = 0
    for bound in (*map(str, BUCKETS), BEYOND):
        total += counts.get(bound, 0)
        yield "+Inf" if bound == BEYOND else str(float(bound)), total
