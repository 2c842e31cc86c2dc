"""Worklists that an officer has given a name.

Revision 2026_11_27_saved_views.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "2026_11_27_saved_views"
down_revision = "2026_11_27_completions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "saved_views",
        sa.Column("officer", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filters", pg.JSONB(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("officer", "name", name="pk_saved_views"),
        comment="Worklists that an officer has given a name: the filters, as the address has them.",
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO motcua_app")
