"""Builds the dashboards beside this file: ``python ops/grafana/build.py``. Change them here, never in the JSON."""

# ruff: noqa: INP001  # a script, no package

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

HERE: Final = Path(__file__).parent
WIDTH: Final = 24
HEIGHT: Final = 8
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
WHO: Final = '{authority=~"$authority", field=~"$field"}'
PART: Final = '{authority=~"$authority"}'


class Panel(NamedTuple):
    """One panel: its title, what it tells, and its expressions by legend. ``columns`` of 24; ``unit`` is Grafana's."""

    title: str
    tells: str
    queries: dict[str, str]
    kind: str = "timeseries"
    unit: str = "short"
    columns: int = 12


class Dashboard(NamedTuple):
    """One file. ``labels`` are those that a reader may choose by."""

    name: str
    title: str
    labels: tuple[str, ...]
    panels: tuple[Panel, ...]


def who(*matchers: str) -> str:
    """The chosen authorities and fields, and further matchers."""
    return WHO[:-1] + "".join(f", {matcher}" for matcher in matchers) + "}"


def over(metric: str, window: str, by: str = "", matchers: str = WHO) -> str:
    """How much a counter grew over a window, summed, or by a label."""
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (increase({metric}{matchers}[{window}]))"


def quantile(part: float, metric: str) -> str:
    """What this part of the observations of the last minutes stayed below."""
    return f"histogram_quantile({part}, sum by (le) (rate({metric}_bucket[5m])))"


def share(part: str, whole: str) -> str:
    """A part of a whole; nothing where there is no whole, for 0 of 0 is not 0."""
    return f"{part} / ({whole} > 0)"


OVERDUE: Final = who('timeliness="overdue"')
WITHIN: Final = who('timeliness="within"')
LATE: Final = who('timeliness="late"')
RESOLVED: Final = "motcua_dossiers_resolved_total"
OPEN: Final = "motcua_dossiers_open"
PARTS_OPEN: Final = "motcua_link_parts_open"

LATENESS: Final = Dashboard(
    "lateness",
    "Lateness",
    ("authority", "field"),
    (
        Panel(
            "Open, by time left",
            "Open dossiers now: overdue, at most 8 working hours left, and the others.",
            {
                "overdue": f"sum ({OPEN}{OVERDUE})",
                "at most 8 working hours left": f"sum (motcua_dossiers_due_within_8_working_hours{WHO})",
                "more than that": f"sum ({OPEN}{WITHIN}) - sum (motcua_dossiers_due_within_8_working_hours{WHO})",
            },
        ),
        Panel(
            "Share late, over 30 days",
            "Of the dossiers judged in 30 days, how many were late; as judged first.",
            {"late": share(over(RESOLVED, "30d", matchers=LATE), over(RESOLVED, "30d"))},
            kind="stat",
            unit="percentunit",
        ),
        Panel(
            "Late, by authority, over 30 days",
            "Dossiers judged late under each deciding authority.",
            {"{{authority}}": over(RESOLVED, "30d", "authority", LATE)},
            kind="bargauge",
        ),
        Panel(
            "Late, by field, over 30 days",
            "Dossiers judged late in each field.",
            {"{{field}}": over(RESOLVED, "30d", "field", LATE)},
            kind="bargauge",
        ),
        Panel(
            "How late, in working hours",
            "Half, and nine of ten, of the dossiers that were late in 30 days were no later than this.",
            {
                f"{part:.0%}": f"histogram_quantile({part}, "
                f"{over('motcua_dossier_lateness_working_hours_bucket', '30d', 'le')})"
                for part in (0.5, 0.9)
            },
            unit="h",
        ),
        Panel(
            "Apology sent or not, over 30 days",
            "Late dossiers with and without a form 04 before, and those in time for its new date only.",
            {
                "late with an apology": over("motcua_dossiers_late_with_apology_total", "30d"),
                "late without": over("motcua_dossiers_late_without_apology_total", "30d"),
                "in time for the second date only": over("motcua_dossiers_past_first_appointment_total", "30d"),
            },
        ),
        Panel(
            "Where the time was lost, over 30 days",
            "Late dossiers by whether the deciding authority lost the time itself, or one that was handed a part.",
            {"{{where}}": over("motcua_dossiers_late_caused_total", "30d", "where")},
        ),
        Panel(
            "Late through whom, over 30 days",
            "Late dossiers by the authority that held them longest beyond what the route allots it.",
            {"{{cause}}": over("motcua_dossiers_late_by_total", "30d", "cause")},
            kind="bargauge",
        ),
        Panel(
            "In time in the world, late in the record",
            "Results that were ready in time and keyed in after the due moment, over 7 days.",
            {"{{authority}}": over("motcua_keyed_late_total", "7d", "authority")},
        ),
        Panel(
            "Whose time it is",
            "Open dossiers by whom they wait for: the officer, the citizen, a linked authority, the post, nobody.",
            {"{{holder}}": f"sum by (holder) (motcua_dossiers_open_by_holder{WHO})"},
        ),
        Panel(
            "Overdue, by authority",
            "Open dossiers past their due moment under each deciding authority.",
            {"{{authority}}": f"sum by (authority) ({OPEN}{OVERDUE})"},
            kind="bargauge",
        ),
        Panel(
            "Changed by corrections, over 30 days",
            "Judgements of lateness that a correction took away, and that it gave.",
            {
                "no longer late": over("motcua_dossiers_rejudged_from_total", "30d", matchers=LATE),
                "late after all": over("motcua_dossiers_rejudged_to_total", "30d", matchers=LATE),
            },
        ),
    ),
)
FLOW: Final = Dashboard(
    "flow",
    "Flow",
    ("authority", "field"),
    (
        Panel(
            "Received and resolved, by day",
            "Dossiers accepted, and dossiers judged. While the first is above the second, open work grows.",
            {"received": over("motcua_dossiers_received_total", "1d"), "resolved": over(RESOLVED, "1d")},
        ),
        Panel(
            "Open work in days",
            "At the pace of the last 30 days, in how many days today's open dossiers would be resolved.",
            {"{{authority}}": f"sum by (authority) ({OPEN}{WHO}) / ({over(RESOLVED, '30d', 'authority')} / 30 > 0)"},
            unit="d",
        ),
        Panel(
            "Open",
            "Open dossiers by deciding authority.",
            {"{{authority}}": f"sum by (authority) ({OPEN}{WHO})"},
        ),
        Panel(
            "Oldest open dossier",
            "Since its reception, by the wall clock; the ten authorities where work has lain longest.",
            {"{{authority}}": f"topk(10, max by (authority) (motcua_dossiers_oldest_open_seconds{WHO}))"},
            unit="s",
        ),
        Panel(
            "Supplements asked for, by field, over 7 days",
            "While one is awaited the clock stands, or begins anew, as the procedure has it.",
            {"{{field}}": over("motcua_supplements_requested_total", "7d", "field")},
        ),
        Panel(
            "Stages as bottlenecks, over 7 days",
            "Due moments of stages that passed, by kind of stage, at the authority that works it.",
            {"{{stage}}": f"topk(8, {over('motcua_stage_overdue_total', '7d', 'stage')})"},
            kind="bargauge",
        ),
        Panel(
            "Where stages are overdue, over 7 days",
            "The ten authorities whose stages were overdue most often.",
            {"{{authority}}": f"topk(10, {over('motcua_stage_overdue_total', '7d', 'authority')})"},
            kind="bargauge",
        ),
        Panel(
            "Newly overdue, by day",
            "Committed due moments that passed while the dossier was open.",
            {"{{field}}": over("motcua_dossiers_overdue_total", "1d", "field")},
        ),
        Panel(
            "Supplements for each dossier received, over 30 days",
            "How often papers were asked for again; high where the list of papers is not understood.",
            {
                "{{field}}": share(
                    over("motcua_supplements_requested_total", "30d", "field"),
                    over("motcua_dossiers_received_total", "30d", "field"),
                )
            },
        ),
        Panel(
            "Never answered, and promised anew, over 30 days",
            "Requests for supplement that expired, and forms 04 sent.",
            {
                "supplements expired": over("motcua_supplements_expired_total", "30d"),
                "forms 04": over("motcua_dossiers_extended_total", "30d"),
            },
        ),
    ),
)
LINKS: Final = Dashboard(
    "links",
    "Links",
    ("authority",),
    (
        Panel(
            "Not acknowledged",
            "Hand-overs that the linked authority has not confirmed; it must within 2 working hours.",
            {
                "{{authority}}": f"sum by (authority) (motcua_link_unacknowledged{PART})",
                "{{authority}}, too late": f"sum by (authority) (motcua_link_unacknowledged_overdue{PART})",
            },
        ),
        Panel(
            "Not known on the other side",
            "Hand-overs that have not arrived and answers not heard, more than ten minutes after they were told.",
            {"{{authority}}: {{missing}}": f"sum by (authority, missing) (motcua_link_unsynchronised{PART})"},
        ),
        Panel(
            "Open parts",
            "Linked parts at work, within their budget or overdue.",
            {"{{timeliness}}": f"sum by (timeliness) (motcua_link_parts_open{PART})"},
        ),
        Panel(
            "Handed over and ended, by day",
            "Linked parts received by the linked authority, and ended there.",
            {
                "handed over": over("motcua_link_parts_received_total", "1d", matchers=PART),
                "ended": over("motcua_link_parts_resolved_total", "1d", matchers=PART),
            },
        ),
        Panel(
            "Share answered late, over 30 days",
            "Against each linked part's own budget.",
            {
                "{{authority}}": share(
                    over(
                        "motcua_link_parts_resolved_total",
                        "30d",
                        "authority",
                        '{authority=~"$authority", timeliness="late"}',
                    ),
                    over("motcua_link_parts_resolved_total", "30d", "authority", PART),
                )
            },
            unit="percentunit",
            kind="bargauge",
        ),
        Panel(
            "Parts newly overdue, by day",
            "Due moments of linked parts that passed while the part was open.",
            {"{{authority}}": over("motcua_link_parts_overdue_total", "1d", "authority", PART)},
        ),
        Panel(
            "Judgements changed by corrections, over 30 days",
            "Of linked parts: taken away, and given.",
            {
                "taken away": over("motcua_link_parts_rejudged_from_total", "30d", matchers=PART),
                "given": over("motcua_link_parts_rejudged_to_total", "30d", matchers=PART),
            },
        ),
    ),
)
POST: Final = Dashboard(
    "post",
    "Post",
    (),
    (
        Panel(
            "Callbacks that wait for an operator",
            "Parked: nobody ordered the parcel, or working it off failed too often. 'motcua post' lists them.",
            {"parked": "sum (motcua_postal_inbox_parked)"},
            kind="stat",
            columns=6,
        ),
        Panel(
            "Oldest callback not looked at",
            "Rises while no relay runs, or while none keeps up.",
            {"age": "max (motcua_postal_inbox_oldest_seconds)"},
            kind="stat",
            unit="s",
            columns=6,
        ),
        Panel(
            "Messages given up",
            "Orders, webhooks and notices that never arrived, by kind; they wait for an operator.",
            {"{{kind}}": "sum by (kind) (motcua_outbox_dead)"},
            kind="stat",
            columns=6,
        ),
        Panel(
            "Events not yet told outside",
            "Placed events of which the relay has not made messages.",
            {"events": "max (motcua_outbox_lag_events)"},
            kind="stat",
            columns=6,
        ),
        Panel(
            "Parcels under way",
            "Papers that are fetched and results that are brought, by where they are.",
            {"{{purpose}}: {{state}}": "sum by (purpose, state) (motcua_postal_parcels)"},
        ),
        Panel(
            "Callbacks settled a second",
            "By what became of them.",
            {"{{status}}": "sum by (status) (rate(motcua_relay_callbacks_total[5m]))"},
        ),
        Panel(
            "Callbacks not worked off",
            "Stored and waiting, for their order or for the relay.",
            {"waiting": "sum (motcua_postal_inbox_waiting)"},
        ),
        Panel(
            "Messages not sent yet",
            "By kind; one receiver that is away holds up its own messages only.",
            {"{{kind}}": "sum by (kind) (motcua_outbox_waiting)"},
        ),
        Panel(
            "Attempts to send a second",
            "Sent, to be tried again later, given up.",
            {"{{kind}}: {{outcome}}": "sum by (kind, outcome) (rate(motcua_relay_messages_total[5m]))"},
        ),
        Panel(
            "Oldest message not sent",
            "How long a receiver has been away.",
            {"{{kind}}": "max by (kind) (motcua_outbox_oldest_seconds)"},
            unit="s",
        ),
    ),
)
ENGINE: Final = Dashboard(
    "engine",
    "Engine",
    (),
    (
        Panel(
            "Figures are told",
            "1 while the metrics process answers. At 0 nothing on these dashboards is of now.",
            {"{{instance}}": 'up{job="motcua"}'},
            kind="stat",
            columns=6,
        ),
        Panel(
            "Timers that drift",
            "Open dossiers with a moment that passed unnoticed. Must be 0; 'motcua reconcile --fix' mends.",
            {"dossiers": "sum (motcua_timer_drift)"},
            kind="stat",
            columns=6,
        ),
        Panel(
            "Cannot be judged",
            "Judgements for which the catalogue lacks a version or a year. Must be 0.",
            {"judgements": "sum (motcua_dossiers_unjudgeable_total)"},
            kind="stat",
            columns=6,
        ),
        Panel(
            "Open workflows wanted",
            "Open dossiers and linked parts: as many workflows must run.",
            {"workflows": f"sum ({OPEN}) + sum (motcua_link_parts_open)"},
            kind="stat",
            columns=6,
        ),
        Panel(
            "Sequencer lag",
            "Age of the oldest event without a place in the global order.",
            {"lag": "max (motcua_sequencer_lag_seconds)"},
            unit="s",
        ),
        Panel(
            "Projection lag",
            "Events that the slowest projection has not seen.",
            {"events": "max (motcua_projection_lag_events)"},
        ),
        Panel(
            "Tasks of workflows wait",
            "How long for a worker, 95 of 100. Add workers while it is above 0.1 s.",
            {"wait": quantile(0.95, "temporal_workflow_task_schedule_to_start_latency_seconds")},
            unit="s",
        ),
        Panel(
            "Tasks of workflows take",
            "How long a worker takes to decide, half and 95 of 100.",
            {f"{part:.0%}": quantile(part, "temporal_workflow_task_execution_latency_seconds") for part in (0.5, 0.95)},
            unit="s",
        ),
        Panel(
            "Slots of the workers",
            "At work, by kind; a worker whose slots are used up takes no more.",
            {
                "{{worker_type}} used": "sum by (worker_type) (temporal_worker_task_slots_used)",
                "{{worker_type}} free": "sum by (worker_type) (temporal_worker_task_slots_available)",
            },
        ),
        Panel(
            "Tasks of workflows that failed",
            "Non-determinism: a program met histories of another one, and its dossiers stand still.",
            {
                "non-determinism": "sum (increase(temporal_workflow_task_execution_failed_total"
                '{failure_reason="NonDeterminismError"}[15m])) or vector(0)',
                "others": "sum (increase(temporal_workflow_task_execution_failed_total"
                '{failure_reason!="NonDeterminismError"}[15m])) or vector(0)',
            },
        ),
        Panel(
            "Storing a command takes",
            "One transaction: events, hash chain, rows to read back; half and 99 of 100.",
            {f"{part:.0%}": quantile(part, "motcua_journal_append_seconds") for part in (0.5, 0.99)},
            unit="s",
        ),
        Panel(
            "Answering a request takes",
            "HTTP, half and 95 of 100.",
            {f"{part:.0%}": quantile(part, "motcua_http_request_seconds") for part in (0.5, 0.95)},
            unit="s",
        ),
        Panel(
            "Events a second",
            "Placed in the global order, and applied by each projection.",
            {
                "placed": "sum (rate(motcua_sequencer_placed_total[5m]))",
                "{{projection}}": "sum by (projection) (rate(motcua_projection_events_total[5m]))",
            },
        ),
        Panel(
            "Store and workflows compared",
            "What the last comparison found, by kind. 'unacknowledged' is an authority's fault, the others are ours.",
            {"{{kind}}": "sum by (kind) (motcua_reconcile_findings)"},
        ),
        Panel(
            "Since the last backup, and the last comparison",
            "Both are done again and again, or nobody knows whether they would help.",
            {"backup": "max (motcua_backup_age_seconds)", "comparison": "max (motcua_reconcile_age_seconds)"},
            unit="s",
        ),
        Panel(
            "Memory",
            "What each process holds.",
            {"{{job}}": "max by (job) (process_resident_memory_bytes)"},
            unit="bytes",
        ),
    ),
)
SLO: Final = Dashboard(
    "slo",
    "SLO",
    ("authority", "field"),
    (
        Panel(
            "In time, over 30 days",
            "Share of dossiers judged early or on time. The objective is 95 %.",
            {
                "all": share(over(RESOLVED, "30d", matchers=who('timeliness!="late"')), over(RESOLVED, "30d")),
                "objective": "vector(0.95)",
            },
            unit="percentunit",
        ),
        Panel(
            "In time, by authority, over 30 days",
            "The same for each; an authority without a judged dossier is left out.",
            {
                "{{authority}}": share(
                    over(RESOLVED, "30d", "authority", who('timeliness!="late"')), over(RESOLVED, "30d", "authority")
                )
            },
            kind="bargauge",
            unit="percentunit",
        ),
        Panel(
            "How fast the budget is used",
            "1: what may be late in 30 days is used up in just that time. Above 6 over a week it is gone in five days.",
            {
                window: f"({share(over(RESOLVED, window, matchers=LATE), over(RESOLVED, window))}) / 0.05"
                for window in ("1d", "7d", "30d")
            },
        ),
        Panel(
            "Already lost",
            "Open dossiers past their due moment: they will be judged late, whatever is done.",
            {"{{authority}}": f"sum by (authority) ({OPEN}{OVERDUE})"},
        ),
        Panel(
            "Kept only by a new date",
            "Share of the dossiers judged in time that would have been late for the date promised first.",
            {
                "share": share(
                    over("motcua_dossiers_past_first_appointment_total", "30d"),
                    over(RESOLVED, "30d", matchers=who('timeliness!="late"')),
                )
            },
            unit="percentunit",
        ),
        Panel(
            "Linked parts in time, over 30 days",
            "By the linked authority, against the part's own budget.",
            {
                "{{authority}}": share(
                    over(
                        "motcua_link_parts_resolved_total",
                        "30d",
                        "authority",
                        '{authority=~"$authority", timeliness!="late"}',
                    ),
                    over("motcua_link_parts_resolved_total", "30d", "authority", PART),
                )
            },
            kind="bargauge",
            unit="percentunit",
        ),
    ),
)
DASHBOARDS: Final = (LATENESS, FLOW, LINKS, POST, ENGINE, SLO)


def built(dashboard: Dashboard) -> str:
    """The dashboard's file."""
    model = {
        "uid": f"motcua-{dashboard.name}",
        "title": f"motcua: {dashboard.title}",
        "tags": ["motcua"],
        "timezone": "Asia/Ho_Chi_Minh",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["motcua"], "title": "motcua", "asDropdown": False}],
        "templating": {"list": list(_variables(dashboard.labels))},
        "panels": list(_panels(dashboard.panels)),
    }
    return json.dumps(model, indent=2, ensure_ascii=False) + "\n"


def _variables(labels: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    yield {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    for label in labels:
        yield {
            "name": label,
            "type": "query",
            "datasource": SOURCE,
            "query": f"label_values({OPEN if 'field' in labels else PARTS_OPEN}, {label})",
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
            "refresh": 2,
            "sort": 1,
        }


def _panels(panels: tuple[Panel, ...]) -> Iterator[dict[str, Any]]:
    x = y = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.columns > WIDTH:
            x, y = 0, y + HEIGHT
        yield {
            "id": number,
            "title": panel.title,
            "description": panel.tells,
            "type": panel.kind,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": panel.columns, "h": HEIGHT},
            "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
            "targets": [
                {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
                for index, (legend, expression) in enumerate(panel.queries.items())
            ],
        }
        x += panel.columns


if __name__ == "__main__":
    for each in DASHBOARDS:
        (HERE / f"{each.name}.json").write_text(built(each), encoding="utf-8")
