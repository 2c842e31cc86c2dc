"""Completed stages with the time that they took, and the ways to the oldest open work and to other authorities' share.

Revision 2026_11_27_completions. The projector fills the table from the first event on.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_completions"
down_revision = "2026_11_27_webhook_secrets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and the indexes."""
    op.create_table(
        "completions",
        _text("stream"),
        sa.Column("version", sa.Integer(), nullable=False),
        *map(_text, ("authority", "officer", "stage")),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("held_minutes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("stream", "version", name="pk_completions"),
        comment="Asynchronous projection: every stage that an officer completed, and how many working minutes it took.",
    )
    op.create_index("ix_completions_authority_recorded_at", "completions", ["authority", "recorded_at"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON completions TO motcua_app")
    # Built concurrently they would wait for the other migrators, who wait for this one's advisory lock.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_tasks_authority_opened_at_stream_task ON tasks (authority, opened_at, stream, task)"
    )
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_dossiers_unjudged_authority ON dossiers (authority, stream)"
        " WHERE status IN ('submitted', 'open') AND stream = root"
    )


def _text(name: str) -> sa.Column[str]:
    """Text that is compared byte by byte."""
    return sa.Column(name, sa.Text(collation="C"), nullable=False)
