"""Dashboards are what their generator says, parse, name metrics that exist, and show something for real figures."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BOARDS = ROOT / "ops/grafana"
FILES = sorted(BOARDS.glob("*.json"))
DOCUMENT = (ROOT / "docs/metrics.md").read_text()
METRIC = re.compile(r"(?:motcua|temporal|process)_[a-z0-9_]+")
HISTOGRAM = re.compile(r"_(bucket|count|sum)$")
VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def expressions(file: Path) -> list[str]:
    """Every expression of a dashboard."""
    return [target["expr"] for panel in panels(file) for target in panel["targets"]]


def panels(file: Path) -> list[dict[str, Any]]:
    """The panels of a dashboard."""
    found: list[dict[str, Any]] = json.loads(file.read_text())["panels"]
    return found


def test_the_files_are_what_the_generator_says(tmp_path: Path) -> None:
    """Nobody has changed a file by hand, and none is left over."""
    copy = tmp_path / "build.py"
    shutil.copy(BOARDS / "build.py", copy)
    subprocess.run([sys.executable, str(copy)], check=True)
    made = {path.name: path.read_text() for path in tmp_path.glob("*.json")}
    assert made == {path.name: path.read_text() for path in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_a_dashboard_is_well_made(file: Path) -> None:
    """Panels say what they tell and do not overlap; metrics are documented, variables defined."""
    board = json.loads(file.read_text())
    variables = {variable["name"] for variable in board["templating"]["list"]}
    taken: set[tuple[int, int]] = set()
    for panel in panels(file):
        assert panel["description"].endswith(".")
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
    for expression in expressions(file):
        named = {HISTOGRAM.sub("", name) for name in METRIC.findall(expression)}
        assert [name for name in named if f"## `{name}`" not in DOCUMENT] == []
        assert set(VARIABLE.findall(expression)) <= variables


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_every_expression_parses(file: Path, tmp_path: Path) -> None:
    """Prometheus's own parser takes each, as the expression of a recording rule."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("dashboard expressions: no promtool here (Debian has it in the package 'prometheus')")
    rules = [
        {"record": f"panel:{number}", "expr": VARIABLE.sub(".*", expression)}
        for number, expression in enumerate(expressions(file))
    ]
    written = tmp_path / "rules.yml"
    written.write_text(yaml.safe_dump({"groups": [{"name": file.stem, "rules": rules}]}))
    answer = subprocess.run([promtool, "check", "rules", str(written)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
