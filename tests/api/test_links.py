"""Hand-overs that come back: handed back by the authority asked, or taken back, and handed over anew."""

import asyncio
from typing import Any

import httpx

from tests.support.http import DEPARTMENT, LINKED, STRANGER, System, keyed, received


async def _do(who: httpx.AsyncClient, code: str, command: str, **fields: object) -> tuple[int, Any]:
    answer = await who.post(f"/api/v1/dossiers/{code}/{command}", json=fields, headers=keyed())
    return answer.status_code, answer.json()


async def _state_of_part(who: httpx.AsyncClient, code: str, wanted: list[dict[str, str]]) -> dict[str, Any]:
    """The dossier once its parts are as wanted: messages between streams take a moment."""
    async with asyncio.timeout(10):
        while True:
            shown: dict[str, Any] = (await who.get(f"/api/v1/dossiers/{code}")).json()
            if shown["parts"] == wanted:
                return shown
            await asyncio.sleep(0.02)


async def _handed_over(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> str:
    """A dossier whose part is at the department."""
    code = await received(clerk, LINKED)
    assert (await _do(lan, code, "complete-task", stage="appraise"))[0] == 200
    await _state_of_part(lan, code, [{"link": "L1", "to": DEPARTMENT, "state": "opened"}])
    return code


async def test_handed_back_and_handed_over_to_the_right_authority(
    clerk: httpx.AsyncClient, lan: httpx.AsyncClient, system: System
) -> None:
    """The first addressee's part ends; the second one's is a part of its own, in its own worklist."""
    code = await _handed_over(clerk, lan)
    async with system.client("hoa") as hoa, system.client("other") as other:
        assert (await _until_done(hoa, code, "hand-back-link", link="L1", reason="Không thuộc thẩm quyền"))[0] == 200
        back = {"link": "L1", "to": DEPARTMENT, "state": "handed_back"}
        shown = await _state_of_part(lan, code, [back])
        assert (shown["waiting"], [task["stage"] for task in shown["tasks"]]) == ("officer", ["other"])
        mine = (await lan.get("/api/v1/tasks?stage=other")).json()["items"]
        assert code in {task["code"] for task in mine}

        reopening = {"part": "L1", "reason": "Đúng cơ quan"}
        assert (await _do(hoa, code, "reopen-link", to_authority=STRANGER, **reopening))[0] == 403
        unknown = await _do(lan, code, "reopen-link", to_authority="nobody", **reopening)
        assert (unknown[0], unknown[1]["code"]) == (422, "unknown_reference")
        assert (await _do(lan, code, "reopen-link", to_authority=STRANGER, **reopening))[0] == 200
        assert (await _until_done(other, code, "acknowledge-link", link="L1.2"))[0] == 200
        assert (await _do(other, code, "complete-task", link="L1.2", stage="appraise"))[0] == 200
        assert (await _do(other, code, "answer-link", link="L1.2"))[0] == 200
        shown = await _state_of_part(lan, code, [back, {"link": "L1.2", "to": STRANGER, "state": "answered"}])
        assert [task["stage"] for task in shown["tasks"]] == ["approve"]


async def test_taken_back_and_not_waited_for(clerk: httpx.AsyncClient, lan: httpx.AsyncClient, system: System) -> None:
    """Who handed over may take back, with a reason, and go on; the addressee can no longer work on it."""
    code = await _handed_over(clerk, lan)
    unexplained = await _do(lan, code, "take-back-link", part="L1")
    assert (unexplained[0], unexplained[1]["code"]) == (409, "reason_missing")
    assert (await _do(lan, code, "take-back-link", part="L1", reason="Chuyển nhầm"))[0] == 200
    await _state_of_part(lan, code, [{"link": "L1", "to": DEPARTMENT, "state": "recalled"}])
    assert (await _do(lan, code, "skip-link", part="L1", reason="Không cần ý kiến"))[0] == 200
    async with system.client("hoa") as hoa:
        late = await _until_refused(hoa, code, "acknowledge-link", link="L1")
    assert late["code"] == "dossier_closed"
    shown = await _state_of_part(lan, code, [{"link": "L1", "to": DEPARTMENT, "state": "skipped"}])
    assert [task["stage"] for task in shown["tasks"]] == ["approve"]


async def _until_done(who: httpx.AsyncClient, code: str, command: str, **fields: object) -> tuple[int, Any]:
    """The answer to a command for a part, once the part is there."""
    async with asyncio.timeout(10):
        while True:
            answer = await _do(who, code, command, **fields)
            if answer[0] != 404:
                return answer
            await asyncio.sleep(0.02)


async def _until_refused(who: httpx.AsyncClient, code: str, command: str, **fields: object) -> dict[str, Any]:
    """The refusal of a part, once it has learnt that it ended."""
    async with asyncio.timeout(10):
        while True:
            view = await who.get(f"/api/v1/dossiers/{code}?link={fields['link']}")
            if view.status_code == 200 and view.json()["status"] == "closed":
                return (await _do(who, code, command, **fields))[1]  # type: ignore[no-any-return]
            await asyncio.sleep(0.02)
