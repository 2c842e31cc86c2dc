"""Authorities: who receives, decides and answers."""

from enum import StrEnum

import msgspec

from domain.ids import AuthorityId, CalendarId, OfficerId
from domain.period import Period


class Level(StrEnum):
    """Tier of government; ``district`` existed only before 1 July 2025."""

    COMMUNE = "commune"
    DISTRICT = "district"
    PROVINCE = "province"
    CENTRAL = "central"


class AuthorityKind(StrEnum):
    """What an authority is.

    ``sector`` ones (police, tax, social insurance) report to their ministry, not the province.
    """

    ONE_STOP = "one_stop"
    DEPARTMENT = "department"
    PEOPLE_COMMITTEE = "people_committee"
    SECTOR = "sector"


class Authority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One authority of the catalogue.

    ``code_prefix`` is the deciding agency's identifier in dossier codes (``H29``, ``H29.12``, ``G12.18``);
    ``calendar`` its working-time calendar; ``parent`` the authority above it; ``namespace`` the Temporal namespace it
    runs in when it has its own; ``handover_margin`` how much earlier than its budget's end it hands linked parts on
    (working hours or working days; none: no earlier).
    """

    id: AuthorityId
    level: Level
    kind: AuthorityKind
    name: str = ""
    code_prefix: str = ""
    calendar: CalendarId = CalendarId("")
    parent: AuthorityId | None = None
    namespace: str | None = None
    handover_margin: Period | None = None


class Role(StrEnum):
    """What an officer may do; see ``domain.access``."""

    CLERK = "clerk"
    SPECIALIST = "specialist"
    LEADER = "leader"
    SECTOR_OFFICER = "sector_officer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Officer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One officer of the catalogue: who, where, with which roles."""

    id: OfficerId
    name: str
    authority: AuthorityId
    roles: tuple[Role, ...]
    unit: str = ""
