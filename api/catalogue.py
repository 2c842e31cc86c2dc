"""The catalogue as the API needs it: rules for a new dossier, officers, authorities. Kept for half a minute."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from datetime import date, datetime
from http import HTTPStatus
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from api.local import HOME
from api.problems import Trouble
from domain.authority import Authority, Officer
from domain.binding import bind
from domain.calendar_data import CalendarSpec
from domain.dossier.rules import Rules, make_rules, route_authorities
from domain.ids import AuthorityId, CalendarId, OfficerId, ProcedureCode
from domain.law import Law
from domain.procedure import Procedure
from store.references import Kind, References
from store.rules_source import LAW_ID

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

KEEP_SECONDS: Final = 30.0
"""How long a publication may go unnoticed by a running process."""
CAPACITY: Final = 4096
STATE_CALENDAR: Final = CalendarId("vn-state")
"""The calendar of authorities that name none."""


class Kept(Generic[K, V]):
    """What was fetched lately, by key."""

    def __init__(self, fetch: Callable[[K], Awaitable[V]]) -> None:
        """``fetch`` what is not there or too old."""
        self._fetch = fetch
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()

    async def get(self, key: K) -> V:
        """The value; raises what ``fetch`` raises, and keeps no failure."""
        found = self._kept.get(key)
        if found is not None and found[0] > time.monotonic():
            return found[1]
        value = await self._fetch(key)
        self._kept[key] = (time.monotonic() + KEEP_SECONDS, value)
        self._kept.move_to_end(key)
        if len(self._kept) > CAPACITY:
            self._kept.popitem(last=False)
        return value

    def forget(self) -> None:
        """Fetch everything anew."""
        self._kept.clear()


class Common(msgspec.Struct, frozen=True):
    """What all procedures share, as it is in force on a day."""

    authorities: dict[AuthorityId, Authority]
    calendars: dict[CalendarId, CalendarSpec]
    law: Law


class NewRules(msgspec.Struct, frozen=True):
    """The rules of a dossier that comes in now; ``agency`` is the deciding authority's identifier in dossier codes."""

    rules: Rules
    agency: str
    zone: ZoneInfo

    def day(self, moment: datetime) -> date:
        """The local day of a moment."""
        return moment.astimezone(self.zone).date()


class Catalogue:
    """Reads what is in force. Every method raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, references: References) -> None:
        """Read from ``references``."""
        self._references = references
        self._common: Kept[date, Common] = Kept(self._read_common)
        self._rules: Kept[tuple[ProcedureCode, AuthorityId, date, date], NewRules] = Kept(self._make_rules)
        self._officers: Kept[tuple[OfficerId, date], Officer] = Kept(self._read_officer)

    async def rules_of_new(
        self, procedure: ProcedureCode, received_by: AuthorityId, received_at: datetime, now: datetime
    ) -> NewRules:
        """The rules of a dossier received by this desk at this moment, bound to its commune and stored.

        The procedure is the one in force on the day of receipt; calendars, authorities and the law are those known now.
        Raises UnknownReference, CannotBind.
        """
        return await self._rules.get((procedure, received_by, _day(received_at), _day(now)))

    async def officer(self, officer: OfficerId, now: datetime) -> Officer:
        """An officer; raises UnknownReference."""
        return await self._officers.get((officer, _day(now)))

    async def authority(self, authority: AuthorityId, now: datetime) -> Authority:
        """An authority; raises Trouble (422) for an unknown one."""
        common = await self._common.get(_day(now))
        return _known(common, authority)

    async def _make_rules(self, key: tuple[ProcedureCode, AuthorityId, date, date]) -> NewRules:
        name, received_by, day, today = key
        common = await self._common.get(today)
        _known(common, received_by)
        published = await self._references.current(Kind.PROCEDURE, name, day, Procedure)
        bound = bind(published.value, received_by, common.authorities)
        deciding = _known(common, bound.authority)
        calendar_of = {one.id: one.calendar or STATE_CALENDAR for one in common.authorities.values()}
        counted_by = {calendar_of[place] for place in route_authorities(bound) if place in calendar_of}
        _check_calendars(common, counted_by)
        rules = make_rules(
            law=common.law,
            procedure=bound,
            calendars=common.calendars,
            default_calendar=calendar_of[deciding.id],
            calendar_of=calendar_of,
        )
        # A run that loads itself from the store must find what the dossier pins; what was published is there already.
        await self._references.store(Kind.PROCEDURE, bound.id, bound)
        return NewRules(rules.slim(), _agency(common, deciding), rules.calendar().zone)

    async def _read_common(self, day: date) -> Common:
        authorities = await self._references.all_current(Kind.AUTHORITY, day, Authority)
        calendars = await self._references.all_current(Kind.CALENDAR, day, CalendarSpec)
        law = await self._references.current(Kind.LAW, LAW_ID, day, Law)
        return Common(
            authorities={AuthorityId(found.id): found.value for found in authorities},
            calendars={CalendarId(found.id): found.value for found in calendars},
            law=law.value,
        )

    async def _read_officer(self, key: tuple[OfficerId, date]) -> Officer:
        officer, day = key
        return (await self._references.current(Kind.OFFICER, officer, day, Officer)).value


def _known(common: Common, authority: AuthorityId) -> Authority:
    found = common.authorities.get(authority)
    if found is None:
        message = f"the catalogue knows no authority {authority}"
        raise Trouble(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown_reference", message, details={"authority": authority})
    return found


def _check_calendars(common: Common, calendars: Iterable[CalendarId]) -> None:
    for calendar in calendars:
        if calendar not in common.calendars:
            message = f"the catalogue knows no calendar {calendar}"
            raise Trouble(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown_reference", message, details={"calendar": calendar})


def _day(moment: datetime) -> date:
    return moment.astimezone(HOME).date()


def _agency(common: Common, authority: Authority) -> str:
    """The identifier in codes of an authority, or of the nearest one above it that has one (empty: none has)."""
    seen: set[AuthorityId] = set()
    current: Authority | None = authority
    while current is not None and current.id not in seen:
        if current.code_prefix:
            return current.code_prefix
        seen.add(current.id)
        current = common.authorities.get(current.parent) if current.parent else None
    return ""
