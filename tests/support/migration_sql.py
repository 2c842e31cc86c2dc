"""Writes each migration as a file of SQL, for the linter: ``python -m tests.support.migration_sql DIRECTORY``."""

import io
import sys
from pathlib import Path

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

ROOT = Path(__file__).parents[2]


def write_all(directory: Path) -> list[Path]:
    """Write the SQL of each migration's upgrade to ``directory`` and return the files, oldest first."""
    directory.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    written = []
    for revision in reversed(list(ScriptDirectory.from_config(config).walk_revisions())):
        text = io.StringIO()
        context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": text})
        with Operations.context(context):
            revision.module.upgrade()
        path = directory / f"{revision.revision}.sql"
        path.write_text(text.getvalue())
        written.append(path)
    return written


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
