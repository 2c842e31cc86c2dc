"""From a stream's records to its read model: the port through which rebuild and verification reach the domain."""

from collections.abc import Sequence
from typing import Protocol

from domain.dossier.history import state_of
from domain.dossier.summary import summarise
from domain.dossier.view import DossierView
from domain.record import Record
from store.rules_source import PinnedRules


class Fold(Protocol):
    """Folds all records of one stream, in order and in their newest shapes, into its read model; may raise anything."""

    async def __call__(self, records: Sequence[Record]) -> DossierView:
        """The view after the last record."""
        ...


class PinnedFold:
    """The product's fold: the domain's, under the rules that the stream has pinned."""

    def __init__(self, rules: PinnedRules) -> None:
        """Look up rules here."""
        self._rules = rules

    async def __call__(self, records: Sequence[Record]) -> DossierView:
        """See Fold."""
        state = state_of(records)
        stream = records[0].stream
        return summarise(await self._rules.rules_of(stream, state), state, stream)
