"""Workers run workflows outside the sandbox, for speed; that these would keep its rules is shown here."""

from temporalio.testing import WorkflowEnvironment

from runtime.temporal import workflow_runner
from store.memory import MemoryJournal
from tests.golden.lives import LIVES
from tests.workflows.desk import desk


async def test_lives_are_lived_in_the_sandbox(env: WorkflowEnvironment) -> None:
    """Neither a clock nor chance nor the environment is touched: the sandbox, which forbids them, has no objection."""
    for name in ("four_steps", "handed_over"):
        life, rules, _ = LIVES[name]
        async with desk(env, MemoryJournal(), rules, workflow_runner=workflow_runner()) as opened:
            await life(opened)
        assert (await opened.types())[-1] == "dossier.closed"
