"""A dossier's life over HTTP: received, worked, decided, returned; also by way of a supplement and of a linked part."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from domain.code import parse_code
from tests.support.http import DEPARTMENT, DESK, LINKED, OFFICE, PLAIN, System, keyed, received


async def _do(who: httpx.AsyncClient, code: str, command: str, **fields: object) -> httpx.Response:
    return await who.post(f"/api/v1/dossiers/{code}/{command}", json=fields, headers=keyed())


async def _done(who: httpx.AsyncClient, code: str, command: str, **fields: object) -> list[str]:
    answer = await _do(who, code, command, **fields)
    assert answer.status_code == 200, answer.text
    events: list[str] = answer.json()["events"]
    return events


async def test_receipt_tells_code_and_promises(clerk: httpx.AsyncClient) -> None:
    """201 with the dossier's place, its version as ETag, and what is promised."""
    body = {"procedure": PLAIN, "components": ["don"], "applicant": {"name": "Nguyễn Thị An"}}
    answer = await clerk.post("/api/v1/dossiers", json=body, headers=keyed())
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["Location"] == f"/api/v1/dossiers/{told['code']}"
    assert answer.headers["ETag"] == '"4"'
    assert parse_code(told["code"]).serial >= 1
    assert (told["first_version"], told["version"]) == (1, 4)
    assert told["events"] == ["dossier.received", "task.opened", "deadline.set", "deadline.set"]
    assert told["appointment"] == told["committed_due"] < told["statutory_due"]


async def test_from_receipt_to_return(
    clerk: httpx.AsyncClient, lan: httpx.AsyncClient, leader: httpx.AsyncClient
) -> None:
    """Each act by whom it concerns; at the end the portal is told 10 and the judgement stands."""
    code = await received(clerk)
    await _done(lan, code, "claim-task", stage="appraise")
    await _done(lan, code, "complete-task", stage="appraise", note="Đủ điều kiện")
    assert "result.approved" in await _done(leader, code, "complete-task", stage="approve")
    assert await _done(leader, code, "issue-result", number="1/GP") == ["result.issued"]
    assert "dossier.closed" in await _done(clerk, code, "return-result", method="direct")
    await _done(clerk, code, "record-feedback", score=5, words="Nhanh")
    shown = (await clerk.get(f"/api/v1/dossiers/{code}")).json()
    assert (shown["portal_state"], shown["status"], shown["timeliness"]) == (10, "closed", "early")
    assert shown["applicant"]["name"] == "Nguyễn Thị An"
    assert shown["tasks"] == []


async def test_by_way_of_a_supplement(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """The clock stands while the citizen is waited for, and so does the work."""
    code = await received(clerk)
    assert "supplement.requested" in await _done(lan, code, "request-supplement", reason="Thiếu bản sao")
    waiting = (await lan.get(f"/api/v1/dossiers/{code}")).json()
    assert (waiting["portal_state"], waiting["waiting"], waiting["committed_due"]) == (5, "citizen", None)
    refused = await _do(lan, code, "complete-task", stage="appraise")
    assert (refused.status_code, refused.json()["code"]) == (409, "supplement_awaited")
    await _done(clerk, code, "provide-supplement", components=["bansao"])
    assert (await lan.get(f"/api/v1/dossiers/{code}")).json()["portal_state"] == 4


async def test_submitted_online_then_received(clerk: httpx.AsyncClient) -> None:
    """A submission starts no clock; the desk receives it later, correcting what is known of the applicant."""
    body = {"procedure": PLAIN, "do": "submit", "components": ["don"], "applicant": {"name": "An"}}
    submitted = (await clerk.post("/api/v1/dossiers", json=body, headers=keyed())).json()
    assert submitted["appointment"] is None
    code = submitted["code"]
    await _done(clerk, code, "receive", applicant={"name": "Nguyễn Thị An", "phone": "0912345678"})
    shown = (await clerk.get(f"/api/v1/dossiers/{code}")).json()
    assert (shown["portal_state"], shown["channel"]) == (4, "online")
    assert shown["applicant"]["phone"] == "0912345678"


async def test_refused_at_the_desk(clerk: httpx.AsyncClient) -> None:
    """A dossier that is not taken gets its form 03 and nothing more."""
    body = {"procedure": PLAIN, "do": "submit", "channel": "direct"}
    code = (await clerk.post("/api/v1/dossiers", json=body, headers=keyed())).json()["code"]
    assert "dossier.refused" in await _done(clerk, code, "refuse", reason="Không thuộc thẩm quyền")
    shown = (await clerk.get(f"/api/v1/dossiers/{code}")).json()
    assert (shown["portal_state"], shown["status"]) == (3, "refused")


async def test_refused_there_and_then(clerk: httpx.AsyncClient) -> None:
    """Without a submission: it gets a code, and is there to be read; without a reason it is not taken."""
    body = {"procedure": PLAIN, "do": "refuse", "applicant": {"name": "Nguyễn Thị An"}}
    unexplained = await clerk.post("/api/v1/dossiers", json=body, headers=keyed())
    assert (unexplained.status_code, unexplained.json()["code"]) == (409, "reason_missing")
    answer = await clerk.post("/api/v1/dossiers", json={**body, "reason": "Không thuộc thẩm quyền"}, headers=keyed())
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["events"], told["appointment"]) == (["dossier.refused", "dossier.closed"], None)
    shown = (await clerk.get(f"/api/v1/dossiers/{told['code']}")).json()
    assert (shown["portal_state"], shown["status"], shown["received_by"]) == (3, "refused", DESK)
    assert shown["applicant"]["name"] == "Nguyễn Thị An"
    for part in ("events", "deadlines"):
        assert (await clerk.get(f"/api/v1/dossiers/{told['code']}/{part}")).status_code == 200
    late = await _do(clerk, told["code"], "withdraw")
    assert (late.status_code, late.json()["code"]) == (409, "dossier_closed")


async def test_by_way_of_a_linked_part(clerk: httpx.AsyncClient, lan: httpx.AsyncClient, system: System) -> None:
    """The part is worked under the dossier's code and its link, and its answer lets the dossier go on."""
    code = await received(clerk, LINKED)
    await _done(lan, code, "complete-task", stage="appraise")
    async with system.client("hoa") as hoa, system.client("other") as other:
        part = await _until_found(hoa, code)
        assert part["authority"] == DEPARTMENT
        await _done(hoa, code, "acknowledge-link", link="L1")
        await _done(hoa, code, "complete-task", link="L1", stage="appraise")
        answer = await _do(hoa, code, "answer-link", link="L1", outcome="agreed")
        assert answer.json()["link"] == "L1"
        shown = await _until(lan, code, lambda found: bool(found["tasks"]))
        assert shown["tasks"][0]["stage"] == "approve"
        assert shown["parts"] == [{"link": "L1", "to": DEPARTMENT, "state": "answered"}]
        assert set(shown["working_minutes"]) >= {OFFICE, DEPARTMENT}
        assert (await hoa.get(f"/api/v1/dossiers/{code}")).status_code == 200, "who had a part may read the whole"
        assert (await other.get(f"/api/v1/dossiers/{code}?link=L1")).status_code == 403
        assert (await lan.get(f"/api/v1/dossiers/{code}/events?link=L1")).json()["items"][0]["type"] == "link.received"


async def _until_found(who: httpx.AsyncClient, code: str) -> dict[str, Any]:
    """The linked part, once the hand-over is delivered, which it is by itself."""
    return await _until(who, f"{code}?link=L1", lambda _: True)


async def _until(who: httpx.AsyncClient, what: str, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What a dossier looks like once it is as wanted: messages between streams take a moment."""
    async with asyncio.timeout(10):
        while True:
            answer = await who.get(f"/api/v1/dossiers/{what}")
            if answer.status_code == 200 and seen(answer.json()):
                found: dict[str, Any] = answer.json()
                return found
            await asyncio.sleep(0.02)
