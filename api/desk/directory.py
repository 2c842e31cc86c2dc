"""Names for what pages show: officers, authorities and procedures in force, kept for half a minute."""

from datetime import date, datetime
from typing import Final

import msgspec

from api.catalogue import STATE_CALENDAR, Kept
from api.local import HOME
from domain.authority import Authority, Officer
from domain.calendar import Calendar, CalendarSpec, compile_calendar
from domain.ids import AuthorityId, CalendarId, OfficerId, ProcedureCode
from domain.procedure import Procedure
from domain.supervision import Supervision
from domain.vietnamese import name_key, plain, text_key
from store.references import SUPERVISION_ID, Kind, References

FOUND: Final = 30
"""Procedures that a search shows; who sees more has not searched yet."""


class Directory(msgspec.Struct, frozen=True):
    """What is in force on a day; ``supervision`` are the house's choices (none: it has loaded none).

    Among the ``officers`` are those who no longer serve: they have no roles, but histories bear their names.
    """

    officers: dict[OfficerId, Officer]
    authorities: dict[AuthorityId, Authority]
    procedures: dict[ProcedureCode, Procedure]
    calendars: dict[CalendarId, CalendarSpec]
    searchable: tuple[tuple[str, ProcedureCode], ...]
    supervision: Supervision | None

    def officer_name(self, officer: str | None) -> str:
        """The officer's name, or the id where the catalogue no longer knows him."""
        found = self.officers.get(OfficerId(officer or ""))
        return found.name if found else officer or ""

    def authority_name(self, authority: str | None) -> str:
        """The authority's name, or its id."""
        found = self.authorities.get(AuthorityId(authority or ""))
        return found.name if found and found.name else authority or ""

    def procedure_name(self, procedure: str) -> str:
        """The procedure's name, or its id."""
        found = self.procedures.get(ProcedureCode(procedure))
        return found.name if found and found.name else procedure

    def colleagues(self, authority: AuthorityId) -> list[Officer]:
        """Officers who serve at an authority, sorted the Vietnamese way."""
        found = (one for one in self.officers.values() if one.authority == authority and one.roles)
        return sorted(found, key=lambda one: name_key(one.name))

    def authorities_sorted(self) -> list[Authority]:
        """All authorities, sorted the Vietnamese way."""
        return sorted(self.authorities.values(), key=lambda one: text_key(one.name or one.id))

    def calendar(self, calendar: str, authority: AuthorityId | None = None) -> Calendar:
        """A calendar by its id, else the authority's, else the state's."""
        own = self.authorities[authority].calendar if authority in self.authorities else ""
        for name in (calendar, own, STATE_CALENDAR):
            if name in self.calendars:
                return compile_calendar(self.calendars[CalendarId(name)])
        return compile_calendar(next(iter(self.calendars.values())))

    def search(self, words: str) -> list[Procedure]:
        """Procedures whose code or name has all these words, with or without accents, at most FOUND."""
        wanted = plain(words).split()
        found = [code for text, code in self.searchable if all(word in text for word in wanted)]
        return [self.procedures[code] for code in found[:FOUND]]


class Directories:
    """Reads the directory. Raises StoreUnavailable where the store cannot be asked."""

    def __init__(self, references: References) -> None:
        """Read from ``references``."""
        self._references = references
        self._kept: Kept[date, Directory] = Kept(self._read)

    async def get(self, now: datetime) -> Directory:
        """The directory of today."""
        return await self._kept.get(now.astimezone(HOME).date())

    def forget(self) -> None:
        """Read anew at the next question: something was published."""
        self._kept.forget()

    async def _read(self, day: date) -> Directory:
        read = self._references.all_current
        procedures = [one.value for one in await read(Kind.PROCEDURE, day, Procedure)]
        choices = {one.id: one.value for one in await read(Kind.SUPERVISION, day, Supervision)}
        ordered = sorted(procedures, key=lambda one: (text_key(one.name), one.id))
        return Directory(
            officers={OfficerId(one.id): one.value for one in await read(Kind.OFFICER, day, Officer)},
            authorities={AuthorityId(one.id): one.value for one in await read(Kind.AUTHORITY, day, Authority)},
            procedures={one.id: one for one in procedures},
            calendars={CalendarId(one.id): one.value for one in await read(Kind.CALENDAR, day, CalendarSpec)},
            searchable=tuple(
                (plain(f"{one.id} {one.code} {one.name} {one.case} {one.field}"), one.id) for one in ordered
            ),
            supervision=choices.get(SUPERVISION_ID),
        )
