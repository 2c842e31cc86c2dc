"""Scenario files (``motcua simulate``): from YAML to ``domain.scenario.Scenario``, every fault with file and line."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from catalogue.coercion import coerce
from catalogue.decoding import Found, explain, line_of, read_struct
from catalogue.faults import Fault, InvalidCatalogue
from catalogue.loading import LAW, Catalogue, load_catalogue
from catalogue.loading_calendars import own_calendars, place_of, with_base
from catalogue.scenario_yaml import as_written, merged
from catalogue.shipped import SHIPPED, own_or_shipped
from catalogue.totals import exceeds, total
from catalogue.yamlfile import BadYaml, Lines, Place, Value, read_yaml, yaml_fault
from domain.authority import Authority
from domain.calendar import CalendarSpec, compile_calendar, extend
from domain.calendar_data import EARLIEST_YEAR, LATEST_YEAR
from domain.dossier import commands as c
from domain.dossier.rules import route_authorities
from domain.errors import InvalidCalendar, Refusal
from domain.ids import AuthorityId, CalendarId, ProcedureCode
from domain.law import Law
from domain.procedure import Procedure, all_links
from domain.scenario import COMMANDS, REVISE_CALENDAR, WAIT, Entry, Scenario

T = TypeVar("T")

STATE_CALENDAR = CalendarId("vn-state")
"""By which a scenario counts that names no calendar."""
UNNAMED = CalendarId("scenario")
"""The id of an inline calendar without one."""
TEXTS = ("title", "name", "description", "source", "notes", "expect")
"""Keys for the reader of the file; the engine does not look at them."""
PARTS = ("calendar", "calendars", "authorities", "procedures", "timeline")
SPEAKS_FOR_ITSELF = ("reason", "approved_by")
"""Fields that may be left out of an entry, because the domain refuses their absence in words of its own."""


class InvalidScenario(Refusal):
    """A scenario file that cannot be lived through; the message has one line for each fault."""

    code = "invalid_scenario"


class Envelope(msgspec.Struct, frozen=True):
    """What every entry may say besides its command's own fields."""

    at: datetime
    do: str
    occurred_at: datetime | None = None
    dossier: str = ""
    link: str = ""
    by: str = ""
    authority: str = ""
    on_behalf_of: str = ""


def load_scenario(path: Path, catalogue: Path = SHIPPED) -> Scenario:
    """Return the scenario of a file; procedures it does not define itself are those of ``catalogue``.

    Raises InvalidScenario with all faults, each as ``file:line: what is wrong``.
    """
    reader = _Reader(path, catalogue)
    try:
        scenario = reader.scenario()
    except BadYaml as error:
        reader.faults.append(yaml_fault(str(path), error))
        scenario = None
    if reader.faults or scenario is None:
        raise InvalidScenario("\n".join(str(fault) for fault in sorted(reader.faults)), file=str(path))
    return scenario


class _Reader:
    """Reads one file; faults are collected, so that all are told at once."""

    def __init__(self, path: Path, catalogue: Path) -> None:
        self.faults: list[Fault] = []
        self._path = path
        self._directory = catalogue
        self._lines: Lines = {}

    @cached_property
    def _catalogue(self) -> Catalogue:
        """Read when it is asked for: most scenarios bring all they need."""
        return load_catalogue(self._directory)

    def _law(self) -> Law:
        """The law's defaults alone."""
        path = own_or_shipped(self._directory, LAW)
        law = read_struct(path, str(path), Law)
        if isinstance(law, list):
            raise InvalidCatalogue(self._directory, law)
        return law

    def scenario(self) -> Scenario | None:
        """The scenario, unless there are faults. Raises BadYaml."""
        value = merged(read_yaml(self._path, self._lines, as_written), self._lines)
        if not isinstance(value, dict):
            self._fault((), "a scenario is a mapping with calendar, procedures and timeline")
            return None
        for key in value.keys() - {*TEXTS, *PARTS}:
            self._fault((key,), f'the key "{key}" is unknown; known are {", ".join((*PARTS, *TEXTS))}')
        calendars = self._calendars(value)
        authorities = {known.id: known for known in self._list(value, "authorities", Authority)}
        procedures = {known.id: known for known in self._list(value, "procedures", Procedure)}
        self._check_calendars_named(authorities, calendars)
        for number, procedure in enumerate(procedures.values()):
            self._check_procedure(("procedures", number), procedure, authorities)
        entries = list(self._entries(value, calendars))
        if self.faults:
            return None
        return self._whole(value, calendars, authorities, procedures, entries)

    def _whole(
        self,
        value: dict[str, Value],
        calendars: dict[CalendarId, CalendarSpec],
        authorities: dict[AuthorityId, Authority],
        procedures: dict[ProcedureCode, Procedure],
        entries: list[Entry],
    ) -> Scenario:
        """Everything put together, with what the catalogue adds."""
        default = next(iter(calendars), STATE_CALENDAR)
        wanted = {name for entry in entries if (name := getattr(entry.command, "procedure", None))}
        if not calendars:
            calendars = dict(own_calendars())
        if wanted - set(procedures):
            # The catalogue's authorities count by the scenario's calendar where it brings one.
            known = self._catalogue.authorities.values()
            own = {a.id: a if a.calendar in calendars else msgspec.structs.replace(a, calendar="") for a in known}
            authorities = own | authorities
            procedures = self._catalogue.procedures | procedures
        return Scenario(
            law=self._law(),
            calendars=calendars,
            default_calendar=default,
            procedures=procedures,
            timeline=tuple(sorted(entries, key=lambda entry: entry.at)),
            authorities=authorities,
            title=str(value.get("title") or ""),
            source=str(value.get("source") or ""),
        )

    # -- calendars ---------------------------------------------------------------------------------------------------

    def _calendars(self, value: dict[str, Value]) -> dict[CalendarId, CalendarSpec]:
        """The calendars by id, the default one first."""
        found: dict[CalendarId, CalendarSpec] = {}
        for key in ("calendar", "calendars"):
            given = value.get(key)
            items = given if isinstance(given, list) else [] if given is None else [given]
            for number, item in enumerate(items):
                place: Place = (key, number) if isinstance(given, list) else (key,)
                spec = self._calendar(place, item)
                if spec is not None and spec.id in found:
                    self._fault(place, f'there are two calendars with the id "{spec.id}"')
                elif spec is not None:
                    found[spec.id] = spec
        return found

    def _calendar(self, place: Place, value: Value, current: CalendarSpec | None = None) -> CalendarSpec | None:
        """An inline calendar, or the catalogue's of that id; laid over ``current`` where it has no weekly hours."""
        if isinstance(value, str):
            known = own_calendars()
            if value not in known:
                self._fault(place, f'the calendar "{value}" is unknown; known are {", ".join(sorted(known))}')
            return known.get(CalendarId(value))
        if isinstance(value, dict):
            value.setdefault("id", UNNAMED if current is None else current.id)
        overlay = current is not None and isinstance(value, dict) and not value.get("hours")
        if overlay:
            value = {**value, "extends": current.id} if current is not None else value
        try:
            spec = self._value(place, value, CalendarSpec)
            if spec is None:
                return None
            whole = extend(current, spec) if overlay and current is not None else with_base(spec)
            compile_calendar(whole)
        except InvalidCalendar as refusal:
            inner = place_of(value, str(refusal.details.get("where", ""))) if isinstance(value, dict) else ()
            self._fault((*place, *inner), refusal.message, refusal.code)
            return None
        return whole

    def _check_calendars_named(
        self, authorities: dict[AuthorityId, Authority], calendars: dict[CalendarId, CalendarSpec]
    ) -> None:
        known = own_calendars()
        for number, authority in enumerate(authorities.values()):
            if authority.calendar and authority.calendar not in calendars:
                if authority.calendar in known and calendars:
                    calendars[authority.calendar] = known[authority.calendar]
                elif authority.calendar not in known:
                    self._fault(
                        ("authorities", number, "calendar"), f'the calendar "{authority.calendar}" is not defined'
                    )

    # -- procedures --------------------------------------------------------------------------------------------------

    def _check_procedure(self, place: Place, procedure: Procedure, authorities: dict[AuthorityId, Authority]) -> None:
        """What no field says by itself: periods and links that contradict, authorities that nobody declared."""
        if not procedure.route:
            self._fault((*place, "route"), f"procedure {procedure.id}: the route is empty")
        committed, statutory = procedure.committed, procedure.statutory
        if committed and statutory and exceeds(total([committed]), total([statutory])):
            self._fault(
                (*place, "committed"),
                f"procedure {procedure.id}: the committed period {committed} exceeds the statutory {statutory}",
                "invalid_period",
            )
        ids = [link.id for link in all_links(procedure.route)]
        for twice in sorted({known for known in ids if ids.count(known) > 1}):
            self._fault((*place, "route"), f'procedure {procedure.id}: there are two links with the id "{twice}"')
        for link in all_links(procedure.route):
            if not link.route:
                self._fault((*place, "route"), f"procedure {procedure.id}: the route of link {link.id} is empty")
        if authorities:
            for name in sorted(route_authorities(procedure) - set(authorities)):
                self._fault(place, f'procedure {procedure.id}: the authority "{name}" is not among the authorities')

    # -- timeline ----------------------------------------------------------------------------------------------------

    def _entries(self, value: dict[str, Value], calendars: dict[CalendarId, CalendarSpec]) -> Iterator[Entry]:
        timeline = value.get("timeline")
        if not isinstance(timeline, list) or not timeline:
            self._fault(("timeline",), "a scenario has a timeline: a list of entries {at, dossier, do, …}")
            return
        current = dict(calendars)
        for number, item in enumerate(timeline):
            entry = self._entry(("timeline", number), item, current)
            if entry is not None:
                yield entry

    def _entry(self, place: Place, value: Value, current: dict[CalendarId, CalendarSpec]) -> Entry | None:
        if not isinstance(value, dict):
            self._fault(place, "an entry of the timeline is a mapping {at, dossier, do, …}")
            return None
        names = Envelope.__struct_fields__
        head = self._value(place, {key: item for key, item in value.items() if key in names}, Envelope)
        if head is None:
            return None
        rest = {key: item for key, item in value.items() if key not in names}
        if head.do not in {WAIT, *COMMANDS}:
            known = ", ".join(sorted({WAIT, *COMMANDS}))
            self._fault((*place, "do"), f'do: "{head.do}" is not a command; known are {known}')
            return None
        self._check_head(place, head)
        if head.do == WAIT:
            for key in rest:
                self._fault((*place, key), f'wait has no field "{key}"; it only lets time pass until "at"')
            return self._envelope(head, None)
        command = (
            self._revision(place, rest, current) if head.do == REVISE_CALENDAR else self._command(place, head, rest)
        )
        return self._envelope(head, command) if command is not None else None

    def _check_head(self, place: Place, head: Envelope) -> None:
        for name, moment in (("at", head.at), ("occurred_at", head.occurred_at)):
            if moment is not None and not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
                self._fault((*place, name), f"{name}: the year is {EARLIEST_YEAR} to {LATEST_YEAR}, not {moment.year}")
        if not head.dossier and head.do not in {WAIT, REVISE_CALENDAR}:
            self._fault(place, f'{head.do}: which dossier? Add "dossier: A"')
        if "/" in head.dossier:
            self._fault(
                (*place, "dossier"), f'"{head.dossier}": a linked part is addressed by "link", not in "dossier"'
            )
        if head.link and not head.dossier:
            self._fault((*place, "link"), f'{head.do}: "link" names a part of a dossier; say which dossier')

    def _command(self, place: Place, head: Envelope, fields: dict[str, Value]) -> c.Command | None:
        kind = COMMANDS[head.do]
        required = {field.encode_name for field in inspect.type_info(kind).fields if field.required}  # type: ignore[attr-defined]
        absent = {name: "" for name in SPEAKS_FOR_ITSELF if name in required and name not in fields}
        return self._value(place, {**fields, **absent}, kind, f"{head.do}: ")

    def _revision(
        self, place: Place, fields: dict[str, Value], current: dict[CalendarId, CalendarSpec]
    ) -> c.ReviseCalendar | None:
        """A new version of one of the scenario's calendars: whole, or only what changes."""
        given = fields.pop("calendar", None)
        if given is None:
            self._fault(place, "revise_calendar: the new calendar is missing; give it under the key calendar")
            return None
        known = current or dict(own_calendars())
        name = given.get("id") if isinstance(given, dict) else given
        if name is not None and name not in known:
            self._fault(
                (*place, "calendar"),
                f'revise_calendar: "{name}" is not a calendar of this scenario; it has {", ".join(sorted(known))}',
            )
            return None
        base = known[CalendarId(name)] if name is not None else next(iter(current.values()), known[STATE_CALENDAR])
        spec = self._calendar((*place, "calendar"), given, base)
        reason = fields.pop("reason", "")
        for key in fields:
            self._fault((*place, key), f'revise_calendar has no field "{key}"; it has calendar and reason')
        if spec is None:
            return None
        if current:
            current[spec.id] = spec
        return c.ReviseCalendar(spec, str(reason))

    @staticmethod
    def _envelope(head: Envelope, command: c.Command | None) -> Entry:
        return Entry(command=command, **msgspec.structs.asdict(head))

    # -- values and faults -------------------------------------------------------------------------------------------

    def _list(self, value: dict[str, Value], key: str, type_: type[T]) -> list[T]:
        """A list of things with ids of their own."""
        given = value.get(key)
        if given is None:
            return []
        if not isinstance(given, list):
            self._fault((key,), f"{key}: a list is expected")
            return []
        found: list[T] = []
        for number, item in enumerate(given):
            thing = self._value((key, number), item, type_, f"{key}[{number + 1}]: ")
            if thing is None:
                continue
            if any(_id(thing) == _id(other) for other in found):
                self._fault((key, number), f'{key}: the id "{_id(thing)}" is given twice')
            found.append(thing)
        return found

    def _value(self, place: Place, value: Value, type_: type[T], prefix: str = "") -> T | None:
        """The value as a Struct, or none and its faults.

        Raises InvalidCalendar for a calendar that contradicts itself.
        """
        coerced, unread = coerce(value, type_)
        if unread:
            self._all(place, unread, lambda found: f"{found[0][-1]}: {found[2]}")
            return None
        try:
            return msgspec.convert(coerced, type_)
        except InvalidCalendar:
            raise
        except (msgspec.ValidationError, Refusal):
            self._all(place, explain(coerced, type_), lambda found: prefix + found[2])
            return None

    def _all(self, place: Place, found: list[Found], say: Callable[[Found], str]) -> None:
        for each in found:
            self._fault((*place, *each[0]), say(each), each[1])

    def _fault(self, place: Place, message: str, code: str = InvalidScenario.code) -> None:
        self.faults.append(Fault(str(self._path), line_of(self._lines, place), code, message))


def _id(thing: Any) -> str:  # noqa: ANN401  # anything with an id
    return str(thing.id)
