"""The command line's frame: quick help, one sentence for each fault, the right status."""

import subprocess
import sys
from pathlib import Path

import msgspec
import psycopg
import pytest
import typer
import yaml
from temporalio.service import RPCError, RPCStatusCode
from typer.testing import CliRunner

from cli import faults, main, output
from cli.faults import Fault
from domain.errors import InvalidPeriod
from runtime.errors import SettingError

HEAVY = ("litestar", "sqlalchemy", "psycopg", "temporalio", "uvicorn", "alembic", "httpx", "yaml")


def test_help_imports_nothing_heavy() -> None:
    """``motcua --help`` answers at once: commands import their libraries when they run."""
    code = f"import sys, cli.main; cli.main.build(); print([name for name in {HEAVY} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_help_names_every_command() -> None:
    """Each command of the table is registered by its module, and no other."""
    app = typer.main.get_command(main.build())
    assert isinstance(app, typer.core.TyperGroup)
    assert set(app.commands) == set(main.MODULES)


@pytest.mark.parametrize("command", main.MODULES)
def test_every_command_has_help(command: str) -> None:
    """``motcua COMMAND --help`` works with that command's module alone."""
    answer = CliRunner().invoke(main.build(command), [command, "--help"])
    assert answer.exit_code == 0
    assert "Usage" in answer.output


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (InvalidPeriod("0 is not a period"), "invalid_period", 2),
        (output.BadInput("no"), "bad_input", 2),
        (output.Failed("no"), "failed", 1),
        (SettingError("MOTCUA_X"), "operational", 1),
        (psycopg.OperationalError("refused"), "database_unavailable", 1),
        (psycopg.errors.AdminShutdown("bye"), "database_unavailable", 1),
        (RPCError("gone", RPCStatusCode.UNAVAILABLE, b""), "temporal_unavailable", 1),
        (FileNotFoundError(2, "No such file", "x.yaml"), "not_found", 2),
        (IsADirectoryError(21, "Is a directory", "x"), "not_a_file", 2),
        (yaml.YAMLError("line 3"), "invalid_yaml", 2),
        (msgspec.ValidationError("Expected int"), "invalid_data", 2),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "not_utf8", 2),
        (ZeroDivisionError("x"), "defect", 1),
    ],
)
def test_every_fault_has_code_sentence_and_status(error: Exception, code: str, status: int) -> None:
    """Bad input is 2, failure 1; the sentence is one line."""
    fault = faults.describe(error)
    assert (fault.code, fault.status) == (code, status)
    assert "\n" not in fault.message
    assert fault.message


def test_a_missing_file_is_named() -> None:
    """The user sees which one."""
    assert "x.yaml" in faults.describe(FileNotFoundError(2, "No such file", "x.yaml")).message


def test_a_failure_says_so_on_stderr_and_with_json_on_stdout_too(capsys: pytest.CaptureFixture[str]) -> None:
    """People read stderr, programs stdout."""
    fault = Fault("not_found", "there is no such thing", 2)
    with pytest.raises(SystemExit) as ended:
        output.fail(fault.message, code=fault.code, status=fault.status, as_json=True)
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert msgspec.json.decode(printed.out) == {"error": {"code": "not_found", "message": fault.message}}
    assert printed.err == "motcua: there is no such thing\n"


@pytest.mark.parametrize(
    ("arguments", "status"), [(["nonsense"], 2), (["token"], 2), (["token", "--officer", "x", "--hours", "0"], 2)]
)
def test_wrong_usage_ends_with_two_and_no_traceback(arguments: list[str], status: int, tmp_path: Path) -> None:
    """An unknown command, a missing option, a value out of range."""
    answer = subprocess.run(
        [sys.executable, "-m", "cli", *arguments], capture_output=True, text=True, check=False,
        env={"MOTCUA_STATE_DIR": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    assert answer.returncode == status
    assert "Traceback" not in answer.stderr
    assert answer.stderr


def test_a_terminal_that_cannot_show_vietnamese_gets_question_marks(tmp_path: Path) -> None:
    """Output never ends in an encoding error."""
    answer = subprocess.run(
        [sys.executable, "-m", "cli", "token", "--officer", "Phượng"], capture_output=True, check=False,
        env={"MOTCUA_STATE_DIR": str(tmp_path / "ượ"), "PATH": "", "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert answer.returncode == 1
    assert b"MOTCUA_SECRET_FILE is not set" in answer.stderr
