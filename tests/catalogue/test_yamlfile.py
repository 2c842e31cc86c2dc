"""YAML as catalogue files use it: plain values, lines, and what is refused."""

from pathlib import Path

import pytest

from catalogue.yamlfile import LARGEST_FILE, BadYaml, Lines, parse_yaml, read_yaml


def test_plain_values() -> None:
    """Numbers, true, false and nothing are read; everything else stays the text that was written."""
    text = 'a: 1\nb: 1.5\nc: true\nd: ~\ne: yes\nf: 12:30\ng: 2025-11-27\nh: "2"\ni: 0x1F\nj: 1_000\nk: [x, {y: }]\n'
    assert parse_yaml(text) == {
        "a": 1, "b": 1.5, "c": True, "d": None, "e": "yes", "f": "12:30", "g": "2025-11-27", "h": "2", "i": "0x1F",
        "j": "1_000", "k": ["x", {"y": None}],
    }  # fmt: skip


def test_every_value_has_a_line() -> None:
    """By the way to it; a mapping's value has the line of its key."""
    lines: Lines = {}
    parse_yaml("# first\na:\n  - b: 1\n  - c:\n      2\nd: {e: 3,\n  f: 4}\n", lines)
    assert lines[("a", 0, "b")] == 3
    assert lines[("a", 1, "c")] == 4
    assert lines[("d", "f")] == 7
    assert lines[("a", 1)] == 4


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: [1, 2\n", 3, "not YAML"),
        ("a: 1\n b: 2\n", 2, "not YAML"),
        ("\ta: 1\n", 1, "not YAML"),
        ("a: 1\na: 2\n", 2, 'the key "a" is given twice'),
        ("a: &x [1]\nb: *x\n", 1, "anchors"),
        ("b: *x\n", 1, "anchors"),
        ("a: !!python/object:os.system x\n", 1, "tags"),
        ("a: 1\n---\nb: 2\n", 2, "one document"),
        ("{[1]: 2}\n", 1, "a key is a word"),
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        ("[" * 100_000, 1, "levels deep"),
    ],
)
def test_what_is_refused_is_named_with_its_line(text: str, line: int, said: str) -> None:
    """No anchors, tags, double keys or endless nesting; nothing is overwritten silently."""
    with pytest.raises(BadYaml) as refused:
        parse_yaml(text)
    assert said in refused.value.message
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        (b"a: 1\n\nb: \x07\n", 3, "U+0007"),
        (b"x" * (LARGEST_FILE + 1), 0, "bytes"),
    ],
)
def test_files_that_are_no_text_are_refused(tmp_path: Path, body: bytes, line: int, said: str) -> None:
    """Wrong encoding, control characters, a size that no catalogue file has."""
    path = tmp_path / "x.yaml"
    path.write_bytes(body)
    with pytest.raises(BadYaml) as refused:
        read_yaml(path)
    assert said in refused.value.message
    assert refused.value.line == line


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """In a sentence."""
    with pytest.raises(BadYaml, match="cannot be read"):
        read_yaml(tmp_path / "none.yaml")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    """Editors on other systems write one."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_yaml(path) == {"a": 1, "b": 2}
