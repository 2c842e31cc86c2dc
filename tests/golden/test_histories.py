"""Dossiers that run today go on under the program of tomorrow: recorded histories replay without a difference."""

from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from activities.messages import AppendReply
from domain.record import Append, Outcome
from runtime.temporal import DATA_CONVERTER, workflow_runner
from tests.golden.files import golden_histories
from tests.golden.lives import LIVES
from workflows.dossier import DossierWorkflow
from workflows.messages import Start
from workflows.options import DOSSIER, JOURNAL_TIMEOUT


@workflow.defn(name=DOSSIER)
class Renamed(DossierWorkflow):
    """The same workflow, broken: it asks for another activity."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Start) -> int:
        """The same."""
        return await super().run(start)

    async def _store(self, request: Append) -> AppendReply:
        await workflow.execute_activity("journal.write", request, start_to_close_timeout=JOURNAL_TIMEOUT)
        return AppendReply(Outcome.CONFLICT)


def replayer(kind: type[Any]) -> Replayer:
    """A replayer for one workflow class."""
    runner = workflow_runner(["tests.golden.test_histories"])
    return Replayer(workflows=[kind], data_converter=DATA_CONVERTER, workflow_runner=runner)


def history(path: Path) -> WorkflowHistory:
    """A recorded history."""
    return WorkflowHistory.from_json(path.stem, path.read_text())


@pytest.mark.parametrize("path", golden_histories(), ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    """The present workflow does, step by step, what was done then."""
    await replayer(DossierWorkflow).replay_workflow(history(path))


@pytest.mark.parametrize("path", golden_histories(), ids=lambda path: path.stem)
async def test_a_broken_workflow_does_not_replay(path: Path) -> None:
    """The test above can fail: a workflow that acts otherwise is found out."""
    with pytest.raises(NondeterminismError):
        await replayer(Renamed).replay_workflow(history(path))


def test_every_life_has_its_history() -> None:
    """A new life is accompanied by its history: ``python -m tests.golden.write`` records it."""
    assert {path.stem for path in golden_histories()} >= set(LIVES)
