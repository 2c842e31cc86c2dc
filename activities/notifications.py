"""Notices to applicants and officers, by e-mail and text message: what happened, by when, and nothing else.

Whom a notice goes to is found when it is sent, for personal data stay sealed until then. A notice bears the same
Message-ID (or Idempotency-Key) however often it is tried.
"""

import asyncio
import smtplib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import msgspec
import yaml

from activities.outside import TIMEOUT, Never, NotYet, check_answer
from store.outbox import Taken

MAIL, SMS = "notice.mail", "notice.sms"
LOCAL: Final = ZoneInfo("Asia/Ho_Chi_Minh")
QUIET_FROM, QUIET_UNTIL = time(21, 0), time(7, 0)
"""Nobody is woken by us; what comes up at night is sent in the morning."""
SMTP_SECONDS: Final = 15.0
TRANSIENT: Final = range(400, 500)
MANY_DIGITS: Final = 15


class Person(msgspec.Struct, frozen=True):
    """Whom a notice is for, as far as is known."""

    name: str = ""
    email: str = ""
    phone: str = ""


class Template(msgspec.Struct, frozen=True):
    """A notice's words in one language."""

    subject: str
    text: str


class Notice(msgspec.Struct, frozen=True):
    """In the outbox: ``to`` is ``applicant``, or an officer's or authority's id; ``due`` where there is one."""

    notice: str
    stream: str
    to: str
    due: datetime | None = None


Templates = Mapping[str, Mapping[str, Template]]
Lookup = Callable[[Notice], Awaitable[Person | None]]
"""Finds whom a notice is for (none: nobody can be told, or the person's data are destroyed)."""


def load_templates(path: Path | None = None) -> Templates:
    """The notices by name and language (none: those that come with the program)."""
    source = path or Path(str(files("catalogue"))) / "notices" / "notices.yaml"
    return msgspec.convert(yaml.safe_load(source.read_text()), dict[str, dict[str, Template]])


def words(templates: Templates, notice: Notice, name: str, language: str) -> Template:
    """Subject and text of a notice."""
    template = templates[notice.notice][language]
    due = notice.due.astimezone(LOCAL).strftime("%H:%M %d/%m/%Y") if notice.due else ""
    filled = {"code": notice.stream, "name": name, "due": due}
    subject = " ".join(template.subject.format(**filled).split())
    return Template(subject, template.text.format(**filled))


def quiet_for(now: datetime) -> timedelta:
    """How long to wait until people may be disturbed; zero by day."""
    local = now.astimezone(LOCAL)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return timedelta(0)
    day = local.date() + timedelta(days=1) if local.time() >= QUIET_FROM else local.date()
    return datetime.combine(day, QUIET_UNTIL, LOCAL) - local


class Notices:
    """``Sender`` of notices."""

    def __init__(
        self,
        find: Lookup,
        deliver: Callable[[Person, Template, str], Awaitable[None]],
        *,
        language: str = "vi",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``deliver`` tells a person something, under a key."""
        self._find = find
        self._deliver = deliver
        self._language = language
        self._now = now
        self._templates = load_templates()

    async def send(self, message: Taken) -> None:
        """Send a notice, by day; one that nobody can be told of is done."""
        wait = quiet_for(self._now())
        if wait:
            raise NotYet("quiet hours", wait)
        notice = msgspec.convert(message.payload, Notice)
        person = await self._find(notice)
        if person is not None:
            await self._deliver(person, words(self._templates, notice, person.name, self._language), message.key)

    async def given_up(self, message: Taken, reason: str) -> None:
        """Nothing more: the dead letter is an operator's to see."""


class Mail:
    """E-mail by SMTP."""

    def __init__(self, host: str, port: int, sender: str) -> None:
        """Send as ``sender`` through a server."""
        self._host, self._port, self._sender = host, port, sender

    async def deliver(self, person: Person, template: Template, key: str) -> None:
        """Send to a person who has an address; nothing otherwise. Raises NotYet, Never."""
        if person.email:
            await asyncio.to_thread(self._send, self._message(person, template, key))

    def _message(self, person: Person, template: Template, key: str) -> EmailMessage:
        message = EmailMessage()
        try:
            message["To"] = Address(display_name=" ".join(person.name.split()), addr_spec=person.email)
        except (ValueError, IndexError) as error:
            raise Never("the address is none") from error
        message["From"] = self._sender
        message["Subject"] = template.subject
        message["Message-ID"] = f"<{key.replace('/', '.')}@motcua>"
        message.set_content(template.text)
        return message

    def _send(self, message: EmailMessage) -> None:
        try:
            with smtplib.SMTP(self._host, self._port, timeout=SMTP_SECONDS) as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if all(code in TRANSIENT for code in codes):
                raise NotYet(f"refused for now ({codes[0]})") from error
            raise Never(f"refused ({codes[0]})") from error
        except smtplib.SMTPResponseException as error:
            raise NotYet(f"answered {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotYet(f"the mail server does not answer: {type(error).__name__}") from error


class TextMessages:
    """Text messages by a gateway that takes ``{"to": …, "text": …}``."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        """Send through the gateway at ``url``."""
        self._client = client
        self._url = url

    async def deliver(self, person: Person, template: Template, key: str) -> None:
        """Send to a person who has a number; nothing otherwise. Raises NotYet, Never."""
        number = "".join(character for character in person.phone if character.isdigit() or character == "+")
        if not number or len(number) > MANY_DIGITS + 1:
            return
        body: dict[str, Any] = {"to": number, "text": template.text}
        try:
            response = await self._client.post(self._url, json=body, headers={"Idempotency-Key": key}, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise NotYet(f"the gateway does not answer: {type(error).__name__}") from error
        check_answer(response)
