"""Every table, as SQLAlchemy Core describes it. Migrations create them; a test asserts that the two agree.

Ids and codes are compared byte by byte (collation ``C``), so that order, prefix search and keyset cursors mean the same
on every cluster whatever its locale. Times are ``timestamptz``. ``*_key`` columns are the sort key of a nullable
moment, so that keyset pagination needs no special case for NULL; ``store.rows`` fills them.

Checks and generated columns are few: PostgreSQL parses each of them anew for every statement that writes the table.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.sql.type_api import TypeEngine
from sqlalchemy.types import UserDefinedType

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: Final = sa.MetaData(naming_convention=NAMING)


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type's name in DDL."""
        return "xid8"


ischema_names["xid8"] = Xid8  # reflection does not know the type


def _id() -> TypeEngine[str]:
    """Text that is compared byte by byte."""
    return sa.Text(collation="C")


def _moment() -> sa.DateTime:
    """An instant; stored in UTC."""
    return sa.DateTime(timezone=True)


streams = sa.Table(
    "streams",
    metadata,
    sa.Column("stream", _id(), primary_key=True),
    sa.Column("root", _id(), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("hash", pg.BYTEA, nullable=False),
    comment="Head of each stream: the row every append locks, so that a lost race is an answer and not an error.",
    postgresql_with={"fillfactor": 80},
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("event_id", pg.UUID, nullable=False),
    sa.Column("stream", _id(), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("type", _id(), nullable=False),
    sa.Column("schema_version", sa.SmallInteger, nullable=False),
    sa.Column("data", pg.JSONB, nullable=False),
    sa.Column("command_id", _id(), nullable=False),
    sa.Column("ordinal", sa.SmallInteger, nullable=False),
    sa.Column("command_digest", pg.BYTEA, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("authority", _id(), nullable=False),
    sa.Column("on_behalf_of", sa.Text, nullable=False),
    sa.Column("causation_id", sa.Text, nullable=False),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("occurred_at", _moment(), nullable=False),
    sa.Column("recorded_at", _moment(), nullable=False),
    sa.Column("stored_at", _moment(), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("xid", Xid8(), nullable=False, server_default=sa.text("pg_current_xact_id()")),
    sa.Column("prev_hash", pg.BYTEA, nullable=False),
    sa.Column("hash", pg.BYTEA, nullable=False),
    sa.UniqueConstraint("stream", "command_id", "ordinal"),
    sa.Index(None, "xid"),
    comment="The system of record; append-only (roles and a trigger see to it).",
)

event_positions = sa.Table(
    "event_positions",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream", _id(), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("stream", "version"),
    comment="The dense global order; written by the sequencer only, so that events stay immutable.",
)

sequencer_state = sa.Table(
    "sequencer_state",
    metadata,
    sa.Column("singleton", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("next_xid", Xid8(), nullable=False),
    sa.Column("cluster", sa.BigInteger, nullable=False),
    sa.CheckConstraint("singleton", name="one_row"),
    comment="Where the sequencer stands: every event of a transaction below next_xid has its position.",
)

projections = sa.Table(
    "projections",
    metadata,
    sa.Column("name", _id(), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("updated_at", _moment(), nullable=False, server_default=sa.text("now()")),
    comment="Checkpoint of each asynchronous projection: the last global position it has applied.",
)

dossiers = sa.Table(
    "dossiers",
    metadata,
    sa.Column("stream", _id(), primary_key=True),
    sa.Column("root", _id(), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", _id(), nullable=False),
    sa.Column("portal_state", sa.SmallInteger, nullable=False),
    sa.Column("waiting", _id(), nullable=False),
    sa.Column("procedure", _id(), nullable=False),
    sa.Column("procedure_version", _id(), nullable=False),
    sa.Column("calendar_version", _id(), nullable=False),
    sa.Column("field", _id(), nullable=False),
    sa.Column("authority", _id(), nullable=False),
    sa.Column("received_by", _id(), nullable=False),
    sa.Column("return_to", _id(), nullable=False),
    sa.Column("channel", _id(), nullable=False),
    sa.Column("submitted_at", _moment()),
    sa.Column("received_at", _moment()),
    sa.Column("statutory_due", _moment()),
    sa.Column("committed_due", _moment()),
    sa.Column("ready_at", _moment()),
    sa.Column("closed_at", _moment()),
    sa.Column("timeliness", _id()),
    sa.Column("timeliness_as_recorded", _id()),
    sa.Column("extensions", sa.Integer, nullable=False),
    sa.Column("supplements", sa.Integer, nullable=False),
    sa.Column("next_moment", _moment()),
    sa.Column("applicant", sa.Text, nullable=False),
    sa.Column("calendar", _id(), nullable=False, server_default=sa.text("''")),
    sa.Column("calendars", pg.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.Column("clock", pg.JSONB),
    sa.Column("entered_key", _moment(), nullable=False),
    sa.Column("due_key", _moment(), nullable=False),
    sa.Index(None, "entered_key", "stream"),
    sa.Index(None, "authority", "entered_key", "stream"),
    sa.Index(None, "procedure", "entered_key", "stream"),
    sa.Index(None, "authority", "due_key", "stream"),
    *(
        sa.Index(
            f"ix_dossiers_{column}_waiting",
            column,
            "waiting",
            "due_key",
            "stream",
            postgresql_where=sa.text("waiting IN ('citizen', 'authority', 'post')"),
        )
        for column in ("authority", "received_by")
    ),
    sa.Index("ix_dossiers_unjudged", "stream", postgresql_where=sa.text("status IN ('submitted', 'open')")),
    sa.Index(
        "ix_dossiers_unjudged_authority",
        "authority",
        "stream",
        postgresql_where=sa.text("status IN ('submitted', 'open') AND stream = root"),
    ),
    comment="Read model, written with the events: one row for each stream, as domain.dossier.view.DossierView.",
    postgresql_with={"fillfactor": 80},
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("stream", _id(), primary_key=True),
    sa.Column("task", _id(), primary_key=True),
    sa.Column("ordinal", sa.SmallInteger, nullable=False),
    sa.Column("stage", _id(), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("role", _id(), nullable=False),
    sa.Column("authority", _id(), nullable=False),
    sa.Column("opened_at", _moment(), nullable=False),
    sa.Column("due", _moment()),
    sa.Column("overdue", sa.Boolean, nullable=False),
    sa.Column("officer", _id()),
    sa.Column("calendar", _id(), nullable=False, server_default=sa.text("''")),
    sa.Column("clock", pg.JSONB),
    sa.Column("due_key", _moment(), nullable=False),
    sa.Index(None, "authority", "due_key", "stream", "task"),
    sa.Index("ix_tasks_officer_authority", "officer", "authority", "due_key", "stream", "task"),
    sa.Index("ix_tasks_authority_stage", "authority", "stage", "due_key", "stream", "task"),
    sa.Index(None, "authority", "opened_at", "stream", "task"),
    comment="Read model, written with the events: the open tasks, which are the officers' worklist.",
    postgresql_with={"fillfactor": 80},
)

activity = sa.Table(
    "activity",
    metadata,
    sa.Column("authority", _id(), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("type", _id(), primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    comment="Asynchronous projection: how many events of each type an authority recorded on each local day.",
)

lateness_counts = sa.Table(
    "lateness_counts",
    metadata,
    sa.Column("measure", _id(), primary_key=True),
    sa.Column("authority", _id(), primary_key=True),
    sa.Column("field", _id(), primary_key=True),
    sa.Column("detail", _id(), primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    comment="Asynchronous projection: lateness counted from events, as domain.lateness words it; counts only rise.",
)

unacknowledged_links = sa.Table(
    "unacknowledged_links",
    metadata,
    sa.Column("stream", _id(), primary_key=True),
    sa.Column("link", _id(), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("authority", _id(), nullable=False),
    sa.Column("field", _id(), nullable=False),
    comment="Of older versions, which still write it during an upgrade; hand_overs is in its place. To be dropped.",
)

hand_overs = sa.Table(
    "hand_overs",
    metadata,
    sa.Column("stream", _id(), primary_key=True),
    sa.Column("link", _id(), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("missing", _id(), primary_key=True),
    sa.Column("authority", _id(), nullable=False),
    sa.Column("field", _id(), nullable=False),
    sa.Column("since", _moment(), nullable=False),
    sa.Column("overdue", sa.Boolean, nullable=False),
    comment="Asynchronous projection: what is outstanding between the two sides of a hand-over.",
)

completions = sa.Table(
    "completions",
    metadata,
    sa.Column("stream", _id(), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("authority", _id(), nullable=False),
    sa.Column("officer", _id(), nullable=False),
    sa.Column("stage", _id(), nullable=False),
    sa.Column("opened_at", _moment(), nullable=False),
    sa.Column("claimed_at", _moment()),
    sa.Column("recorded_at", _moment(), nullable=False),
    sa.Column("minutes", sa.Integer),
    sa.Column("held_minutes", sa.Integer),
    sa.Index(None, "authority", "recorded_at"),
    comment="Asynchronous projection: every stage that an officer completed, and how many working minutes it took.",
)

code_counters = sa.Table(
    "code_counters",
    metadata,
    sa.Column("prefix", _id(), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
    comment="The last daily serial that was given out for an authority's code prefix.",
)

code_allotments = sa.Table(
    "code_allotments",
    metadata,
    sa.Column("scope", _id(), primary_key=True),
    sa.Column("idempotency_key", _id(), primary_key=True),
    sa.Column("digest", pg.BYTEA, nullable=False),
    sa.Column("code", _id(), nullable=False),
    sa.Column("allotted_at", _moment(), nullable=False, server_default=sa.text("now()")),
    sa.UniqueConstraint("code"),
    comment="Which code a request was given, so that the same request finds the same code.",
)

reference_contents = sa.Table(
    "reference_contents",
    metadata,
    sa.Column("kind", _id(), primary_key=True),
    sa.Column("id", _id(), primary_key=True),
    sa.Column("version", _id(), primary_key=True),
    sa.Column("body", pg.JSONB, nullable=False),
    sa.Column("loaded_at", _moment(), nullable=False, server_default=sa.text("now()")),
    comment="Catalogue data by content address (hex SHA-256 of canonical JSON); append-only.",
)

reference_publications = sa.Table(
    "reference_publications",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", _id(), nullable=False),
    sa.Column("id", _id(), nullable=False),
    sa.Column("version", _id(), nullable=False),
    sa.Column("effective_from", sa.Date, nullable=False),
    sa.Column("published_at", _moment(), nullable=False, server_default=sa.text("now()")),
    sa.ForeignKeyConstraint(
        ["kind", "id", "version"], ["reference_contents.kind", "reference_contents.id", "reference_contents.version"]
    ),
    sa.Index(None, "kind", "id", "effective_from", "number"),
    comment="From which day which version is in force; a later publication for a day wins. Append-only.",
)

dossier_keys = sa.Table(
    "dossier_keys",
    metadata,
    sa.Column("code", _id(), primary_key=True),
    sa.Column("wrapping_key", _id(), nullable=False),
    sa.Column("wrapped", pg.BYTEA),
    sa.Column("created_at", _moment(), nullable=False, server_default=sa.text("now()")),
    sa.Column("shredded_at", _moment()),
    sa.CheckConstraint("(wrapped IS NULL) = (shredded_at IS NOT NULL)", name="shredded_or_wrapped"),
    comment="Each dossier's data key, wrapped by a key-encryption key; "
    "destroying it shreds the dossier's personal data.",
)

desk_sessions = sa.Table(
    "desk_sessions",
    metadata,
    sa.Column("token_hash", pg.BYTEA, primary_key=True),
    sa.Column("officer", _id(), nullable=False),
    sa.Column("started_at", _moment(), nullable=False),
    sa.Column("seen_at", _moment(), nullable=False),
    sa.Column("expires_at", _moment(), nullable=False),
    sa.Column("on_behalf_of", _id(), nullable=False, server_default=sa.text("''")),
    sa.Index(None, "officer"),
    comment="Officers' sessions at the desk, by the hash of their token.",
)

saved_views = sa.Table(
    "saved_views",
    metadata,
    sa.Column("officer", _id(), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("filters", pg.JSONB, nullable=False),
    sa.Column("saved_at", _moment(), nullable=False, server_default=sa.text("now()")),
    comment="Worklists that an officer has given a name: the filters, as the address has them.",
)

delegations = sa.Table(
    "delegations",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("id", _id(), nullable=False, unique=True),
    sa.Column("authority", _id(), nullable=False),
    sa.Column("absent", _id(), nullable=False),
    sa.Column("stand_in", _id(), nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("given_by", _id(), nullable=False),
    sa.Column("given_at", _moment(), nullable=False),
    sa.Column("revoked_at", _moment()),
    sa.Column("revoked_by", _id(), nullable=False),
    sa.CheckConstraint("first_day <= last_day", name="days"),
    sa.Index(None, "stand_in", "last_day"),
    sa.Index(None, "absent"),
    sa.Index(None, "authority", "number"),
    comment="Absence cover; append-only but for its revocation.",
)

postal_inbox = sa.Table(
    "postal_inbox",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("carrier", _id(), nullable=False),
    sa.Column("received_at", _moment(), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("remote", sa.Text, nullable=False),
    sa.Column("headers", pg.JSONB, nullable=False),
    sa.Column("body", pg.BYTEA, nullable=False),
    sa.Column("status", _id(), nullable=False, server_default=sa.text("'new'")),
    sa.Column("reason", _id(), nullable=False, server_default=sa.text("''")),
    sa.Column("detail", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("event_id", _id()),
    sa.Column("tracking", _id()),
    sa.Column("stream", _id()),
    sa.Column("occurred_at", _moment()),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("due_at", _moment(), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("settled_at", _moment()),
    sa.Index("ix_postal_inbox_open", "due_at", "id", postgresql_where=sa.text("status IN ('new', 'waiting')")),
    sa.Index("ix_postal_inbox_parked", "id", postgresql_where=sa.text("status = 'parked'")),
    sa.Index("ix_postal_inbox_event", "carrier", "event_id", postgresql_where=sa.text("event_id IS NOT NULL")),
    sa.Index(
        "ix_postal_inbox_tracking",
        "carrier",
        "tracking",
        postgresql_where=sa.text("status IN ('new', 'waiting', 'parked') AND tracking IS NOT NULL"),
    ),
    comment="Every authentic callback of a carrier as it came, and what became of it; what came is never changed.",
)

postal_items = sa.Table(
    "postal_items",
    metadata,
    sa.Column("stream", _id(), primary_key=True),
    sa.Column("parcel", _id(), primary_key=True),
    sa.Column("purpose", _id(), nullable=False),
    sa.Column("carrier", _id(), nullable=False),
    sa.Column("tracking", _id(), nullable=False),
    sa.Column("ordered_at", _moment(), nullable=False),
    sa.Column("state", _id(), nullable=False),
    sa.Column("state_at", _moment()),
    sa.Index(None, "carrier", "tracking"),
    comment="Asynchronous projection: every parcel, whose it is and where it stands by the carrier's own time.",
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", _id(), nullable=False),
    sa.Column("key", _id(), nullable=False),
    sa.Column("lane", _id(), nullable=False),
    sa.Column("payload", pg.JSONB, nullable=False),
    sa.Column("status", _id(), nullable=False, server_default=sa.text("'new'")),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("due_at", _moment(), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("error", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("created_at", _moment(), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("settled_at", _moment()),
    sa.UniqueConstraint("kind", "key"),
    sa.Index("ix_outbox_open", "lane", "id", postgresql_where=sa.text("status = 'new'")),
    sa.Index("ix_outbox_due", "due_at", postgresql_where=sa.text("status = 'new'")),
    sa.Index("ix_outbox_dead", "id", postgresql_where=sa.text("status = 'dead'")),
    comment="Messages to the world outside, each until it has arrived or is given up.",
)

outbox_cursors = sa.Table(
    "outbox_cursors",
    metadata,
    sa.Column("consumer", _id(), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    comment="Up to which global position events have become messages.",
)

webhook_subscriptions = sa.Table(
    "webhook_subscriptions",
    metadata,
    sa.Column("id", _id(), primary_key=True),
    sa.Column("authority", _id(), nullable=False),
    sa.Column("types", pg.JSONB, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("reason", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("created_at", _moment(), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("previous_secret", sa.Text),
    sa.Column("previous_until", _moment()),
    comment="Who is told of which events of which authority (empty: of all).",
)

upkeep = sa.Table(
    "upkeep",
    metadata,
    sa.Column("task", _id(), primary_key=True),
    sa.Column("detail", _id(), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("done_at", _moment(), nullable=False),
    comment="Backup and reconciliation: when each was done last, and the numbers that it told.",
)
