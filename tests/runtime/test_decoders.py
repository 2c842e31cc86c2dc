"""Types that a worker's threads decode are learnt before the threads begin."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RACE = """
import sys, threading, msgspec
sys.setswitchinterval(1e-6)
from runtime import temporal
from workers.dossier import MESSAGES
from workflows.messages import Start
from tests.domain.dossier.samples import rules

data = msgspec.json.encode(Start("A", rules().slim()))
if sys.argv[1] == "prepared":
    temporal.prepare(*MESSAGES)
together = threading.Barrier(4)

def decode():
    together.wait()
    for _ in range(20):
        msgspec.json.Decoder(Start).decode(data)

threads = [threading.Thread(target=decode) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.mark.parametrize("attempt", range(4))
def test_threads_that_meet_a_prepared_type_at_once_do_no_harm(attempt: int) -> None:
    """Without preparing, about one such process in three dies of a segmentation fault."""
    done = subprocess.run(
        [sys.executable, "-c", RACE, "prepared"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"attempt {attempt}: {done.stderr}"
