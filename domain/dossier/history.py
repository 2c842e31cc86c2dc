"""From stored rows back to a dossier: state, versions pinned, read-model row."""

from collections.abc import Iterable, Sequence

from domain.dossier.codec import fact_of
from domain.dossier.evolve import fold
from domain.dossier.rules import Rules
from domain.dossier.state import NEW, Dossier
from domain.dossier.summary import summarise
from domain.dossier.view import DossierView
from domain.record import Record


def state_of(records: Iterable[Record], state: Dossier = NEW) -> Dossier:
    """Fold stored rows."""
    return fold((fact_of(record) for record in records), state)


def view_of(rules: Rules, records: Sequence[Record]) -> DossierView:
    """The read-model row that these rows lead to."""
    return summarise(rules, state_of(records), records[0].stream)
