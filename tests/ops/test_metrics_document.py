"""docs/metrics.md, what processes tell of themselves, dashboards and alarms name the same metrics."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from prometheus_client import Counter, Histogram

from runtime.instruments import REGISTRY
from runtime.metrics import METRICS

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/metrics.md"
NAMES = re.compile(r"\b(?:motcua|temporal|process)_[a-z0-9_]+")
PARTS_OF_A_HISTOGRAM = re.compile(r"_(bucket|count|sum)$")
PROCESS_AND_SDK = re.compile(r"(temporal|process)_")
CLOSED = {
    *("authority", "field", "level", "timeliness", "stage", "holder", "where", "cause", "missing"),
    *("purpose", "state", "kind", "outcome", "status", "projection", "method", "route"),
    *("namespace", "task_queue", "workflow_type", "worker_type", "poller_type", "operation", "failure_reason"),
    "status_code",
}
"""Labels whose values are few and known: none is a dossier or a person."""
NO_METRICS = {"process_max_fds"}
"""Told by every process; needs no section, for it only gives another one its measure."""


def sections() -> Iterator[tuple[str, dict[str, str]]]:
    """The document's sections: the metric's name, and its facts by their names."""
    for section in re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
        name = section.partition("\n")[0].strip("`")
        yield name, dict(re.findall(r"^- (\w+)(?: \([^)]*\))?: (.+)$", section, flags=re.MULTILINE))


def labels(section: dict[str, str]) -> tuple[str, ...]:
    """The labels that a section names."""
    return tuple(re.findall(r"`(\w+)`", section["Labels"]))


def test_what_processes_tell_of_themselves_is_documented() -> None:
    """Each instrument has its section, with its kind and labels, and no section is left over."""
    told = {}
    for instrument in set(REGISTRY._collector_to_names):  # noqa: SLF001  # the library has no other list of them
        if isinstance(instrument, Counter | Histogram):
            [family] = instrument.describe()
            name = family.name + ("_total" if family.type == "counter" else "")
            told[name] = (family.type, tuple(instrument._labelnames))  # noqa: SLF001
    ours = {metric.name for metric in METRICS}
    documented = {name: (facts["Kind"], labels(facts)) for name, facts in sections() if name not in ours}
    assert {name: facts for name, facts in documented.items() if not PROCESS_AND_SDK.match(name)} == told


def test_every_section_is_whole() -> None:
    """Kind, unit, labels of closed vocabularies, and a query that names documented metrics."""
    known = {name for name, _ in sections()} | NO_METRICS
    for name, facts in sections():
        assert facts["Unit"], name
        assert set(labels(facts)) <= CLOSED, name
        named = {PARTS_OF_A_HISTOGRAM.sub("", each) for each in NAMES.findall(facts["Query"])}
        assert named, name
        assert named <= known, name


def test_every_metric_is_used() -> None:
    """What the store tells is on a dashboard or in an alarm, with two exceptions; no board asks for anything else."""
    known = {name for name, _ in sections()} | NO_METRICS
    boards = [json.loads(path.read_text()) for path in (ROOT / "ops/grafana").glob("*.json")]
    expressions = [target["expr"] for board in boards for panel in board["panels"] for target in panel["targets"]]
    groups = yaml.safe_load((ROOT / "ops/prometheus/motcua.rules.yml").read_text())["groups"]
    expressions += [rule["expr"] for group in groups for rule in group["rules"]]
    named = {PARTS_OF_A_HISTOGRAM.sub("", each) for text in expressions for each in NAMES.findall(text)}
    assert named <= known
    assert {metric.name for metric in METRICS} - named <= {"motcua_backup_bytes", "motcua_link_parts_overdue_total"}
