"""The end of a process."""

import atexit
import os
import sys
from typing import Final, NoReturn

BRIDGE: Final = "temporalio.bridge.temporal_sdk_bridge"
FAILED: Final = 1


def leave(stop: SystemExit) -> NoReturn:
    """End the process with the status that ``stop`` carries, all output written and all exit functions run.

    Where Temporal's client was in use the interpreter is not torn down: the client's own threads outlive it, and one
    that then reports to Python aborts the process (temporalio/sdk-python issue 300), whose work was done.
    """
    if BRIDGE not in sys.modules:
        raise stop
    if isinstance(stop.code, str):
        sys.stderr.write(f"{stop.code}\n")
    status = stop.code if isinstance(stop.code, int) else FAILED if stop.code else 0
    atexit._run_exitfuncs()  # noqa: SLF001  # what the interpreter itself would call next
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # whoever read it has gone
            status = status or FAILED
    os._exit(status)
