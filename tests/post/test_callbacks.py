"""Callbacks are stored as they came before they are answered; what is not the carrier's leaves nothing."""

import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks.webhooks import Webhook

from activities.carriers import signing
from activities.carriers.protocol import NotAuthentic
from store.inbox import Inbox, Status
from tests.post.callbacks import SECRET, send_ems, send_form, send_webhook, total
from tests.support.http import System

NOW = datetime.now(UTC)


async def _stored(system: System) -> int:
    return sum(total(await system.parts.inbox.counts()).values())


async def test_each_carrier_is_answered_in_its_own_way(system: System, carrier: httpx.AsyncClient) -> None:
    """204 and nothing; the transaction echoed; 200 and OK."""
    before = await _stored(system)
    answer = await send_webhook(carrier, "A1", "accepted", NOW, "evt-1")
    assert (answer.status_code, answer.content) == (204, b"")
    answer = await send_ems(carrier, "A1", "EMA", NOW, "tx-1")
    assert answer.status_code == 200
    assert answer.json()["transaction"] == answer.headers["x-transaction-id"] == "tx-1"
    assert answer.json()["code"] == "00"
    answer = await send_form(carrier, "A1", "20", NOW)
    assert (answer.status_code, answer.text) == (200, "OK")
    assert await _stored(system) == before + 3


async def test_what_came_is_kept_as_it_came(system: System, carrier: httpx.AsyncClient) -> None:
    """Body, headers, address and moment."""
    body = b'{"tracking_code": "\xff\xfe'
    answer = await carrier.post("/post/ems/callbacks", content=body, headers={"X-Transaction-Id": "raw-1"})
    assert answer.status_code == 200
    rows = await system.parts.inbox.listed(Status.NEW, limit=1000)
    raw = await system.parts.inbox.raw(rows[-1].id)
    assert raw is not None
    assert raw.body == body
    assert raw.headers["x-transaction-id"] == "raw-1"
    assert raw.remote == "127.0.0.1"
    assert abs(datetime.now(UTC) - raw.received_at) < timedelta(seconds=30)


async def _webhook(carrier: httpx.AsyncClient, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    answer = await carrier.post("/post/webhook/callbacks", content=body, headers=headers)
    return answer.status_code, answer.json()["code"]


async def test_what_is_not_authentic_is_not_kept(system: System, carrier: httpx.AsyncClient) -> None:
    """Wrong signature, old and future timestamps, missing headers, a changed body, a wrong secret, no secret."""
    before = await _stored(system)
    body = b'{"type": "parcel.scanned", "data": {}}'
    good = signing.headers_of((SECRET,), "evt-2", datetime.now(UTC), body)
    wrong = {**good, "webhook-signature": "v1,AAAA"}
    assert await _webhook(carrier, wrong, body) == (401, "signature_wrong")
    assert await _webhook(carrier, good, body + b" ") == (401, "signature_wrong")
    assert await _webhook(carrier, {**good, "webhook-id": "evt-3"}, body) == (401, "signature_wrong")
    for shift in (timedelta(minutes=-6), timedelta(minutes=6)):
        old = signing.headers_of((SECRET,), "evt-2", datetime.now(UTC) + shift, body)
        assert await _webhook(carrier, old, body) == (401, "timestamp_outside_window")
    for missing in good:
        rest = {name: value for name, value in good.items() if name != missing}
        assert await _webhook(carrier, rest, body) == (401, "signature_missing")
    answer = await send_form(carrier, "A1", "20", NOW, secret="guessed")
    assert (answer.status_code, answer.text.partition(":")[0]) == (401, "secret_wrong")
    assert (await carrier.post("/post/bccp/callbacks", data={"order_number": "A1"})).status_code == 401
    assert (await carrier.post("/post/nobody/callbacks", content=body)).status_code == 404
    assert await _stored(system) == before


async def test_too_large_a_body_is_told_so(system: System, carrier: httpx.AsyncClient) -> None:
    """Five million bytes, with an answer that the carrier can read."""
    before = await _stored(system)
    answer = await carrier.post(
        "/post/ems/callbacks", content=b"x" * 5_000_000, headers={"X-Transaction-Id": "large-1"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["transaction"] == "large-1"
    assert await _stored(system) == before


async def test_a_missing_transaction_is_told_and_kept(system: System, carrier: httpx.AsyncClient) -> None:
    """It is the carrier's, so it is not thrown away; but there is nothing to echo."""
    before = await _stored(system)
    answer = await carrier.post("/post/ems/callbacks", json={"tracking_code": "A1"})
    assert (answer.status_code, answer.json()["code"]) == (400, "transaction_missing")
    assert await _stored(system) == before + 1


def test_signatures_agree_with_the_reference() -> None:
    """What the reference package signs we verify, and the reverse."""
    body, reference = '{"a": "Một cửa"}', Webhook(SECRET)
    now = datetime.now(UTC)
    theirs = reference.sign("msg_1", datetime.fromtimestamp(int(now.timestamp()), UTC), body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": theirs}
    assert signing.verify(headers, body.encode(), now, (SECRET,), ()) == "msg_1"
    ours = signing.headers_of((SECRET,), "msg_2", now, body.encode())
    assert reference.verify(body, ours) == json.loads(body)


def test_keys_change_without_a_gap() -> None:
    """A message signed by the old and the new secret is taken by whoever knows one of them."""
    new, now, body = "whsec_" + base64.b64encode(b"n" * 24).decode(), datetime.now(UTC), b"{}"
    both = signing.headers_of((SECRET, new), "m", now, body)
    for known in ((SECRET,), (new,), (new, SECRET)):
        assert signing.verify(both, body, now, known, ()) == "m"
    with pytest.raises(NotAuthentic):
        signing.verify(both, body, now, ("whsec_" + base64.b64encode(b"x" * 24).decode(),), ())


def test_public_keys() -> None:
    """Ed25519: the carrier keeps the private key, and only its own public one verifies."""
    private = Ed25519PrivateKey.generate()
    now, body = datetime.now(UTC), b"{}"
    secret = "whsk_" + base64.b64encode(private.private_bytes_raw()).decode()
    public = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()
    other = "whpk_" + base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    headers = signing.headers_of((secret,), "m", now, body)
    assert signing.verify(headers, body, now, (), (other, public)) == "m"
    for keys in ((), (other,)):
        with pytest.raises(NotAuthentic):
            signing.verify(headers, body, now, (SECRET,), keys)


async def test_nothing_but_the_store_is_needed(system: System, carrier: httpx.AsyncClient) -> None:
    """No relay runs here and nobody asks Temporal: the callback is durable all the same."""
    inbox: Inbox = system.parts.inbox
    before = (await inbox.counts()).get("ems", {}).get("new", 0)
    assert (await send_ems(carrier, "Z1", "EMI", NOW, "alone-1")).status_code == 200
    assert (await inbox.counts())["ems"]["new"] == before + 1
