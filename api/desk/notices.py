"""What was told to whom, by which channel and when; addresses only in part, and only for who may see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from activities.notifications import MAIL, SMS, Notice
from api.bodies import Applicant
from api.desk.directory import Directory
from api.desk.people import unsealed
from api.parts import Parts
from api.streams import Loaded
from domain.authority import Officer
from domain.ids import AuthorityId, OfficerId
from domain.record import Record
from store.outbox import Sent
from web.messages import Translate
from workers.outbound import APPLICANT, NOTICES

CHANNELS: Final = {MAIL: "mail", SMS: "sms"}
TAIL: Final = 3
"""Digits of a phone number that are shown."""


class Line(msgspec.Struct, frozen=True):
    """One notice: what it says, to whom, by which channel, how far it has come, and since when."""

    text: str
    to: str
    channel: str
    address: str
    state: str
    at: datetime


async def notices_of(
    parts: Parts, loaded: Loaded, person: Applicant | None, directory: Directory, t: Translate
) -> list[Line]:
    """The notices that follow from a stream's events, the latest first.

    ``person`` is the applicant, where this officer may see whose dossier it is.
    """
    rows = await parts.outbox.told(tuple(CHANNELS), _keys(loaded.records))
    if not rows:
        return []
    applicant = await unsealed(parts, loaded.stream, loaded.state.applicant)
    lines = [_line(row, person, applicant, directory, t) for row in rows]
    return [line for line in lines if line is not None]


def _keys(records: Sequence[Record]) -> list[str]:
    """The keys under which notices of these events are sent."""
    return [f"{record.event_id}/{kind}" for record in records if record.type in NOTICES for kind in CHANNELS]


def _line(
    row: Sent, person: Applicant | None, applicant: Applicant | None, directory: Directory, t: Translate
) -> Line | None:
    notice, channel = msgspec.convert(row.payload, Notice), CHANNELS[row.kind]
    if notice.to != APPLICANT and channel == "sms":
        return None  # nobody has an officer's number
    address, state = "", row.status
    if notice.to == APPLICANT:
        address = _shown(channel, person)
        if not _address(channel, applicant):
            state = "nobody" if row.status == "sent" else row.status
    elif row.status == "sent" and not _known(notice.to, directory):
        state = "nobody"
    return Line(
        text=t(f"notice.{notice.notice}"),
        to=t("person.citizen") if notice.to == APPLICANT else _name(notice.to, directory),
        channel=channel,
        address=address,
        state="trying" if state == "new" and row.attempts else state,
        at=row.settled_at or row.created_at,
    )


def _known(to: str, directory: Directory) -> bool:
    return OfficerId(to) in directory.officers or AuthorityId(to) in directory.authorities


def _name(to: str, directory: Directory) -> str:
    officer: Officer | None = directory.officers.get(OfficerId(to))
    return officer.name if officer else directory.authority_name(to)


def _address(channel: str, person: Applicant | None) -> str:
    if person is None:
        return ""
    return person.email if channel == "mail" else person.phone


def _shown(channel: str, person: Applicant | None) -> str:
    """Enough of an address to tell which it was (empty: not for this officer, or there is none)."""
    address = _address(channel, person)
    if not address:
        return ""
    if channel == "mail":
        name, _, host = address.partition("@")
        return f"{name[:1]}…@{host}"
    return f"…{address[-TAIL:]}"
