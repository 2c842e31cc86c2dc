"""The official figures of a period, counted afresh from events: every root dossier's stream, folded."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from domain.dossier.history import state_of
from domain.ids import Stream
from domain.statistics import Case, case_of
from store.database import Database
from store.journal import Journal
from store.rules_source import PinnedRules

Progress = Callable[[int], None]


async def cases(journal: Journal, database: Database, now: datetime, progress: Progress) -> AsyncIterator[Case]:
    """Every dossier that was ever received, as of ``now``; linked parts are their authorities' own work.

    ``progress`` is told how many more streams were looked at. Raises StoreUnavailable.
    """
    rules_source, after = PinnedRules(database), ""
    while heads := await journal.heads(after):
        after = heads[-1].stream
        for head in heads:
            if "/" in head.stream:
                continue
            stream = Stream(head.stream)
            state = state_of(await journal.read(stream))
            if state.received_at is not None:
                case = case_of(await rules_source.rules_of(stream, state), state, head.stream, now)
                if case is not None:
                    yield case
        progress(len(heads))
