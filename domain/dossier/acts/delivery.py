"""What one side of a hand-over told the other has not arrived in time, or has arrived at last."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier import refusals as r
from domain.dossier.draft import Draft
from domain.dossier.state import Link, LinkState, Origin


def note_undelivered(draft: Draft, command: c.NoteLinkUndelivered) -> None:
    """Say once, until it has arrived, what has not. What was acknowledged or has ended has arrived."""
    side = _side(draft, command.link, command.sequence)
    if side.undelivered is None and not (isinstance(side, Link) and side.state is not LinkState.OPENED):
        draft.add(e.LinkOverdue(command.link, command.due, e.SYNCHRONISATION))


def note_delivered(draft: Draft, command: c.NoteLinkDelivered) -> None:
    """Say that what was missing has arrived; nothing was missing where nobody said so."""
    if _side(draft, command.link, command.sequence).undelivered is not None:
        draft.add(e.LinkDelivered(command.link, command.sequence))


def _side(draft: Draft, link: str, sequence: int) -> Link | Origin:
    side = draft.state.side_of(link, sequence)
    if side is None:
        raise r.LinkUnknown(link)
    return side
