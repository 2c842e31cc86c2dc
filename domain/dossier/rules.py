"""The rules a dossier is under: the law's defaults, the pinned procedure and the pinned calendars. Read-only data."""

import msgspec
from msgspec.structs import replace

from domain.calendar import Calendar, CalendarSpec, calendar_version, compile_calendar
from domain.calendar_data import DayOff, WorkedDay
from domain.errors import InvalidProcedure
from domain.ids import AuthorityId, CalendarId, Version
from domain.law import Law
from domain.period import Period, earlier
from domain.procedure import LinkSpec, Procedure, Step, all_links
from domain.shifts import HOUR_MINUTES
from domain.versioning import content_version


class Rules(msgspec.Struct, frozen=True):
    """Everything ``decide`` and ``agenda`` look up.

    ``calendar_of`` names the calendar of each authority on the route; authorities not named there use
    ``default_calendar``. All of it is pinned at receipt; only ``revise_calendar`` changes it. The versions are those
    of the full procedure and calendars; what is held here may be ``slim``: without texts that no decision looks at.
    """

    law: Law
    procedure: Procedure
    procedure_version: Version
    calendars: dict[CalendarId, CalendarSpec]
    calendar_versions: dict[CalendarId, Version]
    default_calendar: CalendarId
    calendar_of: dict[AuthorityId, CalendarId] = {}

    def calendar(self, authority: AuthorityId | None = None) -> Calendar:
        """The working-time calendar of an authority; the deciding authority's when none is named."""
        wanted = self.calendar_of.get(authority or self.procedure.authority, self.default_calendar)
        return compile_calendar(self.calendars[wanted])

    def pinned_calendars(self) -> dict[AuthorityId, CalendarId]:
        """Which calendar each authority of the route counts by; empty where all share one."""
        if len(self.calendars) == 1:
            return {}
        return {
            authority: self.calendar_of.get(authority, self.default_calendar)
            for authority in sorted(route_authorities(self.procedure))
        }

    def law_version(self) -> Version:
        """The content address of the law's defaults."""
        return content_version(self.law)

    def with_calendar(self, spec: CalendarSpec) -> "Rules":
        """The same rules with another version of one of their calendars."""
        return replace(
            self,
            calendars={**self.calendars, spec.id: spec},
            calendar_versions={**self.calendar_versions, spec.id: calendar_version(spec)},
        )

    def slim(self) -> "Rules":
        """The same rules without the texts that no decision looks at: what a workflow carries along."""
        return replace(
            self,
            procedure=_slim_procedure(self.procedure),
            calendars={name: _slim_calendar(spec) for name, spec in self.calendars.items()},
        )

    def for_link(self, link: str, to: AuthorityId | None = None) -> "Rules":
        """The rules of a linked part: the same, under the part's own route and budget.

        ``to`` is whom it was handed to, where that is not whom the route names.
        """
        spec = next((known for known in all_links(self.procedure.route) if known.id == link), None)
        if spec is None:
            message = f'procedure {self.procedure.id} has no link "{link}"'
            raise InvalidProcedure(message, procedure=self.procedure.id, link=link)
        addressed = _addressed(spec, to)
        return replace(self, procedure=part_procedure(self.procedure, addressed, self._meant(addressed)))

    def _meant(self, link: LinkSpec) -> Period | None:
        """Within which time the linked authority means to answer, where that is earlier than its budget's end."""
        if link.budget is None or link.margin is None:
            return None
        return earlier(link.budget, link.margin, self.calendar(link.to).spec.minutes_per_day() / HOUR_MINUTES)


def _addressed(spec: LinkSpec, to: AuthorityId | None) -> LinkSpec:
    """The link to another authority: what the first addressee would have worked is the other's work now."""
    if to is None or to == spec.to:
        return spec
    route = tuple(replace(step, authority=None) if step.authority == spec.to else step for step in spec.route)
    return replace(spec, to=to, route=route)


def make_rules(
    law: Law,
    procedure: Procedure,
    calendars: dict[CalendarId, CalendarSpec],
    default_calendar: CalendarId,
    calendar_of: dict[AuthorityId, CalendarId] | None = None,
) -> Rules:
    """Rules that hold the calendars of the route's authorities and pin the versions of everything they hold."""
    wanted = calendar_of or {}
    authorities = route_authorities(procedure)
    of = {authority: wanted[authority] for authority in authorities if authority in wanted}
    held = {name: calendars[name] for name in {default_calendar, *of.values()}}
    return Rules(
        law=law,
        procedure=procedure,
        procedure_version=content_version(procedure),
        calendars=held,
        calendar_versions={name: calendar_version(spec) for name, spec in held.items()},
        default_calendar=default_calendar,
        calendar_of=of,
    )


def _slim_procedure(procedure: Procedure) -> Procedure:
    route = tuple(_slim_step(step) for step in procedure.route)
    return replace(procedure, route=route, source="", notes=(), fee="", published=None)


def _slim_step(step: Step) -> Step:
    if step.link is not None:
        route = tuple(_slim_step(inner) for inner in step.link.route)
        return replace(step, link=replace(step.link, route=route))
    if step.parallel is not None:
        return replace(step, parallel=tuple(_slim_step(inner) for inner in step.parallel))
    return replace(step, actor="", raw="", clock="", flags=(), number="", level="", agency="")


def _slim_calendar(spec: CalendarSpec) -> CalendarSpec:
    return replace(
        spec,
        off=tuple(day.date if isinstance(day, DayOff) else day for day in spec.off),
        worked={day: _slim_worked(work) for day, work in spec.worked.items()},
        name="",
        name_en="",
        source="",
        years=spec.known_years(),
    )


def _slim_worked(work: tuple[str, ...] | WorkedDay) -> tuple[str, ...] | WorkedDay:
    return WorkedDay(hours=work.hours, like=work.like) if isinstance(work, WorkedDay) else work


def route_authorities(procedure: Procedure) -> set[AuthorityId]:
    """Every authority that has a stage or a link on the route, the deciding one included."""
    links = list(all_links(procedure.route))
    routes = [procedure.route, *(link.route for link in links)]
    named = {step.authority for route in routes for step in route if step.authority is not None}
    return {procedure.authority, *named, *(link.to for link in links)}


def part_procedure(procedure: Procedure, link: LinkSpec, meant: Period | None = None) -> Procedure:
    """The procedure as the linked authority works it: its own route within its own budget, no checklist of its own.

    ``meant`` is the shorter time within which the authority means to answer: it is to the budget as a shortened period
    is to the law's.
    """
    return replace(
        procedure,
        authority=link.to,
        route=link.route,
        statutory=link.budget if meant is not None else None,
        committed=meant or link.budget,
        after_payment=None,
        cutoff=None,
        components=(),
        silence=link.silence or procedure.silence,
    )
