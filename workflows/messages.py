"""What travels between clients and workflows. One Struct in, one out."""

from datetime import datetime, timedelta

import msgspec

from domain.dossier.commands import Order
from domain.dossier.rules import Rules
from domain.dossier.state import NEW, Dossier
from domain.ids import AuthorityId, CommandId, Stream
from domain.link import Message
from domain.record import NO_HASH


class Done(msgspec.Struct, frozen=True):
    """A command that took effect: its content's digest, and the versions of its first and last event."""

    id: CommandId
    digest: bytes
    first: int
    last: int


class Places(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where dossiers live, when not all in one Temporal namespace.

    ``namespaces`` names the namespace of each authority that has its own; everybody else lives in ``home``.
    """

    home: str = ""
    namespaces: dict[AuthorityId, str] = {}

    def namespace_of(self, authority: AuthorityId) -> str:
        """The namespace in which this authority's streams live."""
        return self.namespaces.get(authority, self.home)


class Start(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a dossier's run begins with.

    Without ``rules`` the run loads everything from the store. ``state``, ``head`` (hash of the last event) and
    ``recent`` (commands whose repeats are answered without asking the store) and ``outgoing`` (messages to linked
    streams not yet delivered) are carried over by continue-as-new; a linked part's run begins with its hand-over as
    ``first``. ``exact``: the times in orders are trusted and moments are recorded as of themselves; for
    scenarios and demos in virtual time only, where ``offset`` is how far their clock is ahead of Temporal's
    (negative: behind), so that dates of the past can be lived through. ``events_per_run`` bounds a run's history; 0
    leaves it to the server's suggestion. ``places`` says which linked streams are reached by Nexus.
    """

    stream: Stream
    rules: Rules | None = None
    first: Order | None = None
    state: Dossier = NEW
    head: bytes = NO_HASH
    recorded_at: datetime | None = None
    recent: tuple[Done, ...] = ()
    outgoing: tuple[Message, ...] = ()
    exact: bool = False
    offset: timedelta = timedelta(0)
    events_per_run: int = 0
    places: Places = Places()


class Reply(msgspec.Struct, frozen=True):
    """The answer to an order: versions of its first and last event; ``first`` 0 where it changed nothing."""

    stream: Stream
    first: int
    last: int


class Glance(msgspec.Struct, frozen=True):
    """A running workflow seen from outside, for reconciliation."""

    stream: Stream
    version: int
    head: bytes
    next_moment: datetime | None
    armed: datetime | None
    outgoing: int = 0
