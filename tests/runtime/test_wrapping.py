"""The file with the keys that protect personal data."""

from pathlib import Path

import pytest

from runtime.errors import SettingError
from runtime.wrapping import name_of, read_wrapping_keys

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def test_the_first_line_wraps_and_all_unwrap(tmp_path: Path) -> None:
    """Names come from the keys, so a key keeps its name when a new one is put before it."""
    path = tmp_path / "keys"
    path.write_text(OLD.hex() + "\n")
    assert read_wrapping_keys(path) == {name_of(OLD): OLD}
    path.write_text(f"{NEW.hex()}\n{OLD.hex()}\n")
    assert list(read_wrapping_keys(path).items()) == [(name_of(NEW), NEW), (name_of(OLD), OLD)]


@pytest.mark.parametrize("content", ["", "abc", "zz" * 32, OLD.hex()[:-2], f"{OLD.hex()}\nshort", "khóa"])
def test_anything_else_is_refused_by_the_variables_name(tmp_path: Path, content: str) -> None:
    """A file that is cut or mistyped must not start a process that cannot open what it seals."""
    path = tmp_path / "keys"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingError, match="MOTCUA_WRAPPING_KEY_FILE"):
        read_wrapping_keys(path)


def test_no_file(tmp_path: Path) -> None:
    """Neither an unset variable nor a missing file is taken for an empty one."""
    for path in (None, tmp_path / "missing"):
        with pytest.raises(SettingError, match="MOTCUA_WRAPPING_KEY_FILE"):
            read_wrapping_keys(path)
