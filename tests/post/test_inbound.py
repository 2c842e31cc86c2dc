"""From a callback to the dossier: once for each event id, in whatever order, and nothing is ever lost on the way."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from domain.dossier.view import Status as DossierStatus
from domain.postal import ScanState
from store.inbox import Inbox, Status
from tests.post.callbacks import relaying, send_ems, send_form, send_webhook, state, until, worked_off
from tests.support.http import APPLICANT, PLAIN, System, keyed

_numbers = itertools.count(1)


def _tracking() -> str:
    return f"EM{next(_numbers):09d}VN"


async def _do(client: httpx.AsyncClient, code: str, command: str, **body: object) -> None:
    answer = await client.post(f"/api/v1/dossiers/{code}/{command}", json=body, headers=keyed())
    assert answer.status_code == 200, answer.text


async def _submitted(clerk: httpx.AsyncClient) -> str:
    body = {"procedure": PLAIN, "do": "submit", "channel": "post", "components": ["don"], "applicant": APPLICANT}
    answer = await clerk.post("/api/v1/dossiers", json=body, headers=keyed())
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


async def collected(clerk: httpx.AsyncClient, carrier: str, number: str = "") -> tuple[str, str]:
    """A dossier whose papers a carrier is ordered to collect; its code, and the parcel's number."""
    code, tracking = await _submitted(clerk), number or _tracking()
    await _do(clerk, code, "order-collection", carrier=carrier, tracking=tracking)
    return code, tracking


async def test_the_signed_hand_over_files(
    system: System, carrier: httpx.AsyncClient, clerk: httpx.AsyncClient, relay: Inbox
) -> None:
    """By each kind of carrier; the moment is the carrier's own, in its own time zone."""
    signed_at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)
    code, tracking = await collected(clerk, "ems")
    await send_ems(carrier, tracking, "EMI", signed_at, f"{tracking}-2", total_weight=350)
    await send_ems(carrier, tracking, "EMA", signed_at - timedelta(hours=5), f"{tracking}-1")
    second, other = await collected(clerk, "bccp")
    await send_form(carrier, other, "71", signed_at)
    third, last = await collected(clerk, "webhook")
    await send_webhook(carrier, last, "delivered", signed_at, f"{last}-1", signed=True)
    await worked_off(relay)
    for one in (code, second, third):
        assert (await state(system, one)).received_at == signed_at
    found = await state(system, code)
    assert found.entries.count("postal.scanned") == 2
    assert found.parcels[0].state is ScanState.DELIVERED


async def test_once_for_each_event(
    system: System, carrier: httpx.AsyncClient, clerk: httpx.AsyncClient, relay: Inbox
) -> None:
    """Ten times the same word, at once and later: recorded once, and every row has ended."""
    code, tracking = await collected(clerk, "ems")
    at = datetime.now(UTC) - timedelta(hours=1)
    for _ in range(2):
        await asyncio.gather(*(send_ems(carrier, tracking, "EMA", at, f"{tracking}-1") for _ in range(5)))
        await worked_off(relay)
    assert (await state(system, code)).entries.count("postal.scanned") == 1
    rows = [row for row in await relay.listed(Status.APPLIED, limit=1000) if row.tracking == tracking]
    assert len(rows) == 10
    assert sorted(row.reason for row in rows)[:2] == ["", "repeated"]
    # the same id for something else is not believed
    await send_ems(carrier, tracking, "EMG", at + timedelta(minutes=1), f"{tracking}-1")
    await worked_off(relay)
    refused = [row for row in await relay.listed(Status.REFUSED, limit=1000) if row.tracking == tracking]
    assert [row.reason for row in refused] == ["event_id_reused"]


async def test_an_order_written_later_is_waited_for(
    system: System, carrier: httpx.AsyncClient, clerk: httpx.AsyncClient, relay: Inbox
) -> None:
    """The scan comes first."""
    code, tracking = await _submitted(clerk), _tracking()
    await send_ems(carrier, tracking, "EMA", datetime.now(UTC) - timedelta(minutes=1), f"{tracking}-1")
    await until(lambda counts: counts.get("waiting", 0) > 0, relay)
    await _do(clerk, code, "order-collection", carrier="ems", tracking=tracking)
    await worked_off(relay)
    assert (await state(system, code)).parcels[0].state is ScanState.ACCEPTED


async def test_unknown_parcels_are_parked_and_taken_up_again(
    system: System, carrier: httpx.AsyncClient, clerk: httpx.AsyncClient
) -> None:
    """By the order, which an hour later is written after all, or by an operator who knows whose it is."""
    async with relaying(system.settings, patience=timedelta(0)) as inbox:
        late, mistyped = _tracking(), _tracking()
        at = datetime.now(UTC) - timedelta(minutes=1)
        await send_ems(carrier, late, "EMA", at, f"{late}-1")
        await send_ems(carrier, mistyped + "X", "EMA", at, f"{mistyped}-1")
        await worked_off(inbox)
        assert await inbox.parked() == 2
        code = await _submitted(clerk)
        await _do(clerk, code, "order-collection", carrier="ems", tracking=late)
        await until(lambda counts: counts.get("parked", 0) < 2, inbox)
        await worked_off(inbox)
        assert (await state(system, code)).parcels[0].state is ScanState.ACCEPTED
        row = (await inbox.listed(Status.PARKED))[0]
        assert (row.reason, row.tracking) == ("tracking_unknown", mistyped + "X")
        # brought to a dossier that it is not about, it is parked again
        assert await inbox.replay([row.id], stream=code) == 1
        await worked_off(inbox)
        again = await inbox.row(row.id)
        assert again is not None
        assert (again.status, again.reason) == (Status.PARKED, "parcel_unknown")
        second = await _submitted(clerk)
        await _do(clerk, second, "order-collection", carrier="ems", tracking=mistyped + "X")
        await inbox.replay([row.id], stream=second)
        await worked_off(inbox)
        assert await inbox.parked() == 0
        assert (await state(system, second)).parcels[0].state is ScanState.ACCEPTED


BAD = [
    ({"status_date": "31/02/2026 07:54:50"}, "time_invalid"),
    ({"status_date": "01/01/2099 07:54:50"}, "occurred_in_future"),
    ({"status_date": "yesterday"}, "time_invalid"),
    ({"total_weight": -1}, "weight_invalid"),
    ({"total_weight": "heavy"}, "weight_invalid"),
    ({"tracking_code": ""}, "tracking_missing"),
    ({"tracking_code": "A\u0000B"}, "tracking_invalid"),
    ({"tracking_code": "x" * 300}, "tracking_invalid"),
    ({"status_code": None}, "status_missing"),
    ({"status_code": []}, "status_missing"),
]


@pytest.mark.parametrize(("wrong", "reason"), BAD, ids=[f"{number}-{one[1]}" for number, one in enumerate(BAD)])
async def test_what_cannot_be_used_is_kept_with_its_reason(
    carrier: httpx.AsyncClient, relay: Inbox, wrong: dict[str, object], reason: str
) -> None:
    """The carrier is told that we have it, for it would only send it again."""
    event = f"bad-{next(_numbers)}"
    body = {"tracking_code": "B1", "status_code": "EMA", "status_date": "28/08/2019 07:54:50", **wrong}
    answer = await carrier.post("/post/ems/callbacks", json=body, headers={"X-Transaction-Id": event})
    assert answer.status_code == 200
    await _ended(relay, reason)


async def _ended(inbox: Inbox, reason: str) -> None:
    await worked_off(inbox)  # an earlier one may have ended for the same reason: only when none is open it is this one
    rows = await inbox.listed(Status.REFUSED, limit=10_000)
    assert rows[-1].reason == reason


async def test_a_relay_that_is_stopped_gives_back_what_it_has_in_hand(
    system: System, carrier: httpx.AsyncClient, clerk: httpx.AsyncClient
) -> None:
    """The next one takes it up at once, not when the lease is over."""
    code, tracking = await collected(clerk, "ems")
    async with await psycopg.AsyncConnection.connect(system.settings.database_url) as blocker:
        async with relaying(system.settings) as inbox:
            async with asyncio.timeout(30):
                while not await inbox.streams_of([("ems", tracking)]):  # noqa: ASYNC110  # till the parcel is known
                    await asyncio.sleep(0.02)
            await blocker.execute("SELECT FROM streams WHERE stream = %s FOR UPDATE", (code,))
            await send_ems(carrier, tracking, "EMA", datetime.now(UTC) - timedelta(minutes=1), f"{tracking}-1")
            await until(lambda counts: bool(counts.get("new")), inbox)
            async with asyncio.timeout(30):
                while not [row for row in await inbox.listed(Status.NEW) if row.attempts]:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        await blocker.rollback()
    async with relaying(system.settings) as inbox:
        await worked_off(inbox, seconds=20)
    assert (await state(system, code)).entries.count("postal.scanned") == 1


async def test_unknown_status_and_withdrawn_dossier(
    system: System, carrier: httpx.AsyncClient, clerk: httpx.AsyncClient, relay: Inbox
) -> None:
    """Both are recorded, with a reason where there is something to look at; neither changes anything."""
    code, tracking = await collected(clerk, "ems")
    at = datetime.now(UTC) - timedelta(minutes=1)
    await send_ems(carrier, tracking, "ZZZ", at, f"{tracking}-1")
    await worked_off(relay)
    rows = [row for row in await relay.listed(Status.APPLIED, limit=1000) if row.tracking == tracking]
    assert [row.reason for row in rows] == ["status_unknown"]
    assert (await state(system, code)).parcels[0].state is ScanState.REGISTERED
    await _do(clerk, code, "withdraw")
    await send_ems(carrier, tracking, "EMI", at, f"{tracking}-2")
    await worked_off(relay)
    found = await state(system, code)
    assert (found.status, found.received_at) == (DossierStatus.CLOSED, None)
    assert found.entries.count("postal.scanned") == 2


async def test_a_delivered_result_is_returned(
    system: System, carrier: httpx.AsyncClient, clerk: httpx.AsyncClient, relay: Inbox
) -> None:
    """And the dossier is closed; a lost one becomes a clerk's task."""
    for status, expected in (("EMI", DossierStatus.CLOSED), ("LST", DossierStatus.READY)):
        code, tracking = await collected(clerk, "ems")
        await _do(clerk, code, "receive")
        async with system.client("lan") as lan, system.client("leader") as leader:
            await _do(lan, code, "complete-task", stage="appraise")
            await _do(leader, code, "complete-task", stage="approve")
            await _do(leader, code, "issue-result", number="1")
        result = _tracking()
        await _do(clerk, code, "dispatch-result", carrier="ems", tracking=result)
        await send_ems(carrier, result, status, datetime.now(UTC), f"{result}-1")
        await worked_off(relay)
        assert (await state(system, code)).status is expected
        assert tracking != result
    answer = await clerk.get("/api/v1/tasks")
    assert "Bưu gửi thất lạc" in answer.text
