"""A dossier's three clocks, explained."""

from datetime import datetime

import msgspec

from api.answers import code_and_link
from api.fields import Moment
from domain.deadline import Explanation, Kind, Segment, explain
from domain.dossier.clocks import clock_of
from domain.dossier.events import ClockName
from domain.dossier.plan import plan
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.ids import AuthorityId, Stream
from domain.period import Period
from domain.procedure import CountPolicy


class Line(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """One line: what the time from ``from`` to ``to`` (none: to this day) did to the clock, by which rule or source."""

    start: Moment
    end: Moment | None
    minutes: int
    days: int | float
    kind: Kind
    name: str
    source: str


class Explained(msgspec.Struct, frozen=True):
    """One clock: its budget, its start, and the due moment (none: it stands still) with the way there."""

    budget: Period
    start: Moment
    due: Moment | None
    policy: CountPolicy
    segments: tuple[Line, ...]


class Step(msgspec.Struct, frozen=True):
    """A step that is left: whose it is, the working minutes of its own budget, and until when it should be done."""

    name: str
    authorities: tuple[AuthorityId, ...]
    minutes: int
    until: Moment


class Plan(msgspec.Struct, frozen=True):
    """What is left of the route laid over what is left of the time.

    ``short`` are the working minutes that are missing: then what is left is shared out among the steps in proportion.
    """

    short: int
    steps: tuple[Step, ...]


class Deadlines(msgspec.Struct, frozen=True):
    """All clocks of a dossier; ``stage`` is the open stage's. ``plan`` is as of now (none: no appointment runs)."""

    code: str
    link: str
    version: int
    language: str
    statutory: Explained | None
    committed: Explained | None
    stage: Explained | None
    plan: Plan | None


def deadlines_of(stream: Stream, rules: Rules, state: Dossier, language: str, now: datetime) -> Deadlines:
    """Every clock of this state, explained in ``vi`` or ``en``."""
    code, link = code_and_link(stream)
    return Deadlines(
        code=code,
        link=link,
        version=state.version,
        language=language,
        statutory=_explained(rules, state, ClockName.STATUTORY, language),
        committed=_explained(rules, state, ClockName.COMMITTED, language),
        stage=_explained(rules, state, ClockName.STAGE, language),
        plan=_plan(rules, state, now),
    )


def _plan(rules: Rules, state: Dossier, now: datetime) -> Plan | None:
    found = plan(rules, state, now)
    if found is None:
        return None
    return Plan(found.short, tuple(Step(one.name, one.authorities, one.minutes, one.until) for one in found.steps))


def _explained(rules: Rules, state: Dossier, name: ClockName, language: str) -> Explained | None:
    clock = clock_of(rules, state, name)
    if clock is None:
        return None
    place = state.task.authority if name is ClockName.STAGE and state.task else None
    found: Explanation = explain(rules.calendar(place), clock)
    segments = tuple(_line(segment, language) for segment in found.segments)
    return Explained(clock.budget, found.start, found.due, found.policy, segments)


def _line(segment: Segment, language: str) -> Line:
    return Line(
        start=segment.start,
        end=segment.end,
        minutes=segment.minutes,
        days=segment.days,
        kind=segment.kind,
        name=segment.name.text(language),
        source=segment.source,
    )
