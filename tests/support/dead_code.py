"""Finds functions, classes and imports that nothing in the product uses: ``python -m tests.support.dead_code``.

Tests do not count as use: what only tests call is dead too. Fields of Structs and members of enumerations are left out:
they are read and written by msgspec and stand in stored data.
"""

import re
import sys
from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).parents[2]
PRODUCT = (
    "activities",
    "api",
    "bench",
    "catalogue",
    "cli",
    "domain",
    "runtime",
    "store",
    "web",
    "workers",
    "workflows",
)
KINDS = {"class", "function", "import", "method", "property", "unreachable_code"}
CALLED_BY_OTHERS = {
    "capture_signals": "uvicorn, in whose place our own process handles signals",
    "encoding": "Temporal's SDK, of a payload converter",
    "from_payload": "Temporal's SDK, of a payload converter",
    "to_payload": "Temporal's SDK, of a payload converter",
    "_refuse_early": "Temporal's SDK, which validates an update before it is accepted",
    "get_col_spec": "SQLAlchemy, of a column type",
}
"""Names that only a library calls, and which."""
OFFERED = {
    "retreat": "the calendar's arithmetic is whole: the inverse of advance, which its properties are stated with",
    "is_working_day": "the calendar's arithmetic is whole: what a working day is",
    "working_days_between": "the calendar's arithmetic is whole: the count that due moments in days invert",
    "alias": "the one way to compare codes of older formats with today's",
}
"""Names that are offered to those who build on the domain, and why although nothing here calls them."""


def unused() -> list[str]:
    """Return a line for each piece of dead code, and for each exception above that is none any more."""
    vulture = Vulture()
    vulture.scavenge([str(ROOT / package) for package in PRODUCT])
    named = _named_in_templates()
    found = [
        item for item in vulture.get_unused_code(min_confidence=60) if item.typ in KINDS and item.name not in named
    ]
    lines = [
        f"{Path(item.filename).relative_to(ROOT)}:{item.first_lineno}: unused {item.typ} {item.name!r}"
        for item in found
        if item.name not in CALLED_BY_OTHERS and item.name not in OFFERED
    ]
    stale = (CALLED_BY_OTHERS.keys() | OFFERED.keys()) - {item.name for item in found}
    return sorted(lines) + [f"{__file__}: {name!r} is used or gone; take it out" for name in sorted(stale)]


def _named_in_templates() -> set[str]:
    return {name for path in (ROOT / "web").rglob("*.html") for name in re.findall(r"\.(\w+)", path.read_text())}


if __name__ == "__main__":
    dead = unused()
    sys.stdout.writelines(f"{line}\n" for line in dead)
    sys.exit(1 if dead else 0)
