"""docs/links.md says by which test each point of the hand-over protocol is covered."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/links.md").read_text()


def test_every_test_that_is_named_exists() -> None:
    """By its name, its file or its parameters."""
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)", DOCUMENT)) - {"test_two_namespaces"}
    assert len(named) > 5
    assert {name for name in named if f"def {name}(" not in code} == set()
    for path in set(re.findall(r"`(tests/[\w/.]+)`", DOCUMENT)):
        assert (ROOT / path).exists(), path
    for place, kind in re.findall(r"\[(commune|province)-(link\.\w+)\]", DOCUMENT):
        assert f'({place.upper()}, "{kind}")' in code, (place, kind)


def test_every_event_and_refusal_of_links_is_told_of() -> None:
    """What is not in the document is not known to operators."""
    events = re.findall(r'type = "(link\.\w+)"', (ROOT / "domain/dossier/events.py").read_text())
    refusals = re.findall(r'code = "(link_\w+)"', (ROOT / "domain/dossier/refusals.py").read_text())
    assert {name for name in (*events, *refusals) if f"`{name}`" not in DOCUMENT} == set()
