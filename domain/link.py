"""What crosses between a dossier and its linked parts: messages that follow from events, the same for every transport.

Each message is an order to another stream, with an id that depends only on the hand-over; delivered twice it takes
effect once.
"""

from collections.abc import Iterable

import msgspec

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.state import Dossier, Link, LinkState
from domain.ids import AuthorityId, CommandId, Stream
from domain.procedure import SuspensionReason

ENGINE = "engine"
"""Actor of what no person did."""


BETWEEN_STREAMS = (
    c.ReceiveLink,
    c.NoteLinkAcknowledged,
    c.NoteLinkAnswered,
    c.NoteLinkSuspended,
    c.NoteLinkResumed,
    c.NoteLinkHandedBack,
    c.RecallLink,
)
"""What streams tell each other."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """An order to another stream, which is ``authority``'s.

    ``opens`` names the link whose part the order begins (none: the stream exists); ``authority`` then says whose part
    it is this time.
    """

    to: Stream
    authority: AuthorityId
    order: c.Order
    opens: str | None = None


def parent_of(part: Stream, link: str) -> Stream | None:
    """The stream that handed a part over under this link (none: the link is one of the stream's own)."""
    above, _, last = part.rpartition("/")
    return Stream(above) if above and link in {last, last.rpartition(".")[0]} else None


def told_of(message: Message) -> tuple[str, int] | None:
    """The hand-over, and its number, on which the other side waits for this message (none: it has ended)."""
    match message.order.command:
        case (
            c.ReceiveLink(link=link, sequence=sequence)
            | c.NoteLinkAcknowledged(link=link, sequence=sequence)
            | c.NoteLinkAnswered(link=link, sequence=sequence)
            | c.NoteLinkSuspended(link=link, sequence=sequence)
            | c.NoteLinkResumed(link=link, sequence=sequence)
            | c.NoteLinkHandedBack(link=link, sequence=sequence)
        ):
            return link, sequence
        case _:
            return None


def part_of(parent: Stream, link: str, attempt: int = 1) -> Stream:
    """The stream of a linked part; one that is handed over anew begins a new stream: ``L1``, then ``L1.2``."""
    return Stream(f"{parent}/{link}" if attempt == 1 else f"{parent}/{link}.{attempt}")


def messages(stream: Stream, state: Dossier, cause: c.Order, events: Iterable[e.Event]) -> tuple[Message, ...]:
    """What other streams must learn of these events; ``state`` is the stream's state after them."""
    return tuple(message for event in events if (message := _message(stream, state, cause, event)) is not None)


def recovery_messages(stream: Stream, state: Dossier, cause: c.Order) -> tuple[Message, ...]:
    """Every message that may not have arrived, for a stream taken up from the store; repeats do no harm."""
    events: list[e.Event] = []
    for link in state.links:
        if link.open:
            events.append(_opened(link))
        if link.state is LinkState.RECALLED:
            events.append(e.LinkRecalled(link.id, link.sequence))
    origin = state.origin
    if origin is not None and origin.acknowledged:
        events.append(e.LinkAcknowledged(origin.link, origin.sequence))
    if origin is not None and origin.answer is not None:
        events.append(e.LinkAnswered(origin.link, origin.sequence, origin.answer, origin.note))
    if origin is not None and origin.handed_back:
        events.append(e.LinkHandedBack(origin.link, origin.sequence, origin.note))
    return messages(stream, state, cause, events)


def _opened(link: Link) -> e.LinkOpened:
    return e.LinkOpened(link.id, link.kind, link.to, link.sequence, link.silence, link.budget, link.attempt)


def _message(stream: Stream, state: Dossier, cause: c.Order, event: e.Event) -> Message | None:
    origin = state.origin
    match event:
        case e.LinkOpened():
            root = origin.root if origin else stream
            command: c.Command = c.ReceiveLink(
                root, stream, event.link, event.sequence, state.procedure, state.applicant, state.authority
            )
            part = part_of(stream, event.link, event.attempt)
            return Message(part, event.to, _order(part, event.sequence, command, cause), opens=event.link)
        case e.LinkRecalled() if origin is None or event.link != origin.link or state.link(event.link):
            known = state.hand_over(event.sequence)
            part = part_of(stream, event.link, known.attempt if known else 1)
            order = _order(part, event.sequence, c.RecallLink(event.sequence, event.reason), cause)
            return Message(part, known.to if known else state.authority, order)
        case _:
            return _to_parent(stream, state, cause, event)


def _to_parent(stream: Stream, state: Dossier, cause: c.Order, event: e.Event) -> Message | None:
    origin = state.origin
    if origin is None:
        return None
    link, sequence = origin.link, origin.sequence
    command: c.Command
    match event:
        case e.LinkAcknowledged() if not state.link(event.link):
            command = c.NoteLinkAcknowledged(link, sequence)
        case e.LinkAnswered() if not state.link(event.link):
            command = c.NoteLinkAnswered(link, sequence, event.outcome, event.note)
        case e.LinkHandedBack() if not state.link(event.link):
            command = c.NoteLinkHandedBack(link, sequence, event.reason)
        case e.ClockSuspended():
            command = c.NoteLinkSuspended(link, sequence, event.reason)
        case e.ClockResumed() | e.ClockRestarted() if not _still_waits(state, event.reason):
            command = c.NoteLinkResumed(link, sequence, event.reason)
        case _:
            return None
    moved = event.reason if isinstance(event, e.ClockSuspended | e.ClockResumed | e.ClockRestarted) else None
    which = _which(state, moved) if moved else ""
    return Message(Stream(origin.parent), origin.from_authority, _order(stream, sequence, command, cause, which))


def _still_waits(state: Dossier, reason: SuspensionReason) -> bool:
    """Whether something else holds the part for the same reason, so that its parent must go on waiting."""
    return any(stay.end is None and stay.reason is reason for stay in state.stays)


def _which(state: Dossier, reason: SuspensionReason) -> str:
    """Which suspension of the part: its reason, and its number among those for that reason.

    Tells its messages from those of another one, be it for another reason.
    """
    return f"{reason.value}/{sum(1 for stay in state.stays if stay.reason is reason)}"


def _order(part: Stream, sequence: int, command: c.Command, cause: c.Order, which: str = "") -> c.Order:
    suffix = f"/{which}" if which else ""
    return c.Order(
        id=CommandId(f"{part}#{sequence}/{c.name_of(command)}{suffix}"),
        command=command,
        recorded_at=cause.recorded_at,
        occurred_at=cause.at if cause.at != cause.recorded_at else None,
        actor=ENGINE,
        authority=cause.authority,
        causation_id=cause.id,
        correlation_id=cause.correlation_id,
    )
