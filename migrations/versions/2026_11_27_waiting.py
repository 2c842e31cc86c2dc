"""Find at once, however much there is, what waits for others, what one officer or nobody has, what a stage has.

Revision 2026_11_27_waiting.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

from alembic import op

revision = "2026_11_27_waiting"
down_revision = "2026_11_27_inbox_by_parcel"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the dossiers that wait for others, by who decides and who received them; tasks by officer and by stage."""
    # Built concurrently they would wait for the other migrators, who wait for this one's advisory lock.
    for column in ("authority", "received_by"):
        op.execute(
            "-- squawk-ignore require-concurrent-index-creation\n"
            f"CREATE INDEX ix_dossiers_{column}_waiting ON dossiers ({column}, waiting, due_key, stream)"
            " WHERE waiting IN ('citizen', 'authority', 'post')"
        )
    # The few of one officer or stage were looked for through all that is due at a large authority, in that order.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_tasks_officer_authority ON tasks (officer, authority, due_key, stream, task)"
    )
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_tasks_authority_stage ON tasks (authority, stage, due_key, stream, task)"
    )
    op.execute("-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_tasks_officer_due_key_stream_task")
