"""Alarms, runbooks and the metrics' document belong together."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "ops/prometheus/motcua.rules.yml"
DOCUMENT = (ROOT / "docs/metrics.md").read_text()
FOLLOWED = ROOT / "tests/drill/test_runbooks.py"
METRIC = re.compile(r"(?:motcua|temporal|process)_[a-z0-9_]+")


def _alarms() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("alarm", _alarms(), ids=lambda alarm: str(alarm["alert"]))
def test_an_alarm_has_a_runbook_and_known_metrics(alarm: dict[str, Any]) -> None:
    """Whoever is woken finds what to do, and the expression names metrics that exist."""
    runbook = (ROOT / alarm["annotations"]["runbook"]).read_text()
    assert all(part in runbook for part in ("**What it means.**", "**What to do.**", "**Done when.**"))
    assert alarm["labels"]["severity"] in {"info", "warning", "critical"}
    unknown = [name for name in METRIC.findall(alarm["expr"]) if f"## `{name}`" not in DOCUMENT]
    assert unknown == []


def test_every_alarm_is_tried() -> None:
    """Each alarm is fired by a unit test of the rules."""
    tests = yaml.safe_load((ROOT / "ops/prometheus/motcua.test.yml").read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert fired == {alarm["alert"] for alarm in _alarms()}


def test_every_runbook_is_called_for() -> None:
    """No runbook is left over from an alarm that is gone."""
    named = {alarm["annotations"]["runbook"] for alarm in _alarms()}
    assert named == {str(path.relative_to(ROOT)) for path in (ROOT / "ops/runbooks").glob("*.md")}


@pytest.mark.parametrize("runbook", sorted((ROOT / "ops/runbooks").glob("*.md")), ids=lambda path: str(path.stem))
def test_every_runbook_was_followed(runbook: Path) -> None:
    """Command by command in tests/drill/test_runbooks.py, or by another test that it names and that names it."""
    if f'following("{runbook.stem}"' in FOLLOWED.read_text():
        return
    tried = re.search(r"Tried in (tests/\S+\.py)", runbook.read_text())
    assert tried is not None, f"nobody follows {runbook.name}: add a drill to {FOLLOWED.name}"
    assert f"ops/runbooks/{runbook.name}" in (ROOT / tried[1]).read_text()
