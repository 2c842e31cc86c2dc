"""Sessions of the officers' desk.

Revision 2026_11_22_desk_sessions.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "2026_11_22_desk_sessions"
down_revision = "2026_11_22_lateness"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "desk_sessions",
        sa.Column("token_hash", pg.BYTEA(), nullable=False),
        sa.Column("officer", sa.Text(collation="C"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_desk_sessions"),
        comment="Officers' sessions at the desk, by the hash of their token.",
    )
    op.create_index("ix_desk_sessions_officer", "desk_sessions", ["officer"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON desk_sessions TO motcua_app")
