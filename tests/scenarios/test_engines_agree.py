"""Whatever is asked of dossiers, sensible or not: both engines print the same lines."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from temporalio.testing import WorkflowEnvironment

from catalogue.loading_scenarios import load_scenario
from domain.simulation import lines
from workers.simulation import lines_by_temporal, time_skipping_server

HEAD: Final = """\
calendar: vn-state
procedures:
  - id: P
    authority: X1
    committed: {amount: 10, unit: working_day}
    on_supplement: restart
    supplement_limit: {amount: 3, unit: working_day}
    reminders: [{before: {amount: 4, unit: working_hour}}]
    route:
      - {stage: receive}
      - {stage: appraise, budget: {amount: 24, unit: working_hour}}
      - parallel:
          - link: {id: L1, kind: horizontal, to: S1, budget: 16 working_hour, route: &part [{stage: receive},
              {stage: appraise, budget: 8 working_hour}, {stage: return}]}
          - link: {id: L2, kind: sector, to: S2, budget: 8 working_hour, silence: consent, route: *part}
      - {stage: approve, budget: {amount: 8, unit: working_hour}}
      - {stage: return}
timeline:
"""
START: Final = datetime.fromisoformat("2026-03-02T07:30:00+07:00")
DOS: Final = (
    *("receive", "complete_task", "complete_task", "complete_task", "acknowledge_link", "answer_link", "issue_result"),
    *("request_supplement", "provide_supplement", "require_payment", "confirm_payment", "suspend", "resume", "extend"),
    *("hand_back_link", "take_back_link", "reopen_link", "reopen_link", "skip_link"),
    *("return_result", "withdraw", "stop", "wait", "revise_calendar", "claim_task", "correct", "record_feedback"),
)
MINUTES: Final = (0, 0, 1, 10, 30, 60, 120, 240, 480, 1440, 2880)


def _timeline(chance: Random) -> list[dict[str, Any]]:
    """Any commands, some at one instant, some keyed late, in an order that makes little sense."""
    at, entries = START, []
    for _ in range(chance.randrange(8, 30)):
        at += timedelta(minutes=chance.choice(MINUTES), seconds=chance.choice((0, 0, 30)))
        entries.append(_entry(chance, chance.choice(DOS), at))
    return [*entries, {"at": (at + timedelta(days=chance.randrange(20))).isoformat(), "do": "wait"}]


def _entry(chance: Random, do: str, at: datetime) -> dict[str, Any]:
    entry: dict[str, Any] = {"at": at.isoformat(), "do": do}
    if do == "wait":
        return entry
    if do == "revise_calendar":
        return entry | {"calendar": {"off": [(START + timedelta(days=chance.randrange(30))).date().isoformat()]}}
    entry |= {"dossier": chance.choice("AB"), "by": chance.choice(("lan", "hoa")), **_fields(chance, do, at)}
    if do != "receive" and chance.random() < 0.5:
        entry["link"] = chance.choice(("L1", "L2"))
    if chance.random() < 0.2:
        entry["occurred_at"] = (at - timedelta(minutes=chance.choice((10, 600, 3000)))).isoformat()
    return entry


def _fields(chance: Random, do: str, at: datetime) -> dict[str, Any]:
    earlier = (at - timedelta(minutes=chance.choice((10, 600, 3000)))).isoformat()
    later = (at + timedelta(days=chance.randrange(1, 30))).isoformat()
    correction = {"event": chance.choice(("dossier.received", 3)), "field": "occurred_at", "value": earlier}
    fields: dict[str, dict[str, Any]] = {
        "receive": {"procedure": "P"},
        "complete_task": {
            "stage": chance.choice(("appraise", "approve")),
            "outcome": chance.choice(("forward", "forward", "forward", "rework", "reject")),
        },
        "suspend": {
            "reason": chance.choice(("verification", "public_posting")),
            "effect": chance.choice(("pause", "restart", "run_on")),
        },
        "extend": {"new_due": later, "reason": "flood"},
        "correct": correction | {"reason": "keyed wrongly", "approved_by": "minh"},
        "record_feedback": {"score": 4},
        "hand_back_link": {"reason": "not ours"},
        "take_back_link": {"part": chance.choice(("L1", "L2")), "reason": "a mistake"},
        "reopen_link": {
            "part": chance.choice(("L1", "L2")),
            "to_authority": chance.choice(("S1", "S2", "S3")),
            "reason": "again",
        },
        "skip_link": {"part": chance.choice(("L1", "L2")), "reason": "not needed"},
    }
    return fields.get(do, {})


@pytest.mark.parametrize("seed", range(24))
async def test_both_engines_print_the_same(seed: int, tmp_path: Path, virtual_time: WorkflowEnvironment) -> None:
    """Events, refusals with their words, summaries; every third time what crosses goes as between namespaces."""
    entries = _timeline(Random(seed))  # noqa: S311  # repeatable by purpose
    path = tmp_path / "scenario.yaml"
    path.write_text(HEAD + "".join(f"  - {json.dumps(entry)}\n" for entry in entries))
    scenario = load_scenario(path)
    by_temporal = lines_by_temporal(scenario, virtual_time, by_nexus=seed % 3 == 0)
    assert [line async for line in by_temporal] == list(lines(scenario))


@pytest.fixture(scope="module")
async def virtual_time() -> AsyncIterator[WorkflowEnvironment]:
    """One time-skipping server for all of them."""
    async with time_skipping_server() as environment:
        yield environment
