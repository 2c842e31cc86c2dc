"""The read models' tables hold exactly what a view says."""

from datetime import UTC, datetime

from store.rows import DOSSIER_COLUMNS, NEVER, TASK_COLUMNS, dossier_row, task_rows
from store.tables import dossiers, tasks
from tests.store.samples import START, a_task, a_view


def test_tables_have_a_column_for_each_field() -> None:
    """A field added to a view needs a migration: without it, this fails."""
    assert set(DOSSIER_COLUMNS) == set(dossiers.c.keys())
    assert set(TASK_COLUMNS) == set(tasks.c.keys())
    assert set(dossier_row(a_view())) == set(DOSSIER_COLUMNS)
    assert set(task_rows(a_view())[0]) == set(TASK_COLUMNS)


def test_sort_keys_are_never_missing() -> None:
    """What has no moment sorts after everything that has one."""
    bare = a_view(
        received_at=None, submitted_at=None, committed_due=None, statutory_due=None, tasks=(a_task(due=None),)
    )
    assert (dossier_row(bare)["entered_key"], dossier_row(bare)["due_key"]) == (NEVER, NEVER)
    assert task_rows(bare)[0]["due_key"] == NEVER
    later = datetime(2026, 5, 1, tzinfo=UTC)
    submitted = a_view(received_at=None, submitted_at=START, committed_due=None, statutory_due=later)
    assert (dossier_row(submitted)["entered_key"], dossier_row(submitted)["due_key"]) == (START, later)
