"""The end of a process that has used Temporal's client."""

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys
{bridge}
from runtime.exiting import leave
atexit.register(print, "exit function")
print("written", end=" ")
try:
    sys.exit({code})
except SystemExit as stop:
    leave(stop)
"""


@pytest.mark.parametrize("bridge", ["", "import temporalio.bridge.temporal_sdk_bridge"])
@pytest.mark.parametrize(("code", "status"), [("0", 0), ("None", 0), ("2", 2), ("'no such thing'", 1)])
def test_a_process_leaves_with_its_status_and_all_it_wrote(bridge: str, code: str, status: int) -> None:
    """Buffers are written and exit functions run, whether or not the interpreter is torn down."""
    program = PROGRAM.format(bridge=bridge, code=code)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (status, "written exit function\n")
    assert ended.stderr == ("no such thing\n" if status == 1 else "")


def test_the_interpreter_is_not_torn_down_once_temporal_was_used() -> None:
    """What would run while it is torn down, when the client's threads may still report, does not run."""
    program = """
import sys
import temporalio.bridge.temporal_sdk_bridge
from runtime.exiting import leave
class Torn:
    def __del__(self): sys.stderr.write("torn down")
kept = Torn()
try:
    sys.exit(0)
except SystemExit as stop:
    leave(stop)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
