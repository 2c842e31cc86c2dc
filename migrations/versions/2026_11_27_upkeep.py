"""When what must be done again and again was done last, and what it found.

Revision 2026_11_27_upkeep.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_upkeep"
down_revision = "2026_11_22_outbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nothing was done yet."""
    op.create_table(
        "upkeep",
        sa.Column("task", sa.Text(collation="C"), nullable=False),
        sa.Column("detail", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("task", "detail", name="pk_upkeep"),
        comment="Backup and reconciliation: when each was done last, and the numbers that it told.",
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON upkeep TO motcua_app")
