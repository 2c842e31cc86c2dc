"""Both languages say everything, and no page says anything outside them."""

import re
import string
from collections.abc import Iterator
from enum import EnumMeta
from pathlib import Path

import pytest

import web
from domain import delegation
from domain.authority import Role
from domain.dossier import refusals, view
from domain.dossier.allowed import Act
from domain.dossier.codec import EVENT_OF
from domain.dossier.commands import Channel, LinkOutcome, ReturnMethod, TaskOutcome
from domain.dossier.events import ClockName, Ending
from domain.dossier.state import LinkState
from domain.errors import Refusal
from domain.period import Unit
from domain.postal import Problem, Purpose, ScanState
from domain.procedure import Effect, StageKind, SuspensionReason
from web.messages import LANGUAGES, translator, words

ROOT = Path(web.__file__).parent
PYTHON = sorted((ROOT.parent / "api" / "desk").glob("*.py"))
TEMPLATES = sorted((ROOT / "templates").glob("*.html"))
KEY = re.compile(r'\bt\(\s*"([a-z_0-9.]+)"')
VOCABULARIES: dict[str, EnumMeta] = {
    "act": Act,
    "answer": LinkOutcome,
    "channel": Channel,
    "clock": ClockName,
    "effect": Effect,
    "ending": Ending,
    "link_state": LinkState,
    "outcome": TaskOutcome,
    "period": Unit,
    "problem": Problem,
    "purpose": Purpose,
    "return_method": ReturnMethod,
    "role": Role,
    "scan": ScanState,
    "stage": StageKind,
    "status": view.Status,
    "suspension": SuspensionReason,
    "timeliness": view.Timeliness,
    "waiting": view.Waiting,
}


def test_the_languages_have_the_same_keys_and_values() -> None:
    """Nothing is untranslated, nothing empty, and what is put in is put in everywhere."""
    vi, en = words("vi"), words("en")
    assert vi.keys() == en.keys()
    assert all(vi.values())
    for key in vi:
        assert _fields(vi[key]) == _fields(en[key]), key


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("path", [*TEMPLATES, *PYTHON], ids=lambda path: path.name)
def test_every_key_that_is_used_is_there(path: Path) -> None:
    """In templates and in the desk's code."""
    used = set(KEY.findall(path.read_text()))
    assert {key for key in used if not key.endswith(".")} <= words("vi").keys()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_says_anything_itself(path: Path) -> None:
    """Letters outside tags and expressions are names of keys on the keyboard and nothing else."""
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"<(script|style|kbd).*?</\1>", "", text, flags=re.DOTALL)
    assert re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>", "", text)) == []


@pytest.mark.parametrize("name", VOCABULARIES)
def test_every_word_of_a_vocabulary_is_translated(name: str) -> None:
    """What is added to the domain is added to the pages."""
    wanted = {f"{name}.{one.value}" for one in VOCABULARIES[name]}  # type: ignore[var-annotated]
    assert wanted <= words("vi").keys()


def test_every_event_and_every_refusal_has_its_words() -> None:
    """The timeline tells every event, and a refusal never falls back to a general sentence."""
    events = {f"event.{name.replace('.', '_')}" for name in EVENT_OF}
    assert events <= words("vi").keys()
    for kind, name in ((kind, f"event.{name.replace('.', '_')}") for name, kind in EVENT_OF.items()):
        for language in LANGUAGES:
            assert _fields(words(language)[name]) <= {*kind.__struct_fields__, "stage"}, name
    assert {f"refusal.{code}" for code in _codes()} <= words("vi").keys()


def _codes() -> Iterator[str]:
    for value in (*vars(refusals).values(), *vars(delegation).values()):
        if isinstance(value, type) and issubclass(value, Refusal):
            yield value.code


COUNTED = re.compile(r"\{(?:n|number|days|minutes|total)\} (?!\[)([a-z]+s)\b")


def test_one_of_a_thing_is_not_called_many() -> None:
    """English words that follow a number have both forms; in Vietnamese they have but one."""
    assert translator("en")("period.working_day", n=1) == "1 working day"
    assert translator("en")("period.working_day", n="1.5") == "1.5 working days"
    assert translator("vi")("period.working_day", n=1) == "1 ngày làm việc"
    assert {key: text for key, text in words("en").items() if COUNTED.search(text)} == {}
    assert {key for key, text in words("vi").items() if "|" in text} == set()


def test_what_somebody_wrote_is_put_in_as_it_is() -> None:
    """Brackets of a value are no forms of a word."""
    assert translator("en")("staff.done", name="1 [a|b]") == "Kept: 1 [a|b]."
