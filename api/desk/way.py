"""The way that a dossier takes: its steps, done, now or coming, with the parts that other authorities work on."""

from datetime import datetime
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from api.answers import code_and_link
from api.desk.directory import Directory
from domain.dossier.handovers import Problem, troubles
from domain.dossier.plan import Plan
from domain.dossier.route import step_of_link
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.view import Status
from domain.ids import Stream
from domain.link import part_of
from domain.procedure import LinkSpec, Step
from web.messages import Translate
from web.timewords import period_words


class Hop(msgspec.Struct, frozen=True):
    """A part that another authority works on; ``address`` once there is something to see."""

    title: str
    state: str
    address: str = ""


class Stop(msgspec.Struct, frozen=True):
    """One step of the way: ``when`` is done, now or coming."""

    title: str
    place: str
    budget: str
    when: str
    links: tuple[Hop, ...] = ()
    until: datetime | None = None


def way(  # what a step shows
    rules: Rules, state: Dossier, stream: Stream, directory: Directory, t: Translate, planned: Plan | None
) -> list[Stop]:
    """The steps in order; ``until`` says by when one that is not done should be, where anything is planned."""
    until = {one.step: one.until for one in planned.steps} if planned else {}
    current = _current(rules, state)
    finished = state.status in {Status.CLOSED, Status.REFUSED}
    stops = []
    for index, step in enumerate(rules.procedure.route):
        when = "done" if index < current or (finished and index <= current) else "coming"
        if index == current and not finished:
            waits = state.task is not None or state.links_awaited
            when = "now" if waits or state.ready_at is None else "done"
        hops = tuple(_hop(link, state, stream, directory, t) for link in step.links())
        stop = Stop(t("way.links"), "", "", when, hops) if hops else _stop(step, when, rules, directory, t)
        stops.append(replace(stop, until=until.get(index)))
    return stops


def _current(rules: Rules, state: Dossier) -> int:
    """Index of the step that the dossier is at: that of the links that are waited for, or its last task's."""
    if state.task is None and state.links_awaited:
        return step_of_link(rules.procedure, state.links_awaited[0].id)
    return state.task.step if state.task else state.step


def _stop(step: Step, when: str, rules: Rules, directory: Directory, t: Translate) -> Stop:
    place = directory.authority_name(step.authority or rules.procedure.authority)
    budget = period_words(t, step.budget) if step.budget else t("way.untimed")
    return Stop(step.title or t(f"stage.{step.stage}"), place, budget, when)


def _hop(link: LinkSpec, state: Dossier, stream: Stream, directory: Directory, t: Translate) -> Hop:
    """The latest hand-over of a link, which may have gone to another authority than the route names."""
    known = state.link(link.id)
    if known is None:
        return Hop(directory.authority_name(link.to), t("link_state.coming"))
    code, part = code_and_link(part_of(stream, known.id, known.attempt))
    address = f"/desk/dossiers/{quote(code)}?link={quote(part)}"
    words = t(f"link_state.{known.state.value}")
    if any(trouble.link == known and trouble.problem is Problem.UNANSWERED for trouble in troubles(state)):
        words = t("link_state.overdue", state=words)
    return Hop(directory.authority_name(known.to), words, address)
