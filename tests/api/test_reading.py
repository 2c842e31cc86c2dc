"""Reading: search and worklist by pages, history by stretches, deadlines explained in two languages."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from domain.labels import COUNTED
from tests.support.http import DESK, OFFICE, PLAIN, System, keyed, received


@pytest.fixture
async def many(clerk: httpx.AsyncClient) -> list[str]:
    """Some dossiers more."""
    return [await received(clerk) for _ in range(5)]


async def _pages(who: httpx.AsyncClient, route: str, **query: Any) -> AsyncIterator[list[dict[str, Any]]]:  # noqa: ANN401
    """All pages of a list."""
    while True:
        answer = await who.get(f"/api/v1/{route}", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page["items"]
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("order", ["newest", "due"])
async def test_search_goes_on_page_by_page(lan: httpx.AsyncClient, many: list[str], order: str) -> None:
    """Every dossier once, whatever the page's size, and in the same order."""
    at_once = [item["code"] async for page in _pages(lan, "dossiers", order=order, limit=200) for item in page]
    by_twos = [item["code"] async for page in _pages(lan, "dossiers", order=order, limit=2) for item in page]
    assert by_twos == at_once
    assert set(many) <= set(at_once)
    assert len(set(at_once)) == len(at_once)


async def test_a_cursor_belongs_to_its_query(lan: httpx.AsyncClient, many: list[str]) -> None:
    """A cursor continues the very list that it came from, and no other."""
    assert many
    cursor = (await lan.get("/api/v1/dossiers", params={"limit": 2})).json()["next_cursor"]
    other = await lan.get("/api/v1/dossiers", params={"limit": 2, "cursor": cursor, "status": "open"})
    assert (other.status_code, other.json()["code"]) == (400, "invalid_cursor")
    larger = await lan.get("/api/v1/dossiers", params={"limit": 3, "cursor": cursor})
    assert larger.status_code == 200, "a page's size is no part of the query"


async def test_search_by_properties(lan: httpx.AsyncClient, clerk: httpx.AsyncClient) -> None:
    """Each property narrows the search; together they name one dossier."""
    code = await received(clerk)
    await lan.post(f"/api/v1/dossiers/{code}/suspend", json={"reason": "verification"}, headers=keyed())
    shown = (await lan.get(f"/api/v1/dossiers/{code}")).json()
    query = {
        "authority": OFFICE,
        "received_by": DESK,
        "status": "open",
        "procedure": PLAIN,
        "field": "Hộ tịch",
        "received_from": shown["received_at"],
        "code": code[:-2],
        "roots": "true",
    }
    found = [item["code"] async for page in _pages(lan, "dossiers", **query) for item in page]
    assert code in found
    for name, value in (("status", "closed"), ("procedure", "1.000002"), ("field", "Đất đai"), ("code", "Z99")):
        items = (await lan.get("/api/v1/dossiers", params={**query, name: value})).json()["items"]
        assert items == [], name


async def test_worklist(lan: httpx.AsyncClient, clerk: httpx.AsyncClient, many: list[str]) -> None:
    """Open tasks, the most urgent first, by stage, by officer, claimed or not, late or not."""
    await lan.post(f"/api/v1/dossiers/{many[0]}/claim-task", json={}, headers=keyed())

    async def codes(**query: str) -> list[str]:
        return [item["code"] async for page in _pages(lan, "tasks", **query) for item in page]

    everything = [item async for page in _pages(lan, "tasks", limit=3) for item in page]
    assert {item["code"] for item in everything} >= set(many)
    dues = [item["task"]["due"] for item in everything if item["task"]["due"]]
    assert dues == sorted(dues)
    assert await codes(officer="lan") == [many[0]]
    assert many[0] not in await codes(unclaimed="true")
    assert set(await codes(stage="appraise", role="specialist", late="false")) >= set(many)
    assert await codes(late="true") == []
    assert await codes(stage="approve") == []
    own = [item["code"] async for page in _pages(clerk, "tasks") for item in page]
    assert own == [], "the desk's own worklist has none of these"


async def test_filters_left_empty(lan: httpx.AsyncClient) -> None:
    """A form sends all its filters, those that were left empty too."""
    empty = await lan.get("/api/v1/tasks?authority=&stage=&officer=&due_before=&late=&cursor=")
    assert empty.status_code == 200
    assert empty.json() == (await lan.get("/api/v1/tasks")).json()


async def test_worklist_has_what_a_command_needs(lan: httpx.AsyncClient, clerk: httpx.AsyncClient) -> None:
    """A line names the dossier, its version and the stage: enough to act on it without another look."""
    code = await received(clerk)
    lines = [item async for page in _pages(lan, "tasks") for item in page]
    line = next(item for item in lines if item["code"] == code)
    body = {"stage": line["task"]["stage"]}
    headers = keyed(version=line["version"])
    assert (await lan.post(f"/api/v1/dossiers/{code}/complete-task", json=body, headers=headers)).status_code == 200


async def test_history_by_stretches(clerk: httpx.AsyncClient) -> None:
    """Every event once, in order, chained by hashes, each with who did it and when."""
    code = await received(clerk)
    path = f"/api/v1/dossiers/{code}/events"
    whole = (await clerk.get(path)).json()
    assert [item["version"] for item in whole["items"]] == [1, 2, 3, 4]
    assert whole["next_after"] is None
    assert len({item["hash"] for item in whole["items"]}) == 4
    first = whole["items"][0]
    assert (first["type"], first["actor"], first["authority"]) == ("dossier.received", "clerk", DESK)
    stretch = (await clerk.get(path, params={"limit": 3})).json()
    rest = (await clerk.get(path, params={"after": stretch["next_after"]})).json()
    assert stretch["items"] + rest["items"] == whole["items"]
    assert (await clerk.get(path, params={"after": 99})).json()["items"] == []


async def test_a_request_is_found_in_the_history(clerk: httpx.AsyncClient, system: System) -> None:
    """The request's id is the event's cause, the dossier's code its correlation."""
    headers = {**keyed(), "X-Request-Id": "desk-7.42"}
    body = {"procedure": PLAIN, "components": ["don"]}
    answer = await clerk.post("/api/v1/dossiers", json=body, headers=headers)
    assert answer.headers["x-request-id"] == "desk-7.42"
    record = (await system.parts.journal.read(answer.json()["code"]))[0]
    assert (record.causation_id, record.correlation_id) == ("desk-7.42", answer.json()["code"])


@pytest.mark.parametrize("given", ["a" * 65, "có dấu", "a b", "<script>"])
async def test_a_request_id_of_no_use_is_replaced(clerk: httpx.AsyncClient, given: str) -> None:
    """What would not fit into a log line gets an id of ours."""
    answer = await clerk.get("/api/v1/tasks", headers={b"X-Request-Id": given.encode()})
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "vi"),
        ("en", "en"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("fr, en;q=0.5, vi;q=0.2", "en"),
        ("en-GB", "en"),
        ("de", "vi"),
        ("en;q=0, vi", "vi"),
        (";;,=", "vi"),
    ],
)
async def test_deadlines_in_two_languages(clerk: httpx.AsyncClient, accepted: str | None, language: str) -> None:
    """Each clock's way to its due moment, in the language that the client likes best."""
    code = await received(clerk)
    headers = {"Accept-Language": accepted} if accepted else {}
    answer = await clerk.get(f"/api/v1/dossiers/{code}/deadlines", headers=headers)
    assert answer.headers["content-language"] == answer.json()["language"] == language
    committed = answer.json()["committed"]
    shown = (await clerk.get(f"/api/v1/dossiers/{code}")).json()
    assert committed["due"] == shown["committed_due"]
    counted = [line for line in committed["segments"] if line["kind"] == "counted"]
    assert sum(line["days"] for line in counted) == 8
    assert {line["name"] for line in counted} == {COUNTED.text(language)}
    assert set(committed["segments"][0]) == {"from", "to", "minutes", "days", "kind", "name", "source"}


async def test_every_clock_is_explained(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """Three clocks; those that stand still have no due moment, those that do not run are not there."""
    code = await received(clerk)
    path = f"/api/v1/dossiers/{code}/deadlines"
    running = (await lan.get(path)).json()
    assert all(running[name]["due"] for name in ("statutory", "committed", "stage"))
    await lan.post(f"/api/v1/dossiers/{code}/suspend", json={"reason": "verification"}, headers=keyed())
    still = (await lan.get(path)).json()
    assert still["committed"]["due"] is None
    assert still["committed"]["segments"][-1]["to"] is None
    submitted = await clerk.post("/api/v1/dossiers", json={"procedure": PLAIN, "do": "submit"}, headers=keyed())
    early = (await clerk.get(f"{submitted.headers['location']}/deadlines")).json()
    assert (early["statutory"], early["committed"]) == (None, None)
    assert early["stage"]["due"], "the law's time to answer a submission"


async def test_moments_are_local(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """Wherever a moment comes from, it is told as the receipt tells it."""
    told = await clerk.post("/api/v1/dossiers", json={"procedure": PLAIN, "components": ["don"]}, headers=keyed())
    code, promised = told.json()["code"], told.json()["committed_due"]
    assert promised.endswith("+07:00")
    shown = (await lan.get(f"/api/v1/dossiers/{code}")).json()
    found = (await lan.get("/api/v1/dossiers", params={"code": code})).json()["items"][0]
    assert shown["committed_due"] == found["committed_due"] == promised
    assert shown["received_at"] == found["received_at"] == told.json()["recorded_at"]
    assert shown["tasks"] == found["tasks"]


async def test_nothing_of_a_dossier_is_cached(clerk: httpx.AsyncClient) -> None:
    """No proxy keeps what it saw of a dossier."""
    code = await received(clerk)
    for path in (f"dossiers/{code}", f"dossiers/{code}/events", f"dossiers/{code}/deadlines", "dossiers", "tasks"):
        assert (await clerk.get(f"/api/v1/{path}")).headers["cache-control"] == "no-store"
