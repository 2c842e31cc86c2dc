"""Hand-overs that come back without an answer, handed back or taken back, and how the route goes on after that."""

from msgspec.structs import replace

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.acts.link import end_stays_of, go_on, hand_over, origin_of, recall_links
from domain.dossier.draft import Draft
from domain.dossier.route import open_link, step_of_link
from domain.dossier.state import Link, LinkState


def hand_back(draft: Draft, command: c.HandBackLink) -> None:
    """The linked authority's side: the part is not its affair and ends; what it opened itself ends with it."""
    origin = origin_of(draft)
    reason = _reason(draft, command.reason)
    recall_links(draft, reason)
    draft.add(e.LinkHandedBack(origin.link, origin.sequence, reason))
    draft.add(e.DossierClosed(e.Ending.HANDED_BACK))


def note_handed_back(draft: Draft, command: c.NoteLinkHandedBack) -> None:
    """The parent's side: the route waits until somebody hands the part over anew or goes on without it."""
    link = hand_over(draft, command.link, command.sequence)
    if link.state is LinkState.HANDED_BACK:
        return
    if not link.open:
        raise r.LinkClosed(link.id, link.state)
    end_stays_of(draft, link.id)
    draft.add(e.LinkHandedBack(link.id, link.sequence, command.reason))


def take_back(draft: Draft, command: c.TakeBackLink) -> None:
    """End a hand-over that is open; its part ends too. An answer on its way comes too late."""
    reason, link = _reason(draft, command.reason), _latest(draft, command.part)
    if not link.open:
        raise r.LinkClosed(link.id, link.state)
    _recall(draft, link, reason)


def reopen(draft: Draft, command: c.ReopenLink) -> None:
    """Hand over anew what came back, to the same authority or to another; a new part begins there."""
    reason, link = _reason(draft, command.reason), _latest(draft, command.part)
    if not link.back:
        raise r.LinkNotBack(link.id, link.state)
    to = command.to_authority or link.to
    above = draft.state.origin.from_authority if draft.state.origin else ""
    if to in {draft.state.authority, above}:
        raise r.LinkCircle(link.id, to)
    route = draft.rules.procedure.route[step_of_link(draft.rules.procedure, link.id)]
    spec = next(spec for spec in route.links() if spec.id == link.id)
    open_link(draft, replace(spec, to=to), attempt=link.attempt + 1, reason=reason)


def skip(draft: Draft, command: c.SkipLink) -> None:
    """Go on without an answer; what is still open is taken back first."""
    reason, link = _reason(draft, command.reason), _latest(draft, command.part)
    if not (link.open or link.back):
        raise r.LinkClosed(link.id, link.state)
    if link.open:
        _recall(draft, link, reason)
    draft.add(e.LinkSkipped(link.id, link.sequence, reason))
    go_on(draft, link.id)


def _recall(draft: Draft, link: Link, reason: str) -> None:
    end_stays_of(draft, link.id)
    draft.add(e.LinkRecalled(link.id, link.sequence, reason))


def _latest(draft: Draft, part: str) -> Link:
    found = draft.state.link(part)
    if found is None:
        raise r.LinkUnknown(part)
    return found


def _reason(draft: Draft, reason: str) -> str:
    if not reason.strip():
        raise r.ReasonMissing(draft.order.name)
    return reason
