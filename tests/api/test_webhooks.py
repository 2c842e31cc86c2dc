"""Subscriptions over HTTP: made, changed, listed and ended by administrators; secrets sealed, and never told twice."""

import base64
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest

from store.errors import BrokenSeal
from store.keys import wrapping_keys_of
from store.outbox import Message
from store.strongbox import Strongbox
from store.subscriptions import Subscription
from tests.support.http import OFFICE, System, keyed

SECRET = "whsec_" + base64.b64encode(b"the first secret of the tests").decode()
NEXT = "whsec_" + base64.b64encode(b"the second secret of the tests").decode()
URL = "https://receiver.example/hook"


@pytest.fixture
async def admin(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator."""
    async with system.client("admin") as client:
        yield client


async def test_made_listed_and_ended(admin: httpx.AsyncClient, system: System) -> None:
    """The secret is told once; repeating changes nothing; ending may be repeated too."""
    body = {"url": URL, "authority": OFFICE, "types": ["result.issued"]}
    made = await admin.put("/api/v1/webhooks/archive", json=body)
    assert made.status_code == 200, made.text
    secret = made.json()["secret"]
    again = await admin.put("/api/v1/webhooks/archive", json=body)
    assert "secret" not in again.json()
    found = await system.parts.subscriptions.signing("archive")
    assert found == Subscription("archive", OFFICE, ("result.issued",), URL, (secret,))
    listed = (await admin.get("/api/v1/webhooks")).json()
    assert [one["id"] for one in listed["items"]] == ["archive"]
    assert secret not in str(listed)
    for _ in range(2):
        ended = await admin.delete("/api/v1/webhooks/archive")
        assert (ended.status_code, ended.json()["items"]) == (200, [])


async def test_a_changed_secret_overlaps(admin: httpx.AsyncClient, system: System) -> None:
    """Both sign for a while, however often the change is repeated; what is stored is sealed, and bound to its place."""
    for secret in (SECRET, NEXT, NEXT):
        assert (await admin.put("/api/v1/webhooks/rotated", json={"url": URL, "secret": secret})).status_code == 200
    found = await system.parts.subscriptions.signing("rotated")
    assert found is not None
    assert found.secrets == (NEXT, SECRET)
    with psycopg.connect(system.settings.database_url) as connection:  # commits at its end
        row = connection.execute("SELECT secret, previous_secret FROM webhook_subscriptions").fetchone()
        connection.execute("UPDATE webhook_subscriptions SET previous_until = now() - interval '1 second'")
    assert row is not None
    assert all(text.startswith("wrapped:1:") for text in row)
    box = Strongbox(lambda: wrapping_keys_of(system.settings))
    with pytest.raises(BrokenSeal):
        box.open("webhook other", row[0])
    late = await system.parts.subscriptions.signing("rotated")
    assert late is not None
    assert late.secrets == (NEXT,)
    await admin.delete("/api/v1/webhooks/rotated")


WRONG = [
    ("bad/name", {"url": URL}, 404),
    ("-x", {"url": URL}, 404),
    ("x", {}, 400),
    ("x", {"url": "ftp://receiver.example"}, 400),
    ("x", {"url": URL, "types": ["no.such"]}, 400),
    ("x", {"url": URL, "secret": "short"}, 400),
    ("x", {"url": URL, "secret": "whsec_!!"}, 400),
    ("x", {"url": URL, "authority": "nowhere"}, 422),
    ("x", {"url": URL, "unknown": 1}, 400),
]


@pytest.mark.parametrize(("name", "body", "status"), WRONG)
async def test_what_cannot_be_subscribed(
    admin: httpx.AsyncClient, system: System, name: str, body: dict[str, object], status: int
) -> None:
    """A sentence with a code, and nothing is stored."""
    answer = await admin.put(f"/api/v1/webhooks/{name}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"]
    assert await system.parts.subscriptions.all() == []


async def test_dead_letters(admin: httpx.AsyncClient, system: System) -> None:
    """Seen page by page, and sent again."""
    outbox = system.parts.outbox
    await outbox.add([Message("webhook", f"letter-{number}", "lane", {}) for number in range(3)])
    with psycopg.connect(system.settings.database_url) as connection:
        connection.execute("UPDATE outbox SET status = 'dead' WHERE key LIKE 'letter-%'")
    first = (await admin.get("/api/v1/dead-letters", params={"limit": 2})).json()
    rest = (await admin.get("/api/v1/dead-letters", params={"limit": 2, "after": first["next"]})).json()
    ids = [one["id"] for one in (*first["items"], *rest["items"])]
    assert (len(ids), rest["next"]) == (3, None)
    for expected in (3, 0):
        answer = await admin.post("/api/v1/dead-letters/replay", json={"ids": ids}, headers=keyed())
        assert answer.json() == {"replayed": expected}


@pytest.mark.parametrize(("officer", "reads"), [("clerk", False), ("lan", False), ("leader", False), ("auditor", True)])
async def test_for_administrators(system: System, officer: str, reads: bool) -> None:  # noqa: FBT001
    """Auditors may look; nobody else may do anything."""
    async with system.client(officer) as who:
        looks = [await who.get(f"/api/v1/{path}") for path in ("webhooks", "dead-letters")]
        acts = [
            await who.put("/api/v1/webhooks/x", json={"url": URL}),
            await who.delete("/api/v1/webhooks/x"),
            await who.post("/api/v1/dead-letters/replay", json={"ids": []}, headers=keyed()),
        ]
    assert {answer.status_code for answer in looks} == {200 if reads else 403}
    assert {answer.status_code for answer in acts} == {403}


def test_a_secret_from_before_is_still_read() -> None:
    """One that was stored before secrets were sealed signs on until it is changed."""
    box = Strongbox(lambda: pytest.fail("no key is needed"))
    assert box.open("webhook old", SECRET) == SECRET
