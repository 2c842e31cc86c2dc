"""Absence cover at the desk: given on a page, chosen in the header, told in the history, gone when it is revoked."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.local import HOME
from runtime.embedded.temporal import EmbeddedTemporal
from tests.support import http
from tests.support.databases import Database
from tests.support.http import System, keyed, received

TODAY = datetime.now(UTC).astimezone(HOME).date()
LEAVE = {"first_day": str(TODAY), "last_day": str(TODAY + timedelta(days=1)), "reason": "Nghỉ phép <năm>"}


@pytest.fixture(scope="module")
async def system(
    module_database: Database, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """A system where anyone may log in as anyone."""
    async with http.trying_out(module_database, temporal_dev, tmp_path_factory.mktemp("delegations")) as running:
        yield running


@asynccontextmanager
async def signed_in(system: System, officer: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts that follows where it is sent."""
    async with httpx.AsyncClient(base_url=system.url, timeout=30, follow_redirects=True) as found:
        assert (await found.post("/login/demo", data={"officer": officer})).status_code == 200
        yield found


async def _send(
    one: httpx.AsyncClient, address: str, shown: httpx.Response | None = None, **fields: str
) -> httpx.Response:
    """Send a form that bears the token of the page that was ``shown`` (none: of the page as it is now)."""
    page = shown or await one.get("/desk")
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert found is not None, page.text
    return await one.post(address, data={"csrf": found[1], **fields})


async def _give(one: httpx.AsyncClient, absent: str, stand_in: str, **more: str) -> httpx.Response:
    form = {"absent": absent, "stand_in": stand_in, "key": keyed()["Idempotency-Key"], **LEAVE, **more}
    return await _send(one, "/desk/officers", None, **form)


async def _delegation(one: httpx.AsyncClient) -> str:
    """The address of the first form that revokes one."""
    found = re.search(r'action="(/desk/officers/delegations/[^"]+/revoke)"', (await one.get("/desk/officers")).text)
    assert found is not None
    return found[1]


async def test_a_stand_in_completes_a_task(system: System) -> None:
    """The leader is away: the specialist chooses him in the header, approves, and the history names both."""
    async with system.client("clerk") as clerk, system.client("lan") as lan:
        code = await received(clerk)
        done = await lan.post(f"/api/v1/dossiers/{code}/complete-task", json={"stage": "appraise"}, headers=keyed())
        assert done.status_code == 200
    async with signed_in(system, "leader") as leader, signed_in(system, "mai") as mai:
        address = f"/desk/dossiers/{code}"
        assert 'id="form-forward"' not in (await mai.get(address)).text
        assert 'action="/desk/behalf"' not in (await mai.get(address)).text
        given = await _give(leader, "leader", "mai")
        assert "Đã ghi nhận ủy quyền" in given.text
        assert "Nghỉ phép &lt;năm&gt;" in given.text
        chosen = await _send(mai, "/desk/behalf", absent="leader")
        assert "Bạn đang làm thay Leader" in chosen.text
        page = await mai.get(address)
        assert 'id="form-forward"' in page.text
        approved = await _send(mai, f"{address}/act/forward", page, stage="approve", key=code)
        assert "Mai thay Leader" in approved.text
        await _send(leader, await _delegation(leader))
    async with system.client("clerk") as clerk:
        events = (await clerk.get(f"/api/v1/dossiers/{code}/events")).json()["items"]
        approval = next(event for event in events if event["type"] == "result.approved")
        assert (approval["actor"], approval["on_behalf_of"]) == ("mai", "leader")


async def test_a_form_of_another_name_is_not_taken(system: System) -> None:
    """A page that was shown in one's own name does nothing in another's, nor the other way round."""
    async with system.client("clerk") as clerk:
        code = await received(clerk)
    async with signed_in(system, "lan") as lan, signed_in(system, "mai") as mai:
        await _give(lan, "lan", "mai")
        address = f"/desk/dossiers/{code}"
        own = await mai.get(address)
        await _send(mai, "/desk/behalf", absent="lan")
        other = await mai.get(address)
        refused = await _send(mai, f"{address}/act/claim_task", own, key="a")
        assert (refused.status_code, "không thuộc phiên làm việc" in refused.text) == (403, True)
        await _send(mai, "/desk/behalf", absent="")
        assert (await _send(mai, f"{address}/act/claim_task", other, key="b")).status_code == 403
        await _send(mai, "/desk/behalf", absent="lan")
        claimed = await _send(mai, f"{address}/act/claim_task", await mai.get(address), key="c")
        assert "Mai thay Lan" in claimed.text
        assert code in (await mai.get("/desk?view=mine")).text
        await _send(mai, "/desk/behalf", absent="")
        assert code not in (await mai.get("/desk?view=mine")).text
        assert code in (await lan.get("/desk?view=mine")).text
        await _send(lan, await _delegation(lan))


async def test_what_is_revoked_acts_no_longer(system: System) -> None:
    """The next request is refused and says so; from then on the session works in its own officer's name."""
    async with system.client("clerk") as clerk:
        code = await received(clerk)
    async with signed_in(system, "lan") as lan, signed_in(system, "mai") as mai:
        await _give(lan, "lan", "mai")
        await _send(mai, "/desk/behalf", absent="lan")
        page = await mai.get(f"/desk/dossiers/{code}")
        assert "Đã thu hồi ủy quyền" in (await _send(lan, await _delegation(lan))).text
        refused = await _send(mai, f"/desk/dossiers/{code}/act/claim_task", page, key="d")
        assert (refused.status_code, "Bạn không còn làm thay người này" in refused.text) == (403, True)
        after = await mai.get("/desk")
        assert (after.status_code, "Bạn đang làm thay" in after.text) == (200, False)
        view = await system.parts.journal.view(code)  # type: ignore[arg-type]  # a code is its stream
        assert view is not None
        assert view.tasks[0].officer is None
        assert (await _send(mai, "/desk/behalf", absent="lan")).status_code == 403


async def test_one_may_log_out_while_standing_in(system: System) -> None:
    """And the next login begins in one's own name."""
    async with signed_in(system, "lan") as lan, signed_in(system, "mai") as mai:
        await _give(lan, "lan", "mai")
        await _send(mai, "/desk/behalf", absent="lan")
        out = await _send(mai, "/logout", await mai.get("/desk"), everywhere="1")
        assert out.url.path == "/login"
        again = await mai.post("/login/demo", data={"officer": "mai"})
        assert "Bạn đang làm thay" not in again.text
        await _send(lan, await _delegation(lan))


FAULTS = [
    ({"stand_in": ""}, "stand_in", "Cần điền mục này"),
    ({"stand_in": "lan"}, "stand_in", "Không ai làm thay chính mình"),
    ({"stand_in": "hoa"}, "stand_in", "cùng cơ quan"),
    ({"stand_in": "admin"}, "stand_in", "không làm thay ai"),
    ({"stand_in": "ghost"}, "stand_in", "Không có cán bộ"),
    ({"absent": "mai"}, "absent", "Chỉ chính người đó"),
    ({"first_day": "2026-02-30"}, "first_day", "Mục này chưa đúng"),
    ({"first_day": "2026-02-01"}, "first_day", "sớm nhất là hôm nay"),
    ({"first_day": str(TODAY + timedelta(days=9))}, "last_day", "Ngày cuối"),
    ({"reason": " "}, "reason", "Cần điền mục này"),
]


@pytest.mark.parametrize(("change", "field", "words"), FAULTS)
async def test_faults_stand_beside_their_field(system: System, change: dict[str, str], field: str, words: str) -> None:
    """What was typed is kept, nothing is given."""
    async with signed_in(system, "lan") as lan:
        shown = await _give(lan, **{"absent": "lan", "stand_in": "mai", **change})
        assert shown.status_code in {403, 409, 422}
        found = re.search(rf'id="{field}-problem">([^<]+)<', shown.text)
        assert found is not None, shown.text
        assert words in found[1]
        reason = change.get("reason", "Nghỉ phép &lt;năm&gt;").strip()
        assert f'name="reason" type="text" value="{reason}"' in shown.text
        assert "Không có ai làm thay ai" in shown.text


async def test_a_double_click_gives_one(system: System) -> None:
    """The same form twice is one delegation; with other content it is refused, and the form shown anew."""
    async with signed_in(system, "lan") as lan:
        form = {**LEAVE, "absent": "lan", "stand_in": "mai", "key": "twice"}
        for _ in range(2):
            given = await _send(lan, "/desk/officers", None, **form)
            assert given.text.count("/revoke") == 1
        other = await _send(lan, "/desk/officers", None, **{**form, "stand_in": "leader"})
        assert (other.status_code, "đã được gửi trước đó" in other.text) == (422, True)
        await _send(lan, await _delegation(lan))


async def test_who_sees_what(system: System) -> None:
    """Officers see their own and their form, leaders the house, auditors any house and no form."""
    async with signed_in(system, "leader") as leader, signed_in(system, "lan") as lan:
        await _give(leader, "lan", "mai")
        seen = (await leader.get("/desk/officers")).text
        assert 'id="colleagues"' in seen
        assert 'value="mai"' in seen
        own = (await lan.get("/desk/officers")).text
        assert ('id="colleagues"' in own, 'id="give"' in own, "/revoke" in own) == (False, True, True)
        assert (await lan.get("/desk/officers?authority=desk")).status_code == 403
        for officer, page in (("auditor", "?authority=office"), ("clerk", "")):
            async with signed_in(system, officer) as other:
                shown = (await other.get(f"/desk/officers{page}")).text
                assert "/revoke" not in shown
                assert ('id="give"' in shown, "Mai" in shown) == (officer == "clerk", officer == "auditor")
        async with signed_in(system, "auditor") as auditor:
            assert (await auditor.get("/desk/officers?authority=none")).status_code == 404
        await _send(leader, await _delegation(leader))
