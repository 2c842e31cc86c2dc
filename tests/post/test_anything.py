"""No input whatever makes the post's routes fail, and what they keep is always worked off to an end."""

import contextlib
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.carriers.ems import Ems
from activities.carriers.form import Form
from activities.carriers.loading import load_carriers
from activities.carriers.protocol import Callback, Unreadable
from activities.carriers.standard_webhooks import StandardWebhooks
from store.inbox import Inbox
from tests.post.callbacks import PATH_SECRET, worked_off
from tests.support.http import System
from tests.workflows.desk import START

CARRIERS = load_carriers(None, None)
NAMED = st.sampled_from(["tracking_code", "status_code", "status_date", "total_weight", "order_number", "time", "data"])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMED | st.text(), inner, max_size=5),
    max_leaves=12,
)
SCHEMA = {
    "openapi": "3.1.0",
    "info": {"title": "post", "version": "1"},
    "paths": {
        "/post/{carrier}/callbacks": {
            "post": {
                "operationId": "callbacks",
                "parameters": [
                    {"name": "carrier", "in": "path", "required": True, "schema": {"enum": ["ems", "webhook", "bccp"]}},
                    {"name": "X-Transaction-Id", "in": "header", "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "tracking_code": {"type": "string"},
                                    "status_code": {"enum": ["EMA", "EMI", "EMH"]},
                                    "status_date": {"type": "string"},
                                    "total_weight": {"type": "number"},
                                },
                            }
                        },
                    }
                },
                "responses": {"200": {"description": "stored"}},
            }
        }
    },
}


@given(body=st.binary(max_size=400) | JSON.map(lambda value: repr(value).encode("utf-8", "surrogatepass")))
def test_adapters_read_or_say_why_not(body: bytes) -> None:
    """Whatever the bytes are."""
    for adapter, name in ((Ems(), "ems"), (Form(), "bccp"), (StandardWebhooks(), "webhook")):
        headers = {"x-transaction-id": "t", "webhook-id": "t"}
        with contextlib.suppress(Unreadable):
            adapter.read(CARRIERS[name].carrier, Callback(name, headers, body, "", START))


@given(
    fields=st.dictionaries(NAMED, JSON | st.sampled_from(["EMA", "28/08/2019 07:54:50", "99/99/9999 99:99:99"])),
    transaction=st.text(max_size=120),
)
def test_fields_of_any_type(fields: dict[str, Any], transaction: str) -> None:
    """Numbers for names, names for numbers, lists for either."""
    try:
        body = msgspec.json.encode(fields)
    except UnicodeEncodeError:
        return
    with contextlib.suppress(Unreadable):
        Ems().read(CARRIERS["ems"].carrier, Callback("ems", {"x-transaction-id": transaction}, body, "", START))


@pytest.mark.timeout(180)
async def test_no_request_fails(system: System, relay: Inbox) -> None:
    """Requests made from the routes' description, well-formed and not: no answer of 500, and no row without an end."""
    operation = schemathesis.openapi.from_dict(SCHEMA)["/post/{carrier}/callbacks"]["POST"]
    cases: list[Any] = []

    @settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def collect(case: Any) -> None:  # noqa: ANN401  # a Case
        cases.append(case.as_transport_kwargs(base_url=system.url))

    collect()
    async with httpx.AsyncClient(base_url=system.url, timeout=30) as client:
        for case in cases:
            answer = await client.request(
                case["method"], case["url"], json=case.get("json"), headers=_sendable(case.get("headers") or {})
            )
            assert answer.status_code < 500, answer.text
        for body in (b"", b"\x00", b"%", b"&&&=", b'{"a":', b"[" * 10_000, b'{"status_code": 1e999}'):
            for path in ("ems/callbacks", f"bccp/callbacks/{PATH_SECRET}", "webhook/callbacks", "%00/callbacks"):
                answer = await client.post(f"/post/{path}", content=body)
                assert answer.status_code < 500, (path, answer.text)
    counts = await worked_off(relay)
    assert set(counts) <= {"applied", "refused", "parked"}


def _sendable(headers: dict[str, Any]) -> dict[str, str]:
    """Headers that a client can send at all."""
    found = {str(name): str(value) for name, value in headers.items()}
    return {name: value for name, value in found.items() if value.isascii() and value.isprintable() and value}
