"""Find what came about a parcel before anybody has worked on it, so that a backlog is taken up parcel by parcel.

Revision 2026_11_27_inbox_by_parcel.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

from alembic import op

revision = "2026_11_27_inbox_by_parcel"
down_revision = "2026_11_27_hand_overs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the index on parcels by one that holds new rows too."""
    # Built concurrently it would wait for the other migrators, who wait for this one's advisory lock.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_postal_inbox_tracking ON postal_inbox (carrier, tracking)"
        " WHERE status IN ('new', 'waiting', 'parked') AND tracking IS NOT NULL"
    )
    op.execute("-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_postal_inbox_unsettled_tracking")
