"""Absence cover: who stands in for whom, from when to when; and for whom a session at the desk works.

Revision 2026_11_27_delegations.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_delegations"
down_revision = "2026_11_27_row_security"
branch_labels = None
depends_on = None

CHANGEABLE = "revoked_at, revoked_by"


def upgrade() -> None:
    """Create the table and its indexes, and add the column."""
    op.create_table(
        "delegations",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *map(_text, ("id", "authority", "absent", "stand_in")),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _text("given_by"),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        _text("revoked_by"),
        sa.PrimaryKeyConstraint("number", name="pk_delegations"),
        sa.UniqueConstraint("id", name="uq_delegations_id"),
        sa.CheckConstraint("first_day <= last_day", name="ck_delegations_days"),
        comment="Absence cover; append-only but for its revocation.",
    )
    op.create_index("ix_delegations_stand_in_last_day", "delegations", ["stand_in", "last_day"])
    op.create_index("ix_delegations_absent", "delegations", ["absent"])
    op.create_index("ix_delegations_authority_number", "delegations", ["authority", "number"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE ({CHANGEABLE}) ON delegations TO motcua_app")
    op.add_column("desk_sessions", sa.Column("on_behalf_of", sa.Text(collation="C"), nullable=False, server_default=""))


def _text(name: str) -> sa.Column[str]:
    """Text that is compared byte by byte."""
    return sa.Column(name, sa.Text(collation="C"), nullable=False)
