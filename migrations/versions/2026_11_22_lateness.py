"""Lateness counted from events, and the hand-overs that are not acknowledged yet.

Revision 2026_11_22_lateness. The projector fills both tables from the first event on.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_lateness"
down_revision = "2026_11_22_clocks_in_read_models"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "lateness_counts",
        *map(_text, ("measure", "authority", "field", "detail")),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("measure", "authority", "field", "detail", name="pk_lateness_counts"),
        comment="Asynchronous projection: lateness counted from events, as domain.lateness words it; counts only rise.",
    )
    op.create_table(
        "unacknowledged_links",
        *map(_text, ("stream", "link")),
        sa.Column("sequence", sa.Integer(), nullable=False),
        *map(_text, ("authority", "field")),
        sa.PrimaryKeyConstraint("stream", "link", "sequence", name="pk_unacknowledged_links"),
        comment="Asynchronous projection: hand-overs that the linked authority has not acknowledged yet.",
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON lateness_counts, unacknowledged_links TO motcua_app")


def _text(name: str) -> sa.Column[str]:
    """Text that is compared byte by byte."""
    return sa.Column(name, sa.Text(collation="C"), nullable=False)
