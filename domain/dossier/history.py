"""From stored rows back to a dossier: state, versions pinned, read-model row."""

from collections.abc import Iterable, Sequence
from datetime import datetime

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


def state_as_recorded(records: Iterable[Record], moment: datetime) -> Dossier:
    """What the system knew at a moment."""
    return state_of(record for record in records if record.recorded_at <= moment)


def state_as_occurred(records: Iterable[Record], moment: datetime) -> Dossier:
    """What had happened in the world by a moment, as known today."""
    return state_of(record for record in records if record.occurred_at <= moment)


def view_of(rules: Rules, records: Sequence[Record]) -> DossierView:
    """The read-model row that these rows lead to."""
    return summarise(rules, state_of(records), records[0].stream)
