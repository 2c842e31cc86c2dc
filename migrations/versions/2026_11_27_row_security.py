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
    " OR motcua_concern(stream, root) <> ''",
    "tasks": f"{EVERYTHING} OR authority = {ME} OR motcua_reads(stream) <> ''",
    "completions": f"{EVERYTHING} OR authority = {ME} OR motcua_reads(stream) <> ''",
}
# They run as their owner, whom no policy holds: a policy that looked at the other table would look at its own in turn.
# They return texts, for the planner takes "<> ''" for nearly always true, which in an officer's own lists it is; for a
# boolean it would expect two rows of three to be hidden, and sort whole worklists rather than walk along the index.
CONCERN = """
    CREATE FUNCTION motcua_concern(a_stream text, a_root text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        me CONSTANT text := current_setting('motcua.authority', true);
    BEGIN
        IF EXISTS (SELECT FROM public.tasks WHERE stream IN (a_stream, a_root) AND authority = me) THEN
            RETURN 'task';
        ELSIF a_root <> a_stream AND EXISTS (
            SELECT FROM public.dossiers WHERE stream = a_root AND me IN (authority, received_by, return_to)
        ) THEN
            RETURN 'root';
        END IF;
        RETURN '';
    END $$
"""
READS = """
    CREATE FUNCTION motcua_reads(a_stream text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        me CONSTANT text := current_setting('motcua.authority', true);
    BEGIN
        RETURN coalesce((
            SELECT CASE WHEN me IN (authority, received_by, return_to) THEN 'own'
                ELSE public.motcua_concern(stream, root) END
            FROM public.dossiers WHERE stream = a_stream
        ), '');
    END $$
"""
FUNCTIONS = "motcua_concern(text, text), motcua_reads(text)"


def upgrade() -> None:
    """Make the functions and put the policies on."""
    op.execute(CONCERN)
    op.execute(READS)
    op.execute(f"REVOKE EXECUTE ON FUNCTION {FUNCTIONS} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {FUNCTIONS} TO motcua_officer")
    op.execute("GRANT USAGE ON SCHEMA public TO motcua_officer")
    for table, visible in VISIBLE.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY engine ON {table} TO motcua_app USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY officer ON {table} FOR SELECT TO motcua_officer USING ({visible})")
        op.execute(f"GRANT SELECT ON {table} TO motcua_officer")
