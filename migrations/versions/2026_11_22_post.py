"""The post: carriers' callbacks as they came, and every parcel.

Revision 2026_11_22_post. What came is never changed: the application may update only what became of it.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "2026_11_22_post"
down_revision = "2026_11_22_desk_sessions"
branch_labels = None
depends_on = None

CHANGEABLE = "status, reason, detail, event_id, tracking, stream, occurred_at, attempts, due_at, settled_at"


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "postal_inbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _id("carrier"),
        _moment("received_at", "clock_timestamp()"),
        sa.Column("remote", sa.Text(), nullable=False),
        sa.Column("headers", pg.JSONB(), nullable=False),
        sa.Column("body", pg.BYTEA(), nullable=False),
        _id("status", "'new'"),
        _id("reason", "''"),
        sa.Column("detail", sa.Text(), nullable=False, server_default=sa.text("''")),
        *(sa.Column(name, sa.Text(collation="C"), nullable=True) for name in ("event_id", "tracking", "stream")),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        _moment("due_at", "clock_timestamp()"),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_postal_inbox"),
        comment="Every authentic callback of a carrier as it came, and what became of it; what came is never changed.",
    )
    _index("ix_postal_inbox_open", ["due_at", "id"], "status IN ('new', 'waiting')")
    _index("ix_postal_inbox_parked", ["id"], "status = 'parked'")
    _index("ix_postal_inbox_event", ["carrier", "event_id"], "event_id IS NOT NULL")
    _index(
        "ix_postal_inbox_unsettled_tracking",
        ["carrier", "tracking"],
        "status IN ('waiting', 'parked') AND tracking IS NOT NULL",
    )
    op.create_table(
        "postal_items",
        *map(_id, ("stream", "parcel", "purpose", "carrier", "tracking")),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        _id("state"),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("stream", "parcel", name="pk_postal_items"),
        comment="Asynchronous projection: every parcel, whose it is and where it stands by the carrier's own time.",
    )
    op.create_index("ix_postal_items_carrier_tracking", "postal_items", ["carrier", "tracking"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE ({CHANGEABLE}) ON postal_inbox TO motcua_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON postal_items TO motcua_app")


def _id(name: str, default: str | None = None) -> sa.Column[str]:
    """Text that is compared byte by byte."""
    server_default = sa.text(default) if default else None
    return sa.Column(name, sa.Text(collation="C"), nullable=False, server_default=server_default)


def _moment(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text(default))


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "postal_inbox", columns, postgresql_where=sa.text(where))
