"""People are told once of what concerns them, by a real mail server and a real gateway, and never at night."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

import httpx
import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from activities.notifications import LOCAL, Notice, Person, Template, load_templates, quiet_for, words
from activities.notifications import Mail as Outgoing
from activities.outside import Never
from domain.ids import Stream
from runtime.embedded import ports
from store.inbox import Inbox
from store.outbox import Message, Outbox
from store.postgres import PostgresJournal
from tests.post.callbacks import relaying
from tests.post.receiver import receiving
from tests.support.http import APPLICANT, PLAIN, System, keyed
from workers.outbound import Announcer, Courier
from workers.relay import notices, person_finder

DAY = datetime(2026, 3, 2, 10, 0, tzinfo=LOCAL)


class Mailbox:
    """A mail server that refuses as the test wants, and keeps the rest."""

    def __init__(self) -> None:
        """Nothing so far."""
        self.mails: list[EmailMessage] = []
        self.refusals: list[str] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's
        """Take one message."""
        if self.refusals:
            return self.refusals.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(BytesParser(EmailMessage, policy=default).parsebytes(content))
        return "250 OK"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A running mail server."""
    box, port = Mailbox(), ports.free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture(scope="module")
async def positions(system: System) -> AsyncIterator[Inbox]:
    """What gives events their positions runs."""
    async with relaying(system.settings) as inbox:
        yield inbox


@pytest.fixture
async def courier(system: System, mailbox: tuple[Mailbox, int], positions: Inbox) -> AsyncIterator[Courier]:
    """Makes notices of events and sends them, by day."""
    del positions  # it is enough that it runs
    database, outbox = system.parts.database, Outbox(system.parts.database)
    journal = PostgresJournal(database)
    settings = msgspec.structs.replace(
        system.settings, smtp_address=f"127.0.0.1:{mailbox[1]}", officer_mail_domain="ubnd.example"
    )
    async with httpx.AsyncClient() as client:
        found = notices(settings, client, person_finder(system.parts.vault, journal, settings), lambda: DAY)
        announcer = Announcer(database, journal, outbox, system.parts.subscriptions, notices=list(found))
        while await announcer.step():
            pass
        yield Courier(outbox, found, schedule=(timedelta(0),) * 9)


async def test_an_applicant_is_told_once(system: System, mailbox: tuple[Mailbox, int], courier: Courier) -> None:
    """Accepted: in his language, with the appointment; a server that is busy is tried again."""
    box, _ = mailbox
    box.refusals = ["451 busy"]
    async with system.client("clerk") as clerk:
        applicant = {**APPLICANT, "email": "an.nguyen@example.vn"}
        body = {"procedure": PLAIN, "components": ["don"], "applicant": applicant}
        answer = await clerk.post("/api/v1/dossiers", json=body, headers=keyed())
        code = answer.json()["code"]
    outbox = Outbox(system.parts.database)
    journal, subscriptions = PostgresJournal(system.parts.database), system.parts.subscriptions
    announcer = Announcer(system.parts.database, journal, outbox, subscriptions, notices=["notice.mail"])
    async with asyncio.timeout(30):
        while not [mail for mail in box.mails if code in str(mail["Subject"])]:
            await announcer.step()
            await courier.step()
            await asyncio.sleep(0.05)
    for _ in range(3):
        await announcer.step()
        await courier.step()
    mails = [mail for mail in box.mails if code in str(mail["Subject"])]
    assert len(mails) == 1
    mail = mails[0]
    assert mail["To"] == "Nguyễn Thị An <an.nguyen@example.vn>"
    assert "đã được tiếp nhận" in str(mail["Subject"])
    text = mail.get_content()
    due = datetime.fromisoformat(answer.json()["committed_due"]).astimezone(LOCAL)
    assert due.strftime("%H:%M %d/%m/%Y") in text
    stored = await outbox.letters("sent", limit=1000)
    assert APPLICANT["name"] not in repr(stored)


async def test_an_applicant_without_mail_gets_a_text_once(system: System, positions: Inbox) -> None:
    """The gateway fails twice and is tried again under the same key; by night nothing is sent, and nothing is lost."""
    del positions
    database, outbox = system.parts.database, Outbox(system.parts.database)
    journal = PostgresJournal(database)
    async with receiving() as gateway, httpx.AsyncClient() as client:
        settings = msgspec.structs.replace(system.settings, sms_url=f"{gateway.url}/hook")
        hour = [DAY.replace(hour=22)]
        find = person_finder(system.parts.vault, journal, settings)
        courier = Courier(outbox, notices(settings, client, find, lambda: hour[0]), schedule=(timedelta(0),) * 9)
        async with system.client("clerk") as clerk:
            body = {"procedure": PLAIN, "components": ["don"], "applicant": APPLICANT}
            code = (await clerk.post("/api/v1/dossiers", json=body, headers=keyed())).json()["code"]
        [received] = [one for one in await journal.read(Stream(code)) if one.type == "dossier.received"]
        key = f"{received.event_id}/notice.sms"
        announcer = Announcer(database, journal, outbox, system.parts.subscriptions, notices=["notice.sms"])
        async with asyncio.timeout(30):
            while key not in {one.key for one in await outbox.letters("new", limit=1000)}:
                await announcer.step()
                await asyncio.sleep(0.02)
        await courier.step()
        assert gateway.heard == []
        hour[0] = DAY
        await _by_day(system)
        gateway.answers = [503, 429]
        async with asyncio.timeout(30):
            while key not in {one.key for one in await outbox.letters("sent", limit=1000)}:
                await courier.step()
                await _by_day(system)
        for _ in range(3):
            await courier.step()
        texts = [(headers, msgspec.json.decode(content)) for headers, content in gateway.heard]
    mine = [(headers, text) for headers, text in texts if code in text["text"]]
    assert len(mine) == 1
    assert mine[0][1]["to"] == APPLICANT["phone"]
    assert mine[0][0]["idempotency-key"] == key


async def _by_day(system: System) -> None:
    """What waits for the morning is due."""
    async with system.parts.database.connection() as connection:
        await connection.execute("UPDATE outbox SET due_at = clock_timestamp() WHERE status = 'new'")


async def test_a_gateway_that_refuses_is_a_dead_letter(system: System, positions: Inbox) -> None:
    """A number that the gateway will never take is not tried for ever."""
    del positions
    outbox = Outbox(system.parts.database)
    async with receiving() as gateway, httpx.AsyncClient() as client:
        settings = msgspec.structs.replace(system.settings, sms_url=f"{gateway.url}/hook")

        async def find(_: Notice) -> Person:
            return Person("A", phone="0912 345 678")

        courier = Courier(outbox, notices(settings, client, find, lambda: DAY))
        await outbox.add(
            [Message("notice.sms", "text-1", "texts", {"notice": "ready", "stream": "C", "to": "applicant"})]
        )
        gateway.answers = [422]
        async with asyncio.timeout(30):
            while not (dead := [one for one in await outbox.letters(limit=1000) if one.key == "text-1"]):
                await courier.step()
    assert "422" in dead[0].error


async def test_officers_are_told_at_their_address(
    system: System, mailbox: tuple[Mailbox, int], courier: Courier
) -> None:
    """Of what is due soon."""
    outbox = Outbox(system.parts.database)
    notice = {"notice": "due_soon", "stream": "H29.12-260302-0001", "to": "lan", "due": DAY.isoformat()}
    await outbox.add([Message("notice.mail", "reminder-1", "reminder", notice)])
    await courier.step()
    found = [mail for mail in mailbox[0].mails if mail["To"] == "lan@ubnd.example"]
    assert len(found) == 1
    assert found[0]["Message-ID"] == "<reminder-1@motcua>"


@pytest.mark.parametrize(
    ("hour", "minute", "hours"), [(7, 0, 0.0), (20, 59, 0.0), (21, 0, 10.0), (23, 30, 7.5), (0, 0, 7.0), (6, 30, 0.5)]
)
def test_quiet_hours(hour: int, minute: int, hours: float) -> None:
    """From nine to seven, local time."""
    now = datetime(2026, 3, 2, hour, minute, tzinfo=LOCAL).astimezone(UTC)
    assert quiet_for(now) == timedelta(hours=hours)


def test_every_notice_is_in_both_languages() -> None:
    """And fills in without an error, for odd names too."""
    templates = load_templates()
    for name, languages in templates.items():
        assert set(languages) == {"vi", "en"}
        for language in languages:
            said = words(templates, Notice(name, "C", "applicant", DAY), "Ông\r\nBcc: x {code}", language)
            assert "C" in said.subject
            assert "\n" not in said.subject


async def test_an_address_that_is_none_is_given_up() -> None:
    """No header can be smuggled in by a name or an address."""
    for address in ("nobody", "a@b\r\nBcc: c@d", "a b@c"):
        with pytest.raises(Never):
            await Outgoing("127.0.0.1", 9, "m@x").deliver(Person("A", address), _template(), "k")


def _template() -> Template:
    """Some template."""
    return words(load_templates(), Notice("ready", "C", "applicant"), "A", "vi")
