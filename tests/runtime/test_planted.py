"""The search that goes through all logs after the last test finds what is there, however it is written."""

import json
import logging
import urllib.parse
from pathlib import Path

import pytest

from runtime import logging as ours
from tests.support.planted import PLANTED, in_files, in_output

NAME = PLANTED[0]


@pytest.mark.parametrize(
    "text",
    [NAME, json.dumps({"name": NAME}), f"GET /track?name={urllib.parse.quote(NAME)}", str(NAME.encode())],
    ids=["plain", "json", "address", "bytes"],
)
def test_a_name_in_a_log_is_found(tmp_path: Path, text: str) -> None:
    """In a file of a process, as anybody would write it."""
    (tmp_path / "deep").mkdir()
    log = tmp_path / "deep" / "worker.log"
    log.write_text(f"started\n{text}\n")
    (tmp_path / "deep" / "answer.txt").write_text(text)
    assert len(list(in_files(tmp_path))) == 1
    log.unlink()  # or this very run would be found out


def test_a_name_that_was_logged_within_a_test_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """In our own lines, and in those of the standard library; what a command answers may tell names."""
    ours.logger("someone").warning("dossier.received", applicant=NAME[:5])
    said = capsys.readouterr().out.replace(NAME[:5], NAME)
    assert len(list(in_output([("Captured stdout call", said)]))) == 1
    assert len(list(in_output([("Captured log call", f"WARNING someone:{logging.WARNING} {NAME}")]))) == 1
    assert list(in_output([("Captured stdout call", json.dumps({"applicant": NAME}))])) == []
