"""One command on many: each item for itself, safe to resume, ended well also when there is nothing to do."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.http import System, keyed, received

BULK = "/api/v1/tasks/bulk"
APPRAISE = {"command": "complete-task", "fields": {"stage": "appraise"}}


@pytest.fixture
async def codes(clerk: httpx.AsyncClient) -> list[str]:
    """Dossiers whose appraisal is open."""
    return await asyncio.gather(*(received(clerk) for _ in range(6)))


def _items(codes: list[str]) -> list[dict[str, Any]]:
    return [{"code": code} for code in codes]


async def test_all_are_done(lan: httpx.AsyncClient, codes: list[str]) -> None:
    """A result for each item, in the order of the request."""
    answer = await lan.post(BULK, json={**APPRAISE, "items": _items(codes)}, headers=keyed())
    told = answer.json()
    assert (answer.status_code, told["done"], told["refused"], told["pending"]) == (200, 6, 0, 0)
    assert [result["code"] for result in told["results"]] == codes
    assert all(result["events"][0] == "task.completed" for result in told["results"])


async def test_each_item_stands_for_itself(lan: httpx.AsyncClient, codes: list[str]) -> None:
    """What one is refused does not touch the others: unknown, stale, in another stage, twice in the list."""
    await lan.post(f"/api/v1/dossiers/{codes[1]}/complete-task", json={"stage": "appraise"}, headers=keyed())
    items = [
        {"code": codes[0]},
        {"code": codes[1]},
        {"code": codes[2], "version": 3},
        {"code": "nobody"},
        {"code": codes[3], "link": "L9"},
        {"code": codes[4], "version": 4},
        {"code": codes[0]},
    ]
    told = (await lan.post(BULK, json={**APPRAISE, "items": items}, headers=keyed())).json()
    problems = [result.get("problem", {}).get("code") for result in told["results"]]
    # An approval is open in the second one, and approving is not for a specialist.
    assert problems == [None, "forbidden", "stale_version", "dossier_unknown", "dossier_unknown", None, None]
    assert told["results"][0] == told["results"][-1]


async def test_repeated(lan: httpx.AsyncClient, codes: list[str]) -> None:
    """The same answer again for what was done, and only what was refused is tried anew."""
    headers, body = keyed(), {**APPRAISE, "items": _items(codes)}
    first = await lan.post(BULK, json=body, headers=headers)
    again = await lan.post(BULK, json=body, headers=headers)
    assert again.content == first.content
    for code in codes:
        history = (await lan.get(f"/api/v1/dossiers/{code}/events")).json()["items"]
        assert [item["type"] for item in history].count("task.completed") == 1


async def test_resumed_after_a_part(lan: httpx.AsyncClient, codes: list[str]) -> None:
    """A request that was cut short is sent again in full, with the same key."""
    headers = keyed()
    part = await lan.post(BULK, json={**APPRAISE, "items": _items(codes[:3])}, headers=headers)
    whole = await lan.post(BULK, json={**APPRAISE, "items": _items(codes)}, headers=headers)
    assert whole.json()["done"] == 6
    assert whole.json()["results"][:3] == part.json()["results"]


async def test_key_reused_for_another_command(lan: httpx.AsyncClient, codes: list[str]) -> None:
    """Another command under the same key is told so, item by item."""
    headers = keyed()
    await lan.post(BULK, json={"command": "claim-task", "items": _items(codes)}, headers=headers)
    told = (await lan.post(BULK, json={**APPRAISE, "items": _items(codes)}, headers=headers)).json()
    assert {result["problem"]["code"] for result in told["results"]} == {"idempotency_key_reused"}


async def test_nothing_to_do(lan: httpx.AsyncClient) -> None:
    """An empty list ends well."""
    answer = await lan.post(BULK, json={**APPRAISE, "items": []}, headers=keyed())
    assert (answer.status_code, answer.json()["results"]) == (200, [])


MALFORMED = [
    ({"command": "complete-task", "items": [], "fields": {"stage": 5}}, "$.fields.stage"),
    ({"command": "complete-task", "items": [], "fields": {}}, "$.fields"),
    ({"command": "complete-task", "items": [], "fields": {"stage": "x", "colour": "red"}}, "$.fields"),
    ({"command": "receive", "items": []}, "$.command"),
    ({"command": "pass-moment", "items": []}, "$.command"),
    ({"command": "stop", "items": [{"code": 5}]}, "$.items[0].code"),
    ({"command": "stop", "items": [{"code": "x", "version": -1}]}, "$.items[0].version"),
    ({"command": "stop"}, "$"),
    ({"command": "stop", "items": [{"code": "x"}] * 1001}, "$.items"),
]


@pytest.mark.parametrize(("body", "path"), MALFORMED)
async def test_malformed(lan: httpx.AsyncClient, body: dict[str, Any], path: str) -> None:
    """400 for the whole request, naming the place; then nothing is done."""
    answer = await lan.post(BULK, json=body, headers=keyed())
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
    assert answer.json()["errors"][0]["path"] == path


async def test_eight_hundred(system: System, clerk: httpx.AsyncClient) -> None:
    """As many as an office closes in one evening: all are told of, done or still to do."""
    code = await received(clerk)
    items = [{"code": code}, *({"code": f"H99.20-261122-{number}"} for number in range(1000, 1799))]
    async with system.client("lan") as lan:
        told = (await lan.post(BULK, json={**APPRAISE, "items": items}, headers=keyed())).json()
    assert (told["done"], told["refused"], told["pending"]) == (1, 799, 0)
