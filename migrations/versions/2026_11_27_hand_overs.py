"""What is outstanding between the two sides of a hand-over.

Revision 2026_11_27_hand_overs.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_hand_overs"
down_revision = "2026_11_27_delegations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, in the place of unacknowledged_links, which older processes still write."""
    op.create_table(
        "hand_overs",
        *map(_text, ("stream", "link")),
        sa.Column("sequence", sa.Integer(), nullable=False),
        *map(_text, ("missing", "authority", "field")),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "link", "sequence", "missing", name="pk_hand_overs"),
        comment="Asynchronous projection: what is outstanding between the two sides of a hand-over.",
    )
    op.create_table_comment(
        "unacknowledged_links",
        "Of older versions, which still write it during an upgrade; hand_overs is in its place. To be dropped.",
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON hand_overs TO motcua_app")


def _text(name: str) -> sa.Column[str]:
    """Text that is compared byte by byte."""
    return sa.Column(name, sa.Text(collation="C"), nullable=False)
