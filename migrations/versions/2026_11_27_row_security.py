"""Row-level security beneath what officers read: each sees rows of his authority, the engine sees all.

Revision 2026_11_27_row_security.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

from alembic import op

revision = "2026_11_27_row_security"
down_revision = "2026_11_27_saved_views"
branch_labels = None
depends_on = None

ME = "(SELECT current_setting('motcua.authority', true))"
EVERYTHING = "(SELECT current_setting('motcua.everything', true)) = 'on'"
VISIBLE = {
    "dossiers": f"{EVERYTHING} OR authority = {ME} OR received_by = {ME} OR return_to = {ME}"
    " OR motcua_reads(stream) <> ''",
    "tasks": f"{EVERYTHING} OR authority = {ME} OR motcua_reads(stream) <> ''",
    "completions": f"{EVERYTHING} OR authority = {ME} OR motcua_reads(stream) <> ''",
}
# It runs as its owner, whom no policy holds: a policy that looked at the other table would look at its own in turn.
# It returns a text, for the planner takes "<> ''" for nearly always true, which in an officer's own lists it is; for a
# boolean it would expect two rows of three to be hidden, and sort whole worklists rather than walk along the index.
READS = """
    CREATE FUNCTION motcua_reads(a_stream text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        me CONSTANT text := current_setting('motcua.authority', true);
    BEGIN
        RETURN coalesce((
            SELECT CASE
                WHEN me IN (own.authority, own.received_by, own.return_to) THEN 'own'
                WHEN me IN (root.authority, root.received_by, root.return_to) THEN 'root'
                WHEN EXISTS (
                    SELECT FROM public.tasks WHERE stream IN (own.stream, own.root) AND authority = me
                ) THEN 'task'
                ELSE '' END
            FROM public.dossiers AS own JOIN public.dossiers AS root ON root.stream = own.root
            WHERE own.stream = a_stream
        ), '');
    END $$
"""


def upgrade() -> None:
    """Make the function and put the policies on."""
    op.execute(READS)
    op.execute("REVOKE EXECUTE ON FUNCTION motcua_reads(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION motcua_reads(text) TO motcua_officer")
    op.execute("GRANT USAGE ON SCHEMA public TO motcua_officer")
    for table, visible in VISIBLE.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY engine ON {table} TO motcua_app USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY officer ON {table} FOR SELECT TO motcua_officer USING ({visible})")
        op.execute(f"GRANT SELECT ON {table} TO motcua_officer")
