"""Folds for tests: the samples' events mean nothing, so a view follows from their number."""

from collections.abc import Sequence

from domain.dossier.view import DossierView
from domain.record import Record
from tests.store.samples import a_view


async def sample_fold(records: Sequence[Record]) -> DossierView:
    """The view that ``samples.an_append`` gives by default."""
    return a_view(records[0].stream, len(records))
