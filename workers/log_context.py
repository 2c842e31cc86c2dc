"""Every line that an activity logs says for which workflow it works."""

from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from runtime import logging


class LogContext(Interceptor):
    """Binds the workflow's id, which is the dossier's or its part's, and the activity's name, for each activity."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # the SDK's signature
        """Put ours around the activity."""
        return _Inbound(super().intercept_activity(next))


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401  # the SDK's signature
        info = activity.info()
        with logging.about(workflow=str(info.workflow_id), activity=info.activity_type):
            return await super().execute_activity(input)
