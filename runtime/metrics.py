"""The figures that the product tells Prometheus: one entry for each metric, with which code and docs/metrics.md agree.

Labels are ``authority``, ``field`` and ``level``, beside closed vocabularies like ``timeliness`` and ``stage``: never a
dossier, never a person. What processes tell of themselves is in ``runtime.instruments``.
"""

from enum import StrEnum
from typing import Final

import msgspec


class Kind(StrEnum):
    """Prometheus's kinds of metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


WHO: Final = ("authority", "field", "level")
"""The deciding authority, the group of procedures, and the authority's level."""
TIMELINESS: Final = "timeliness"
STAGE: Final = "stage"
WHERE: Final = "where"
CAUSE: Final = "cause"


class Metric(msgspec.Struct, frozen=True):
    """One metric. ``name`` is that of its samples, a counter's with ``_total``; ``help`` one sentence."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = WHO


def _counter(name: str, help_: str, *labels: str) -> Metric:
    return Metric(name, Kind.COUNTER, help_, (*WHO, *labels))


def _gauge(name: str, help_: str, *labels: str) -> Metric:
    return Metric(name, Kind.GAUGE, help_, (*WHO, *labels))


def _engine(name: str, help_: str) -> Metric:
    return Metric(name, Kind.GAUGE, help_, ())


RECEIVED: Final = _counter("motcua_dossiers_received_total", "Dossiers received.")
RESOLVED: Final = _counter(
    "motcua_dossiers_resolved_total", "Dossiers judged, by their judgement when it was given.", TIMELINESS
)
OVERDUE: Final = _counter("motcua_dossiers_overdue_total", "Committed due moments that passed without a result.")
STAGE_OVERDUE: Final = _counter("motcua_stage_overdue_total", "Due moments of stages that passed.", STAGE)
KEYED_LATE: Final = _counter("motcua_keyed_late_total", "Dossiers in time in the world and late in the record.")
LATE_WITH_APOLOGY: Final = _counter(
    "motcua_dossiers_late_with_apology_total", "Dossiers judged late although form 04 had set a new date."
)
LATE_WITHOUT_APOLOGY: Final = _counter(
    "motcua_dossiers_late_without_apology_total", "Dossiers judged late without a form 04."
)
LATE_CAUSED: Final = _counter(
    "motcua_dossiers_late_caused_total", "Late dossiers by where the time was lost: at the authority or outside.", WHERE
)
LATE_BY: Final = _counter("motcua_dossiers_late_by_total", "Late dossiers by the authority that lost the time.", CAUSE)
PAST_FIRST_APPOINTMENT: Final = _counter(
    "motcua_dossiers_past_first_appointment_total", "Dossiers in time for form 04's date, not for the first one."
)
REJUDGED_FROM: Final = _counter(
    "motcua_dossiers_rejudged_from_total", "Judgements that a correction took away.", TIMELINESS
)
REJUDGED_TO: Final = _counter("motcua_dossiers_rejudged_to_total", "Judgements that a correction gave.", TIMELINESS)
EXTENDED: Final = _counter("motcua_dossiers_extended_total", "Forms 04 sent: apologies with a new date.")
SUPPLEMENTS_REQUESTED: Final = _counter("motcua_supplements_requested_total", "Requests for supplement.")
SUPPLEMENTS_EXPIRED: Final = _counter("motcua_supplements_expired_total", "Requests for supplement never answered.")
UNJUDGEABLE: Final = _counter(
    "motcua_dossiers_unjudgeable_total", "Judgements that could not be counted, for want of what they pin."
)
LATENESS: Final = Metric(
    "motcua_dossier_lateness_working_hours",
    Kind.HISTOGRAM,
    "Working hours from the committed due moment to the result, of dossiers judged late.",
)
PARTS_RECEIVED: Final = _counter("motcua_link_parts_received_total", "Linked parts handed over to an authority.")
PARTS_RESOLVED: Final = _counter(
    "motcua_link_parts_resolved_total", "Linked parts judged against their own budget.", TIMELINESS
)
PARTS_OVERDUE: Final = _counter("motcua_link_parts_overdue_total", "Linked parts' due moments that passed.")
PARTS_REJUDGED_FROM: Final = _counter(
    "motcua_link_parts_rejudged_from_total", "Judgements of linked parts that a correction took away.", TIMELINESS
)
PARTS_REJUDGED_TO: Final = _counter(
    "motcua_link_parts_rejudged_to_total", "Judgements of linked parts that a correction gave.", TIMELINESS
)
OPEN: Final = _gauge(
    "motcua_dossiers_open", "Dossiers received and not judged, within their time or overdue.", TIMELINESS
)
PARTS_OPEN: Final = _gauge(
    "motcua_link_parts_open", "Linked parts not judged, within their time or overdue.", TIMELINESS
)
DUE_SOON: Final = _gauge(
    "motcua_dossiers_due_within_8_working_hours", "Open dossiers with at most 8 working hours left."
)
HELD: Final = _gauge("motcua_dossiers_open_by_holder", "Open dossiers, by whom they wait for.", "holder")
OLDEST: Final = _gauge("motcua_dossiers_oldest_open_seconds", "Time since the reception of the oldest open dossier.")
UNACKNOWLEDGED: Final = _gauge("motcua_link_unacknowledged", "Hand-overs that the linked authority has not confirmed.")
UNACKNOWLEDGED_OVERDUE: Final = _gauge(
    "motcua_link_unacknowledged_overdue", "Hand-overs that the linked authority should have confirmed by now."
)
UNSYNCHRONISED: Final = _gauge(
    "motcua_link_unsynchronised", "Hand-overs and answers that should be known on the other side by now.", "missing"
)
PROJECTION_LAG: Final = _engine(
    "motcua_projection_lag_events", "Placed events that the slowest projection has not seen."
)
SEQUENCER_LAG: Final = _engine("motcua_sequencer_lag_seconds", "Age of the oldest event without a global position.")
TIMER_DRIFT: Final = _engine("motcua_timer_drift", "Open dossiers whose next moment has passed by more than a minute.")

INBOX_PARKED: Final = _engine("motcua_postal_inbox_parked", "Carriers' callbacks that wait for an operator.")
INBOX_WAITING: Final = _engine("motcua_postal_inbox_waiting", "Carriers' callbacks not worked off yet.")
INBOX_OLDEST: Final = _engine("motcua_postal_inbox_oldest_seconds", "Age of the oldest callback nobody has looked at.")
PARCELS: Final = Metric(
    "motcua_postal_parcels", Kind.GAUGE, "Parcels under way, by what for and where.", ("purpose", "state")
)
OUTBOX_WAITING: Final = Metric("motcua_outbox_waiting", Kind.GAUGE, "Messages not sent yet.", ("kind",))
OUTBOX_DEAD: Final = Metric("motcua_outbox_dead", Kind.GAUGE, "Messages that were given up.", ("kind",))
OUTBOX_OLDEST: Final = Metric(
    "motcua_outbox_oldest_seconds", Kind.GAUGE, "Age of the oldest message not sent yet.", ("kind",)
)
OUTBOX_LAG: Final = _engine("motcua_outbox_lag_events", "Placed events that have not become messages yet.")
BACKUP_AGE: Final = _engine("motcua_backup_age_seconds", "Time since the last whole backup.")
BACKUP_BYTES: Final = _engine("motcua_backup_bytes", "Size of the last whole backup.")
RECONCILE_AGE: Final = _engine("motcua_reconcile_age_seconds", "Time since store and workflows were last compared.")
RECONCILE_FINDINGS: Final = Metric(
    "motcua_reconcile_findings", Kind.GAUGE, "What the last comparison found, by kind.", ("kind",)
)
MANNED: Final = _engine("motcua_task_queue_manned", "1 while a worker polls the task queue of the dossiers, else 0.")

METRICS: Final = (
    RECEIVED,
    RESOLVED,
    OVERDUE,
    STAGE_OVERDUE,
    KEYED_LATE,
    LATENESS,
    LATE_WITH_APOLOGY,
    LATE_WITHOUT_APOLOGY,
    LATE_CAUSED,
    LATE_BY,
    PAST_FIRST_APPOINTMENT,
    REJUDGED_FROM,
    REJUDGED_TO,
    EXTENDED,
    SUPPLEMENTS_REQUESTED,
    SUPPLEMENTS_EXPIRED,
    UNJUDGEABLE,
    PARTS_RECEIVED,
    PARTS_RESOLVED,
    PARTS_OVERDUE,
    PARTS_REJUDGED_FROM,
    PARTS_REJUDGED_TO,
    OPEN,
    PARTS_OPEN,
    DUE_SOON,
    HELD,
    OLDEST,
    UNACKNOWLEDGED,
    UNACKNOWLEDGED_OVERDUE,
    UNSYNCHRONISED,
    PROJECTION_LAG,
    SEQUENCER_LAG,
    TIMER_DRIFT,
    INBOX_PARKED,
    INBOX_WAITING,
    INBOX_OLDEST,
    PARCELS,
    OUTBOX_WAITING,
    OUTBOX_DEAD,
    OUTBOX_OLDEST,
    OUTBOX_LAG,
    BACKUP_AGE,
    BACKUP_BYTES,
    RECONCILE_AGE,
    RECONCILE_FINDINGS,
    MANNED,
)
"""In the order in which they are told."""
