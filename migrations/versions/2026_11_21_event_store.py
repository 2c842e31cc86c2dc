"""The event store, its read models and what stands beside them.

Revision 2026_11_21_event_store, the first.
A migration imports no application code: the application moves on, a migration stays what it was.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import UserDefinedType

revision = "2026_11_21_event_store"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = "events, event_positions, code_allotments, reference_contents, reference_publications"
MUTABLE = "streams, sequencer_state, code_counters, dossier_keys, projections"
REPLACEABLE = "dossiers, tasks, activity"


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type's name in DDL."""
        return "xid8"


def upgrade() -> None:
    """Create everything."""
    _record()
    _order()
    _read_models()
    _codes()
    _references()
    _keys()
    _guard_events()
    _privileges()


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """Text that is compared byte by byte."""
    return sa.Column(name, sa.Text(collation="C"), nullable=nullable)


def _free_text(name: str) -> sa.Column[str]:
    """Text that is never compared."""
    return sa.Column(name, sa.Text(), nullable=False)


def _moment(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[object]:
    """An instant."""
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=nullable, server_default=sa.text(default) if default else None
    )


def _integer(name: str) -> sa.Column[int]:
    """A whole number."""
    return sa.Column(name, sa.Integer(), nullable=False)


def _small(name: str) -> sa.Column[int]:
    """A small whole number."""
    return sa.Column(name, sa.SmallInteger(), nullable=False)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    """Bytes."""
    return sa.Column(name, pg.BYTEA(), nullable=nullable)


def _index(table: str, *columns: str, where: str | None = None) -> None:
    """An index, named by the convention."""
    op.create_index(
        f"ix_{table}_{'_'.join(columns)}",
        table,
        list(columns),
        postgresql_where=sa.text(where) if where else None,
    )


def _record() -> None:
    """Streams and their events."""
    op.create_table(
        "streams",
        _text("stream"),
        _text("root"),
        _integer("version"),
        _bytes("hash"),
        sa.PrimaryKeyConstraint("stream", name="pk_streams"),
        comment="Head of each stream: the row every append locks, so that a lost race is an answer and not an error.",
        postgresql_with={"fillfactor": 80},
    )
    op.create_table(
        "events",
        sa.Column("event_id", pg.UUID(), nullable=False),
        _text("stream"),
        _integer("version"),
        _text("type"),
        _small("schema_version"),
        sa.Column("data", pg.JSONB(), nullable=False),
        _text("command_id"),
        _small("ordinal"),
        _bytes("command_digest"),
        _free_text("actor"),
        _text("authority"),
        _free_text("on_behalf_of"),
        _free_text("causation_id"),
        _free_text("correlation_id"),
        _moment("occurred_at"),
        _moment("recorded_at"),
        _moment("stored_at", default="clock_timestamp()"),
        sa.Column("xid", Xid8(), nullable=False, server_default=sa.text("pg_current_xact_id()")),
        _bytes("prev_hash"),
        _bytes("hash"),
        sa.PrimaryKeyConstraint("stream", "version", name="pk_events"),
        sa.UniqueConstraint("stream", "command_id", "ordinal", name="uq_events_stream_command_id_ordinal"),
        comment="The system of record; append-only (roles and a trigger see to it).",
    )
    _index("events", "xid")


def _order() -> None:
    """The global order and who has read how far in it."""
    op.create_table(
        "event_positions",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("stream"),
        _integer("version"),
        sa.PrimaryKeyConstraint("position", name="pk_event_positions"),
        sa.UniqueConstraint("stream", "version", name="uq_event_positions_stream_version"),
        comment="The dense global order; written by the sequencer only, so that events stay immutable.",
    )
    op.create_table(
        "sequencer_state",
        sa.Column("singleton", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("next_xid", Xid8(), nullable=False),
        sa.Column("cluster", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("singleton", name="pk_sequencer_state"),
        sa.CheckConstraint("singleton", name="ck_sequencer_state_one_row"),
        comment="Where the sequencer stands: every event of a transaction below next_xid has its position.",
    )
    op.execute("INSERT INTO sequencer_state (position, next_xid, cluster) VALUES (0, '0', 0)")
    op.create_table(
        "projections",
        _text("name"),
        _integer("version"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        _moment("updated_at", default="now()"),
        sa.PrimaryKeyConstraint("name", name="pk_projections"),
        comment="Checkpoint of each asynchronous projection: the last global position it has applied.",
    )


def _read_models() -> None:
    """Read models: those written with the events, and the first asynchronous one."""
    op.create_table(
        "dossiers",
        _text("stream"),
        _text("root"),
        _integer("version"),
        _text("status"),
        _small("portal_state"),
        *map(_text, ("waiting", "procedure", "procedure_version", "calendar_version", "field")),
        *map(_text, ("authority", "received_by", "return_to", "channel")),
        _moment("submitted_at", nullable=True),
        _moment("received_at", nullable=True),
        _moment("statutory_due", nullable=True),
        _moment("committed_due", nullable=True),
        _moment("ready_at", nullable=True),
        _moment("closed_at", nullable=True),
        _text("timeliness", nullable=True),
        _text("timeliness_as_recorded", nullable=True),
        _integer("extensions"),
        _integer("supplements"),
        _moment("next_moment", nullable=True),
        _free_text("applicant"),
        _moment("entered_key"),
        _moment("due_key"),
        sa.PrimaryKeyConstraint("stream", name="pk_dossiers"),
        comment="Read model, written with the events: one row for each stream, as domain.dossier.view.DossierView.",
        postgresql_with={"fillfactor": 80},
    )
    _index("dossiers", "entered_key", "stream")
    _index("dossiers", "authority", "entered_key", "stream")
    _index("dossiers", "procedure", "entered_key", "stream")
    _index("dossiers", "authority", "due_key", "stream")
    op.create_table(
        "tasks",
        _text("stream"),
        _text("task"),
        _small("ordinal"),
        _text("stage"),
        _free_text("title"),
        _text("role"),
        _text("authority"),
        _moment("opened_at"),
        _moment("due", nullable=True),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        _text("officer", nullable=True),
        _moment("due_key"),
        sa.PrimaryKeyConstraint("stream", "task", name="pk_tasks"),
        comment="Read model, written with the events: the open tasks, which are the officers' worklist.",
        postgresql_with={"fillfactor": 80},
    )
    _index("tasks", "authority", "due_key", "stream", "task")
    _index("tasks", "officer", "due_key", "stream", "task", where="officer IS NOT NULL")
    op.create_table(
        "activity",
        _text("authority"),
        sa.Column("day", sa.Date(), nullable=False),
        _text("type"),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "day", "type", name="pk_activity"),
        comment="Asynchronous projection: how many events of each type an authority recorded on each local day.",
    )


def _codes() -> None:
    """Dossier codes: daily serials, and which request got which code."""
    op.create_table(
        "code_counters",
        _text("prefix"),
        sa.Column("day", sa.Date(), nullable=False),
        _integer("last"),
        sa.PrimaryKeyConstraint("prefix", "day", name="pk_code_counters"),
        comment="The last daily serial that was given out for an authority's code prefix.",
    )
    op.create_table(
        "code_allotments",
        _text("scope"),
        _text("idempotency_key"),
        _bytes("digest"),
        _text("code"),
        _moment("allotted_at", default="now()"),
        sa.PrimaryKeyConstraint("scope", "idempotency_key", name="pk_code_allotments"),
        sa.UniqueConstraint("code", name="uq_code_allotments_code"),
        comment="Which code a request was given, so that the same request finds the same code.",
    )


def _references() -> None:
    """Catalogue data by content address, and from when which version is in force."""
    op.create_table(
        "reference_contents",
        _text("kind"),
        _text("id"),
        _text("version"),
        sa.Column("body", pg.JSONB(), nullable=False),
        _moment("loaded_at", default="now()"),
        sa.PrimaryKeyConstraint("kind", "id", "version", name="pk_reference_contents"),
        comment="Catalogue data by content address (hex SHA-256 of canonical JSON); append-only.",
    )
    op.create_table(
        "reference_publications",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _text("kind"),
        _text("id"),
        _text("version"),
        sa.Column("effective_from", sa.Date(), nullable=False),
        _moment("published_at", default="now()"),
        sa.PrimaryKeyConstraint("number", name="pk_reference_publications"),
        sa.ForeignKeyConstraint(
            ["kind", "id", "version"],
            ["reference_contents.kind", "reference_contents.id", "reference_contents.version"],
            name="fk_reference_publications_kind_id_version_reference_contents",
        ),
        comment="From which day which version is in force; a later publication for a day wins. Append-only.",
    )
    _index("reference_publications", "kind", "id", "effective_from", "number")


def _keys() -> None:
    """Data keys for sealing personal data."""
    op.create_table(
        "dossier_keys",
        _text("code"),
        _text("wrapping_key"),
        _bytes("wrapped", nullable=True),
        _moment("created_at", default="now()"),
        _moment("shredded_at", nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_dossier_keys"),
        sa.CheckConstraint("(wrapped IS NULL) = (shredded_at IS NOT NULL)", name="ck_dossier_keys_shredded_or_wrapped"),
        comment="Each dossier's data key, wrapped by a key-encryption key; "
        "destroying it shreds the dossier's personal data.",
    )


def _guard_events() -> None:
    """Stop even the owner from changing history by a slip; ``motcua.rewrite_events = on`` is the deliberate way."""
    op.execute(
        """
        CREATE FUNCTION refuse_event_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF current_setting('motcua.rewrite_events', true) IS DISTINCT FROM 'on' THEN
                RAISE EXCEPTION 'events are append-only: % is refused', TG_OP
                    USING ERRCODE = 'insufficient_privilege',
                          HINT = 'SET motcua.rewrite_events = on, if history must be rewritten; verify will show it.';
            END IF;
            RETURN NULL;
        END $$
        """
    )
    # One trigger for each statement, for every one that a table has makes each insert dearer.
    op.execute(
        "CREATE TRIGGER refuse_rewrite BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_rewrite()"
    )


def _privileges() -> None:
    """What the application role may do, and the schema in which projections are rebuilt (the owner's alone)."""
    op.execute("CREATE SCHEMA rebuild")
    op.execute("GRANT USAGE ON SCHEMA public TO motcua_app")
    op.execute(f"GRANT SELECT, INSERT ON {APPEND_ONLY} TO motcua_app")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {MUTABLE} TO motcua_app")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {REPLACEABLE} TO motcua_app")
    op.execute("GRANT SELECT ON alembic_version TO motcua_app")
