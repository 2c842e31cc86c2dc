"""The dossier workflow of a program of the future, which acts otherwise: it reads the stream before each append."""

from temporalio import workflow

from activities.messages import LOAD, AppendReply, LoadRequest
from domain.record import Append
from workflows.dossier import DossierWorkflow
from workflows.messages import Start
from workflows.options import DOSSIER, JOURNAL_TIMEOUT


@workflow.defn(name=DOSSIER)
class Changed(DossierWorkflow):
    """The same life by other steps; what the present one recorded does not replay here."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Start) -> int:
        """The same."""
        return await super().run(start)

    async def _store(self, request: Append) -> AppendReply:
        await workflow.execute_activity(
            LOAD, LoadRequest(request.stream), start_to_close_timeout=JOURNAL_TIMEOUT, result_type=dict
        )
        return await super()._store(request)
