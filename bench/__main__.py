"""``make bench``: every benchmark, one after the other; a table, and bench/results/<name>.json.

``python -m bench NAME...`` runs only those; ``--scale F`` shrinks the counts (the figures are stated for 1).
"""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

BENCHMARKS: Final = (
    "due",
    "appends",
    "dossiers",
    "links",
    "memory",
    "latency",
    "rebuild",
    "worklist",
    "pages",
    "revision",
    "publishing",
    "callbacks",
    "reviving",
)
RESULTS: Final = Path(__file__).parent / "results"


def main() -> int:
    """Run, print and keep; 1 where a figure is not what is required of it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full counts, e.g. 0.05")
    chosen = parser.parse_args()
    results = {name: _run(name, chosen.scale) for name in chosen.names or BENCHMARKS}
    Console().print(_table(results))
    return 0 if all(result["row"].get("passed", True) for result in results.values()) else 1


def _run(name: str, scale: float) -> dict[str, Any]:
    sys.stderr.write(f"{name} ...\n")
    result: dict[str, Any] = importlib.import_module(f"bench.{name}").run(scale)
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"scale": scale, **result}, indent=2, ensure_ascii=False, default=str)
    (RESULTS / f"{name}.json").write_text(f"{text}\n")
    return result


def _table(results: dict[str, dict[str, Any]]) -> Table:
    table = Table("benchmark", "value", "unit", "required", "", title="Ratios are of one run, the two sides in turn")
    for result in results.values():
        row = result["row"]
        verdict = {True: "ok", False: "NOT MET", None: ""}[row.get("passed")]
        table.add_row(row["name"], str(row["value"]), row["unit"], str(row.get("required", "")), verdict)
    return table


if __name__ == "__main__":
    sys.exit(main())
