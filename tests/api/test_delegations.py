"""Absence cover over HTTP: the absent officer's rights, both names in every event, until it ends."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from api.local import HOME
from domain.authority import Role
from store.database import Database as Pool
from store.delegations import Delegations
from store.references import Kind, References
from tests.support import http
from tests.support.databases import Database
from tests.support.http import DESK, OFFICE, OFFICERS, PLAIN, STRANGER, System, keyed, received

TODAY = datetime.now(UTC).astimezone(HOME).date()
"""A run over midnight may fail once."""


def _wish(absent: str, stand_in: str, first: int = 0, last: int = 1, **more: object) -> dict[str, Any]:
    days = {"first_day": str(TODAY + timedelta(days=first)), "last_day": str(TODAY + timedelta(days=last))}
    return {"absent": absent, "stand_in": stand_in, **days, "reason": "Nghỉ phép", **more}


async def _give(client: httpx.AsyncClient, absent: str, stand_in: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # fields of the body
    answer = await client.post("/api/v1/delegations", json=_wish(absent, stand_in, **more), headers=keyed())
    assert answer.status_code == 201, answer.text
    given: dict[str, Any] = answer.json()
    return given


async def _revoke(client: httpx.AsyncClient, delegation: dict[str, Any]) -> None:
    answer = await client.post(f"/api/v1/delegations/{delegation['id']}/revoke", headers=keyed())
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def mai(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """Another specialist of the office."""
    async with system.client("mai") as client:
        yield client


@pytest.fixture(autouse=True)
async def nobody_is_away(module_database: Database) -> AsyncIterator[None]:
    """Each test leaves no delegation that holds."""
    yield
    with psycopg.connect(module_database.url) as owner:
        owner.execute("UPDATE delegations SET revoked_at = now() WHERE revoked_at IS NULL")


def behalf(absent: str, **more: Any) -> dict[str, str]:  # noqa: ANN401  # those of ``keyed``
    """The headers of a write for an absent officer."""
    return {**keyed(**more), "On-Behalf-Of": absent}


async def _events(client: httpx.AsyncClient, code: str) -> list[dict[str, Any]]:
    return list((await client.get(f"/api/v1/dossiers/{code}/events")).json()["items"])


async def test_acting_for_an_absent_officer(
    clerk: httpx.AsyncClient, mai: httpx.AsyncClient, leader: httpx.AsyncClient
) -> None:
    """The specialist approves for the leader, which is not hers to do; the events say who did it, and for whom."""
    code = await received(clerk)
    path = f"/api/v1/dossiers/{code}/complete-task"
    assert (await mai.post(path, json={"stage": "appraise"}, headers=keyed())).status_code == 200
    approval = {"stage": "approve"}
    refused = await mai.post(path, json=approval, headers=behalf("leader"))
    assert (refused.status_code, refused.json()["code"]) == (403, "not_delegated")
    given = await _give(leader, "leader", "mai")
    assert given["active"]
    assert (await mai.post(path, json=approval, headers=keyed())).json()["code"] == "forbidden"
    done = await mai.post(path, json=approval, headers=behalf("leader"))
    assert done.status_code == 200, done.text
    written = [event for event in await _events(clerk, code) if event["version"] >= done.json()["first_version"]]
    assert {event["type"] for event in written} >= {"task.completed", "result.approved"}
    assert {(event["actor"], event["on_behalf_of"], event["authority"]) for event in written} == {
        ("mai", "leader", OFFICE)
    }


async def test_with_the_absent_officers_rights_and_no_others(
    clerk: httpx.AsyncClient, leader: httpx.AsyncClient, mai: httpx.AsyncClient
) -> None:
    """A leader who stands in for a specialist is a specialist for that request."""
    code = await received(clerk)
    path = f"/api/v1/dossiers/{code}/complete-task"
    await _give(mai, "mai", "leader")
    assert (await leader.post(path, json={"stage": "appraise"}, headers=behalf("mai"))).status_code == 200
    refused = await leader.post(path, json={"stage": "approve"}, headers=behalf("mai"))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await leader.post(path, json={"stage": "approve"}, headers=keyed())).status_code == 200
    webhooks = await leader.get("/api/v1/webhooks", headers={"On-Behalf-Of": "mai"})
    assert webhooks.json()["code"] == "forbidden"


async def test_receiving_and_many_at_once(system: System, clerk: httpx.AsyncClient) -> None:
    """A new dossier and each item of a bulk command bear both names; what is claimed is the absent officer's."""
    await _give(clerk, "clerk", "second_clerk")
    async with system.client("second_clerk") as second, system.client("lan") as lan, system.client("mai") as mai:
        body = {"procedure": PLAIN, "components": ["don"]}
        answer = await second.post("/api/v1/dossiers", json=body, headers=behalf("clerk"))
        assert answer.status_code == 201, answer.text
        codes = [answer.json()["code"], await received(clerk)]
        names = {(event["actor"], event["on_behalf_of"]) for event in await _events(lan, codes[0])}
        assert names == {("second_clerk", "clerk")}
        await _give(lan, "lan", "mai")
        bulk = {"command": "claim-task", "items": [{"code": code} for code in codes]}
        told = await mai.post("/api/v1/tasks/bulk", json=bulk, headers=behalf("lan"))
        assert told.json()["done"] == 2, told.text
        for code in codes:
            claimed = (await _events(lan, code))[-1]
            assert (claimed["type"], claimed["actor"], claimed["on_behalf_of"]) == ("task.claimed", "mai", "lan")
            assert claimed["data"]["officer"] == "lan"
        again = {**bulk, "command": "release-task"}
        assert (await lan.post("/api/v1/tasks/bulk", json=again, headers=keyed())).json()["done"] == 2


async def test_for_whom_is_part_of_the_content(
    clerk: httpx.AsyncClient, mai: httpx.AsyncClient, lan: httpx.AsyncClient
) -> None:
    """The same key in one's own name is another request."""
    code = await received(clerk)
    await _give(lan, "lan", "mai")
    path, body = f"/api/v1/dossiers/{code}/claim-task", {"stage": "appraise"}
    first = await mai.post(path, json=body, headers=behalf("lan", key="one-key"))
    assert first.status_code == 200
    assert (await mai.post(path, json=body, headers=behalf("lan", key="one-key"))).content == first.content
    other = await mai.post(path, json=body, headers=keyed(key="one-key"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_it_ends_at_once(clerk: httpx.AsyncClient, mai: httpx.AsyncClient, leader: httpx.AsyncClient) -> None:
    """What is revoked acts no longer from the next request on; nothing of it is lost."""
    code = await received(clerk)
    given = await _give(leader, "lan", "mai")
    look = {"On-Behalf-Of": "lan"}
    assert (await mai.get(f"/api/v1/dossiers/{code}", headers=look)).status_code == 200
    await _revoke(leader, given)
    refused = await mai.get(f"/api/v1/dossiers/{code}", headers=look)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_delegated")
    listed = (await mai.get("/api/v1/delegations")).json()["items"]
    assert listed[0]["id"] == given["id"]
    assert (listed[0]["revoked_by"], listed[0]["active"]) == ("leader", False)


@pytest.mark.parametrize(("first", "last", "status"), [(0, 0, 200), (1, 2, 403)])
async def test_by_its_days(lan: httpx.AsyncClient, mai: httpx.AsyncClient, first: int, last: int, status: int) -> None:
    """From its first day on."""
    await _give(lan, "lan", "mai", first=first, last=last)
    assert (await mai.get("/api/v1/tasks", headers={"On-Behalf-Of": "lan"})).status_code == status


async def test_after_its_last_day(system: System, lan: httpx.AsyncClient, mai: httpx.AsyncClient) -> None:
    """One that ended yesterday, as the store has it, is none."""
    given = await _give(lan, "lan", "mai")
    kept = await Delegations(system.parts.database).find(given["id"])
    assert kept is not None
    gone = {"first_day": date(2026, 3, 2), "last_day": TODAY - timedelta(days=1)}
    await _revoke(lan, given)
    await Delegations(system.parts.database).give(msgspec.structs.replace(kept, id="D-gone", **gone))
    assert (await mai.get("/api/v1/tasks", headers={"On-Behalf-Of": "lan"})).json()["code"] == "not_delegated"
    refused = await lan.post("/api/v1/delegations/D-gone/revoke", headers=keyed())
    assert (refused.status_code, refused.json()["code"]) == (409, "delegation_over")


@pytest.mark.parametrize("absent", ["lan", "ghost", "mai", "", "é", "admin"])
async def test_for_nobody_else(leader: httpx.AsyncClient, mai: httpx.AsyncClient, absent: str) -> None:
    """Neither an officer who has not been named, nor one who does not exist, nor oneself; nor is it passed on."""
    await _give(leader, "lan", "leader")
    await _give(leader, "leader", "mai")
    headers = {"On-Behalf-Of": absent.encode()}
    answer = await mai.get("/api/v1/tasks", headers=headers)  # type: ignore[arg-type]  # bytes do
    assert (answer.status_code, answer.json()["code"]) == (403, "not_delegated")


async def test_what_was_delegated_is_not_passed_on(leader: httpx.AsyncClient, mai: httpx.AsyncClient) -> None:
    """Who stands in for the leader gives no delegation as the leader."""
    await _give(leader, "leader", "mai")
    answer = await mai.post("/api/v1/delegations", json=_wish("lan", "mai"), headers=behalf("leader"))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_rights_that_change_meanwhile(system: System, lan: httpx.AsyncClient) -> None:
    """An officer who moves to another authority or becomes an auditor is no longer stood in for."""
    await _give(lan, "lan", "mai")
    async with Pool(system.settings.database_url, size=1) as pool:
        moved = msgspec.structs.replace(OFFICERS["lan"], authority=STRANGER)
        audits = msgspec.structs.replace(OFFICERS["lan"], roles=(Role.SPECIALIST, Role.AUDITOR))
        for changed in (moved, audits, OFFICERS["lan"]):
            await References(pool).publish(Kind.OFFICER, "lan", changed, date(2000, 1, 1))
            # The catalogue is kept for half a minute; an API that has just begun has none yet.
            async with http.serving(system.settings) as fresh, fresh.client("mai") as mai:
                answer = await mai.get("/api/v1/tasks", headers={"On-Behalf-Of": "lan"})
            assert answer.status_code == (200 if changed is OFFICERS["lan"] else 403)


REFUSED = [
    ("lan", _wish("lan", "lan"), 422, "delegation_to_oneself"),
    ("lan", _wish("lan", "hoa"), 422, "delegation_elsewhere"),
    ("lan", _wish("lan", "admin"), 409, "cannot_stand_in"),
    ("admin", _wish("admin", "lan"), 409, "rights_not_delegable"),
    ("lan", _wish("lan", "ghost"), 422, "unknown_reference"),
    ("lan", _wish("ghost", "lan"), 422, "unknown_reference"),
    ("lan", _wish("lan", "mai", first=2, last=1), 422, "delegation_ends_before_start"),
    ("lan", _wish("lan", "mai", first=-1), 409, "delegation_in_past"),
    ("lan", _wish("lan", "mai", reason=" "), 422, "delegation_unexplained"),
    ("lan", _wish("lan", "mai", reason=""), 400, "invalid_body"),
    ("lan", _wish("lan", "mai", last_day="2026-02-30"), 400, "invalid_body"),
    ("lan", _wish("mai", "lan"), 403, "forbidden"),
    ("clerk", _wish("lan", "mai"), 403, "forbidden"),
    ("leader", _wish("clerk", "second_clerk"), 403, "forbidden"),
    ("admin", _wish("clerk", "second_clerk"), 403, "forbidden"),
    ("auditor", _wish("lan", "mai"), 403, "forbidden"),
]


@pytest.mark.parametrize(("officer", "wish", "status", "code"), REFUSED)
async def test_what_is_not_given(system: System, officer: str, wish: dict[str, Any], status: int, code: str) -> None:
    """Each with its own code, and nothing is kept."""
    async with system.client(officer) as client, system.client("auditor") as auditor:
        everything: dict[str, str] = {"authority": OFFICE, "limit": "200"}
        before = (await auditor.get("/api/v1/delegations", params=everything)).json()
        answer = await client.post("/api/v1/delegations", json=wish, headers=keyed())
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await auditor.get("/api/v1/delegations", params=everything)).json() == before


async def test_given_and_revoked_once(
    lan: httpx.AsyncClient, leader: httpx.AsyncClient, clerk: httpx.AsyncClient
) -> None:
    """A repeat gets the delegation as it stands; an overlapping one, another content, a stranger's hand are refused."""
    wish, headers = _wish("lan", "mai"), keyed()
    given = await lan.post("/api/v1/delegations", json=wish, headers=headers)
    assert (await lan.post("/api/v1/delegations", json=wish, headers=headers)).json() == given.json()
    other = await lan.post("/api/v1/delegations", json={**wish, "reason": "Đi họp"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    overlapping = await leader.post("/api/v1/delegations", json=wish, headers=keyed())
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "delegation_overlaps")
    path = f"/api/v1/delegations/{given.json()['id']}/revoke"
    assert (await clerk.post(path, headers=keyed())).json()["code"] == "forbidden"
    unknown = await clerk.post("/api/v1/delegations/D-none/revoke", headers=keyed())
    assert (unknown.status_code, unknown.json()["code"]) == (404, "delegation_unknown")
    first = await leader.post(path, headers=keyed())
    assert (await lan.post(path, headers=keyed())).json() == first.json()
    assert (await lan.post("/api/v1/delegations", json=wish, headers=headers)).json() == first.json()


async def test_who_stands_in_does_not_revoke(lan: httpx.AsyncClient, mai: httpx.AsyncClient) -> None:
    """He sees it; taking it back is for who may give it."""
    given = await _give(lan, "lan", "mai")
    answer = await mai.post(f"/api/v1/delegations/{given['id']}/revoke", headers=keyed())
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_whose_lists(system: System, lan: httpx.AsyncClient, clerk: httpx.AsyncClient) -> None:
    """Officers see their own, leaders their authority's, auditors any; page by page."""
    await _give(lan, "lan", "mai")
    await _give(lan, "lan", "leader", first=3, last=4)
    await _give(clerk, "clerk", "second_clerk")
    counts = {}
    asked = (("mai", None), ("lan", None), ("leader", None), ("auditor", DESK), ("auditor", OFFICE))
    for officer, place in asked:
        async with system.client(officer) as client:
            query = {"lasting": "true", **({"authority": place} if place else {})}
            answer = await client.get("/api/v1/delegations", params=query)
            counts[officer, place] = len(answer.json()["items"])
    assert list(counts.values()) == [1, 2, 2, 1, 2]
    first = (await lan.get("/api/v1/delegations", params={"limit": 1})).json()
    second = (await lan.get("/api/v1/delegations", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [page["items"][0]["stand_in"] for page in (first, second)] == ["leader", "mai"]
    for foreign in ("authority=desk", "officer=mai"):
        assert (await lan.get(f"/api/v1/delegations?{foreign}")).status_code == 403
    assert (await lan.get("/api/v1/delegations", params={"cursor": "x"})).status_code == 400
