"""The state directory: one owner at a time, and never anybody else's files."""

import os
import stat
from pathlib import Path

import pytest

from runtime.embedded.state import PartState, RunRecord, StateDirectory
from runtime.errors import OperationalError


def test_a_directory_has_one_owner_at_a_time(tmp_path: Path) -> None:
    """A second claim names the process that holds it; afterwards it is free."""
    state = StateDirectory(tmp_path / "state")
    with state.claim():
        assert state.runner() == os.getpid()
        with (
            pytest.raises(OperationalError, match=f"already runs .*process {os.getpid()}"),
            StateDirectory(tmp_path / "state").claim(),
        ):
            pass
    assert state.runner() is None


def test_nobody_runs_where_nothing_is(tmp_path: Path) -> None:
    """Asking creates nothing."""
    state = StateDirectory(tmp_path / "none")
    assert state.runner() is None
    assert state.read_record() is None
    assert not state.path.exists()


@pytest.mark.parametrize("fresh", [False, True])
def test_a_foreign_directory_is_never_touched(tmp_path: Path, *, fresh: bool) -> None:
    """Whatever is not ours stays, ``--fresh`` or not."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OperationalError, match="not a state directory"), StateDirectory(tmp_path).claim(fresh=fresh):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_fresh_empties_a_state_directory_and_follows_no_link(tmp_path: Path) -> None:
    """Everything in it goes; what a link points to stays."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    state = StateDirectory(tmp_path / "state")
    with state.claim():
        (state.path / "postgres" / "data").mkdir(parents=True)
        (state.path / "link").symlink_to(outside)
    with state.claim(fresh=True):
        assert not (state.path / "postgres").exists()
        assert not (state.path / "link").is_symlink()
        assert state.runner() == os.getpid()
    assert (outside / "kept").exists()


def test_a_file_in_the_place_of_the_directory_is_named(tmp_path: Path) -> None:
    """The sentence says what is there."""
    (tmp_path / "state").touch()
    with pytest.raises(OperationalError, match="is a file"), StateDirectory(tmp_path / "state").claim():
        pass


def test_a_secret_is_drawn_once_and_private(tmp_path: Path) -> None:
    """The same at each start, and nobody else's business."""
    state = StateDirectory(tmp_path)
    first = state.secret("token-secret").read_text()
    assert state.secret("token-secret").read_text() == first
    assert state.secret("other").read_text() != first
    assert len(first) == 64
    assert stat.S_IMODE(state.secret("token-secret").stat().st_mode) == 0o600


def test_the_record_reads_back(tmp_path: Path) -> None:
    """What ``up`` wrote is what ``status`` reads."""
    record = RunRecord(
        pid=7,
        ready=True,
        parts=(PartState("api", "running", 8, 0, 8080, "api.log"),),
        urls={"desk": "http://127.0.0.1:8080/"},
    )
    StateDirectory(tmp_path).write_record(record)
    assert StateDirectory(tmp_path).read_record() == record
