"""Who may do what, over HTTP: tokens, roles, authorities."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.limits import Limiter, Rate
from api.scope import reader_of
from runtime.tokens import Claims, issue_token
from store.database import Connection
from store.row_security import seen_by
from tests.support import http
from tests.support.http import DESK, OFFICE, OFFICERS, PLAIN, STRANGER, System, keyed, received, token

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Basic bGFuOmxhbg==",
        "Bearer not-a-token",
        "Bearer " + token("lan", NOW - timedelta(hours=13)),
        "Bearer " + token("lan", NOW + timedelta(hours=1)),
        "Bearer " + issue_token(b"another-secret-of-thirty-two-bytes!", OFFICERS["lan"], NOW),
        "Bearer " + token("lan")[:-2],
        "Bearer é",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "tasks"), ("POST", "dossiers"), ("GET", "events/stream")])
async def test_without_a_valid_token(system: System, authorization: str | None, method: str, path: str) -> None:
    """401 with a challenge, whatever is wrong with the token."""
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    async with system.client() as nobody:
        answer = await nobody.request(method, f"/api/v1/{path}", headers=headers)  # type: ignore[arg-type]  # bytes do
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] in {"unauthenticated", "invalid_token"}


FORBIDDEN = [
    ("lan", "dossiers", {"procedure": PLAIN, "components": ["don"]}),
    ("leader", "dossiers", {"procedure": PLAIN, "components": ["don"]}),
    ("auditor", "dossiers", {"procedure": PLAIN, "components": ["don"]}),
    ("other", "dossiers", {"procedure": PLAIN, "components": ["don"], "received_by": DESK}),
    ("clerk", "dossiers/{code}/complete-task", {"stage": "appraise"}),
    ("hoa", "dossiers/{code}/complete-task", {"stage": "appraise"}),
    ("other", "dossiers/{code}/complete-task", {"stage": "appraise"}),
    ("auditor", "dossiers/{code}/complete-task", {"stage": "appraise"}),
    ("clerk", "dossiers/{code}/extend", {"new_due": "2027-03-02T08:00:00+07:00", "reason": "x"}),
    ("other", "dossiers/{code}/withdraw", {}),
]


@pytest.mark.parametrize(("officer", "path", "body"), FORBIDDEN)
async def test_what_is_not_for_everyone(
    system: System, clerk: httpx.AsyncClient, officer: str, path: str, body: dict[str, object]
) -> None:
    """403, and the dossier keeps its version."""
    code = await received(clerk)
    async with system.client(officer) as who:
        answer = await who.post(f"/api/v1/{path.format(code=code)}", json=body, headers=keyed())
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await clerk.get(f"/api/v1/dossiers/{code}")).headers["etag"] == '"4"'


async def test_approving_takes_a_leader(
    clerk: httpx.AsyncClient, lan: httpx.AsyncClient, leader: httpx.AsyncClient
) -> None:
    """The specialist who appraised cannot approve his own work."""
    path = f"/api/v1/dossiers/{await received(clerk)}/complete-task"
    await lan.post(path, json={"stage": "appraise"}, headers=keyed())
    assert (await lan.post(path, json={"stage": "approve"}, headers=keyed())).status_code == 403
    assert (await leader.post(path, json={"stage": "approve"}, headers=keyed())).status_code == 200


@pytest.mark.parametrize(
    ("officer", "status"),
    [("clerk", 200), ("lan", 200), ("admin", 200), ("auditor", 200), ("hoa", 403), ("other", 403)],
)
@pytest.mark.parametrize("what", ["", "/events", "/deadlines"])
async def test_who_reads(system: System, clerk: httpx.AsyncClient, officer: str, status: int, what: str) -> None:
    """The dossier's authorities, and those who see everything."""
    code = await received(clerk)
    async with system.client(officer) as who:
        answer = await who.get(f"/api/v1/dossiers/{code}{what}")
    assert answer.status_code == status


@pytest.mark.parametrize(("officer", "seen"), [("clerk", True), ("lan", True), ("admin", True), ("auditor", False)])
async def test_who_sees_the_person(system: System, clerk: httpx.AsyncClient, officer: str, seen: bool) -> None:  # noqa: FBT001
    """Auditors see dossiers, not people; and nobody sees sealed values."""
    code = await received(clerk)
    async with system.client(officer) as who:
        shown = await who.get(f"/api/v1/dossiers/{code}")
        events = await who.get(f"/api/v1/dossiers/{code}/events")
    assert (shown.json()["applicant"] is not None) is seen
    for answer in (events, shown):
        assert "sealed:" not in answer.text
    assert "0912345678" not in events.text


async def test_shredded_person(system: System, clerk: httpx.AsyncClient) -> None:
    """Once the key is destroyed the dossier is still there, its applicant is not."""
    code = await received(clerk)
    await system.parts.vault.shred(code)
    shown = await clerk.get(f"/api/v1/dossiers/{code}")
    assert (shown.status_code, shown.json()["applicant"]) == (200, None)


LISTS = [
    ("lan", "dossiers", {}, {OFFICE}),
    ("lan", "dossiers", {"authority": OFFICE}, {OFFICE}),
    ("lan", "dossiers", {"authority": STRANGER}, None),
    ("lan", "dossiers", {"received_by": DESK}, None),
    ("clerk", "dossiers", {}, {OFFICE}),
    ("clerk", "dossiers", {"received_by": DESK}, {OFFICE}),
    ("clerk", "dossiers", {"return_to": DESK}, {OFFICE}),
    ("clerk", "dossiers", {"return_to": DESK, "authority": STRANGER}, set()),
    ("other", "dossiers", {"return_to": DESK}, None),
    ("other", "dossiers", {}, set()),
    ("auditor", "dossiers", {"authority": OFFICE}, {OFFICE}),
    ("admin", "dossiers", {}, {OFFICE}),
    ("lan", "tasks", {}, {OFFICE}),
    ("lan", "tasks", {"authority": DESK}, None),
    ("clerk", "tasks", {"stage": "appraise"}, set()),
    ("auditor", "tasks", {"stage": "appraise"}, {OFFICE}),
]


@pytest.mark.parametrize(("officer", "route", "query", "authorities"), LISTS)
async def test_whose_lists(
    system: System,
    clerk: httpx.AsyncClient,
    officer: str,
    route: str,
    query: dict[str, str],
    authorities: set[str] | None,
) -> None:
    """Officers see the lists of their own authority, auditors and administrators all of them."""
    await received(clerk)
    async with system.client(officer) as who:
        answer = await who.get(f"/api/v1/{route}", params=query)
    if authorities is None:
        assert answer.status_code == 403
    else:
        found = [item.get("task", item)["authority"] for item in answer.json()["items"]]
        assert set(found) == authorities


@pytest.mark.parametrize("officer", ["clerk", "lan", "hoa", "other", "admin", "auditor"])
async def test_the_store_has_the_rule_once_more(system: System, clerk: httpx.AsyncClient, officer: str) -> None:
    """A query of the API that forgot to say whose dossiers it wants finds those that the officer reads, no others."""
    await received(clerk)
    async with system.client("other") as stranger:
        foreign = await received(stranger, received_by=STRANGER, return_to=STRANGER)
    member = OFFICERS[officer]
    reader = reader_of(Claims(member.id, member.authority, member.roles, NOW, NOW))

    async def forgetful(connection: Connection) -> set[tuple[str, ...]]:
        statement = b"SELECT stream, authority, received_by, return_to FROM dossiers"
        return set(await (await connection.execute(statement)).fetchall())

    rows = await system.parts.database.run(seen_by(reader, forgetful))
    whole = await system.parts.database.run(forgetful)
    visible = {row for row in whole if member.authority in row[1:]} if officer not in {"admin", "auditor"} else whole
    assert rows == visible
    assert (foreign in {row[0] for row in rows}) is (officer in {"lan", "other", "admin", "auditor"})


async def test_unknown_colleagues(clerk: httpx.AsyncClient, lan: httpx.AsyncClient) -> None:
    """A task is delegated to an officer who exists and can work it, a correction approved by one who exists."""
    path = f"/api/v1/dossiers/{await received(clerk)}"
    correction = {"event": 1, "field": "channel", "value": "post", "reason": "Nhầm", "approved_by": "ghost"}
    for command, body in (("delegate-task", {"to": "ghost"}), ("correct", correction)):
        answer = await lan.post(f"{path}/{command}", json=body, headers=keyed())
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")
    elsewhere = await lan.post(f"{path}/delegate-task", json={"to": "hoa"}, headers=keyed())
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "officer_elsewhere")
    assert (await lan.post(f"{path}/delegate-task", json={"to": "mai"}, headers=keyed())).status_code == 200
    correction["approved_by"] = "leader"
    assert (await lan.post(f"{path}/correct", json=correction, headers=keyed())).status_code == 200


async def test_too_many_requests(system: System) -> None:
    """429 with Retry-After for one officer who asks without pause; others are not held up."""
    rate = Rate(per_second=0.5, burst=3)
    async with http.serving(system.settings, rate) as slow, slow.client("lan") as lan, slow.client("mai") as mai:
        answers = [await lan.get("/api/v1/tasks") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["retry-after"] == "2"
        assert answers[-1].json()["code"] == "too_many_requests"
        assert (await mai.get("/api/v1/tasks")).status_code == 200


def test_the_bucket_refills() -> None:
    """So many a second on average, so many at once."""
    now = 0.0
    limiter = Limiter(Rate(per_second=2, burst=2), lambda: now)
    assert [limiter.take("lan") for _ in range(3)] == [0, 0, 1]
    now = 0.5
    assert [limiter.take("lan") for _ in range(2)] == [0, 1]
    now = 100.0
    assert [limiter.take("lan") for _ in range(3)] == [0, 0, 1]
