"""What bad input gets: a clear problem under a stable code, and a dossier that nothing has touched."""

import httpx
import pytest

from tests.support.http import PLAIN, keyed, received

JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024


async def _refused(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """A problem as RFC 9457 has it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"urn:motcua:problem:{code}")
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return problem


BODIES = [
    (b"", 400, "invalid_body", "$"),
    (b"{", 400, "malformed_body", "$"),
    (b"null", 400, "invalid_body", "$"),
    (b"[]", 400, "invalid_body", "$"),
    (b'{"stage": "appraise"} {}', 400, "malformed_body", "$"),
    (b'{"stage": 5}', 400, "invalid_body", "$.stage"),
    (b'{"stage": ""}', 400, "invalid_body", "$.stage"),
    (b'{"stage": "appraise", "outcome": "perhaps"}', 400, "invalid_body", "$.outcome"),
    (b'{"stage": "appraise", "colour": "red"}', 400, "invalid_body", "$"),
    (b'{"stage": "appraise", "do": "complete_task"}', 400, "invalid_body", "$"),
    (b'{"stage": "appraise", "occurred_at": "yesterday"}', 400, "invalid_body", "$.occurred_at"),
    (b'{"stage": "appraise", "occurred_at": "2026-03-02T08:10:00"}', 400, "invalid_body", "$.occurred_at"),
    (b'{"stage": "appraise", "occurred_at": 1e400}', 400, "invalid_body", "$.occurred_at"),
    (b'{"stage": "appraise\xff"}', 400, "malformed_body", "$"),
    ('{"stage": "appraise"}'.encode("utf-16"), 400, "malformed_body", "$"),
    (b'{"stage": "\\ud800"}', 400, "malformed_body", "$"),
    (b'{"stage": ' + b"[" * 100_000, 400, "invalid_body", "$.stage"),
    (b'{"colour": ' + b'{"a":' * 100_000, 400, "invalid_body", "$"),
]


@pytest.mark.parametrize(("body", "status", "code", "path"), BODIES)
async def test_malformed_body(
    clerk: httpx.AsyncClient, lan: httpx.AsyncClient, body: bytes, status: int, code: str, path: str
) -> None:
    """400, naming the place; the dossier keeps its version."""
    dossier = await received(clerk)
    path_of = f"/api/v1/dossiers/{dossier}"
    answer = await lan.post(f"{path_of}/complete-task", content=body, headers={**keyed(), **JSON})
    problem = await _refused(answer, status, code)
    assert problem["errors"][0]["path"] == path  # type: ignore[index]  # a list of faults
    assert (await lan.get(path_of)).headers["etag"] == '"4"'


async def test_nul_characters(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """What PostgreSQL cannot hold never reaches it; what only looks like it does."""
    dossier = await received(clerk)
    path = f"/api/v1/dossiers/{dossier}/complete-task"
    answer = await lan.post(path, content=rb'{"stage": "appraise", "note": "a\u0000b"}', headers={**keyed(), **JSON})
    await _refused(answer, 422, "unstorable_data")
    answer = await lan.post(path, content=rb'{"stage": "appraise", "note": "a\\u0000b"}', headers={**keyed(), **JSON})
    assert answer.status_code == 200


@pytest.mark.parametrize("size", [MIB + 1, 3 * MIB, 20 * MIB])
async def test_body_too_large(clerk: httpx.AsyncClient, size: int) -> None:
    """413 for more than 1 MiB, and the client gets to read it."""
    content = b'{"stage": "' + b"a" * size + b'"}'
    answer = await clerk.post("/api/v1/dossiers", content=content, headers={**keyed(), **JSON})
    problem = await _refused(answer, 413, "body_too_large")
    assert problem["details"] == {"limit": MIB}


async def test_body_too_large_in_chunks(clerk: httpx.AsyncClient) -> None:
    """The limit holds for bodies that do not announce their size."""

    async def chunks() -> object:
        for _ in range(48):
            yield b" " * 65536

    answer = await clerk.post("/api/v1/dossiers", content=chunks(), headers={**keyed(), **JSON})  # type: ignore[arg-type]
    await _refused(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
    ],
)
async def test_other_media_types(clerk: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """415 for anything but plain JSON in UTF-8."""
    answer = await clerk.post("/api/v1/dossiers", content=b"{}", headers={**keyed(), **headers})
    await _refused(answer, 415, "unsupported_media_type")
    assert answer.headers["accept-post"] == "application/json"


async def test_text_too_long(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """The domain's own limit, under the domain's own code."""
    dossier = await received(clerk)
    body = {"stage": "appraise", "note": "á" * 4001}
    answer = await lan.post(f"/api/v1/dossiers/{dossier}/complete-task", json=body, headers=keyed())
    await _refused(answer, 422, "text_too_long")


MOMENTS = [
    ("9999-12-31T23:59:59+07:00", 422, "invalid_moment"),
    ("0001-01-01T00:00:00-07:00", 422, "invalid_moment"),
    ("2099-12-31T23:59:59+07:00", 422, "occurred_in_future"),
    ("2001-01-02T08:00:00+07:00", 409, "occurred_before_receipt"),
]


@pytest.mark.parametrize(("moment", "status", "code"), MOMENTS)
async def test_impossible_moments(
    clerk: httpx.AsyncClient, lan: httpx.AsyncClient, moment: str, status: int, code: str
) -> None:
    """Nobody acted in the year 9999."""
    dossier = await received(clerk)
    body = {"stage": "appraise", "occurred_at": moment}
    answer = await lan.post(f"/api/v1/dossiers/{dossier}/complete-task", json=body, headers=keyed())
    await _refused(answer, status, code)


@pytest.mark.parametrize("new_due", ["9999-12-31T00:00:00+07:00", "2099-01-01T00:00:00+07:00"])
async def test_impossible_appointments(clerk: httpx.AsyncClient, lan: httpx.AsyncClient, new_due: str) -> None:
    """An appointment that no calendar reaches is refused, or accepted as a date that the calendar knows."""
    dossier = await received(clerk)
    body = {"new_due": new_due, "reason": "Chờ ý kiến"}
    answer = await lan.post(f"/api/v1/dossiers/{dossier}/extend", json=body, headers=keyed())
    assert answer.status_code in {409, 422}
    assert answer.json()["code"] in {"invalid_moment", "outside_calendar"}
    assert (await lan.get(f"/api/v1/dossiers/{dossier}")).headers["etag"] == '"4"'


@pytest.mark.parametrize("score", [0, 6, -(2**53) + 1])
async def test_impossible_marks(clerk: httpx.AsyncClient, lan: httpx.AsyncClient, score: int) -> None:
    """A mark is 1 to 5, also for the widest integers that JSON can carry safely."""
    dossier = await received(clerk)
    await lan.post(f"/api/v1/dossiers/{dossier}/stop", json={"reason": "Thử"}, headers=keyed())
    answer = await clerk.post(f"/api/v1/dossiers/{dossier}/record-feedback", json={"score": score}, headers=keyed())
    await _refused(answer, 422, "invalid_score")


@pytest.mark.parametrize("amount", [2**53, 10**30, -(10**30)])
async def test_huge_integers(clerk: httpx.AsyncClient, lan: httpx.AsyncClient, amount: int) -> None:
    """No number that JSON parsers read differently gets in."""
    dossier = await received(clerk)
    answer = await lan.post(f"/api/v1/dossiers/{dossier}/require-payment", json={"amount": amount}, headers=keyed())
    await _refused(answer, 400, "invalid_body")


@pytest.mark.parametrize(
    "code",
    ["H99.20-261122-9999", "nobody", "H99%2E20", "a%00b", "%FF%FE", "H99.20-261122-9999%20", "..%2f..", "9" * 300],
)
async def test_unknown_dossier(clerk: httpx.AsyncClient, code: str) -> None:
    """404 for whatever is no dossier, read or write, printable or not."""
    for answer in (
        await clerk.get(f"/api/v1/dossiers/{code}"),
        await clerk.get(f"/api/v1/dossiers/{code}/deadlines"),
        await clerk.post(f"/api/v1/dossiers/{code}/withdraw", json={}, headers=keyed()),
    ):
        assert answer.status_code == 404, answer.text
        assert answer.json()["code"] in {"dossier_unknown", "not_found"}


@pytest.mark.parametrize("link", ["L9", "../x", "a b", "L1//L2", "x" * 100])
async def test_unknown_part(clerk: httpx.AsyncClient, link: str) -> None:
    """404 for a part that is not there."""
    dossier = await received(clerk)
    await _refused(await clerk.get(f"/api/v1/dossiers/{dossier}", params={"link": link}), 404, "dossier_unknown")
    answer = await clerk.post(f"/api/v1/dossiers/{dossier}/withdraw", json={"link": link}, headers=keyed())
    await _refused(answer, 404, "dossier_unknown")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("DELETE", "/api/v1/dossiers", 405, "method_not_allowed"),
        ("PUT", "/api/v1/tasks/bulk", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("POST", "/api/v1/dossiers/H99.20-261122-0001/pass-moment", 404, "not_found"),
        ("POST", "/api/v1/dossiers/H99.20-261122-0001/revise-calendar", 404, "not_found"),
        ("POST", "/api/v1/dossiers/H99.20-261122-0001/receive-link", 404, "not_found"),
        ("POST", "/api/v1/dossiers/H99.20-261122-0001/note-link-answered", 404, "not_found"),
    ],
)
async def test_no_such_route(clerk: httpx.AsyncClient, method: str, path: str, status: int, code: str) -> None:
    """404 and 405, also for the engine's own commands, which have no route."""
    answer = await clerk.request(method, path)
    await _refused(answer, status, code)
    if status == 405:
        assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"]


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*"])
async def test_other_answers_wanted(clerk: httpx.AsyncClient, accept: str) -> None:
    """406 where the client takes no JSON."""
    await _refused(await clerk.get("/api/v1/tasks", headers={"Accept": accept}), 406, "not_acceptable")


QUERIES = [
    ("dossiers?colour=red", "colour"),
    ("dossiers?status=green", "status"),
    ("dossiers?limit=0", "limit"),
    ("dossiers?limit=201", "limit"),
    ("dossiers?limit=many", "limit"),
    ("dossiers?limit=5&limit=6", "limit"),
    ("dossiers?received_from=2026-03-02", "received_from"),
    ("dossiers?received_from=2026-03-02T08:10:00", "received_from"),
    ("dossiers?code=a%00b", "code"),
    ("dossiers?code=%ff", "code"),
    ("tasks?late=perhaps", "late"),
    ("tasks?due_before=x", "due_before"),
    ("dossiers/H99.20-261122-0001/events?after=-1", "after"),
]


@pytest.mark.parametrize(("query", "name"), QUERIES)
async def test_malformed_query(clerk: httpx.AsyncClient, query: str, name: str) -> None:
    """400, naming the parameter; a mistyped one is not silently ignored."""
    if query.startswith("dossiers/"):
        query = query.replace("H99.20-261122-0001", await received(clerk))
    problem = await _refused(await clerk.get(f"/api/v1/{query}"), 400, "invalid_query")
    assert problem["errors"][0]["path"] == name  # type: ignore[index]  # a list of faults


@pytest.mark.parametrize("cursor", ["x", "AAAA", "é", "a" * 1500, "////"])
@pytest.mark.parametrize("route", ["dossiers", "tasks"])
async def test_foreign_cursor(clerk: httpx.AsyncClient, route: str, cursor: str) -> None:
    """A cursor that was not issued for this very query."""
    await _refused(await clerk.get(f"/api/v1/{route}", params={"cursor": cursor}), 400, "invalid_cursor")


async def test_moments_out_of_reach_in_a_query(clerk: httpx.AsyncClient) -> None:
    """The year 1 or 9999 is nothing to look for."""
    for moment in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        answer = await clerk.get("/api/v1/dossiers", params={"received_from": moment})
        await _refused(answer, 422, "invalid_moment")


UNTAKEN: list[tuple[dict[str, object], int, str]] = [
    ({"components": []}, 409, "missing_components"),
    ({"components": ["don", "gold"]}, 409, "excess_components"),
    ({"procedure": "9.999999"}, 422, "unknown_reference"),
    ({"return_to": "nowhere"}, 422, "unknown_reference"),
    ({"occurred_at": "2019-01-02T08:00:00+07:00"}, 422, "outside_calendar"),
    ({"occurred_at": "2059-01-02T08:00:00+07:00"}, 422, "occurred_in_future"),
]


async def test_what_is_not_taken_leaves_nothing_behind(clerk: httpx.AsyncClient) -> None:
    """A receipt that is refused allots no code and starts no workflow."""
    before = await received(clerk)
    for change, status, code in UNTAKEN:
        body: dict[str, object] = {"procedure": PLAIN, "components": ["don"], **change}
        await _refused(await clerk.post("/api/v1/dossiers", json=body, headers=keyed()), status, code)
    after = await received(clerk)
    assert int(after[-4:]) == int(before[-4:]) + 1
