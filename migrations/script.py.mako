"""${message}.

Revision ${up_revision}, after ${down_revision | comma,n}; written ${create_date}.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}
