"""Migrations can be written out as SQL, which is how the linter sees them."""

from pathlib import Path

from store import migrate
from tests.support import migration_sql


def test_every_migration_is_written_out(tmp_path: Path) -> None:
    """One file for each revision, the newest last, none empty."""
    written = migration_sql.write_all(tmp_path)
    assert written[-1].stem == migrate.head()
    assert all(path.stat().st_size > 0 for path in written)
