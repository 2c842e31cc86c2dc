"""The rules that a dossier has pinned, read back from the catalogue's contents by their versions."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

import msgspec

from domain.calendar_data import CalendarSpec
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.ids import Stream
from domain.law import Law
from domain.procedure import Procedure
from store.database import Connection

T = TypeVar("T")

PROCEDURE, CALENDAR, LAW = "procedure", "calendar", "law"
"""Kinds of content that rules are made of."""
LAW_ID: Final = "law"
CAPACITY: Final = 1024
"""Rule sets kept; contents are addressed by what they are, so a kept one never goes stale."""

_CONTENT: Final = b"SELECT body::text FROM reference_contents WHERE kind = %s AND id = %s AND version = %s"
_Key = tuple[object, ...]


class MissingVersion(LookupError):
    """A version that a dossier has pinned is not in the catalogue's contents: load the catalogue that has it."""

    def __init__(self, kind: str, name: str, version: str) -> None:
        super().__init__(f"the {kind} {name} of version {version}, which a dossier has pinned, is not loaded")


class Reads(Protocol):
    """Whoever lends a connection: a ``Database``, or one transaction."""

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run ``work`` on a connection."""
        ...


class PinnedRules:
    """``activities.journal.RulesSource`` over the database."""

    def __init__(self, database: Reads) -> None:
        """Read through ``database``."""
        self._database = database
        self._kept: OrderedDict[_Key, Rules] = OrderedDict()

    async def rules_of(self, stream: Stream, state: Dossier) -> Rules:
        """The rules whose versions this state has pinned, slim; a linked part's own route where the stream is one.

        Raises MissingVersion, a LookupError, where a version is not loaded; StoreUnavailable.
        """
        del stream  # the state says whether it is a linked part, and of which link
        key = _key(state)
        known = self._kept.get(key)
        if known is None:
            known = (await self._read(state)).slim()
            self._kept[key] = known
            if len(self._kept) > CAPACITY:
                self._kept.popitem(last=False)
        return known

    async def _read(self, state: Dossier) -> Rules:
        procedure = await self._content(PROCEDURE, state.procedure, state.procedure_version, Procedure)
        law = await self._content(LAW, LAW_ID, state.law, Law)
        calendars = {
            name: await self._content(CALENDAR, name, version, CalendarSpec)
            for name, version in state.calendars.items()
        }
        rules = Rules(
            law=law,
            procedure=procedure,
            procedure_version=state.procedure_version,
            calendars=calendars,
            calendar_versions=state.calendars,
            # Where there are several, the pinned table names every authority's, so none is looked up here.
            default_calendar=next(iter(calendars)),
            calendar_of=state.calendar_of,
        )
        return rules.for_link(state.origin.link, state.authority) if state.origin else rules

    async def _content(self, kind: str, name: str, version: str, shape: type[T]) -> T:
        """One content of the catalogue, in its domain shape."""

        async def work(connection: Connection) -> str | None:
            row = await (await connection.execute(_CONTENT, (kind, name, version))).fetchone()
            return row[0] if row else None

        body = await self._database.run(work)
        if body is None:
            raise MissingVersion(kind, name, version)
        return msgspec.json.decode(body, type=shape)


def _key(state: Dossier) -> _Key:
    """Everything that is pinned."""
    return (
        state.procedure,
        state.procedure_version,
        state.law,
        tuple(sorted(state.calendars.items())),
        tuple(sorted(state.calendar_of.items())),
        state.origin.link if state.origin else None,
    )
