"""The store as activities: append one order's events, load a stream."""

from typing import Protocol

from temporalio import activity

from activities.messages import APPEND, LOAD, AppendReply, Loaded, LoadRequest
from domain.dossier.history import state_of
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.ids import Stream
from domain.record import Append, Outcome
from store.journal import Journal


class RulesSource(Protocol):
    """Where pinned procedures and calendars come from."""

    async def rules_of(self, stream: Stream, state: Dossier) -> Rules:
        """The rules whose versions this state has pinned; raises LookupError when a version is missing."""


class JournalActivities:
    """Activities over one journal."""

    def __init__(self, journal: Journal, rules: RulesSource) -> None:
        """Use this journal, and this source of pinned rules for loads."""
        self._journal = journal
        self._rules = rules

    @activity.defn(name=APPEND)
    async def append(self, request: Append) -> AppendReply:
        """Append an order's events with the read-model row; exactly-once by command id."""
        appended = await self._journal.append(request)
        if appended.outcome is Outcome.APPENDED:
            return AppendReply(outcome=appended.outcome, head=appended.records[-1].hash)
        return AppendReply(outcome=appended.outcome, records=appended.records)

    @activity.defn(name=LOAD)
    async def load(self, request: LoadRequest) -> Loaded:
        """A stream's rows and rules, for runs that start without them."""
        records = await self._journal.read(request.stream)
        if not records:
            return Loaded((), None)
        return Loaded(tuple(records), await self._rules.rules_of(request.stream, state_of(records)))
