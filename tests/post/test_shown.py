"""The desk and the citizen see where a parcel stands by the carrier's clock; the desk sees who was told of what."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from activities.notifications import LOCAL, MAIL, SMS, load_templates
from api.desk.settings import DeskSettings
from domain.ids import Stream
from store.inbox import Inbox
from store.outbox import Outbox
from store.postgres import PostgresJournal
from tests.post.callbacks import send_ems, worked_off
from tests.post.receiver import receiving
from tests.support import http
from tests.support.http import APPLICANT, PLAIN, System, keyed
from web.messages import words
from workers.outbound import Announcer, Courier
from workers.relay import notices, person_finder

TRACKING = "EM777000111VN"
DAY = datetime(2026, 3, 2, 10, 0, tzinfo=LOCAL)


@pytest.fixture
async def desk(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts, at a desk where anyone may log in."""
    async with (
        http.serving(system.settings, desk=DeskSettings(demo_login=True)) as serving,
        httpx.AsyncClient(base_url=serving.url, timeout=30) as client,
    ):
        yield client


async def _as(desk: httpx.AsyncClient, officer: str, code: str) -> str:
    await desk.post("/login/demo", data={"officer": officer})
    return (await desk.get(f"/desk/dossiers/{code}")).text


async def _act(desk: httpx.AsyncClient, code: str, act: str, **fields: str) -> httpx.Response:
    text = (await desk.get(f"/desk/dossiers/{code}")).text
    form = text[text.index(f'id="form-{act}"') :]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("</form>")]))
    return await desk.post(f"/desk/dossiers/{code}/act/{act}", data={**hidden, **fields})


async def test_a_parcel_is_ordered_and_followed_at_the_desk(
    carrier: httpx.AsyncClient, clerk: httpx.AsyncClient, relay: Inbox, desk: httpx.AsyncClient
) -> None:
    """Ordered by a form; scans by the carrier's own time, the latest first; the citizen reads plain words."""
    body = {"procedure": PLAIN, "do": "submit", "channel": "post", "components": ["don"], "applicant": APPLICANT}
    code = (await clerk.post("/api/v1/dossiers", json=body, headers=keyed())).json()["code"]
    await desk.post("/login/demo", data={"officer": "clerk"})
    nothing = await _act(desk, code, "order_collection")
    assert nothing.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert 'id="order_collection-carrier-problem"' in nothing.text
    assert (await _act(desk, code, "order_collection", carrier="ems", tracking=TRACKING)).is_redirect
    first = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=30)
    second = first + timedelta(hours=26)
    await send_ems(carrier, TRACKING, "EMD", second, "b")
    await send_ems(carrier, TRACKING, "EMA", first, "a")
    await worked_off(relay)
    text = await _as(desk, "clerk", code)
    shown = text[text.index('class="parcel"') :]
    shown = shown[: shown.index("</article>")]
    assert TRACKING in shown
    assert "Chuyển phát nhanh EMS" in shown
    told = re.findall(r"<tr><td>(\d\d:\d\d) [^<]*</td><td>([^<(·]+)", shown)
    assert [time for time, _ in told] == [at.astimezone(LOCAL).strftime("%H:%M") for at in (second, first)]
    assert [state.strip() for _, state in told] == ["Đang vận chuyển", "Bưu chính đã nhận"]
    assert "nhận tin" in shown
    assert 'id="form-order_collection"' not in text
    citizen = (await desk.get("/track", params={"code": code, "phone_last4": APPLICANT["phone"][-4:]})).text
    assert "Bưu chính đang chuyển giấy tờ của bạn đến cơ quan." in citizen
    assert f"Hỏi Chuyển phát nhanh EMS theo số hiệu {TRACKING}." in citizen


async def _to_be_told(system: System, clerk: httpx.AsyncClient) -> tuple[str, str]:
    """A new dossier's code, and the key of the text message that tells of its receipt."""
    code = await http.received(clerk)
    events = await PostgresJournal(system.parts.database).read(Stream(code))
    [received] = [one for one in events if one.type == "dossier.received"]
    return code, f"{received.event_id}/{SMS}"


async def test_who_was_told_is_shown_and_his_address_only_in_part(
    system: System, clerk: httpx.AsyncClient, relay: Inbox, desk: httpx.AsyncClient
) -> None:
    """The number's end for those who see the person, no number for an auditor; no address, nobody told."""
    del relay  # it is enough that it runs
    code, wanted = await _to_be_told(system, clerk)
    database, outbox = system.parts.database, Outbox(system.parts.database)
    journal = PostgresJournal(database)
    async with receiving() as gateway, httpx.AsyncClient() as client:
        settings = msgspec.structs.replace(system.settings, sms_url=f"{gateway.url}/hook")
        find = person_finder(system.parts.vault, journal, settings)
        announcer = Announcer(database, journal, outbox, system.parts.subscriptions, notices=[SMS, MAIL])
        while wanted not in {one.key for one in await outbox.letters("new", limit=1000)}:
            await announcer.step()
        waiting = _notices(await _as(desk, "clerk", code))
        assert waiting.count("đang chờ gửi") == 2
        courier = Courier(outbox, notices(settings, client, find, lambda: DAY), schedule=(timedelta(0),) * 9)
        while wanted not in {one.key for one in await outbox.letters("sent", limit=1000)}:
            await courier.step()
    text = _notices(await _as(desk, "clerk", code))
    assert "Hồ sơ đã được tiếp nhận" in text
    assert "người dân, qua tin nhắn" in text.lower()
    assert "…678" in text
    assert "đã gửi" in text
    assert APPLICANT["phone"] not in text
    hidden = await _as(desk, "auditor", code)
    assert "qua tin nhắn" in _notices(hidden)
    assert "…678" not in hidden


async def test_a_notice_that_was_given_up_says_so(
    system: System, clerk: httpx.AsyncClient, relay: Inbox, desk: httpx.AsyncClient
) -> None:
    """A dead one, and one that an operator put aside: the dossier's page names each."""
    del relay  # it is enough that it runs
    code, wanted = await _to_be_told(system, clerk)
    database, outbox = system.parts.database, Outbox(system.parts.database)
    journal = PostgresJournal(database)
    async with receiving() as gateway, httpx.AsyncClient() as client:
        settings = msgspec.structs.replace(system.settings, sms_url=f"{gateway.url}/elsewhere")  # a 404 each time
        find = person_finder(system.parts.vault, journal, settings)
        announcer = Announcer(database, journal, outbox, system.parts.subscriptions, notices=[SMS])
        courier = Courier(outbox, notices(settings, client, find, lambda: DAY), schedule=())
        while wanted not in {one.key for one in await outbox.letters("dead", limit=1000)}:
            await announcer.step()
            await courier.step()
    assert words("vi")["notice.state.dead"] in _notices(await _as(desk, "clerk", code))
    [dead] = [one.id for one in await outbox.letters("dead", limit=1000) if one.key == wanted]
    assert await outbox.discard([dead]) == 1
    assert words("vi")["notice.state.discarded"] in _notices(await _as(desk, "clerk", code))


def _notices(page: str) -> str:
    """The page's list of notices."""
    part = page[page.index('class="notices"') :]
    return re.sub(r"<[^>]+>", "", part[: part.index("</ul>")])


def test_every_notice_has_its_name() -> None:
    """A notice that the program can send can be shown."""
    assert {f"notice.{name}" for name in load_templates()} <= words("vi").keys()
