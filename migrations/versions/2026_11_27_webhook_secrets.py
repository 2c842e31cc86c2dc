"""A webhook's secret that was changed goes on for a while; how long is kept beside it.

Revision 2026_11_27_webhook_secrets. Secrets themselves are sealed by the application from now on.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_webhook_secrets"
down_revision = "2026_11_27_upkeep"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns."""
    op.add_column("webhook_subscriptions", sa.Column("previous_secret", sa.Text(), nullable=True))
    op.add_column("webhook_subscriptions", sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True))
