"""What leaves us: messages until they have arrived, and who has subscribed to webhooks.

Revision 2026_11_22_outbox. Only what happens from now on is told.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "2026_11_22_outbox"
down_revision = "2026_11_22_post"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and stand the cursor behind what is past."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *map(_id, ("kind", "key", "lane")),
        sa.Column("payload", pg.JSONB(), nullable=False),
        _id("status", "'new'"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        _moment("due_at", "clock_timestamp()"),
        sa.Column("error", sa.Text(), nullable=False, server_default=sa.text("''")),
        _moment("created_at", "clock_timestamp()"),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("kind", "key", name="uq_outbox_kind_key"),
        comment="Messages to the world outside, each until it has arrived or is given up.",
    )
    op.create_index("ix_outbox_open", "outbox", ["lane", "id"], postgresql_where=sa.text("status = 'new'"))
    op.create_index("ix_outbox_due", "outbox", ["due_at"], postgresql_where=sa.text("status = 'new'"))
    op.create_index("ix_outbox_dead", "outbox", ["id"], postgresql_where=sa.text("status = 'dead'"))
    op.create_table(
        "outbox_cursors",
        _id("consumer"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name="pk_outbox_cursors"),
        comment="Up to which global position events have become messages.",
    )
    op.create_table(
        "webhook_subscriptions",
        *map(_id, ("id", "authority")),
        sa.Column("types", pg.JSONB(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("reason", sa.Text(), nullable=False, server_default=sa.text("''")),
        _moment("created_at", "clock_timestamp()"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_subscriptions"),
        comment="Who is told of which events of which authority (empty: of all).",
    )
    op.execute(
        "INSERT INTO outbox_cursors (consumer, position) "
        "SELECT 'outbox', coalesce(max(position), 0) FROM event_positions"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON outbox, outbox_cursors TO motcua_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_subscriptions TO motcua_app")


def _id(name: str, default: str | None = None) -> sa.Column[str]:
    """Text that is compared byte by byte."""
    server_default = sa.text(default) if default else None
    return sa.Column(name, sa.Text(collation="C"), nullable=False, server_default=server_default)


def _moment(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text(default))
