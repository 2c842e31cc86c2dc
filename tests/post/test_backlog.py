"""What has piled up is taken up parcel by parcel, so a dossier hears what was said of it at one go."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest

from domain.ids import Stream
from domain.postal import ScanState
from store.database import Database as Pool
from store.inbox import Inbox, Meaning, Raw, Status
from store.postgres import PostgresJournal
from tests.post.callbacks import relaying, send_ems, state, worked_off
from tests.post.test_inbound import collected
from tests.support.databases import Database
from tests.support.http import System
from workers.inbound import BATCH

LEASE = timedelta(minutes=1)


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[Inbox]:
    """An inbox of six callbacks about three parcels, in turns."""
    async with Pool(database.app_url, size=2) as pool:
        kept = Inbox(pool)
        for number in range(6):
            await kept.keep("bccp", datetime.now(UTC), "127.0.0.1", {}, f"P{number % 3} {number}".encode())
        yield kept


def _tracking(raw: Raw) -> str:
    return raw.body.decode().partition(" ")[0]


async def test_those_of_one_parcel_are_taken_up_together_once_they_are_known(inbox: Inbox) -> None:
    """Before that one by one; not more of them than asked for; and what another holds is left to him."""
    first = await inbox.claim(1, LEASE, company=10)
    assert [raw.body for raw in first] == [b"P0 0"]
    unread = await inbox.unread(4, after=0)
    assert [raw.body for raw in unread] == [b"P1 1", b"P2 2", b"P0 3", b"P1 4"]
    unread += await inbox.unread(4, after=unread[-1].id)
    now = datetime.now(UTC)
    await inbox.note({raw.id: Meaning(raw.body.decode(), _tracking(raw), now) for raw in unread})
    assert await inbox.unread(10) == []
    assert [raw.body for raw in await inbox.claim(1, LEASE, company=10)] == [b"P1 1", b"P1 4"]
    await inbox.release([raw.id for raw in first])
    assert [raw.body for raw in await inbox.claim(1, LEASE, company=0)] == [b"P2 2"]
    assert [raw.body for raw in await inbox.claim(1, LEASE, company=10)] == [b"P0 3"]
    assert (await inbox.counts())["bccp"] == {"new": 6}


async def test_a_backlog_reaches_a_dossier_in_order(system: System, clerk: httpx.AsyncClient) -> None:
    """Each scan is recorded once, by the carrier's time, though they came in the contrary order and twice.

    What cannot be read among them ends with its reason, what nobody ordered waits.
    """
    parcels = [await collected(clerk, "bccp") for _ in range(2)]
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)
    async with Pool(system.settings.database_url, size=2) as pool:
        inbox = Inbox(pool)
        for number in [*reversed(range(BATCH // 2)), *range(BATCH // 2)]:
            for _, tracking in parcels:
                form = {"order_number": tracking, "status": "20", "time": (began + number * LEASE).isoformat()}
                await inbox.keep("bccp", datetime.now(UTC), "127.0.0.1", {}, urlencode(form).encode())
        await inbox.keep("bccp", datetime.now(UTC), "127.0.0.1", {}, b"\xff")
    async with relaying(system.settings) as inbox:
        counts = await worked_off(inbox, seconds=90)
    assert counts == {"applied": 4 * (BATCH // 2), "refused": 1}
    for code, _ in parcels:
        async with Pool(system.settings.database_url, size=2) as pool:
            records = await PostgresJournal(pool).read(Stream(code))
        heard = [record.occurred_at for record in records if record.type == "postal.scanned"]
        assert len(heard) == BATCH // 2
        assert heard[:100] == sorted(heard[:100])


async def test_where_a_dossier_answers_none_of_several_each_goes_alone(
    system: System, carrier: httpx.AsyncClient, clerk: httpx.AsyncClient
) -> None:
    """An operator names a dossier that is not there for two of them: each is parked with its reason, and goes on."""
    tracking = f"EB{datetime.now(UTC).timestamp():.0f}VN"
    at = datetime.now(UTC) - timedelta(hours=1)
    async with relaying(system.settings, patience=timedelta(0)) as inbox:
        for number, status in enumerate(("EMA", "EMI")):
            await send_ems(carrier, tracking, status, at + timedelta(minutes=number), f"{tracking}-{number}")
        await worked_off(inbox)
        rows = [row.id for row in await inbox.listed(Status.PARKED)]
        assert len(rows) == 2
        await inbox.replay(rows, stream="H00.00-nowhere")
        await worked_off(inbox)
        assert [row.reason for row in await inbox.listed(Status.PARKED)] == ["dossier_unknown"] * 2
        second, _ = await collected(clerk, "ems", tracking)
        await inbox.replay(rows, stream=second)
        await worked_off(inbox)
        assert await inbox.parked() == 0
    assert (await state(system, second)).parcels[0].state is ScanState.DELIVERED
