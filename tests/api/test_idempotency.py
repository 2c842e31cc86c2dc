"""Each write takes effect once under its key, gets the same bytes whenever it is sent, and spares no stale screen."""

import asyncio
import json
from typing import Any

import httpx
import psycopg
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from runtime import temporal
from tests.support.databases import Database
from tests.support.http import APPLICANT, PLAIN, System, keyed, received

RECEIPT = {"procedure": PLAIN, "components": ["don"], "applicant": APPLICANT}


async def _history(who: httpx.AsyncClient, code: str) -> list[str]:
    items = (await who.get(f"/api/v1/dossiers/{code}/events")).json()["items"]
    return [item["type"] for item in items]


async def test_repeated_receipt(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """The same bytes again, also when the dossier has long moved on; and one dossier."""
    headers = keyed()
    first = await clerk.post("/api/v1/dossiers", json=RECEIPT, headers=headers)
    path = first.headers["location"]
    await lan.post(f"{path}/complete-task", json={"stage": "appraise"}, headers=keyed())
    again = await clerk.post("/api/v1/dossiers", json=RECEIPT, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (again.headers["etag"], again.headers["location"]) == (first.headers["etag"], path)
    assert (await _history(clerk, first.json()["code"])).count("dossier.received") == 1


async def test_repeated_receipt_by_other_words(clerk: httpx.AsyncClient) -> None:
    """What counts is what is asked, not how it is spelt."""
    headers = {**keyed(), "Content-Type": "application/json"}
    first = await clerk.post("/api/v1/dossiers", content=json.dumps(RECEIPT), headers=headers)
    turned = json.dumps(dict(reversed(RECEIPT.items())), indent=2, ensure_ascii=False).encode()
    again = await clerk.post("/api/v1/dossiers", content=turned, headers=headers)
    assert again.content == first.content


CHANGES: list[dict[str, Any]] = [
    {"channel": "post"},
    {"components": ["don", "bansao"]},
    {"do": "submit"},
    {"return_to": "office"},
    {"applicant": {**APPLICANT, "phone": "0987654321"}},
    {"applicant": None},
]


@pytest.mark.parametrize("change", CHANGES)
async def test_key_reused_for_another_receipt(clerk: httpx.AsyncClient, change: dict[str, Any]) -> None:
    """422 for another content under a used key, another applicant included; nothing happens."""
    headers = keyed()
    first = await clerk.post("/api/v1/dossiers", json=RECEIPT, headers=headers)
    answer = await clerk.post("/api/v1/dossiers", json={**RECEIPT, **change}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await _history(clerk, first.json()["code"])) == first.json()["version"]


async def test_keys_are_an_officers_own(clerk: httpx.AsyncClient, system: System) -> None:
    """Two officers who happen to choose one key receive two dossiers."""
    headers = keyed()
    async with system.client("second_clerk") as second:
        codes = {
            (await who.post("/api/v1/dossiers", json=RECEIPT, headers=headers)).json()["code"]
            for who in (clerk, second)
        }
    assert len(codes) == 2


async def test_a_refused_receipt_uses_no_key_up(clerk: httpx.AsyncClient) -> None:
    """What was refused has not happened: the mended request may bear the same key."""
    headers = keyed()
    refused = await clerk.post("/api/v1/dossiers", json={**RECEIPT, "components": []}, headers=headers)
    assert refused.status_code == 409
    assert (await clerk.post("/api/v1/dossiers", json=RECEIPT, headers=headers)).status_code == 201


async def test_repeated_command(clerk: httpx.AsyncClient, lan: httpx.AsyncClient, leader: httpx.AsyncClient) -> None:
    """The same bytes again, though by now the stage is another's and the dossier is closed."""
    code = await received(clerk)
    path, headers = f"/api/v1/dossiers/{code}", keyed(version=4)
    first = await lan.post(f"{path}/complete-task", json={"stage": "appraise"}, headers=headers)
    assert first.status_code == 200
    again = await lan.post(f"{path}/complete-task", json={"stage": "appraise"}, headers=headers)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    await leader.post(f"{path}/complete-task", json={"stage": "approve"}, headers=keyed())
    await leader.post(f"{path}/stop", json={"reason": "Thử"}, headers=keyed())
    again = await lan.post(f"{path}/complete-task", json={"stage": "appraise"}, headers=headers)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert (await _history(clerk, code)).count("task.completed") == 2


async def test_repeated_command_with_personal_data(clerk: httpx.AsyncClient) -> None:
    """Sealed personal data are the same command when they are the same data, and another one when they are not."""
    body = {"procedure": PLAIN, "do": "submit", "components": ["don"]}
    code = (await clerk.post("/api/v1/dossiers", json=body, headers=keyed())).json()["code"]
    path, headers = f"/api/v1/dossiers/{code}/receive", keyed()
    first = await clerk.post(path, json={"applicant": APPLICANT}, headers=headers)
    again = await clerk.post(path, json={"applicant": APPLICANT}, headers=headers)
    assert again.content == first.content
    other = await clerk.post(path, json={"applicant": {**APPLICANT, "name": "Khác"}}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_key_reused_for_another_command(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """422 for another command, or the same one with other fields, under a used key."""
    code = await received(clerk)
    path, headers = f"/api/v1/dossiers/{code}", keyed()
    await lan.post(f"{path}/claim-task", json={}, headers=headers)
    for command, body in (
        ("claim-task", {"stage": "appraise"}),
        ("release-task", {}),
        ("claim-task", {"occurred_at": "2026-11-22T08:00:00+07:00"}),
    ):
        answer = await lan.post(f"{path}/{command}", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await _history(clerk, code)) == 5


@pytest.mark.parametrize("together", [2, 8])
async def test_simultaneous_receipts(clerk: httpx.AsyncClient, together: int) -> None:
    """However many arrive at once: one dossier, one answer."""
    headers = keyed()
    answers = await asyncio.gather(
        *(clerk.post("/api/v1/dossiers", json=RECEIPT, headers=headers) for _ in range(together))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


async def test_every_write_needs_a_key(clerk: httpx.AsyncClient) -> None:
    """400 without one, or with one that cannot be one; every write, before anything else is looked at."""
    code = await received(clerk)
    routes = ("dossiers", f"dossiers/{code}/withdraw", f"dossiers/{code}/receive", "tasks/bulk")
    keys = {
        None: "idempotency_key_missing",
        "": "idempotency_key_missing",
        "k" * 201: "invalid_idempotency_key",
        "a\tb": "invalid_idempotency_key",
        "khóa": "invalid_idempotency_key",
    }
    for route in routes:
        for key, expected in keys.items():
            headers = {} if key is None else {"Idempotency-Key": key.encode("latin-1")}
            answer = await clerk.post(f"/api/v1/{route}", json={}, headers=headers)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["code"]) == (400, expected), (route, key)
    longest = await clerk.post("/api/v1/dossiers", json=RECEIPT, headers={"Idempotency-Key": "k" * 200})
    assert longest.status_code == 201


async def test_stale_screen(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """412 with the current version, in the body and as ETag; and the same key with the right version goes through."""
    code = await received(clerk)
    path = f"/api/v1/dossiers/{code}"
    await lan.post(f"{path}/claim-task", json={}, headers=keyed(version=4))
    key = keyed()
    stale = await lan.post(f"{path}/complete-task", json={"stage": "appraise"}, headers={**key, "If-Match": '"4"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert stale.json()["details"] == {"expected": 4, "current": 5}
    assert stale.headers["etag"] == '"5"' == (await lan.get(path)).headers["etag"]
    fresh = await lan.post(f"{path}/complete-task", json={"stage": "appraise"}, headers={**key, "If-Match": '"5"'})
    assert fresh.status_code == 200


async def test_stale_screen_of_a_task_that_is_anothers_by_now(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """What has changed is told before whose it is now."""
    path = f"/api/v1/dossiers/{await received(clerk)}/complete-task"
    await lan.post(path, json={"stage": "appraise"}, headers=keyed(version=4))
    late = await lan.post(path, json={"stage": "appraise"}, headers=keyed(version=4))
    assert (late.status_code, late.headers["etag"]) == (412, '"6"')
    blind = await lan.post(path, json={"stage": "appraise"}, headers=keyed())
    assert blind.status_code == 403


async def test_any_version_will_do(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """``*`` means what leaving the header out means."""
    code = await received(clerk)
    headers = {**keyed(), "If-Match": "*"}
    assert (await lan.post(f"/api/v1/dossiers/{code}/claim-task", json={}, headers=headers)).status_code == 200


@pytest.mark.parametrize("text", ["4", 'W/"4"', '"x"', '"4", "5"', '"-1"', '""', '"99999999999999"'])
async def test_unreadable_version(clerk: httpx.AsyncClient, lan: httpx.AsyncClient, text: str) -> None:
    """400 for what is no ETag of ours: guessing could do harm."""
    code = await received(clerk)
    headers = {**keyed(), "If-Match": text}
    answer = await lan.post(f"/api/v1/dossiers/{code}/claim-task", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_if_match")


async def test_a_refusal_is_not_remembered(
    clerk: httpx.AsyncClient, lan: httpx.AsyncClient, system: System, module_database: Database
) -> None:
    """It had no effect: the same command under the same key is decided anew once the dossier has moved on.

    The order waits behind one that the store holds up, so that it is refused when it is carried out and not before:
    Temporal remembers such an answer for the run's whole life.
    """
    code, key = await received(clerk), keyed()
    path, papers = f"/api/v1/dossiers/{code}/provide-supplement", {"components": ["bansao"]}
    handle = (await temporal.connect(system.settings)).get_workflow_handle(code)
    async with await psycopg.AsyncConnection.connect(module_database.url) as blocker:
        await blocker.execute("SELECT FROM streams WHERE stream = %s FOR UPDATE", (code,))
        held = asyncio.create_task(lan.post(f"/api/v1/dossiers/{code}/claim-task", json={}, headers=keyed()))
        await _accepted(handle, 2)
        refused = asyncio.create_task(clerk.post(path, json=papers, headers=key))
        await _accepted(handle, 3)
        await blocker.rollback()
        assert (await held).status_code == 200
        assert (await refused).status_code == 409
    asked = await lan.post(f"/api/v1/dossiers/{code}/request-supplement", json={"reason": "Thiếu"}, headers=keyed())
    assert asked.status_code == 200
    assert (await clerk.post(path, json=papers, headers=key)).status_code == 200


async def _accepted(handle: WorkflowHandle[Any, Any], orders: int) -> None:
    """Wait until the run has taken on so many orders."""
    kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    async with asyncio.timeout(30):
        while sum([event.event_type == kind async for event in handle.fetch_history_events()]) < orders:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_closed_dossier_begins_no_run(clerk: httpx.AsyncClient, system: System) -> None:
    """What can never be taken is refused where it is asked; what was taken before the end still gets its answer."""
    code = await received(clerk)
    key = keyed()
    path = f"/api/v1/dossiers/{code}/withdraw"
    done = await clerk.post(path, json={"reason": "Đổi ý"}, headers=key)
    handle = (await temporal.connect(system.settings)).get_workflow_handle(code)
    run = (await handle.describe()).run_id
    refused = await clerk.post(path, json={"reason": "Đổi ý"}, headers=keyed())
    assert (refused.status_code, refused.json()["code"]) == (409, "dossier_closed")
    assert (await clerk.post(path, json={"reason": "Đổi ý"}, headers=key)).json() == done.json()
    assert (await handle.describe()).run_id == run
