"""Keep each open clock beside its due moment, so that a calendar's new version can be tried on all of them.

Revision 2026_11_22_clocks_in_read_models. Rows that are there get theirs with their next event, or by a rebuild.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "2026_11_22_clocks_in_read_models"
down_revision = "2026_11_21_event_store"
branch_labels = None
depends_on = None

NO_CALENDARS = sa.text("'{}'::jsonb")


def upgrade() -> None:
    """Add the clocks, and the index by which unjudged dossiers are walked."""
    op.add_column("dossiers", _calendar())
    op.add_column("dossiers", sa.Column("calendars", pg.JSONB(), nullable=False, server_default=NO_CALENDARS))
    op.add_column("dossiers", sa.Column("clock", pg.JSONB(), nullable=True))
    # Built concurrently it would wait for the other migrators, who wait for this one's advisory lock.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_dossiers_unjudged ON dossiers (stream) WHERE status IN ('submitted', 'open')"
    )
    op.add_column("tasks", _calendar())
    op.add_column("tasks", sa.Column("clock", pg.JSONB(), nullable=True))


def _calendar() -> sa.Column[str]:
    """The id of the calendar that a row's clock is counted by."""
    return sa.Column("calendar", sa.Text(collation="C"), nullable=False, server_default=sa.text("''"))
