"""The store as activities: append one order's events, load a stream."""

from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.messages import APPEND, LOAD, AppendReply, Loaded, LoadReply, LoadRequest
from domain.dossier.history import state_of
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.errors import Refusal
from domain.ids import Stream
from domain.record import Append, Outcome
from store.journal import Journal


class RulesSource(Protocol):
    """Where pinned procedures and calendars come from."""

    async def rules_of(self, stream: Stream, state: Dossier) -> Rules:
        """The rules whose versions this state has pinned.

        Raises where a version is missing; the load is then tried again, for the catalogue may yet be loaded.
        """


class JournalActivities:
    """Activities over one journal."""

    def __init__(self, journal: Journal, rules: RulesSource) -> None:
        """Use this journal, and this source of pinned rules for loads."""
        self._journal = journal
        self._rules = rules

    @activity.defn(name=APPEND)
    async def append(self, request: Append) -> AppendReply:
        """Append an order's events with the read-model row; exactly-once by command id.

        Raises ApplicationError, not to be retried, for what the store can never hold.
        """
        try:
            appended = await self._journal.append(request)
        except Refusal as refusal:
            raise ApplicationError(refusal.message, refusal.details, type=refusal.code, non_retryable=True) from refusal
        match appended.outcome:
            case Outcome.APPENDED:
                return AppendReply(outcome=appended.outcome, head=appended.records[-1].hash)
            case Outcome.REPEATED:
                return AppendReply(outcome=appended.outcome, records=appended.records)
            case _:
                return AppendReply(outcome=appended.outcome)

    @activity.defn(name=LOAD)
    async def load(self, request: LoadRequest) -> LoadReply:
        """A stream's state and rules, for runs that start without them."""
        records = await self._journal.read(request.stream)
        if not records:
            return LoadReply(None)
        state, last = state_of(records), records[-1]
        rules = await self._rules.rules_of(request.stream, state)
        return LoadReply(Loaded(state, last.hash, last.recorded_at, rules))
